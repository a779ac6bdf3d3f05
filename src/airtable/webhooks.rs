//! Webhooks: how Airtable tells what changed.
//!
//! A webhook lives 7 days, and reading its payloads or refreshing it gives it 7 more. Payloads are
//! kept for as long. They are made whether or not pings are sent
//! (<https://airtable.com/developers/web/api/webhooks-overview>).
//!
//! Payloads serve to know *which* rows changed, and rows are then read again: the values inside have
//! another format than everywhere else, and hold only the cells that changed.

mod mac;
mod payload;
mod specification;

use chrono::{DateTime, Utc};
use reqwest::Method;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

pub use self::{
    mac::{InvalidMac, MAC_HEADER, verify},
    payload::{Payload, TableChanges},
};
use super::{calls::CallKind, client::Client, error::Error, request::Request};

/// A webhook's id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookId(pub String);

/// What kind of change a webhook watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DataType {
    /// Rows and cells.
    TableData,
    /// Fields: created, renamed, of another type, deleted.
    TableFields,
    /// Names and descriptions of tables.
    TableMetadata,
}

impl DataType {
    /// Every kind of change.
    pub const ALL: [Self; 3] = [Self::TableData, Self::TableFields, Self::TableMetadata];
}

/// A webhook just created.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedWebhook {
    /// Its id.
    pub id: WebhookId,
    /// The key that signs its pings, for [`verify`]. Given here and never again.
    pub mac_secret_base64: SecretString,
    /// When it ends, unless it is refreshed. `None`: never.
    pub expiration_time: Option<DateTime<Utc>>,
}

/// A webhook as Airtable describes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where its pings go; `None` when payloads are only to be asked for.
    pub notification_url: Option<String>,
    /// Whether it watches every [`DataType`] in the whole base, whoever makes the change.
    #[serde(default, rename = "specification", deserialize_with = "specification::is_whole_base")]
    pub is_whole_base: bool,
    /// The number that its next payload will have.
    pub cursor_for_next_payload: u64,
    /// Whether pings are sent. Airtable stops them after a day of failures.
    pub are_notifications_enabled: bool,
    /// Whether changes are recorded. Airtable stops when what the webhook watches is gone.
    pub is_hook_enabled: bool,
    /// When it ends, unless it is refreshed. `None`: never.
    pub expiration_time: Option<DateTime<Utc>>,
}

/// Payloads from a cursor on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payloads {
    /// Oldest first, at most 50.
    pub payloads: Vec<Payload>,
    /// The cursor to ask with next. To be kept durably once these payloads are dealt with.
    pub cursor: u64,
    /// Whether there may be more already.
    pub might_have_more: bool,
}

#[derive(Deserialize)]
struct WireList {
    webhooks: Vec<Webhook>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireExpiration {
    expiration_time: Option<DateTime<Utc>>,
}

impl Client {
    /// Creates a webhook on the whole base, that pings `notification_url` if one is given.
    ///
    /// # Errors
    /// Any; [`Error::Invalid`] when the base has its ten webhooks already.
    pub async fn create_webhook(
        &self,
        data_types: &[DataType],
        notification_url: Option<&Url>,
    ) -> Result<CreatedWebhook, Error> {
        let body = json!({
            "notificationUrl": notification_url,
            "specification": { "options": { "filters": { "dataTypes": data_types } } },
        });
        self.fetch(&self.webhook_request(Method::POST, &[]).body(body).creates()).await
    }

    /// The webhooks of this base that the token may see.
    ///
    /// # Errors
    /// Any.
    pub async fn list_webhooks(&self) -> Result<Vec<Webhook>, Error> {
        let WireList { webhooks } = self.fetch(&self.webhook_request(Method::GET, &[])).await?;
        Ok(webhooks)
    }

    /// What changed since a cursor, at most 50 payloads. Cursors start at 1.
    ///
    /// # Errors
    /// Any; [`Error::NotFound`] or [`Error::Forbidden`] when the webhook is gone.
    pub async fn webhook_payloads(
        &self,
        webhook: &WebhookId,
        cursor: u64,
    ) -> Result<Payloads, Error> {
        let mut request = self.webhook_request(Method::GET, &[&webhook.0, "payloads"]);
        request.url.query_pairs_mut().append_pair("cursor", &cursor.to_string());
        self.fetch(&request).await
    }

    /// Gives a webhook 7 more days, and tells until when it then lives.
    ///
    /// # Errors
    /// Any.
    pub async fn refresh_webhook(
        &self,
        webhook: &WebhookId,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        let request = self.webhook_request(Method::POST, &[&webhook.0, "refresh"]);
        let WireExpiration { expiration_time } = self.fetch(&request).await?;
        Ok(expiration_time)
    }

    /// Starts the pings of a webhook again, after Airtable stopped them.
    ///
    /// # Errors
    /// Any; [`Error::Invalid`] when the address doesn't answer.
    pub async fn enable_notifications(&self, webhook: &WebhookId) -> Result<(), Error> {
        let request = self.webhook_request(Method::POST, &[&webhook.0, "enableNotifications"]);
        self.order(&request.body(json!({ "enable": true }))).await
    }

    /// Deletes a webhook. That it is already gone is no error.
    ///
    /// # Errors
    /// Any other than [`Error::NotFound`].
    pub async fn delete_webhook(&self, webhook: &WebhookId) -> Result<(), Error> {
        match self.order(&self.webhook_request(Method::DELETE, &[&webhook.0])).await {
            Err(Error::NotFound { .. }) => Ok(()),
            result => result,
        }
    }

    fn webhook_request(&self, method: Method, path: &[&str]) -> Request {
        let segments = [&["bases", self.settings().base.as_str(), "webhooks"], path].concat();
        Request::new(CallKind::Webhook, method, self.url(&segments))
    }
}
