//! Files in attachment cells, and the short-lived links to them.

use std::collections::HashMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::ids::IdKind;

/// The files of every base, by attachment id.
#[derive(Debug, Default)]
pub struct Files(HashMap<String, File>);

/// A file in an attachment cell.
#[derive(Debug, Clone)]
pub struct File {
    /// Name given to it.
    pub filename: String,
    /// Media type.
    pub media_type: String,
    /// Pixels, for images.
    pub dimensions: Option<(usize, usize)>,
    /// What it holds; `None` when it was given by an address that the sandbox does not fetch.
    pub content: Option<Bytes>,
}

impl File {
    /// A file of which the content is known. Type and size of images are read from it.
    pub fn new(filename: String, media_type: Option<String>, content: Bytes) -> Self {
        let dimensions = imagesize::blob_size(&content).ok().map(|size| (size.width, size.height));
        let media_type = media_type.unwrap_or_else(|| sniff(&content, &filename).to_owned());
        Self { filename, media_type, dimensions, content: Some(content) }
    }

    /// A file of which only the address is known.
    pub fn elsewhere(filename: String) -> Self {
        let media_type = sniff(&[], &filename).to_owned();
        Self { filename, media_type, dimensions: None, content: None }
    }
}

/// The media type told by the first bytes, else by the name.
fn sniff(content: &[u8], filename: &str) -> &'static str {
    match imagesize::image_type(content) {
        Ok(imagesize::ImageType::Png) => return "image/png",
        Ok(imagesize::ImageType::Jpeg) => return "image/jpeg",
        Ok(imagesize::ImageType::Gif) => return "image/gif",
        Ok(imagesize::ImageType::Webp) => return "image/webp",
        _ => {}
    }
    let extension = filename.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("svg") => "image/svg+xml",
        Some("pdf") => "application/pdf",
        Some("txt") => "text/plain",
        Some("csv") => "text/csv",
        _ => "application/octet-stream",
    }
}

impl Files {
    /// Keeps a file under a new id, or under the one given.
    pub fn add(&mut self, id: Option<String>, file: File) -> String {
        let id = id.unwrap_or_else(|| IdKind::Attachment.fresh());
        self.0.insert(id.clone(), file);
        id
    }

    /// Keeps the files of another collection too.
    pub(super) fn adopt(&mut self, others: &Self) {
        self.0.extend(others.0.iter().map(|(id, file)| (id.clone(), file.clone())));
    }

    /// Drops the files of another collection.
    pub(super) fn drop_all(&mut self, others: &Self) {
        for id in others.0.keys() {
            self.0.remove(id);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The file of an id.
    pub fn get(&self, id: &str) -> Option<&File> {
        self.0.get(id)
    }

    /// The cell entry of a file, without its links, which are made for each answer.
    pub fn describe(&self, id: &str) -> Option<Value> {
        let file = self.0.get(id)?;
        let mut cell = json!({
            "id": id,
            "filename": file.filename,
            "size": file.content.as_ref().map_or(0, Bytes::len),
            "type": file.media_type,
        });
        if let (Some((width, height)), Some(object)) = (file.dimensions, cell.as_object_mut()) {
            object.insert("width".into(), width.into());
            object.insert("height".into(), height.into());
        }
        Some(cell)
    }
}

/// Makes and checks links that carry their own end of life.
#[derive(Debug)]
pub struct LinkSigner {
    key: [u8; 32],
}

impl Default for LinkSigner {
    fn default() -> Self {
        Self { key: rand::random() }
    }
}

impl LinkSigner {
    fn mac(&self, id: &str, expires: i64) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(format!("{id}|{expires}").as_bytes());
        Some(mac)
    }

    /// Adds the links to an attachment of a cell.
    pub fn link(&self, cell: &Value, root: &Url, expires: DateTime<Utc>) -> Value {
        let mut linked = cell.clone();
        let (Some(object), Some(id)) = (linked.as_object_mut(), cell["id"].as_str()) else {
            return linked;
        };
        let filename = cell["filename"].as_str().unwrap_or("file");
        let url = self.url(root, id, filename, expires);
        if let (Some(width), Some(height)) = (cell["width"].as_u64(), cell["height"].as_u64()) {
            let size = |edge: u64| {
                let scale = |pixels: u64| pixels * edge.min(height) / height.max(1);
                json!({ "url": url.as_str(), "width": scale(width).max(1), "height": edge.min(height) })
            };
            let thumbnails = json!({ "small": size(36), "large": size(512), "full": size(3000) });
            object.insert("thumbnails".into(), thumbnails);
        }
        object.insert("url".into(), url.as_str().into());
        linked
    }

    fn url(&self, root: &Url, id: &str, filename: &str, expires: DateTime<Utc>) -> Url {
        let expires = expires.timestamp_millis();
        let signature = self.mac(id, expires).map(|mac| mac.finalize().into_bytes());
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.unwrap_or_default());
        let mut url = root.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend([
                "_attachments",
                &expires.to_string(),
                &signature,
                id,
                filename,
            ]);
        }
        url
    }

    /// Whether a link was made here and lives.
    pub fn allows(&self, id: &str, expires: i64, signature: &str, now: DateTime<Utc>) -> bool {
        let genuine = BASE64_URL_SAFE_NO_PAD
            .decode(signature)
            .ok()
            .zip(self.mac(id, expires))
            .is_some_and(|(signature, mac)| mac.verify_slice(&signature).is_ok());
        genuine && now.timestamp_millis() < expires
    }
}
