//! The metadata API: bases, tables, fields, and who is calling
//! (<https://airtable.com/developers/web/api/get-base-schema> and its neighbours).

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    body::{JsonBody, QueryPairs},
    gate::Caller,
};
use crate::sandbox::{
    base::{Base, Table},
    config::Scope,
    edit::{NewField, NewTable, Renaming, Transaction},
    error::ApiError,
    ids::IdKind,
    state::Shared,
};

/// `GET /v0/meta/whoami`
pub(super) async fn whoami(caller: Caller) -> Json<Value> {
    let grant = caller.grant();
    let scopes: Vec<&str> = grant.scopes.iter().map(|scope| scope.name()).collect();
    Json(json!({ "id": grant.user_id, "scopes": scopes }))
}

/// `GET /v0/meta/bases`
pub(super) async fn list_bases(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::SchemaRead)?;
    let world = shared.world.read();
    let bases: Vec<Value> = world
        .bases
        .values()
        .map(|base| json!({ "id": base.id, "name": base.name, "permissionLevel": "create" }))
        .collect();
    Ok(Json(json!({ "bases": bases })))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewBase {
    name: String,
    #[expect(dead_code, reason = "clients must send it, and the sandbox has one workspace")]
    workspace_id: String,
    tables: Vec<NewTable>,
}

/// `POST /v0/meta/bases`
pub(super) async fn create_base(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    JsonBody(new): JsonBody<NewBase>,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::SchemaWrite)?;
    let mut base = Base {
        id: IdKind::Base.fresh(),
        name: new.name,
        tables: Vec::new(),
        transaction: 0,
        webhooks: Vec::new(),
        comments: HashMap::new(),
    };
    let mut transaction = Transaction::begin(&mut base, caller.author(), shared.now());
    for table in new.tables {
        transaction.create_table(table)?;
    }
    transaction.commit();
    let tables: Vec<Value> = base.tables.iter().map(|table| show(table, Detail::Plain)).collect();
    let reply = json!({ "id": base.id, "tables": tables });
    shared.world.write().bases.insert(base.id.clone(), base);
    shared.changed.notify_one();
    Ok(Json(reply))
}

/// `GET /v0/meta/bases/{base}/tables`
pub(super) async fn list_tables(
    State(shared): State<Arc<Shared>>,
    Path(base): Path<String>,
    caller: Caller,
    query: QueryPairs,
) -> Result<Json<Value>, ApiError> {
    caller.require(Scope::SchemaRead)?;
    let mut includes = query.all("include");
    includes.extend(query.get("include"));
    let detail =
        if includes.contains(&"visibleFieldIds") { Detail::VisibleFields } else { Detail::Plain };
    let world = shared.world.read();
    let base = world.bases.get(&base).ok_or_else(ApiError::model_not_found)?;
    let tables: Vec<Value> = base.tables.iter().map(|table| show(table, detail)).collect();
    Ok(Json(json!({ "tables": tables })))
}

/// How much of the views is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Plain,
    VisibleFields,
}

fn show(table: &Table, detail: Detail) -> Value {
    let views: Vec<Value> = table
        .views
        .iter()
        .map(|view| {
            let mut shown = json!({ "id": view.id, "name": view.name, "type": view.type_name });
            if detail == Detail::VisibleFields && view.type_name == "grid" {
                let all = || table.fields.iter().map(|field| field.id.clone()).collect();
                shown["visibleFieldIds"] = json!(view.visible.clone().unwrap_or_else(all));
            }
            shown
        })
        .collect();
    let fields: Vec<Value> =
        table.fields.iter().map(crate::sandbox::schema::Field::to_meta).collect();
    let mut shown = json!({
        "id": table.id,
        "name": table.name,
        "primaryFieldId": table.field_of(table.primary).map(|field| &field.id),
        "fields": fields,
        "views": views,
    });
    if let Some(description) = &table.description {
        shown["description"] = json!(description);
    }
    shown
}

/// `POST /v0/meta/bases/{base}/tables`
pub(super) async fn create_table(
    State(shared): State<Arc<Shared>>,
    Path(base): Path<String>,
    caller: Caller,
    JsonBody(new): JsonBody<NewTable>,
) -> Result<Json<Value>, ApiError> {
    let id = change(&shared, &base, &caller, |transaction| transaction.create_table(new))?;
    show_table(&shared, &base, &id)
}

/// `PATCH /v0/meta/bases/{base}/tables/{table}`
pub(super) async fn update_table(
    State(shared): State<Arc<Shared>>,
    Path((base, table)): Path<(String, String)>,
    caller: Caller,
    JsonBody(new): JsonBody<Renaming>,
) -> Result<Json<Value>, ApiError> {
    let id = change(&shared, &base, &caller, |transaction| {
        let at = transaction.base.require_position(&table)?;
        transaction.update_table(at, new)?;
        Ok(transaction.base.tables.get(at).map(|table| table.id.clone()).unwrap_or_default())
    })?;
    show_table(&shared, &base, &id)
}

/// `POST /v0/meta/bases/{base}/tables/{table}/fields`
pub(super) async fn create_field(
    State(shared): State<Arc<Shared>>,
    Path((base, table)): Path<(String, String)>,
    caller: Caller,
    JsonBody(new): JsonBody<NewField>,
) -> Result<Json<Value>, ApiError> {
    let id = change(&shared, &base, &caller, |transaction| {
        let at = transaction.base.require_position(&table)?;
        transaction.create_field(at, new)
    })?;
    show_field(&shared, &base, &table, &id)
}

/// `PATCH /v0/meta/bases/{base}/tables/{table}/fields/{field}`
pub(super) async fn update_field(
    State(shared): State<Arc<Shared>>,
    Path((base, table, field)): Path<(String, String, String)>,
    caller: Caller,
    JsonBody(new): JsonBody<Renaming>,
) -> Result<Json<Value>, ApiError> {
    let id = change(&shared, &base, &caller, |transaction| {
        let at = transaction.base.require_position(&table)?;
        let id = transaction.base.require_table(&table)?.require_field(&field)?.id.clone();
        transaction.update_field(at, &id, new)?;
        Ok(id)
    })?;
    show_field(&shared, &base, &table, &id)
}

/// Runs a change of the schema. Here an unknown base is a 403, as in all of the metadata API.
fn change<T>(
    shared: &Arc<Shared>,
    base: &str,
    caller: &Caller,
    act: impl FnOnce(&mut Transaction<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    caller.require(Scope::SchemaWrite)?;
    if !shared.world.read().bases.contains_key(base) {
        return Err(ApiError::model_not_found());
    }
    shared.edit(base, caller.author(), |transaction, _| act(transaction))
}

fn show_table(shared: &Shared, base: &str, table: &str) -> Result<Json<Value>, ApiError> {
    let world = shared.world.read();
    let (_, table) = world.table(base, table)?;
    Ok(Json(show(table, Detail::Plain)))
}

fn show_field(
    shared: &Shared,
    base: &str,
    table: &str,
    field: &str,
) -> Result<Json<Value>, ApiError> {
    let world = shared.world.read();
    let (_, table) = world.table(base, table)?;
    Ok(Json(table.require_field(field)?.to_meta()))
}
