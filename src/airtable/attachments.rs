//! Files put into attachment cells.
//!
//! <https://airtable.com/developers/web/api/upload-attachment>

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use reqwest::Method;
use serde_json::json;

use super::{calls::CallKind, client::Client, error::Error, record::Record, request::Request};
use crate::content::ids::{FieldId, RecordId};

/// A file to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// Name, extension included.
    pub filename: String,
    /// Media type, such as `image/png`.
    pub media_type: String,
    /// Content; Airtable takes up to 5 MB by this way.
    pub content: Bytes,
}

impl Client {
    /// Adds a file to those of an attachment cell, and gives the row with that cell.
    ///
    /// A file whose answer is lost isn't sent again, since the cell might then hold it twice.
    ///
    /// # Errors
    /// Any; [`Error::Invalid`] when the field doesn't hold files or the file is too large.
    pub async fn upload_attachment(
        &self,
        record: &RecordId,
        field: &FieldId,
        file: &NewAttachment,
    ) -> Result<Record, Error> {
        let base = self.settings().base.as_str();
        let url = self.content_url(&[base, record.as_str(), field.as_str(), "uploadAttachment"]);
        let body = json!({
            "contentType": file.media_type,
            "filename": file.filename,
            "file": BASE64_STANDARD.encode(&file.content),
        });
        self.fetch(&Request::new(CallKind::Write, Method::POST, url).body(body).creates()).await
    }
}
