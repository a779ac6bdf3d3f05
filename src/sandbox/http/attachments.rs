//! Uploads and downloads of attachments
//! (<https://airtable.com/developers/web/api/upload-attachment>).

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{
        HeaderName, StatusCode,
        header::{
            CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{Html, IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{body::JsonBody, gate::Caller};
use crate::sandbox::{
    attachment::{File, Files},
    cell::Input,
    config::Scope,
    error::ApiError,
    formula::iso,
    ids::RecordId,
    schema::{FieldKey, FieldKind},
    state::Shared,
};

/// Largest file that can be uploaded.
const MAX_UPLOAD: usize = 5 << 20;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Upload {
    content_type: String,
    filename: String,
    file: String,
}

/// `POST /v0/{base}/{record}/{field}/uploadAttachment`
pub(super) async fn upload(
    State(shared): State<Arc<Shared>>,
    Path((base, record, field)): Path<(String, String, String)>,
    caller: Caller,
    JsonBody(Upload { content_type, filename, file }): JsonBody<Upload>,
) -> Result<axum::Json<Value>, ApiError> {
    caller.require(Scope::RecordsWrite)?;
    // pyairtable breaks its base64 into lines, as MIME does.
    let file: String = file.split_ascii_whitespace().collect();
    let content = BASE64_STANDARD
        .decode(file)
        .map_err(|_| ApiError::invalid_request("file is not base64"))?;
    if content.len() > MAX_UPLOAD {
        let message = "The file is larger than 5 MB";
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "REQUEST_BODY_TOO_LARGE",
            message,
        ));
    }
    let (at, id, key) = find_cell(&shared, &base, &record, &field)?;
    let file = File::new(filename, Some(content_type), content.into());
    let mut uploaded = Files::default();
    let entry = uploaded.add(None, file);
    let entry = uploaded.describe(&entry);
    shared.edit_with(&uploaded, &base, caller.author(), |transaction, _| {
        let record = transaction.base.tables.get(at).and_then(|table| table.records.get(&id));
        let cell = record.and_then(|record| record.cells.get(key)).and_then(Value::as_array);
        let cell: Vec<Value> = cell.into_iter().flatten().cloned().chain(entry).collect();
        transaction.fill(at, &id, vec![(key, Input::Cell(Some(cell.into())))]);
        Ok(())
    })?;
    show(&shared, &base, at, &id, key)
}

/// The table and field of an attachment cell: the path names the record without its table.
fn find_cell(
    shared: &Shared,
    base: &str,
    record: &str,
    field: &str,
) -> Result<(usize, RecordId, FieldKey), ApiError> {
    let world = shared.world.read();
    let found = world.base(base)?.tables.iter().enumerate().find_map(|(at, table)| {
        table.records.get_key_value(record).map(|(id, _)| (at, table, id.clone()))
    });
    let (at, table, id) = found.ok_or_else(ApiError::model_not_found)?;
    let field = table.require_field(field)?;
    if !matches!(field.kind, FieldKind::Attachments) {
        return Err(ApiError::invalid_value(&field.name, "expected an attachment field"));
    }
    Ok((at, id, field.key))
}

fn show(
    shared: &Shared,
    base: &str,
    at: usize,
    id: &RecordId,
    key: FieldKey,
) -> Result<axum::Json<Value>, ApiError> {
    let world = shared.world.read();
    let table = world.base(base)?.tables.get(at).ok_or_else(ApiError::model_not_found)?;
    let (_, record) = table.require_record(id.as_str())?;
    let field = table.field_of(key).ok_or_else(ApiError::model_not_found)?;
    let links = shared.links();
    let cell: Vec<Value> = record
        .cells
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|item| links.signer.link(item, links.root, links.expires))
        .collect();
    Ok(axum::Json(json!({
        "id": id,
        "createdTime": iso(record.created),
        "fields": { &*field.id: cell },
    })))
}

/// `GET /_attachments/{expires}/{signature}/{id}/{filename}`: an ended link answers a page for
/// people, which careless clients keep as the file.
pub(super) async fn download(
    State(shared): State<Arc<Shared>>,
    Path((expires, signature, id, _)): Path<(i64, String, String, String)>,
) -> Response {
    if !shared.signer.allows(&id, expires, &signature, shared.now()) {
        return (
            StatusCode::GONE,
            Html("<!doctype html><title>Airtable</title><h1>This link has expired</h1>"),
        )
            .into_response();
    }
    let file = shared.world.read().files.get(&id).cloned();
    match file.and_then(|file| Some((file.media_type, file.content?))) {
        Some((media_type, content)) => {
            // Files come from anyone: shown from this origin, they must not run.
            let headers: [(HeaderName, &str); 4] = [
                (CONTENT_TYPE, &media_type),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
                (CONTENT_DISPOSITION, "inline"),
            ];
            (headers, content).into_response()
        }
        None => (
            StatusCode::NOT_FOUND,
            Html("<!doctype html><title>Airtable</title><h1>Not found</h1>"),
        )
            .into_response(),
    }
}
