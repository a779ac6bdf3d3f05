//! One transaction as one webhook sees it
//! (<https://airtable.com/developers/web/api/model/webhooks-payload>).

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{ChangeType, DataType, Filters, Includes, Options, Specification};
use crate::sandbox::{
    base::{Base, Record, Table, View},
    cell::webhook_value,
    computed::RecordScope,
    edit::{Author, Changes, TableChanges},
    formula::iso,
    ids::{IdKind, RecordId},
    schema::{Field, FieldKey},
};

impl Base {
    /// The id of a table, view or field that a specification names and that is not there.
    pub(in crate::sandbox) fn missing_target(
        &self,
        specification: &Specification,
    ) -> Option<String> {
        let filters = &specification.options.filters;
        let has_field = |id: &str| self.tables.iter().any(|t| t.fields.iter().any(|f| f.id == id));
        let has_scope = |id: &str| {
            self.tables.iter().any(|t| t.id == id || t.views.iter().any(|view| view.id == id))
        };
        let scope = filters.record_change_scope.iter().find(|id| !has_scope(id));
        let mut fields =
            filters.watch_data_in_field_ids.iter().chain(&filters.watch_schemas_of_field_ids);
        scope.or_else(|| fields.find(|id| !has_field(id))).cloned()
    }
}

/// The payload, or `None` when nothing that the webhook watches changed.
pub(super) fn build(
    base: &Base,
    options: &Options,
    changes: &Changes,
    author: &Author,
    now: DateTime<Utc>,
) -> Option<Value> {
    let Options { filters, includes } = options;
    let source = author.source.name();
    if !filters.from_sources.is_empty() && !filters.from_sources.iter().any(|s| s == source) {
        return None;
    }
    let watch = Watch { base, filters, includes: includes.clone().unwrap_or_default(), now };
    let mut changed = Map::new();
    for (id, changes) in &changes.tables {
        if let Some(table) = base.tables.iter().find(|table| table.id == *id)
            && let Some(shown) = watch.table(table, changes)
        {
            changed.insert(id.clone(), shown);
        }
    }
    let mut created = Map::new();
    if watch.wants(DataType::TableMetadata, ChangeType::Add)
        && filters.record_change_scope.is_none()
    {
        let tables = changes.created_tables.iter().filter_map(|id| base.table(id));
        created.extend(tables.map(|table| (table.id.clone(), watch.created_table(table))));
    }
    if changed.is_empty() && created.is_empty() {
        return None;
    }
    let mut payload = json!({
        "timestamp": iso(now),
        "baseTransactionNumber": base.transaction,
        "payloadFormat": "v0",
        "actionMetadata": {
            "source": source,
            "sourceMetadata": { "user": {
                "id": &*author.user,
                "email": format!("{}@sandbox.invalid", author.user),
                "permissionLevel": "create",
            } },
        },
    });
    insert_filled(&mut payload, "changedTablesById", changed);
    insert_filled(&mut payload, "createdTablesById", created);
    Some(payload)
}

fn insert_filled(object: &mut Value, key: &str, map: Map<String, Value>) {
    if let Some(object) = object.as_object_mut().filter(|_| !map.is_empty()) {
        object.insert(key.to_owned(), map.into());
    }
}

/// One webhook looking at one transaction.
struct Watch<'a> {
    base: &'a Base,
    filters: &'a Filters,
    includes: Includes,
    now: DateTime<Utc>,
}

