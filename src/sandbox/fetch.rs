//! Attachments given by address: `data:` and loopback addresses are read; of all others only the
//! name is kept, since the sandbox calls nobody outside.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    attachment::{File, Files},
    error::ApiError,
    net::is_loopback,
    schema::FieldKind,
    state::Shared,
};

/// How long a loopback address may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes read from a loopback address.
const MAX_FILE: usize = 20 << 20;

impl Shared {
    /// Replaces each attachment given by address with one that is put into `fetched`.
    pub(super) async fn fetch_attachments(
        &self,
        base: &str,
        table: &str,
        fields: &mut Map<String, Value>,
        fetched: &mut Files,
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
                let id = fetched.add(None, file);
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
        let content = match self.client.get(url).timeout(PATIENCE).send().await {
            Ok(response) if response.status().is_success() => read_body(response).await,
            Ok(_) | Err(_) => None,
        };
        Ok(match content {
            Some(content) => File::new(name, None, content),
            None => File::elsewhere(name),
        })
    }
}

/// Reads a body to its end; `None` when it breaks off or is too large.
async fn read_body(mut response: reqwest::Response) -> Option<Bytes> {
    let mut content = BytesMut::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if content.len() + chunk.len() > MAX_FILE {
            return None;
        }
        content.extend_from_slice(&chunk);
    }
    Some(content.freeze())
}

/// Reads `image/png;base64,…`.
fn read_data_url(path: &str) -> Option<(String, Bytes)> {
    let (head, data) = path.split_once(',')?;
    let media_type = head.strip_suffix(";base64")?;
    let media_type = if media_type.is_empty() { "text/plain" } else { media_type };
    Some((media_type.to_owned(), BASE64_STANDARD.decode(data).ok()?.into()))
}

#[cfg(test)]
mod tests {
    use super::super::{
        Sandbox,
        config::{Config, DEFAULT_TOKEN},
        seed::BaseSeed,
    };
    use super::*;

    #[tokio::test]
    async fn files_of_a_refused_write_are_not_kept() {
        let base: BaseSeed = serde_json::from_value(json!({
            "id": "appFiles000000001", "name": "Files",
            "tables": [{
                "id": "tblFiles000000001", "name": "Files", "primaryFieldId": "fldName",
                "fields": [
                    { "id": "fldName", "name": "Name", "type": "singleLineText" },
                    { "id": "fldFile", "name": "File", "type": "multipleAttachments" },
                    { "id": "fldSize", "name": "Size", "type": "number" },
                ],
                "records": [],
            }],
        }))
        .unwrap();
        let sandbox = Sandbox::start(Config::default(), &[base]).await.unwrap();
        let url = sandbox.url().join("v0/appFiles000000001/Files").unwrap();
        let file = json!([{ "url": "data:text/plain;base64,c2FsdXQ=", "filename": "s.txt" }]);
        let mut kept = Vec::new();
        for size in [json!("many"), json!(5)] {
            let body = json!({ "fields": { "File": file, "Size": size } });
            let request = reqwest::Client::new().post(url.clone()).bearer_auth(DEFAULT_TOKEN);
            let status = request.json(&body).send().await.unwrap().status().as_u16();
            kept.push((status, sandbox.shared.world.read().files.len()));
        }
        assert_eq!(kept, [(422, 0), (200, 1)]);
    }
}
