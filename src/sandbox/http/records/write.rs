//! Changes of records. Everything is checked before anything is changed.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::{Method, StatusCode, request::Parts},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    RecordPath, TablePath, shown,
    upsert::{self, PerformUpsert},
};
use crate::sandbox::{
    attachment::Files,
    base::Base,
    cell::{Leniency, accept_all},
    config::Scope,
    edit::{Inputs, Transaction},
    error::ApiError,
    http::{
        body::{JsonBody, QueryPairs, loose_flag},
        gate::Caller,
    },
    ids::RecordId,
    list::flag,
    schema::FieldKey,
    state::Shared,
};

/// Most records of one write.
const MAX_BATCH: usize = 10;

/// The body of a create or update: one record's fields, or a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::sandbox::http) struct WriteBody {
    fields: Option<Map<String, Value>>,
    records: Option<Vec<RecordBody>>,
    #[serde(default, deserialize_with = "loose_flag")]
    typecast: bool,
    #[serde(default, deserialize_with = "loose_flag")]
    return_fields_by_field_id: bool,
    perform_upsert: Option<PerformUpsert>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordBody {
    id: Option<String>,
    #[serde(default)]
    fields: Map<String, Value>,
}

impl WriteBody {
    fn leniency(&self) -> Leniency {
        if self.typecast { Leniency::Typecast } else { Leniency::Strict }
    }

    fn by_id(&self, query: &QueryPairs) -> bool {
        self.return_fields_by_field_id || query.get("returnFieldsByFieldId").is_some_and(flag)
    }

    fn take_batch(&mut self) -> Result<Vec<RecordBody>, ApiError> {
        let records = self
            .records
            .take()
            .ok_or_else(|| ApiError::invalid_request("neither fields nor records"))?;
        if records.is_empty() || records.len() > MAX_BATCH {
            return Err(ApiError::invalid_request(format!(
                "records must be 1 to {MAX_BATCH}, not {}",
                records.len()
            )));
        }
        Ok(records)
    }
}

/// What happens to the cells that an update does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox::http) enum Omitted {
    /// They stay: PATCH.
    Kept,
    /// They are emptied: PUT.
    Cleared,
}

impl<S: Send + Sync> FromRequestParts<S> for Omitted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(if parts.method == Method::PUT { Self::Cleared } else { Self::Kept })
    }
}

/// Fetches attachments given by address, so that the rest of the write needs no network.
async fn fetch_attachments(
    shared: &Shared,
    base: &str,
    table: &str,
    body: &mut WriteBody,
) -> Result<Files, ApiError> {
    let mut fetched = Files::default();
    let single = body.fields.iter_mut();
    let batch = body.records.iter_mut().flatten().map(|record| &mut record.fields);
    for fields in single.chain(batch) {
        shared.fetch_attachments(base, table, fields, &mut fetched).await?;
    }
    Ok(fetched)
}

/// `POST /v0/{base}/{table}`
pub(in crate::sandbox::http) async fn create(
    State(shared): State<Arc<Shared>>,
    Path((base, table)): TablePath,
    caller: Caller,
    query: QueryPairs,
    JsonBody(mut body): JsonBody<WriteBody>,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::RecordsWrite)?;
    let fetched = fetch_attachments(&shared, &base, &table, &mut body).await?;
    let (leniency, by_id) = (body.leniency(), body.by_id(&query));
    let single = body.fields.take();
    let is_single = single.is_some();
    let records = match single {
        Some(fields) => vec![RecordBody { id: None, fields }],
        None => body.take_batch()?,
    };
    let ids = shared.edit_with(&fetched, &base, caller.author(), |transaction, files| {
        let at = transaction.base.require_position(&table)?;
        let checked = records
            .iter()
            .map(|record| accept_all(transaction.base, files, at, &record.fields, leniency))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(checked.into_iter().map(|inputs| transaction.create(at, inputs)).collect::<Vec<_>>())
    })?;
    let mut records = shown(&shared, &base, &table, &ids, by_id)?;
    Ok(Json(match records.pop() {
        Some(record) if is_single => record,
        last => json!({ "records": records.into_iter().chain(last).collect::<Vec<_>>() }),
    }))
}

/// `PATCH` and `PUT /v0/{base}/{table}/{record}`
pub(in crate::sandbox::http) async fn update(
    State(shared): State<Arc<Shared>>,
    Path((base, table, record)): RecordPath,
    caller: Caller,
    query: QueryPairs,
    omitted: Omitted,
    JsonBody(mut body): JsonBody<WriteBody>,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::RecordsWrite)?;
    let fetched = fetch_attachments(&shared, &base, &table, &mut body).await?;
    let (leniency, by_id) = (body.leniency(), body.by_id(&query));
    let fields = body.fields.ok_or_else(|| ApiError::invalid_request("fields is missing"))?;
    let id = shared.edit_with(&fetched, &base, caller.author(), |transaction, files| {
        let at = transaction.base.require_position(&table)?;
        let target = transaction.base.tables.get(at).ok_or_else(ApiError::model_not_found)?;
        let id = target.require_record(&record)?.0.clone();
        let inputs = accept_all(transaction.base, files, at, &fields, leniency)?;
        apply(transaction, at, &id, inputs, omitted);
        Ok(id)
    })?;
    let records = shown(&shared, &base, &table, &[id], by_id)?;
    Ok(Json(records.into_iter().next().unwrap_or_default()))
}

