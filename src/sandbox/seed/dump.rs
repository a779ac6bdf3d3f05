//! From a base in memory to a seed, for the data file.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use super::{AttachmentSeed, BaseSeed, FieldSeed, RecordSeed, SortSeed, TableSeed, ViewSeed};
use crate::sandbox::{
    attachment::Files,
    base::{Base, Record, Table, View},
    ids::RecordId,
    schema::{Field, FieldKind},
};

/// Writes a base as a seed that loads to the same base. Webhooks and comments are left out.
pub fn dump(base: &Base, files: &Files) -> BaseSeed {
    BaseSeed {
        id: base.id.clone(),
        name: base.name.clone(),
        tables: base.tables.iter().map(|table| dump_table(table, files)).collect(),
    }
}

fn dump_table(table: &Table, files: &Files) -> TableSeed {
    let primary = table.field_of(table.primary).map(|field| field.id.clone());
    TableSeed {
        id: table.id.clone(),
        name: table.name.clone(),
        description: table.description.clone(),
        primary_field_id: primary.unwrap_or_default(),
        fields: table.fields.iter().map(dump_field).collect(),
        views: table.views.iter().map(|view| dump_view(table, view)).collect(),
        records: table.records.iter().map(|(id, r)| dump_record(table, id, r, files)).collect(),
    }
}

fn dump_field(field: &Field) -> FieldSeed {
    let mut options = field.options.clone();
    match &field.kind {
        FieldKind::SingleSelect(choices) | FieldKind::MultipleSelects(choices) => {
            options.insert("choices".into(), json!(choices));
        }
        FieldKind::Links(link) => {
            if let Some(inverse) = &link.inverse {
                options.insert("inverseLinkFieldId".into(), json!(inverse));
            }
        }
        _ => {}
    }
    FieldSeed {
        id: field.id.clone(),
        name: field.name.clone(),
        type_name: field.type_name.clone(),
        description: field.description.clone(),
        options,
    }
}

fn dump_view(table: &Table, view: &View) -> ViewSeed {
    let sort = view.sort.iter().filter_map(|sort| {
        let field = table.field_of(sort.field)?.id.clone();
        Some(SortSeed { field, direction: sort.direction })
    });
    ViewSeed {
        id: view.id.clone(),
        name: view.name.clone(),
        type_name: view.type_name.clone(),
        visible_field_ids: view.visible.clone(),
        filter_by_formula: view.filter_text.clone(),
        sort: sort.collect(),
    }
}

fn dump_record(table: &Table, id: &RecordId, record: &Record, files: &Files) -> RecordSeed {
    let mut fields = Map::new();
    for field in table.fields.iter().filter(|field| !field.kind.is_computed()) {
        let Some(cell) = record.cells.get(field.key) else { continue };
        let cell = match field.kind {
            FieldKind::Attachments => dump_attachments(cell, files),
            _ => cell.clone(),
        };
        fields.insert(field.id.clone(), cell);
    }
    RecordSeed {
        id: id.to_string(),
        created_time: Some(record.created),
        last_modified_time: Some(record.modified),
        created_by: Some(record.created_by.to_string()),
        last_modified_by: Some(record.modified_by.to_string()),
        auto_number: Some(record.number),
        fields,
    }
}

fn dump_attachments(cell: &Value, files: &Files) -> Value {
    cell.as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| {
            let id = item["id"].as_str()?;
            let file = files.get(id)?;
            let seed = AttachmentSeed {
                id: Some(id.to_owned()),
                filename: item["filename"].as_str().unwrap_or(&file.filename).to_owned(),
                media_type: Some(file.media_type.clone()),
                path: None,
                base64: file.content.as_ref().map(|content| BASE64_STANDARD.encode(content)),
            };
            Some(json!(seed))
        })
        .collect()
}
