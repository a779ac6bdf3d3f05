//! Records: list, get, create, update, upsert, delete
//! (<https://airtable.com/developers/web/api/list-records> and its neighbours).

mod upsert;
mod write;

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    body::{JsonBody, QueryPairs},
    gate::Caller,
};
use crate::sandbox::{
    config::Scope,
    error::ApiError,
    ids::RecordId,
    list::{self, ListOptions, Page, RecordShape, write_record},
    state::{Shared, time_delta},
};

pub(super) use write::{create, delete, delete_many, update, update_many};

type TablePath = Path<(String, String)>;
type RecordPath = Path<(String, String, String)>;

/// `GET /v0/{base}/{table}`
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Path((base, table)): TablePath,
    caller: Caller,
    QueryPairs(query): QueryPairs,
) -> Result<Response, ApiError> {
    page(&shared, &base, &table, &caller, &ListOptions::from_query(&query)?)
}

/// `POST /v0/{base}/{table}/listRecords`
pub(super) async fn list_by_body(
    State(shared): State<Arc<Shared>>,
    Path((base, table)): TablePath,
    caller: Caller,
    QueryPairs(query): QueryPairs,
    JsonBody(body): JsonBody<Value>,
) -> Result<Response, ApiError> {
    page(&shared, &base, &table, &caller, &ListOptions::from_body(body, &query)?)
}

#[derive(Serialize)]
struct PageReply<T> {
    records: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<String>,
}

fn page(
    shared: &Shared,
    base: &str,
    table: &str,
    caller: &Caller,
    options: &ListOptions,
) -> Result<Response, ApiError> {
    caller.require(Scope::RecordsRead)?;
    shared.refresh_volatile(base, table);
    let now = shared.now();
    let world = shared.world.read();
    let (base, table) = world.table(base, table)?;
    let shape = RecordShape::plain(base, table, shared.links()).with_options(options)?;
    let size = options.page()?;
    let Page { rows, offset } = match options.offset.as_deref().filter(|o| !o.is_empty()) {
        Some(offset) => {
            let ttl = time_delta(shared.config.offset_ttl);
            shared.iterators.lock().resume(&table.id, offset, size, ttl, now)?
        }
        None => {
            let rows = list::select(base, table, options, now)?;
            shared.iterators.lock().begin(&table.id, rows, size, now)
        }
    };
    let records = rows
        .iter()
        .filter_map(|id| Some(write_record(&shape, id, table.records.get(id)?)))
        .collect();
    Ok(json_reply(&PageReply { records, offset }))
}

/// `GET /v0/{base}/{table}/{record}`
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    Path((base, table, record)): RecordPath,
    caller: Caller,
    QueryPairs(query): QueryPairs,
) -> Result<Response, ApiError> {
    caller.require(Scope::RecordsRead)?;
    shared.refresh_volatile(&base, &table);
    let world = shared.world.read();
    let (base, table) = world.table(&base, &table)?;
    let options = ListOptions::from_query(&query)?;
    let (id, record) = table.require_record(&record)?;
    let shape = RecordShape::plain(base, table, shared.links()).with_options(&options)?;
    Ok(json_reply(&write_record(&shape, id, record)))
}

/// The records of these ids, shown after a change, in their order.
fn shown(
    shared: &Shared,
    base: &str,
    table: &str,
    ids: &[RecordId],
    by_id: bool,
) -> Result<Vec<Value>, ApiError> {
    let world = shared.world.read();
    let (base, table) = world.table(base, table)?;
    let shape = RecordShape::plain(base, table, shared.links()).by_field_id(by_id);
    Ok(ids
        .iter()
        .filter_map(|id| {
            let record = table.records.get(id)?;
            Some(json!(write_record(&shape, id, record)))
        })
        .collect())
}

/// Writes an answer as JSON.
fn json_reply(reply: &impl Serialize) -> Response {
    match serde_json::to_vec(reply) {
        Ok(body) => ([(CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
