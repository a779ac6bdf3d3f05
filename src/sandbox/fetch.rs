//! Attachments given by address: `data:` and loopback addresses are read; of all others only the
//! name is kept, since the sandbox calls nobody outside.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use url::{Host, Url};

use super::{attachment::File, error::ApiError, schema::FieldKind, state::Shared};

/// How long a loopback address may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Shared {
    /// Replaces each attachment given by address with one that the sandbox holds.
    pub(super) async fn fetch_attachments(
        &self,
        base: &str,
        table: &str,
        fields: &mut Map<String, Value>,
    ) -> Result<(), ApiError> {
        let names: Vec<String> = {
            let world = self.world.read();
            let (_, table) = world.table(base, table)?;
            let is_file = |name: &&String| {
                table.field(name).is_some_and(|f| matches!(f.kind, FieldKind::Attachments))
            };
            fields.keys().filter(is_file).cloned().collect()
        };
        for name in names {
            for item in fields.get_mut(&name).and_then(Value::as_array_mut).into_iter().flatten() {
                if item.get("id").is_some() {
                    continue;
                }
                let Some(url) = item.get("url").and_then(Value::as_str) else { continue };
                let filename = item.get("filename").and_then(Value::as_str);
                let file = self.fetch(url, filename).await?;
                let id = self.world.write().files.add(None, file);
                *item = json!({ "id": id });
            }
        }
        Ok(())
    }

    async fn fetch(&self, address: &str, filename: Option<&str>) -> Result<File, ApiError> {
        let invalid = || {
            let brief: String = address.chars().take(60).collect();
            ApiError::unprocessable("INVALID_ATTACHMENT_OBJECT", format!("Invalid URL: {brief}"))
        };
        let url = Url::parse(address).map_err(|_| invalid())?;
        let last = url.path_segments().and_then(|mut segments| segments.next_back());
        let name = filename.or(last).filter(|name| !name.is_empty()).unwrap_or("file").to_owned();
        if url.scheme() == "data" {
            let (media_type, content) = read_data_url(url.path()).ok_or_else(invalid)?;
            let name = filename.unwrap_or("file").to_owned();
            return Ok(File::new(name, Some(media_type), content));
        }
        if !is_loopback(&url) {
            return Ok(File::elsewhere(name));
        }
        let response = self.client.get(url).timeout(PATIENCE).send().await;
        let response = response.and_then(reqwest::Response::error_for_status);
        let Ok(response) = response else { return Ok(File::elsewhere(name)) };
        let content = response.bytes().await;
        Ok(content.map_or_else(
            |_| File::elsewhere(name.clone()),
            |content| File::new(name.clone(), None, content),
        ))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Reads `image/png;base64,…`.
fn read_data_url(path: &str) -> Option<(String, Bytes)> {
    let (head, data) = path.split_once(',')?;
    let media_type = head.strip_suffix(";base64")?;
    let media_type = if media_type.is_empty() { "text/plain" } else { media_type };
    Some((media_type.to_owned(), BASE64_STANDARD.decode(data).ok()?.into()))
}