impl Watch<'_> {
    fn wants(&self, data: DataType, change: ChangeType) -> bool {
        let types = &self.filters.change_types;
        self.filters.data_types.contains(&data) && (types.is_empty() || types.contains(&change))
    }

    fn watches_cells_of(&self, field: &Field) -> bool {
        let ids = &self.filters.watch_data_in_field_ids;
        ids.is_empty() || ids.contains(&field.id)
    }

    fn watches_schema_of(&self, field: &str) -> bool {
        let ids = &self.filters.watch_schemas_of_field_ids;
        ids.is_empty() || ids.iter().any(|id| id == field)
    }

    /// What of a table's changes the webhook watches.
    fn table(&self, table: &Table, changes: &TableChanges) -> Option<Value> {
        let scope = self.filters.record_change_scope.as_deref();
        let view = scope
            .filter(|id| IdKind::View.matches(id))
            .and_then(|id| table.views.iter().find(|view| view.id == id));
        if scope.is_some_and(|id| id != table.id) && view.is_none() {
            return None;
        }
        let mut shown = self.schema(table, changes);
        let records = self.records(table, changes, view);
        match view {
            Some(view) if !records.is_empty() => {
                let mut views = Map::new();
                views.insert(view.id.clone(), records.into());
                shown.insert("changedViewsById".into(), views.into());
            }
            _ => shown.extend(records),
        }
        (!shown.is_empty()).then(|| shown.into())
    }

    fn records(
        &self,
        table: &Table,
        changes: &TableChanges,
        view: Option<&View>,
    ) -> Map<String, Value> {
        let shows = |id: &RecordId, record: &Record| {
            let scope =
                RecordScope { base: self.base, table, id, record, now: self.now, values: None };
            view.and_then(|view| view.filter.as_ref())
                .is_none_or(|filter| filter.evaluate(&scope).is_ok_and(|value| value.is_truthy()))
        };
        let mut shown = Map::new();
        if self.wants(DataType::TableData, ChangeType::Add) {
            let created = changes.created.iter().filter_map(|id| {
                let record = table.records.get(id).filter(|record| shows(id, record))?;
                Some((id.to_string(), self.created_record(table, record)))
            });
            insert_map(&mut shown, "createdRecordsById", created.collect());
        }
        if self.wants(DataType::TableData, ChangeType::Update) {
            let changed = changes.changed.iter().filter_map(|(id, previous)| {
                let record = table.records.get(id).filter(|record| shows(id, record))?;
                Some((id.to_string(), self.changed_record(table, record, previous)?))
            });
            insert_map(&mut shown, "changedRecordsById", changed.collect());
        }
        if self.wants(DataType::TableData, ChangeType::Remove) && !changes.destroyed.is_empty() {
            shown.insert("destroyedRecordIds".into(), json!(changes.destroyed));
        }
        shown
    }

    fn created_record(&self, table: &Table, record: &Record) -> Value {
        json!({
            "createdTime": iso(record.created),
            "cellValuesByFieldId": self.cells(table, |field| record.cells.get(field.key)
                .is_some()
                .then(|| webhook_value(self.base, table, field, &|field| record.cells.get(field.key)))),
        })
    }

    fn changed_record(
        &self,
        table: &Table,
        record: &Record,
        previous: &std::collections::BTreeMap<FieldKey, Option<Value>>,
    ) -> Option<Value> {
        let now = |field: &Field| {
            webhook_value(self.base, table, field, &|field| record.cells.get(field.key))
        };
        let touched = |field: &Field| {
            self.watches_cells_of(field)
                && previous
                    .get(&field.key)
                    .is_some_and(|previous| previous.as_ref() != record.cells.get(field.key))
        };
        let current = self.cells(table, |field| touched(field).then(|| now(field)));
        if current.is_empty() {
            return None;
        }
        let mut shown = json!({ "current": { "cellValuesByFieldId": current } });
        if self.includes.include_previous_cell_values {
            let before = self.cells(table, |field| {
                let cells = |field: &Field| match previous.get(&field.key) {
                    Some(previous) => previous.as_ref(),
                    None => record.cells.get(field.key),
                };
                touched(field).then(|| webhook_value(self.base, table, field, &cells))
            });
            shown["previous"] = json!({ "cellValuesByFieldId": before });
        }
        let unchanged = self
            .cells(table, |field| (self.always_told(field) && !touched(field)).then(|| now(field)));
        if !unchanged.is_empty() {
            shown["unchanged"] = json!({ "cellValuesByFieldId": unchanged });
        }
        Some(shown)
    }

    fn cells(&self, table: &Table, show: impl Fn(&Field) -> Option<Value>) -> Map<String, Value> {
        table.fields.iter().filter_map(|field| Some((field.id.clone(), show(field)?))).collect()
    }

    fn always_told(&self, field: &Field) -> bool {
        match &self.includes.include_cell_values_in_field_ids {
            Some(Value::String(all)) => all == "all",
            Some(Value::Array(ids)) => ids.iter().any(|id| id.as_str() == Some(&field.id)),
            _ => false,
        }
    }

    /// What changed in the fields and in the name of the table.
    fn schema(&self, table: &Table, changes: &TableChanges) -> Map<String, Value> {
        let mut shown = Map::new();
        if self.wants(DataType::TableFields, ChangeType::Add) {
            let created = changes.created_fields.iter().filter_map(|id| table.field(id));
            let created = created.map(|field| (field.id.clone(), field.to_info()));
            insert_map(&mut shown, "createdFieldsById", created.collect());
        }
        if self.wants(DataType::TableFields, ChangeType::Update) {
            let changed = changes.changed_fields.iter().filter_map(|(id, previous)| {
                let field = table.field(id).filter(|_| self.watches_schema_of(id))?;
                let mut shown = json!({ "current": field.to_info() });
                if self.includes.include_previous_field_definitions {
                    shown["previous"] = previous.clone();
                }
                Some((id.clone(), shown))
            });
            insert_map(&mut shown, "changedFieldsById", changed.collect());
        }
        if self.wants(DataType::TableFields, ChangeType::Remove) {
            let gone: Vec<&String> =
                changes.destroyed_fields.iter().filter(|id| self.watches_schema_of(id)).collect();
            if !gone.is_empty() {
                shown.insert("destroyedFieldIds".into(), json!(gone));
            }
        }
        if let Some(previous) = &changes.previous_metadata
            && self.wants(DataType::TableMetadata, ChangeType::Update)
        {
            let changed = json!({ "current": table.metadata(), "previous": previous });
            shown.insert("changedMetadata".into(), changed);
        }
        shown
    }

    fn created_table(&self, table: &Table) -> Value {
        let fields: Map<String, Value> =
            table.fields.iter().map(|field| (field.id.clone(), field.to_info())).collect();
        let records: Map<String, Value> = table
            .records
            .iter()
            .map(|(id, record)| (id.to_string(), self.created_record(table, record)))
            .collect();
        json!({ "metadata": table.metadata(), "fieldsById": fields, "recordsById": records })
    }
}

fn insert_map(shown: &mut Map<String, Value>, key: &str, map: Map<String, Value>) {
    if !map.is_empty() {
        shown.insert(key.to_owned(), map.into());
    }
}
