//! What may go wrong, how it begins and how it ends.

use std::{fmt, time::Duration};

use axum::http::StatusCode;
use chrono::TimeDelta;
use locadocs::{
    airtable::webhooks::DataType,
    content::tables::{FieldKey, TableDef, TableKey},
    sandbox::{
        config::{DEFAULT_TOKEN, Scope, TokenGrant},
        edit::NewField,
        faults::{Fault as OnTheWay, FaultRule},
        seed::BaseSeed,
    },
};
use serde_json::{Value, json};

use super::{calls::Silence, clock, world::World};
use crate::harmless::damage;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Calls, all of them or only those for rows, fail on the way.
    Calls(OnTheWay, Struck),
    /// Another program exceeds the limit, and everyone is locked out.
    RateExceeded,
    /// The calls of the month are spent.
    QuotaSpent,
    Webhook(WebhookFault),
    /// The links of attachments die.
    LinksExpired,
    TokenRevoked,
    TableRenamed,
    FieldRenamed,
    /// A required field is deleted, and then made anew by hand.
    FieldDeleted,
    /// A table, or a required field, is not what it was, and then put back.
    Base(BaseFault),
    /// The service's clock is wrong, and then right again.
    ClockMonthAhead,
    ClockDayBehind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Struck {
    All,
    Rows,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFault {
    Deleted,
    Expired,
    Disabled,
    PayloadsGone,
    WithoutScope,
    TenOfOthers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseFault {
    TableDeleted,
    TableEmptied,
    FieldRetyped,
}

/// Every fault.
pub fn all() -> Vec<Fault> {
    let statuses = [
        (400, "INVALID_REQUEST_UNKNOWN"),
        (401, "AUTHENTICATION_REQUIRED"),
        (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"),
        (404, "NOT_FOUND"),
        (408, "REQUEST_TIMEOUT"),
        (413, "REQUEST_TOO_LARGE"),
        (422, "INVALID_REQUEST_UNKNOWN"),
        (429, RATE),
        (500, "SERVER_ERROR"),
        (502, "BAD_GATEWAY"),
        (503, "SERVICE_UNAVAILABLE"),
        (504, "GATEWAY_TIMEOUT"),
        // A good status, and JSON that says something else.
        (200, "SOMETHING_ELSE"),
    ];
    let statuses = statuses
        .map(|(status, code)| OnTheWay::status(StatusCode::from_u16(status).unwrap(), code));
    let others = [
        OnTheWay::delay(Duration::from_secs(10)),
        OnTheWay::Truncate { bytes: 40 },
        OnTheWay::Html { status: 200 },
        OnTheWay::Drop,
        OnTheWay::Hang,
    ];
    let calls = statuses.into_iter().chain(others).flat_map(|fault| {
        [Struck::All, Struck::Rows].map(|struck| Fault::Calls(fault.clone(), struck))
    });
    let expired = "LIST_RECORDS_ITERATOR_NOT_AVAILABLE";
    let expired = OnTheWay::status(StatusCode::UNPROCESSABLE_ENTITY, expired);
    let webhook = [
        WebhookFault::Deleted,
        WebhookFault::Expired,
        WebhookFault::Disabled,
        WebhookFault::PayloadsGone,
        WebhookFault::WithoutScope,
        WebhookFault::TenOfOthers,
    ];
    let base = [BaseFault::TableDeleted, BaseFault::TableEmptied, BaseFault::FieldRetyped];
    let others = [
        Fault::Calls(expired, Struck::Rows),
        Fault::RateExceeded,
        Fault::QuotaSpent,
        Fault::LinksExpired,
        Fault::TokenRevoked,
        Fault::TableRenamed,
        Fault::FieldRenamed,
        Fault::FieldDeleted,
        Fault::ClockMonthAhead,
        Fault::ClockDayBehind,
    ];
    calls.chain(webhook.map(Fault::Webhook)).chain(base.map(Fault::Base)).chain(others).collect()
}

const RATE: &str = "RATE_LIMIT_REACHED";
const BILLING: &str = "PUBLIC_API_BILLING_LIMIT_EXCEEDED";
/// What is damaged.
const TABLE: &str = "Documents";
const FIELD: &str = "Statut";

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls(OnTheWay::Status { status, code, .. }, struck) => {
                write!(f, "{status} {code} ({struck:?})")
            }
            Self::Calls(fault, struck) => write!(f, "{fault:?} ({struck:?})"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl Fault {
    /// The silence that its 429 ask for.
    pub fn asks(&self) -> Option<Silence> {
        match self {
            Self::Calls(OnTheWay::Status { status: 429, .. }, _) | Self::RateExceeded => {
                Some(Silence::Pause)
            }
            Self::QuotaSpent => Some(Silence::Month),
            _ => None,
        }
    }

    pub async fn begin(&self, world: &World) {
        let World { seed, sandbox, .. } = world;
        match self {
            Self::Calls(fault, struck) => {
                let rule = FaultRule::new(fault.clone());
                sandbox.faults().add(match struck {
                    Struck::All => rule,
                    Struck::Rows => rule.on_path("/v0/app*/tbl*"),
                });
            }
            Self::RateExceeded => {
                let intruder = world.intruder(false);
                for _ in 0..6 {
                    let _the_last_is_refused = intruder.schema().await;
                }
                sandbox.calls().clear();
            }
            Self::QuotaSpent => {
                let spent = OnTheWay::status(StatusCode::TOO_MANY_REQUESTS, BILLING);
                for path in ["/v0/app*", "/v0/bases/*"] {
                    sandbox.faults().add(FaultRule::new(spent.clone()).on_path(path));
                }
            }
            Self::Webhook(fault) => fault.begin(world).await,
            Self::LinksExpired => clock::pass(TimeDelta::hours(3)),
            Self::TokenRevoked => sandbox.revoke_token(DEFAULT_TOKEN),
            Self::TableRenamed => {
                sandbox.rename_table(&seed.id, &world.table(TABLE).id, "Autre nom").unwrap();
            }
            Self::FieldRenamed => {
                let (table, field) = (&world.table(TABLE).id, &world.field(TABLE, FIELD).id);
                sandbox.rename_field(&seed.id, table, field, "Autre nom").unwrap();
            }
            Self::FieldDeleted => {
                let (table, field) = (&world.table(TABLE).id, &world.field(TABLE, FIELD).id);
                sandbox.delete_field(&seed.id, table, field).unwrap();
            }
            Self::Base(fault) => {
                world.put(Some(&fault.damaged(seed))).await;
            }
            Self::ClockMonthAhead => clock::be_wrong_by(TimeDelta::days(31)),
            Self::ClockDayBehind => clock::be_wrong_by(TimeDelta::days(-1)),
        }
    }

    pub async fn end(&self, world: &World) {
        let World { seed, sandbox, .. } = world;
        match self {
            Self::Calls(..) => sandbox.faults().clear(),
            Self::RateExceeded | Self::LinksExpired => {}
            Self::QuotaSpent => {
                sandbox.faults().clear();
                // The month turns.
                clock::pass(TimeDelta::days(9));
            }
            Self::Webhook(fault) => fault.end(world).await,
            Self::TokenRevoked => sandbox.grant(TokenGrant::full(DEFAULT_TOKEN)),
            Self::TableRenamed => {
                sandbox.rename_table(&seed.id, &world.table(TABLE).id, TABLE).unwrap();
            }
            Self::FieldRenamed => {
                let (table, field) = (&world.table(TABLE).id, &world.field(TABLE, FIELD).id);
                sandbox.rename_field(&seed.id, table, field, FIELD).unwrap();
            }
            Self::FieldDeleted => make_field_anew(world),
            Self::Base(_) => world.put(None).await,
            Self::ClockMonthAhead | Self::ClockDayBehind => clock::be_wrong_by(TimeDelta::zero()),
        }
    }
}

fn make_field_anew(world: &World) {
    let (table, field) = (world.table(TABLE), world.field(TABLE, FIELD).clone());
    let new = NewField {
        name: field.name,
        type_name: field.type_name,
        description: field.description,
        options: Some(field.options),
    };
    world.sandbox.create_field(&world.seed.id, &table.id, new).unwrap();
    for record in &table.records {
        let value = record.fields.get(FIELD).unwrap_or(&Value::Null);
        world.sandbox.set_cell(&world.seed.id, &table.id, &record.id, FIELD, value).unwrap();
    }
}

impl WebhookFault {
    async fn begin(self, world: &World) {
        let World { seed, sandbox, .. } = world;
        match self {
            Self::Deleted => delete_webhooks(world).await,
            Self::Expired => clock::pass(TimeDelta::days(8)),
            Self::Disabled => sandbox.disable_webhooks(&seed.id),
            Self::PayloadsGone => {
                let (table, name) = (world.table(TABLE), world.field(TABLE, "Nom"));
                let row = &table.records[1];
                let set = |value: &Value| {
                    sandbox.set_cell(&seed.id, &table.id, &row.id, &name.id, value).unwrap();
                };
                set(&json!("Autre nom"));
                set(&row.fields["Nom"]);
                sandbox.forget_payloads(&seed.id);
            }
            Self::WithoutScope => {
                let scopes = Scope::ALL.into_iter().filter(|it| *it != Scope::WebhookManage);
                let grant =
                    TokenGrant { scopes: scopes.collect(), ..TokenGrant::full(DEFAULT_TOKEN) };
                sandbox.revoke_token(DEFAULT_TOKEN);
                sandbox.grant(grant);
            }
            Self::TenOfOthers => {
                delete_webhooks(world).await;
                let other = world.intruder(true);
                for _ in 0..10 {
                    other.create_webhook(&[DataType::TableData], None).await.unwrap();
                }
                world.settle().await;
            }
        }
    }

    async fn end(self, world: &World) {
        match self {
            Self::Deleted | Self::Expired | Self::PayloadsGone => {}
            // Noticed when it is looked after, once a day.
            Self::Disabled => clock::pass(TimeDelta::hours(25)),
            Self::WithoutScope => {
                world.sandbox.revoke_token(DEFAULT_TOKEN);
                world.sandbox.grant(TokenGrant::full(DEFAULT_TOKEN));
            }
            Self::TenOfOthers => {
                world.keep_calls();
                delete_webhooks(world).await;
            }
        }
    }
}

/// Another program of the same owner deletes them all.
async fn delete_webhooks(world: &World) {
    world.settle().await;
    let other = world.intruder(true);
    for webhook in other.list_webhooks().await.unwrap() {
        other.delete_webhook(&webhook.id).await.unwrap();
    }
    world.settle().await;
}

impl BaseFault {
    /// The base as it then is.
    pub fn damaged(self, base: &BaseSeed) -> BaseSeed {
        let mut base = base.clone();
        let table: &TableDef = TableKey::Documents.def();
        match self {
            Self::TableDeleted => damage::remove_table(&mut base, table),
            Self::TableEmptied => damage::empty_table(&mut base, table),
            Self::FieldRetyped => {
                damage::retype_field(&mut base, table, table.field(FieldKey::Status).unwrap());
            }
        }
        base
    }
}
