//! Changes of tables and fields.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Transaction;
use crate::sandbox::{
    base::{Base, Table, View},
    error::ApiError,
    formula::pin_field,
    ids::IdKind,
    schema::{Field, FieldKey, FieldKind},
};

/// A table to be made. The first field is the primary one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTable {
    /// Name, unique in the base.
    pub name: String,
    /// Text for people.
    pub description: Option<String>,
    /// Fields, at least one.
    pub fields: Vec<NewField>,
}

/// A field to be made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewField {
    /// Name, unique in the table.
    pub name: String,
    /// Airtable's name of the type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Text for people.
    pub description: Option<String>,
    /// Options of the type.
    #[serde(default)]
    pub options: Option<Map<String, Value>>,
}

/// New name and description of a table or field; none: as it was.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renaming {
    /// New name.
    pub name: Option<String>,
    /// New text for people.
    pub description: Option<String>,
}

impl Transaction<'_> {
    /// Makes a table; gives its id.
    ///
    /// # Errors
    /// 422 for a name in use, no field, or a field that can't be made.
    pub fn create_table(&mut self, new: NewTable) -> Result<String, ApiError> {
        if self.base.tables.iter().any(|table| table.name == new.name) || new.name.is_empty() {
            return Err(duplicate("TABLE", &new.name));
        }
        let primary = new.fields.first().ok_or_else(|| {
            ApiError::unprocessable("INVALID_REQUEST_UNKNOWN", "A table needs at least one field")
        })?;
        let kind =
            FieldKind::parse(&primary.type_name, &primary.options.clone().unwrap_or_default());
        if !matches!(
            kind,
            Ok(FieldKind::Text
                | FieldKind::Number { .. }
                | FieldKind::Date
                | FieldKind::DateTime
                | FieldKind::Barcode
                | FieldKind::Formula(_)
                | FieldKind::AutoNumber)
        ) {
            let message =
                format!("A field of type {} can't be the primary field", primary.type_name);
            return Err(ApiError::unprocessable("INVALID_FIELD_TYPE_FOR_PRIMARY", message));
        }
        let mut names = HashSet::new();
        for field in &new.fields {
            if !names.insert(&field.name) {
                return Err(duplicate("FIELD", &field.name));
            }
            check_new_field(self.base, None, field)?;
        }
        let id = IdKind::Table.fresh();
        let at = self.base.tables.len();
        self.base.tables.push(Table {
            id: id.clone(),
            name: new.name,
            description: new.description,
            primary: FieldKey(0),
            fields: Vec::new(),
            views: vec![View::grid("Grid view")],
            records: IndexMap::new(),
            next_key: 0,
            next_number: 1,
            computed: Vec::new(),
        });
        self.note_created_table(id.clone());
        for field in new.fields {
            self.create_field(at, field)?;
        }
        Ok(id)
    }

    /// Makes a field and, for a link, the one that leads back; gives its id.
    ///
    /// # Errors
    /// 422 for a name in use or options that don't fit.
    pub fn create_field(&mut self, at: usize, new: NewField) -> Result<String, ApiError> {
        check_new_field(self.base, self.base.tables.get(at), &new)?;
        let id = IdKind::Field.fresh();
        let mut options = new.options.unwrap_or_default();
        // Made here, not told: another's would not lead back.
        options.remove("inverseLinkFieldId");
        let linked = options.get("linkedTableId").and_then(Value::as_str).map(str::to_owned);
        let inverse = linked
            .filter(|_| new.type_name == "multipleRecordLinks")
            .and_then(|linked| self.base.position(&linked))
            .filter(|linked| *linked != at);
        if let Some(linked) = inverse {
            let inverse = self.push_inverse(linked, at, &id)?;
            options.insert("inverseLinkFieldId".into(), json!(inverse));
        }
        self.push_field(at, &id, new.name, &new.type_name, new.description, options)?;
        Ok(id)
    }

    fn push_inverse(&mut self, at: usize, from: usize, field: &str) -> Result<String, ApiError> {
        let missing = ApiError::model_not_found;
        let (from_id, from_name) = {
            let table = self.base.tables.get(from).ok_or_else(missing)?;
            (table.id.clone(), table.name.clone())
        };
        let table = self.base.tables.get(at).ok_or_else(missing)?;
        let name = (1..)
            .map(|n| if n == 1 { from_name.clone() } else { format!("{from_name} {n}") })
            .find(|name| table.field(name).is_none())
            .unwrap_or(from_name);
        let options = json!({ "linkedTableId": from_id, "inverseLinkFieldId": field });
        let options = options.as_object().cloned().unwrap_or_default();
        let id = IdKind::Field.fresh();
        self.push_field(at, &id, name, "multipleRecordLinks", None, options)?;
        Ok(id)
    }

    fn push_field(
        &mut self,
        at: usize,
        id: &str,
        name: String,
        type_name: &str,
        description: Option<String>,
        options: Map<String, Value>,
    ) -> Result<(), ApiError> {
        let kind = FieldKind::parse(type_name, &options).map_err(ApiError::invalid_request)?;
        let table = self.base.tables.get_mut(at).ok_or_else(ApiError::model_not_found)?;
        let key = table.take_key();
        let type_name = type_name.to_owned();
        table.fields.push(Field {
            key,
            id: id.to_owned(),
            name,
            description,
            type_name,
            kind,
            options,
        });
        table.compile();
        let is_new_table = self.changes.created_tables.contains(&table.id);
        if let Some(changes) = self.note(at).filter(|_| !is_new_table) {
            changes.created_fields.push(id.to_owned());
        }
        Ok(())
    }

    /// Renames a table or its description.
    ///
    /// # Errors
    /// 422 for a name in use.
    pub fn update_table(&mut self, at: usize, new: Renaming) -> Result<(), ApiError> {
        let taken = |name: &String| {
            self.base.tables.iter().enumerate().any(|(i, table)| i != at && table.name == *name)
        };
        if let Some(name) = new.name.as_ref().filter(|name| name.is_empty() || taken(name)) {
            return Err(duplicate("TABLE", name));
        }
        let table = self.base.tables.get_mut(at).ok_or_else(ApiError::model_not_found)?;
        let previous = table.metadata();
        table.name = new.name.unwrap_or_else(|| table.name.clone());
        table.description = new.description.or(table.description.take());
        if let Some(changes) = self.note(at) {
            changes.previous_metadata.get_or_insert(previous);
        }
        Ok(())
    }

    /// Renames a field or its description. Formulas follow the new name.
    ///
    /// # Errors
    /// 422 for a name in use or an unknown field.
    pub fn update_field(&mut self, at: usize, field: &str, new: Renaming) -> Result<(), ApiError> {
        let table = self.base.tables.get_mut(at).ok_or_else(ApiError::model_not_found)?;
        let (key, id) = table
            .field(field)
            .map(|field| (field.key, field.id.clone()))
            .ok_or_else(|| ApiError::unknown_field(field))?;
        let taken = |name: &String| table.fields.iter().any(|f| f.key != key && f.name == *name);
        if let Some(name) = new.name.as_ref().filter(|name| name.is_empty() || taken(name)) {
            return Err(duplicate("FIELD", name));
        }
        let Some(field) = table.field_mut(key) else { return Ok(()) };
        let previous = field.to_info();
        let name = new.name.unwrap_or_else(|| field.name.clone());
        let old = std::mem::replace(&mut field.name, name);
        field.description = new.description.or(field.description.take());
        for field in &mut table.fields {
            if let Some(Value::String(formula)) = field.options.get_mut("formula") {
                *formula = pin_field(formula, &old, &id);
            }
        }
        for filter in table.views.iter_mut().filter_map(|view| view.filter_text.as_mut()) {
            *filter = pin_field(filter, &old, &id);
        }
        table.compile();
        if let Some(changes) = self.note(at) {
            changes.changed_fields.push((id, previous));
        }
        Ok(())
    }

    /// Gives a field another type. Its cells are emptied, as Airtable does with what it can't
    /// convert, and payloads don't name their rows.
    ///
    /// # Errors
    /// 422 for an unknown field, options that don't fit, or a type that leads to other fields or
    /// tables: links are made and deleted, not converted.
    pub fn retype_field(
        &mut self,
        at: usize,
        field: &str,
        type_name: &str,
        options: Map<String, Value>,
    ) -> Result<(), ApiError> {
        let kind = FieldKind::parse(type_name, &options).map_err(ApiError::invalid_request)?;
        let table = self.base.tables.get_mut(at).ok_or_else(ApiError::model_not_found)?;
        let key = table.require_field(field)?.key;
        let Some(field) = table.field_mut(key) else { return Ok(()) };
        if [&field.kind, &kind].into_iter().any(|kind| matches!(kind, FieldKind::Links(_))) {
            return Err(ApiError::invalid_request("links can't be converted"));
        }
        let (id, previous) = (field.id.clone(), field.to_info());
        type_name.clone_into(&mut field.type_name);
        (field.kind, field.options) = (kind, options);
        for record in table.records.values_mut() {
            record.cells.set(key, None);
        }
        table.compile();
        if let Some(changes) = self.note(at) {
            changes.changed_fields.push((id, previous));
        }
        Ok(())
    }

    /// Deletes a field with its cells and, for a link, the one that leads back.
    ///
    /// # Errors
    /// 422 for an unknown field or the primary one.
    pub fn delete_field(&mut self, at: usize, field: &str) -> Result<(), ApiError> {
        let table = self.base.tables.get(at).ok_or_else(ApiError::model_not_found)?;
        let field = table.require_field(field)?;
        if field.key == table.primary {
            let message = "The primary field can't be deleted";
            return Err(ApiError::unprocessable("INVALID_REQUEST_UNKNOWN", message));
        }
        let (key, inverse) = (
            field.key,
            match &field.kind {
                FieldKind::Links(link) => link.inverse.clone().zip(self.base.position(&link.table)),
                _ => None,
            },
        );
        self.drop_field(at, key);
        if let Some((inverse, target)) = inverse {
            let key = self.base.tables.get(target).and_then(|t| t.field(&inverse)).map(|f| f.key);
            if let Some(key) = key {
                self.drop_field(target, key);
            }
        }
        Ok(())
    }

    fn drop_field(&mut self, at: usize, key: FieldKey) {
        let Some(table) = self.base.tables.get_mut(at) else { return };
        let Some(place) = table.fields.iter().position(|field| field.key == key) else { return };
        let field = table.fields.remove(place);
        for record in table.records.values_mut() {
            record.cells.set(key, None);
        }
        table.compile();
        if let Some(changes) = self.note(at) {
            changes.destroyed_fields.push(field.id);
        }
    }
}

fn check_new_field(base: &Base, table: Option<&Table>, new: &NewField) -> Result<(), ApiError> {
    let taken = table.is_some_and(|table| table.fields.iter().any(|f| f.name == new.name));
    if new.name.is_empty() || taken {
        return Err(duplicate("FIELD", &new.name));
    }
    let options = new.options.clone().unwrap_or_default();
    let kind = FieldKind::parse(&new.type_name, &options).map_err(ApiError::invalid_request)?;
    if matches!(kind, FieldKind::Opaque) {
        return Err(ApiError::unprocessable(
            "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE",
            format!("Fields of type {} can't be created", new.type_name),
        ));
    }
    match &kind {
        // An id, since a name would not outlive a rename.
        FieldKind::Links(link) if !base.tables.iter().any(|table| table.id == link.table) => {
            let message = format!("no table has the id {}", link.table);
            Err(ApiError::invalid_request(message))
        }
        _ => Ok(()),
    }
}

fn duplicate(what: &str, name: &str) -> ApiError {
    ApiError::unprocessable(
        &format!("DUPLICATE_OR_EMPTY_{what}_NAME"),
        format!("The name \"{name}\" is empty or in use"),
    )
}
