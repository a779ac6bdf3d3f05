//! Webhooks (<https://airtable.com/developers/web/api/create-a-webhook> and its neighbours).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    body::{JsonBody, QueryPairs},
    gate::Caller,
};
use crate::sandbox::{
    config::Scope,
    error::ApiError,
    formula::iso,
    state::{Shared, time_delta},
    webhook::{DataType, MAX_PAYLOADS, MAX_WEBHOOKS, Notifications, Specification, Webhook},
};

type WebhookPath = Path<(String, String)>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewWebhook {
    notification_url: Option<String>,
    specification: Specification,
}

/// `POST /v0/bases/{base}/webhooks`
pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Path(base): Path<String>,
    caller: Caller,
    JsonBody(new): JsonBody<NewWebhook>,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::WebhookManage)?;
    let NewWebhook { notification_url, specification } = new;
    for data in &specification.options.filters.data_types {
        caller.require(match data {
            DataType::TableData => Scope::RecordsRead,
            DataType::TableFields | DataType::TableMetadata => Scope::SchemaRead,
        })?;
    }
    if specification.options.filters.data_types.is_empty() {
        return Err(ApiError::invalid_request("dataTypes is empty"));
    }
    let is_url =
        |text: &String| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if notification_url.as_ref().is_some_and(|url| !is_url(url)) {
        return Err(ApiError::invalid_request("notificationUrl is not an http address"));
    }
    let now = shared.now();
    let mut world = shared.world.write();
    let base = world.bases.get_mut(&base).ok_or_else(ApiError::not_found)?;
    if let Some(missing) = base.missing_target(&specification) {
        let message = format!("The specification names {missing}, which does not exist");
        return Err(ApiError::unprocessable("INVALID_FILTERS", message));
    }
    if base.webhooks.iter().filter(|webhook| webhook.is_live(now)).count() >= MAX_WEBHOOKS {
        let message = format!("The base already has {MAX_WEBHOOKS} webhooks");
        return Err(ApiError::unprocessable("TOO_MANY_WEBHOOKS_IN_BASE", message));
    }
    let webhook = Webhook::new(notification_url, specification, expiry(&shared, now));
    let reply = webhook.to_created();
    base.webhooks.push(webhook);
    Ok(Json(reply))
}

fn expiry(shared: &Shared, now: DateTime<Utc>) -> DateTime<Utc> {
    now + time_delta(shared.config.webhook_ttl)
}

/// `GET /v0/bases/{base}/webhooks`
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Path(base): Path<String>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::WebhookManage)?;
    let now = shared.now();
    let world = shared.world.read();
    let webhooks = &world.base(&base)?.webhooks;
    let readable = webhooks.iter().filter(|webhook| webhook.is_readable(now));
    Ok(Json(json!({ "webhooks": readable.map(Webhook::to_json).collect::<Vec<_>>() })))
}

/// `DELETE /v0/bases/{base}/webhooks/{webhook}`
pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Path((base, webhook)): WebhookPath,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::WebhookManage)?;
    let mut world = shared.world.write();
    let webhooks = &mut world.bases.get_mut(&base).ok_or_else(ApiError::not_found)?.webhooks;
    let before = webhooks.len();
    webhooks.retain(|candidate| candidate.id != webhook);
    if webhooks.len() < before { Ok(StatusCode::OK) } else { Err(ApiError::not_found()) }
}

/// Finds a webhook that can be read and acts on it.
fn with_webhook<T>(
    shared: &Shared,
    (base, webhook): &(String, String),
    caller: &Caller,
    act: impl FnOnce(&mut Webhook, DateTime<Utc>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    caller.require(Scope::WebhookManage)?;
    let now = shared.now();
    let mut world = shared.world.write();
    let webhooks = &mut world.bases.get_mut(base).ok_or_else(ApiError::not_found)?.webhooks;
    let found = webhooks.iter_mut().find(|candidate| candidate.id == *webhook);
    let found = found.filter(|webhook| webhook.is_readable(now));
    act(found.ok_or_else(ApiError::not_found)?, now)
}

/// `POST /v0/bases/{base}/webhooks/{webhook}/refresh`
pub(super) async fn refresh(
    State(shared): State<Arc<Shared>>,
    Path(path): WebhookPath,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    with_webhook(&shared, &path, &caller, |webhook, now| {
        if !webhook.is_live(now) {
            return Err(ApiError::unprocessable(
                "CANNOT_REFRESH_DISABLED_WEBHOOK",
                "The webhook is expired or disabled",
            ));
        }
        webhook.expires = expiry(&shared, now);
        Ok(Json(json!({ "expirationTime": iso(webhook.expires) })))
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Enable {
    enable: bool,
}

/// `POST /v0/bases/{base}/webhooks/{webhook}/enableNotifications`
pub(super) async fn enable_notifications(
    State(shared): State<Arc<Shared>>,
    Path(path): WebhookPath,
    caller: Caller,
    JsonBody(Enable { enable }): JsonBody<Enable>,
) -> Result<StatusCode, ApiError> {
    with_webhook(&shared, &path, &caller, |webhook, _| {
        if webhook.notification_url.is_none() {
            return Err(ApiError::invalid_request("the webhook has no notificationUrl"));
        }
        webhook.notifications = if enable { Notifications::On } else { Notifications::Off };
        Ok(StatusCode::OK)
    })
}

/// `GET /v0/bases/{base}/webhooks/{webhook}/payloads`
pub(super) async fn payloads(
    State(shared): State<Arc<Shared>>,
    Path(path): WebhookPath,
    caller: Caller,
    query: QueryPairs,
) -> Result<Json<Value>, ApiError> {
    let number = |name: &str| {
        let wrong = || ApiError::invalid_request(format!("{name} is not a number"));
        query.get(name).map(|text| text.parse::<u64>().map_err(|_| wrong())).transpose()
    };
    let cursor = number("cursor")?.unwrap_or(1);
    let limit = number("limit")?.map_or(Some(MAX_PAYLOADS), |limit| limit.try_into().ok());
    let limit = limit
        .filter(|limit| (1..=MAX_PAYLOADS).contains(limit))
        .ok_or_else(|| ApiError::invalid_request(format!("limit must be 1 to {MAX_PAYLOADS}")))?;
    with_webhook(&shared, &path, &caller, |webhook, now| {
        let page = webhook.read(cursor, limit).map_err(ApiError::invalid_request)?;
        if webhook.is_live(now) {
            webhook.expires = expiry(&shared, now);
        }
        Ok(Json(page))
    })
}
