//! From a seed to a base in memory.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use indexmap::{IndexMap, IndexSet};
use serde_json::{Value, json};

use super::{
    AttachmentSeed, BaseSeed, FieldSeed, Lookup, RecordSeed, SeedError, TableSeed, ViewSeed,
};
use crate::sandbox::{
    attachment::{File, Files},
    base::{Base, Cells, Record, Sort, Table, View},
    cell::{Input, Leniency, accept},
    computed, formula,
    ids::{IdKind, RecordId},
    schema::{Field, FieldKey, FieldKind},
};

/// Makes a base of a seed: checks every cell, adds the inverse links, computes what is computed.
///
/// # Errors
/// The first thing that does not fit, with its place.
pub fn load(
    seed: &BaseSeed,
    files: &mut Files,
    lookup: Lookup<'_>,
    now: DateTime<Utc>,
) -> Result<Base, SeedError> {
    let tables = seed.tables.iter().map(table).collect::<Result<Vec<_>, _>>()?;
    let mut base = Base {
        id: seed.id.clone(),
        name: seed.name.clone(),
        tables,
        transaction: 0,
        webhooks: Vec::new(),
        comments: HashMap::new(),
    };
    if !IdKind::Base.matches(&base.id) {
        return Err(SeedError::at(&base.id, "a base id begins with app"));
    }
    check_links(&base)?;
    insert_rows(&mut base, seed, now)?;
    for (at, table) in seed.tables.iter().enumerate() {
        for record in &table.records {
            fill_row(&mut base, at, record, files, lookup)?;
        }
    }
    add_inverse_links(&mut base);
    let all: Vec<(usize, RecordId)> = base
        .tables
        .iter()
        .enumerate()
        .filter(|(_, table)| !table.computed.is_empty())
        .flat_map(|(at, table)| table.records.keys().map(move |id| (at, id.clone())))
        .collect();
    computed::refresh(&mut base, all, now, |_, _, _, _| {});
    Ok(base)
}

fn table(seed: &TableSeed) -> Result<Table, SeedError> {
    let mut table = Table {
        id: seed.id.clone(),
        name: seed.name.clone(),
        description: seed.description.clone(),
        primary: FieldKey(0),
        fields: Vec::new(),
        views: Vec::new(),
        records: IndexMap::with_capacity(seed.records.len()),
        next_key: 0,
        next_number: 1,
        computed: Vec::new(),
    };
    let mut names = HashSet::new();
    for field in &seed.fields {
        if !names.insert(&field.name) || !names.insert(&field.id) {
            return Err(SeedError::at(
                format!("{} / {}", seed.name, field.name),
                "two fields have this name or id",
            ));
        }
        let key = table.take_key();
        table.fields.push(self::field(&seed.name, key, field)?);
    }
    table.primary = table
        .fields
        .iter()
        .find(|field| field.id == seed.primary_field_id)
        .map(|field| field.key)
        .ok_or_else(|| {
            let problem = format!("there is no field {} to be the primary", seed.primary_field_id);
            SeedError::at(&seed.name, problem)
        })?;
    table.compile();
    for field in &table.fields {
        if matches!(field.kind, FieldKind::Formula(None)) {
            tracing::warn!(table = seed.name, field = field.name, "this formula is not understood");
        }
    }
    table.views =
        seed.views.iter().map(|view| self::view(&table, view)).collect::<Result<_, _>>()?;
    if table.views.is_empty() {
        table.views.push(View::grid("Grid view"));
    }
    Ok(table)
}

fn field(table: &str, key: FieldKey, seed: &FieldSeed) -> Result<Field, SeedError> {
    let kind = FieldKind::parse(&seed.type_name, &seed.options)
        .map_err(|problem| SeedError::at(format!("{table} / {}", seed.name), problem))?;
    Ok(Field {
        key,
        id: seed.id.clone(),
        name: seed.name.clone(),
        description: seed.description.clone(),
        type_name: seed.type_name.clone(),
        kind,
        options: seed.options.clone(),
    })
}

fn view(table: &Table, seed: &ViewSeed) -> Result<View, SeedError> {
    let fail =
        |problem: String| SeedError::at(format!("{} / view {}", table.name, seed.name), problem);
    let key = |name: &str| table.field(name).map(|field| field.key);
    let filter = seed
        .filter_by_formula
        .as_deref()
        .map(|text| {
            formula::parse(text)
                .map_err(|error| fail(error.to_string()))?
                .resolve(|name| key(&name).ok_or_else(|| fail(format!("no field {name}"))))
        })
        .transpose()?;
    let sort = seed
        .sort
        .iter()
        .map(|sort| {
            let field = key(&sort.field).ok_or_else(|| fail(format!("no field {}", sort.field)))?;
            Ok(Sort { field, direction: sort.direction })
        })
        .collect::<Result<_, SeedError>>()?;
    Ok(View {
        id: seed.id.clone(),
        name: seed.name.clone(),
        type_name: seed.type_name.clone(),
        visible: seed.visible_field_ids.clone(),
        filter_text: seed.filter_by_formula.clone(),
        filter,
        sort,
    })
}

impl View {
    /// A grid of everything.
    pub(in crate::sandbox) fn grid(name: &str) -> Self {
        Self {
            id: IdKind::View.fresh(),
            name: name.to_owned(),
            type_name: "grid".into(),
            visible: None,
            filter_text: None,
            filter: None,
            sort: Vec::new(),
        }
    }
}