/// `PATCH` and `PUT /v0/{base}/{table}`
pub(in crate::sandbox::http) async fn update_many(
    State(shared): State<Arc<Shared>>,
    Path((base, table)): TablePath,
    caller: Caller,
    query: QueryPairs,
    omitted: Omitted,
    JsonBody(mut body): JsonBody<WriteBody>,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::RecordsWrite)?;
    let fetched = fetch_attachments(&shared, &base, &table, &mut body).await?;
    let (leniency, by_id) = (body.leniency(), body.by_id(&query));
    let records = body.take_batch()?;
    let asked = body.perform_upsert.as_ref();
    let written = shared.edit_with(&fetched, &base, caller.author(), |transaction, files| {
        let at = transaction.base.require_position(&table)?;
        let merge = asked.map(|upsert| upsert.keys(transaction.base, at)).transpose()?;
        let mut plans = Vec::new();
        for record in &records {
            let inputs = accept_all(transaction.base, files, at, &record.fields, leniency)?;
            let target = find_target(transaction.base, at, record, &inputs, merge.as_deref())?;
            plans.push((target, inputs));
        }
        let (mut created, mut updated, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for (target, inputs) in plans {
            let id = match target {
                Some(id) => {
                    apply(transaction, at, &id, inputs, omitted);
                    updated.push(id.clone());
                    id
                }
                None => {
                    let id = transaction.create(at, inputs);
                    created.push(id.clone());
                    id
                }
            };
            all.push(id);
        }
        Ok((created, updated, all))
    })?;
    let (created, updated, all) = written;
    let records = shown(&shared, &base, &table, &all, by_id)?;
    let mut reply = json!({ "records": records });
    if asked.is_some() {
        reply["createdRecords"] = json!(created);
        reply["updatedRecords"] = json!(updated);
    }
    Ok(Json(reply))
}

fn apply(
    transaction: &mut Transaction<'_>,
    table: usize,
    id: &RecordId,
    inputs: Inputs,
    omitted: Omitted,
) {
    if omitted == Omitted::Cleared {
        let named: Vec<FieldKey> = inputs.iter().map(|(key, _)| *key).collect();
        transaction.clear_others(table, id, &named);
    }
    transaction.fill(table, id, inputs);
}

/// The record that an entry of a batch changes; `None`: it makes one.
fn find_target(
    base: &Base,
    at: usize,
    record: &RecordBody,
    inputs: &Inputs,
    merge: Option<&[FieldKey]>,
) -> Result<Option<RecordId>, ApiError> {
    let table = base.tables.get(at).ok_or_else(ApiError::model_not_found)?;
    let Some(id) = &record.id else {
        let merge =
            merge.ok_or_else(|| ApiError::invalid_request("a record of the batch has no id"))?;
        return upsert::match_one(table, inputs, merge);
    };
    let known = table.records.get_key_value(id.as_str()).map(|(id, _)| id.clone());
    known.map(Some).ok_or_else(|| {
        ApiError::unprocessable("ROW_DOES_NOT_EXIST", format!("Record ID {id} does not exist"))
    })
}

/// `DELETE /v0/{base}/{table}/{record}`
pub(in crate::sandbox::http) async fn delete(
    State(shared): State<Arc<Shared>>,
    Path((base, table, record)): RecordPath,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::RecordsWrite)?;
    shared.edit(&base, caller.author(), |transaction, _| {
        let at = transaction.base.require_position(&table)?;
        let id = transaction.base.require_table(&table)?.require_record(&record)?.0.clone();
        transaction.delete(at, &id);
        Ok(())
    })?;
    Ok(Json(json!({ "id": record, "deleted": true })))
}

/// `DELETE /v0/{base}/{table}?records[]=…`
pub(in crate::sandbox::http) async fn delete_many(
    State(shared): State<Arc<Shared>>,
    Path((base, table)): TablePath,
    caller: Caller,
    query: QueryPairs,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::RecordsWrite)?;
    let asked = query.all("records");
    if asked.is_empty() || asked.len() > MAX_BATCH {
        return Err(ApiError::invalid_request(format!("records[] must be 1 to {MAX_BATCH}")));
    }
    shared.edit(&base, caller.author(), |transaction, _| {
        let at = transaction.base.require_position(&table)?;
        let target = transaction.base.require_table(&table)?;
        let ids = asked
            .iter()
            .map(|id| {
                let known = target.records.get_key_value(*id).map(|(id, _)| id.clone());
                known.ok_or_else(|| {
                    let message = format!("Could not find a record with ID \"{id}\".");
                    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        ids.iter().for_each(|id| transaction.delete(at, id));
        Ok(())
    })?;
    let deleted: Vec<Value> = asked.iter().map(|id| json!({ "id": id, "deleted": true })).collect();
    Ok(Json(json!({ "records": deleted })))
}
