//! Controls below `/_sandbox/`: what no client of Airtable has, for tests in other languages and
//! for the page.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{body::JsonBody, page};
use crate::sandbox::{
    config::{Scope, TokenGrant},
    error::ApiError,
    faults::FaultRule,
    state::Shared,
};

/// Refuses what another site's page sends: the controls ask for no token.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    if is_foreign(request.headers()) {
        return ApiError::new(StatusCode::FORBIDDEN, "FOREIGN_ORIGIN", "").into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    header(ORIGIN).is_some_and(|origin| {
        let origin = Url::parse(origin).ok();
        let authority = origin.as_ref().map(Url::authority);
        authority.is_none() || authority != header(HOST)
    })
}

/// `GET /_sandbox/state`
pub(super) async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.summary())
}

/// `GET /_sandbox/faults`
pub(super) async fn list_faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "faults": shared.faults.list() }))
}

/// `POST /_sandbox/faults`
pub(super) async fn add_fault(
    State(shared): State<Arc<Shared>>,
    JsonBody(rule): JsonBody<FaultRule>,
) -> StatusCode {
    shared.faults.add(rule);
    StatusCode::NO_CONTENT
}

/// `DELETE /_sandbox/faults`
pub(super) async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}

/// `GET /_sandbox/calls`: the log, with milliseconds since its first call.
pub(super) async fn list_calls(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let calls = shared.calls.all();
    let first = calls.first().map(|call| call.at);
    let shown: Vec<Value> = calls
        .iter()
        .map(|call| {
            let at = first.map_or(Duration::ZERO, |first| call.at - first);
            json!({
                "atMs": at.as_secs_f64() * 1_000.0,
                "method": call.method.as_str(),
                "path": call.path,
                "query": call.query,
                "status": call.status,
            })
        })
        .collect();
    Json(json!({ "calls": shown }))
}

/// `DELETE /_sandbox/calls`
pub(super) async fn clear_calls(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.calls.clear();
    StatusCode::NO_CONTENT
}

/// `POST /_sandbox/offsets/expire`
pub(super) async fn expire_offsets(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.iterators.lock().clear();
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Grant {
    token: SecretString,
    /// Names of scopes; none: all.
    scopes: Option<Vec<String>>,
    user_id: Option<String>,
}

/// `POST /_sandbox/tokens/grant`
pub(super) async fn grant_token(
    State(shared): State<Arc<Shared>>,
    JsonBody(Grant { token, scopes, user_id }): JsonBody<Grant>,
) -> Result<StatusCode, ApiError> {
    let find = |name: &String| {
        let found = Scope::ALL.into_iter().find(|scope| scope.name() == name);
        found.ok_or_else(|| ApiError::invalid_request(format!("unknown scope {name}")))
    };
    let scopes = match scopes {
        Some(names) => names.iter().map(find).collect::<Result<_, _>>()?,
        None => Scope::ALL.to_vec(),
    };
    let user_id = user_id.unwrap_or_else(|| "usrSandbox0000001".into());
    shared.tokens.write().push(TokenGrant { token, scopes, user_id });
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revocation {
    token: String,
}

/// `POST /_sandbox/tokens/revoke`
pub(super) async fn revoke_token(
    State(shared): State<Arc<Shared>>,
    JsonBody(Revocation { token }): JsonBody<Revocation>,
) -> StatusCode {
    shared.revoke(&token);
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    seconds: u32,
}

/// `POST /_sandbox/clock/advance`
pub(super) async fn advance_clock(
    State(shared): State<Arc<Shared>>,
    JsonBody(Advance { seconds }): JsonBody<Advance>,
) -> StatusCode {
    shared.advance(Duration::from_secs(seconds.into()));
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CellEdit {
    base: String,
    table: String,
    record: String,
    field: String,
    value: Value,
}

/// `PUT /_sandbox/cells`: answers the whole row as text, since computed cells may follow.
pub(super) async fn set_cell(
    State(shared): State<Arc<Shared>>,
    JsonBody(edit): JsonBody<CellEdit>,
) -> Result<Json<Value>, ApiError> {
    let CellEdit { base, table, record, field, value } = edit;
    shared.set_cell(&base, &table, &record, &field, &value)?;
    page::row_as_text(&shared, &base, &table, &record).map(Json)
}