/// Links must lead to tables of the base, and to fields that lead back.
fn check_links(base: &Base) -> Result<(), SeedError> {
    for table in &base.tables {
        for field in &table.fields {
            let FieldKind::Links(link) = &field.kind else { continue };
            let place = || format!("{} / {}", table.name, field.name);
            let target = base.table(&link.table).ok_or_else(|| {
                SeedError::at(place(), format!("there is no table {}", link.table))
            })?;
            let Some(inverse) = &link.inverse else { continue };
            let leads_back = target.field(inverse).is_some_and(
                |field| matches!(&field.kind, FieldKind::Links(back) if back.table == table.id),
            );
            if !leads_back {
                let problem = format!("{inverse} is no link from {} back here", target.name);
                return Err(SeedError::at(place(), problem));
            }
        }
    }
    Ok(())
}

/// Makes every row, still empty, so that links find them.
fn insert_rows(base: &mut Base, seed: &BaseSeed, now: DateTime<Utc>) -> Result<(), SeedError> {
    let nobody: Arc<str> = "usrSandbox0000001".into();
    for (table, seed) in base.tables.iter_mut().zip(&seed.tables) {
        for (row, seed_row) in seed.records.iter().enumerate() {
            let created = seed_row.created_time.unwrap_or(now);
            let number = seed_row.auto_number.unwrap_or(row as u64 + 1);
            let user =
                |id: &Option<String>| id.as_deref().map_or_else(|| nobody.clone(), Arc::from);
            let record = Record {
                created,
                modified: seed_row.last_modified_time.unwrap_or(created),
                created_by: user(&seed_row.created_by),
                modified_by: user(&seed_row.last_modified_by),
                number,
                cells: Cells::default(),
            };
            table.next_number = table.next_number.max(number + 1);
            if table.records.insert(seed_row.id.as_str().into(), record).is_some() {
                let place = format!("{} / {}", table.name, seed_row.id);
                return Err(SeedError::at(place, "two rows have this id"));
            }
        }
    }
    Ok(())
}

fn fill_row(
    base: &mut Base,
    at: usize,
    row: &RecordSeed,
    files: &mut Files,
    lookup: Lookup<'_>,
) -> Result<(), SeedError> {
    let Some(table) = base.tables.get(at) else { return Ok(()) };
    let mut cells = Vec::with_capacity(row.fields.len());
    for (name, value) in &row.fields {
        let place = || format!("{} / {} / {name}", table.name, row.id);
        let field = table.field(name).ok_or_else(|| SeedError::at(place(), "no such field"))?;
        let cell = if matches!(field.kind, FieldKind::Attachments) {
            Some(
                attachments(value, files, lookup)
                    .map_err(|problem| SeedError::at(place(), problem))?,
            )
        } else {
            let input = accept(base, files, field, value, Leniency::Strict)
                .map_err(|error| SeedError::at(place(), error.message))?;
            match input {
                Input::Cell(cell) => cell,
                Input::Choices { cell, .. } => Some(cell),
                Input::Links(_) => Some(value.clone()),
            }
        };
        cells.push((field.key, cell));
    }
    if let Some(record) = base.tables.get_mut(at).and_then(|t| t.records.get_mut(row.id.as_str())) {
        for (key, cell) in cells {
            record.cells.set(key, cell);
        }
    }
    Ok(())
}

fn attachments(value: &Value, files: &mut Files, lookup: Lookup<'_>) -> Result<Value, String> {
    let seeds: Vec<AttachmentSeed> =
        serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    let mut cell = Vec::new();
    for AttachmentSeed { id, filename, media_type, path, base64 } in seeds {
        let content = match (path, base64) {
            (Some(path), None) => {
                Some(lookup(&path).ok_or_else(|| format!("there is no file {path}"))?)
            }
            (None, Some(text)) => Some(
                BASE64_STANDARD.decode(text).map(Bytes::from).map_err(|error| error.to_string())?,
            ),
            (None, None) => None,
            (Some(_), Some(_)) => return Err("path and base64 exclude each other".into()),
        };
        let file = match content {
            Some(content) => File::new(filename, media_type, content),
            None => File::elsewhere(filename),
        };
        let id = files.add(id, file);
        cell.extend(files.describe(&id));
    }
    Ok(cell.into())
}

/// Shows each link of a row also from the row linked to.
fn add_inverse_links(base: &mut Base) {
    let mut wanted: IndexMap<(usize, FieldKey, String), Vec<String>> = IndexMap::new();
    for table in &base.tables {
        for field in &table.fields {
            let FieldKind::Links(link) = &field.kind else { continue };
            let Some(target) = base.position(&link.table) else { continue };
            let inverse = link.inverse.as_deref().and_then(|id| base.tables.get(target)?.field(id));
            let Some(inverse) = inverse else { continue };
            for (id, record) in &table.records {
                let links = record.cells.get(field.key).and_then(Value::as_array);
                for linked in links.into_iter().flatten().filter_map(Value::as_str) {
                    let place = (target, inverse.key, linked.to_owned());
                    wanted.entry(place).or_default().push(id.to_string());
                }
            }
        }
    }
    for ((table, key, record), links) in wanted {
        let record =
            base.tables.get_mut(table).and_then(|table| table.records.get_mut(record.as_str()));
        let Some(record) = record else { continue };
        let known = record.cells.get(key).and_then(Value::as_array).into_iter().flatten();
        let all: IndexSet<String> =
            known.filter_map(Value::as_str).map(str::to_owned).chain(links).collect();
        record.cells.set(key, Some(json!(all)));
    }
}
