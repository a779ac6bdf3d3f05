//! Webhooks: who watches what, and the payloads made for each
//! (<https://airtable.com/developers/web/api/webhooks-overview>).

mod payload;
pub(super) mod ping;

use std::collections::VecDeque;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    base::Base,
    edit::{Author, Changes},
    formula::iso,
    ids::IdKind,
};

/// Most webhooks of a base, expired ones not counted.
pub const MAX_WEBHOOKS: usize = 10;
/// Most payloads in one answer.
pub const MAX_PAYLOADS: usize = 50;
/// How long payloads stay, and how long an expired webhook can still be read.
const KEPT: TimeDelta = TimeDelta::days(7);

/// A webhook.
#[derive(Debug)]
pub struct Webhook {
    /// `ach…`
    pub id: String,
    /// Key of the pings' signature. Told once, when the webhook is made.
    secret: [u8; 32],
    /// Where to send pings; none: payloads are only read.
    pub notification_url: Option<String>,
    /// What it watches.
    pub specification: Specification,
    /// Payloads that were not yet too old, the oldest first.
    payloads: VecDeque<(DateTime<Utc>, Value)>,
    /// Number of the next payload; begins at 1 and never goes back.
    next: u64,
    /// Whether pings are sent.
    pub notifications: Notifications,
    /// Whether what it watches still exists.
    pub health: Health,
    /// When it stops making payloads.
    pub expires: DateTime<Utc>,
    last_success: Option<DateTime<Utc>>,
    last_result: Option<Value>,
    pinger: Pinger,
}

/// Whether a webhook sends pings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notifications {
    /// It does.
    On,
    /// It does not; payloads go on.
    Off,
}

/// Whether a webhook still works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Enabled,
    /// What it watches was deleted.
    Broken,
}

/// What the task that pings is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pinger {
    Idle,
    Busy,
    /// Busy, and something new happened since.
    Behind,
}

/// What a webhook watches and what its payloads hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Specification {
    /// The only part.
    pub options: Options,
}

/// What a webhook watches and what its payloads hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Options {
    /// What it watches.
    pub filters: Filters,
    /// What its payloads hold besides the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub includes: Option<Includes>,
}

/// What a webhook watches. An absent or empty list does not restrict.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Filters {
    /// Kinds of change.
    pub data_types: Vec<DataType>,
    /// Only this table, `tbl…`, or this view, `viw…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_change_scope: Option<String>,
    /// Only these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change_types: Vec<ChangeType>,
    /// Only changes made by these ways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_sources: Vec<String>,
    /// Kept, not used: forms are not part of the sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_options: Option<Value>,
    /// Only changes of these fields' cells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watch_data_in_field_ids: Vec<String>,
    /// Only changes of these fields themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watch_schemas_of_field_ids: Vec<String>,
}

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DataType {
    /// Records and cells.
    TableData,
    /// Fields.
    TableFields,
    /// Names and descriptions of tables.
    TableMetadata,
}

/// What happens to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeType {
    /// It is made.
    Add,
    /// It goes.
    Remove,
    /// It changes.
    Update,
}

/// What payloads hold besides the change.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Includes {
    /// `"all"`, or ids of fields whose cells are always told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_cell_values_in_field_ids: Option<Value>,
    /// Also what cells held before.
    pub include_previous_cell_values: bool,
    /// Also what fields were before.
    pub include_previous_field_definitions: bool,
}

impl Webhook {
    /// A new webhook.
    pub fn new(
        notification_url: Option<String>,
        specification: Specification,
        expires: DateTime<Utc>,
    ) -> Self {
        let notifications =
            if notification_url.is_some() { Notifications::On } else { Notifications::Off };
        Self {
            id: IdKind::Webhook.fresh(),
            secret: rand::random(),
            notification_url,
            specification,
            payloads: VecDeque::new(),
            next: 1,
            notifications,
            health: Health::Enabled,
            expires,
            last_success: None,
            last_result: None,
            pinger: Pinger::Idle,
        }
    }

    /// The answer to its creation: the only one that tells the secret.
    pub fn to_created(&self) -> Value {
        json!({
            "id": self.id,
            "macSecretBase64": BASE64_STANDARD.encode(self.secret),
            "expirationTime": iso(self.expires),
        })
    }

    /// How lists show it.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "specification": self.specification,
            "notificationUrl": self.notification_url,
            "cursorForNextPayload": self.next,
            "areNotificationsEnabled": self.notifications == Notifications::On,
            "isHookEnabled": self.health == Health::Enabled,
            "expirationTime": iso(self.expires),
            "lastSuccessfulNotificationTime": self.last_success.map(iso),
            "lastNotificationResult": self.last_result,
        })
    }

    /// Whether it makes payloads.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        now < self.expires && self.health == Health::Enabled
    }

    /// Whether it can still be read, be it expired.
    pub fn is_readable(&self, now: DateTime<Utc>) -> bool {
        now < self.expires + KEPT
    }

    /// The payloads from `cursor` on, at most `limit`.
    ///
    /// # Errors
    /// A sentence when the cursor lies beyond the next payload.
    pub fn read(&self, cursor: u64, limit: usize) -> Result<Value, String> {
        let first = self.next - self.payloads.len() as u64;
        if cursor == 0 || cursor > self.next {
            return Err(format!("cursor must be between 1 and {}", self.next));
        }
        let start = cursor.max(first);
        let skip = usize::try_from(start - first).unwrap_or(usize::MAX);
        let payloads: Vec<&Value> =
            self.payloads.iter().skip(skip).take(limit).map(|(_, payload)| payload).collect();
        let end = if payloads.is_empty() { cursor } else { start + payloads.len() as u64 };
        Ok(json!({ "payloads": payloads, "cursor": end, "mightHaveMore": end < self.next }))
    }

    /// Has it make no more payloads.
    pub(super) fn disable(&mut self) {
        self.health = Health::Broken;
    }

    /// Loses its payloads; their numbers stay taken.
    pub(super) fn forget(&mut self) {
        self.payloads.clear();
    }

    fn push(&mut self, payload: Value, now: DateTime<Utc>) {
        self.payloads.push_back((now, payload));
        self.next += 1;
        while self.payloads.front().is_some_and(|(made, _)| *made + KEPT <= now) {
            self.payloads.pop_front();
        }
    }
}

/// Gives each webhook of the base its payload of a transaction; tells which ones have one.
pub(super) fn publish(
    base: &mut Base,
    changes: &Changes,
    author: &Author,
    now: DateTime<Utc>,
) -> Vec<String> {
    let mut webhooks = std::mem::take(&mut base.webhooks);
    webhooks.retain(|webhook| webhook.is_readable(now));
    let mut told = Vec::new();
    for webhook in webhooks.iter_mut().filter(|webhook| webhook.is_live(now)) {
        if let Some(missing) = base.missing_target(&webhook.specification) {
            tracing::info!(webhook = webhook.id, missing, "a webhook watches what was deleted");
            webhook.health = Health::Broken;
            continue;
        }
        if let Some(payload) =
            payload::build(base, &webhook.specification.options, changes, author, now)
        {
            webhook.push(payload, now);
            told.push(webhook.id.clone());
        }
    }
    base.webhooks = webhooks;
    told
}
