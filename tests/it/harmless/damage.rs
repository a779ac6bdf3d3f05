//! What archivists may do to a base in Airtable's own pages, done to a seed.

use locadocs::{
    content::tables::{FieldDef, FieldKind, TableDef},
    sandbox::seed::{BaseSeed, FieldSeed, TableSeed},
};
use serde_json::Value;

const LINKS: &str = "multipleRecordLinks";

fn table<'a>(base: &'a mut BaseSeed, name: &str) -> &'a mut TableSeed {
    base.tables.iter_mut().find(|table| table.name == name).unwrap()
}

fn option<'a>(field: &'a FieldSeed, key: &str) -> Option<&'a str> {
    field.options.get(key).and_then(Value::as_str)
}

pub fn rename_table(base: &mut BaseSeed, def: &TableDef, name: &str) {
    name.clone_into(&mut table(base, def.name).name);
}

pub fn rename_field(base: &mut BaseSeed, def: &TableDef, field: &FieldDef, name: &str) {
    let table = table(base, def.name);
    let found = table.fields.iter_mut().find(|candidate| candidate.name == field.name).unwrap();
    name.clone_into(&mut found.name);
    for record in &mut table.records {
        if let Some(cell) = record.fields.remove(field.name) {
            record.fields.insert(name.to_owned(), cell);
        }
    }
}

/// Deletes a table. Links to it become texts, as in Airtable.
pub fn remove_table(base: &mut BaseSeed, def: &TableDef) {
    let id = table(base, def.name).id.clone();
    base.tables.retain(|table| table.id != id);
    for table in &mut base.tables {
        let leads_there = |field: &&mut FieldSeed| option(field, "linkedTableId") == Some(&id);
        let orphans: Vec<_> = table.fields.iter_mut().filter(leads_there).map(as_text).collect();
        for record in &mut table.records {
            for (name, cell) in &mut record.fields {
                if orphans.contains(name) {
                    *cell = cell.to_string().into();
                }
            }
        }
    }
}

fn as_text(field: &mut FieldSeed) -> String {
    field.type_name = "singleLineText".to_owned();
    field.options.clear();
    field.name.clone()
}

/// Deletes all rows of a table, and so the links to them.
pub fn empty_table(base: &mut BaseSeed, def: &TableDef) {
    table(base, def.name).records.clear();
    let id = table(base, def.name).id.clone();
    for table in &mut base.tables {
        let to_it = table.fields.iter().filter(|f| option(f, "linkedTableId") == Some(&id));
        let to_it: Vec<_> = to_it.map(|field| field.name.clone()).collect();
        for record in &mut table.records {
            record.fields.retain(|name, _| !to_it.contains(name));
        }
    }
}

/// Deletes a field, and the one that shows its links from the other side.
pub fn remove_field(base: &mut BaseSeed, def: &TableDef, field: &FieldDef) {
    let table = table(base, def.name);
    let at = table.fields.iter().position(|candidate| candidate.name == field.name).unwrap();
    let removed = table.fields.remove(at);
    for record in &mut table.records {
        record.fields.remove(field.name);
    }
    if table.primary_field_id == removed.id {
        let is_text = |field: &&FieldSeed| field.type_name == "singleLineText";
        table.primary_field_id = table.fields.iter().find(is_text).unwrap().id.clone();
    }
    remove_inverse(base, &removed.id);
}

fn remove_inverse(base: &mut BaseSeed, id: &str) {
    for table in &mut base.tables {
        table.fields.retain(|field| option(field, "inverseLinkFieldId") != Some(id));
    }
}

/// Gives a field another type. Its cells are emptied, as Airtable does with what it can't convert.
pub fn retype_field(base: &mut BaseSeed, def: &TableDef, field: &FieldDef) {
    let table = table(base, def.name);
    let found = table.fields.iter_mut().find(|candidate| candidate.name == field.name).unwrap();
    let (id, was_link) = (found.id.clone(), found.type_name == LINKS);
    misfit(field.kind).clone_into(&mut found.type_name);
    found.options.clear();
    for record in &mut table.records {
        record.fields.remove(field.name);
    }
    if was_link {
        remove_inverse(base, &id);
    }
}

/// A type that doesn't fit a kind of field.
pub fn misfit(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Links(_) | FieldKind::Checkbox => "singleLineText",
        FieldKind::Attachments => "number",
        _ => "checkbox",
    }
}
