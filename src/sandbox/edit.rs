//! Transactions: every change of a base goes through one.
//!
//! A transaction keeps inverse links in step, computes what depends on the change, and ends as one
//! payload for each webhook that watches. Values were checked before: nothing here can fail
//! half-way.

mod schema;

pub use schema::{NewField, NewTable, Renaming};

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use indexmap::{IndexMap, IndexSet};
use serde_json::{Value, json};

use super::{
    base::{Base, Cells, Record, Table},
    cell::{Input, LinkTarget},
    computed,
    ids::RecordId,
    schema::{Choice, FieldKey, FieldKind},
    webhook,
};

/// Who changes something, when and by which way.
#[derive(Debug, Clone)]
pub struct Author {
    /// `usr…`
    pub user: Arc<str>,
    /// The way: API or Airtable's own pages.
    pub source: Source,
}

/// The way by which a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A person at Airtable's own pages.
    Client,
    /// A caller of the API.
    PublicApi,
}

impl Source {
    /// The name that payloads and filters use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::PublicApi => "publicApi",
        }
    }
}

/// What a transaction changed, by table id.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) tables: IndexMap<String, TableChanges>,
    pub(super) created_tables: Vec<String>,
}

/// What a transaction changed in one table.
#[derive(Debug, Default)]
pub(super) struct TableChanges {
    pub(super) created: IndexSet<RecordId>,
    /// Cells with what they held before.
    pub(super) changed: IndexMap<RecordId, BTreeMap<FieldKey, Option<Value>>>,
    pub(super) destroyed: IndexSet<RecordId>,
    pub(super) created_fields: Vec<String>,
    /// Fields with how they were before.
    pub(super) changed_fields: Vec<(String, Value)>,
    pub(super) destroyed_fields: Vec<String>,
    /// Name and description before.
    pub(super) previous_metadata: Option<Value>,
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.created_tables.is_empty() && self.tables.is_empty()
    }
}

/// A change of a base, under way.
#[derive(Debug)]
pub struct Transaction<'a> {
    /// The base.
    pub base: &'a mut Base,
    author: Author,
    now: DateTime<Utc>,
    changes: Changes,
}

/// The checked values of one record.
pub type Inputs = Vec<(FieldKey, Input)>;

impl<'a> Transaction<'a> {
    /// Begins a transaction.
    pub fn begin(base: &'a mut Base, author: Author, now: DateTime<Utc>) -> Self {
        Self { base, author, now, changes: Changes::default() }
    }

    pub(super) fn note(&mut self, table: usize) -> Option<&mut TableChanges> {
        let id = self.base.tables.get(table)?.id.clone();
        Some(self.changes.tables.entry(id).or_default())
    }

    pub(super) fn note_created_table(&mut self, id: String) {
        self.changes.created_tables.push(id);
    }

    /// Makes a record in the table at a position.
    pub fn create(&mut self, table: usize, inputs: Inputs) -> RecordId {
        let id = RecordId::fresh();
        self.create_as(table, &id, inputs);
        id
    }

    /// Makes a record of an id that no record has: one that was deleted comes back so.
    pub fn create_as(&mut self, table: usize, id: &RecordId, inputs: Inputs) {
        if let Some(target) = self.base.tables.get_mut(table) {
            let number = target.next_number;
            target.next_number += 1;
            let record = Record {
                created: self.now,
                modified: self.now,
                created_by: self.author.user.clone(),
                modified_by: self.author.user.clone(),
                number,
                cells: Cells::default(),
            };
            target.records.insert(id.clone(), record);
        }
        if let Some(changes) = self.note(table) {
            changes.created.insert(id.clone());
        }
        self.fill(table, id, inputs);
    }

    /// Writes checked values into a record.
    pub fn fill(&mut self, table: usize, record: &RecordId, inputs: Inputs) {
        for (key, input) in inputs {
            let cell = match input {
                Input::Cell(cell) => cell,
                Input::Choices { cell, missing } => {
                    self.add_choices(table, key, &missing);
                    Some(cell)
                }
                Input::Links(targets) => Some(self.reach(table, key, targets)),
            };
            self.set(table, record, key, cell);
        }
    }

    /// Empties the editable cells of a record that are not among `keep`, as PUT does.
    pub fn clear_others(&mut self, table: usize, record: &RecordId, keep: &[FieldKey]) {
        let editable: Vec<FieldKey> = self
            .base
            .tables
            .get(table)
            .into_iter()
            .flat_map(|table| &table.fields)
            .filter(|field| !field.kind.is_computed() && !keep.contains(&field.key))
            .map(|field| field.key)
            .collect();
        for key in editable {
            self.set(table, record, key, None);
        }
    }

    /// Deletes a record and the links to it.
    pub fn delete(&mut self, table: usize, id: &RecordId) {
        let Some(target) = self.base.tables.get(table) else { return };
        let links: Vec<FieldKey> = target
            .fields
            .iter()
            .filter(|field| matches!(field.kind, FieldKind::Links(_)))
            .map(|field| field.key)
            .collect();
        let target_id = target.id.clone();
        for key in links {
            self.set(table, id, key, None);
        }
        self.unlink_one_way(&target_id, id);
        if let Some(target) = self.base.tables.get_mut(table) {
            target.records.shift_remove(id);
        }
        self.base.comments.remove(id);
        if let Some(changes) = self.note(table) {
            changes.changed.shift_remove(id);
            changes.destroyed.insert(id.clone());
        }
    }

    /// Removes the links to a record that have no inverse, and so are not found from it.
    fn unlink_one_way(&mut self, target: &str, id: &RecordId) {
        let mut found = Vec::new();
        for (at, table) in self.base.tables.iter().enumerate() {
            for field in &table.fields {
                let FieldKind::Links(link) = &field.kind else { continue };
                if link.inverse.is_some() || link.table != target {
                    continue;
                }
                found.extend(table.records.iter().filter_map(|(from, record)| {
                    let rest = without(record.cells.get(field.key), id.as_str())?;
                    Some((at, from.clone(), field.key, rest))
                }));
            }
        }
        for (at, from, key, rest) in found {
            self.set(at, &from, key, rest);
        }
    }

    fn add_choices(&mut self, table: usize, key: FieldKey, missing: &[String]) {
        let field = self.base.tables.get_mut(table).and_then(|table| table.field_mut(key));
        if let Some(FieldKind::SingleSelect(choices) | FieldKind::MultipleSelects(choices)) =
            field.map(|field| &mut field.kind)
        {
            for name in missing {
                if !choices.iter().any(|choice| choice.name == *name) {
                    choices.push(Choice::named(name));
                }
            }
        }
    }

    /// The cell of links, once the records that are missing are made.
    fn reach(&mut self, table: usize, key: FieldKey, targets: Vec<LinkTarget>) -> Value {
        let linked = self.base.tables.get(table).and_then(|table| {
            let FieldKind::Links(link) = &table.field_of(key)?.kind else { return None };
            self.base.position(&link.table)
        });
        let mut ids = Vec::new();
        for target in targets {
            match (target, linked) {
                (LinkTarget::Existing(id), _) => ids.push(id),
                (LinkTarget::New(name), Some(linked)) => {
                    let primary = self.base.tables.get(linked).map(|table| table.primary);
                    let inputs = primary
                        .map(|primary| vec![(primary, Input::Cell(Some(json!(name))))])
                        .unwrap_or_default();
                    ids.push(self.create(linked, inputs).to_string());
                }
                (LinkTarget::New(_), None) => {}
            }
        }
        json!(ids)
    }

    /// Writes one cell and, for a link, its other ends.
    fn set(&mut self, table: usize, id: &RecordId, key: FieldKey, cell: Option<Value>) {
        let after = ids(cell.as_ref());
        let Some(previous) = self.set_one(table, id, key, cell) else { return };
        let inverse = self.base.tables.get(table).and_then(|table| {
            let FieldKind::Links(link) = &table.field_of(key)?.kind else { return None };
            let target = self.base.position(&link.table)?;
            let inverse = self.base.tables.get(target)?.field(link.inverse.as_deref()?)?;
            Some((target, inverse.key))
        });
        let Some((target, inverse)) = inverse else { return };
        let before = ids(previous.as_ref());
        for gone in before.iter().filter(|id| !after.contains(id)) {
            let there = self.cell(target, gone, inverse);
            if let Some(rest) = without(there.as_ref(), id.as_str()) {
                self.set_one(target, &RecordId::from(gone.as_str()), inverse, rest);
            }
        }
        for new in after.iter().filter(|id| !before.contains(id)) {
            let mut there = ids(self.cell(target, new, inverse).as_ref());
            if !there.iter().any(|linked| linked == id.as_str()) {
                there.push(id.to_string());
                self.set_one(target, &RecordId::from(new.as_str()), inverse, Some(json!(there)));
            }
        }
    }

    fn cell(&self, table: usize, record: &str, key: FieldKey) -> Option<Value> {
        self.base.tables.get(table)?.records.get(record)?.cells.get(key).cloned()
    }

    /// Writes one cell and notes it; gives what it held, or `None` when nothing changed.
    fn set_one(
        &mut self,
        table: usize,
        id: &RecordId,
        key: FieldKey,
        cell: Option<Value>,
    ) -> Option<Option<Value>> {
        let cell = cell.filter(|cell| cell.as_array().is_none_or(|items| !items.is_empty()));
        let record = self.base.tables.get_mut(table)?.records.get_mut(id)?;
        if record.cells.get(key) == cell.as_ref() {
            return None;
        }
        record.modified = self.now;
        record.modified_by = self.author.user.clone();
        let previous = record.cells.set(key, cell);
        let changes = self.note(table)?;
        if !changes.created.contains(id) {
            changes
                .changed
                .entry(id.clone())
                .or_default()
                .entry(key)
                .or_insert_with(|| previous.clone());
        }
        Some(previous)
    }

    /// Ends the transaction: computes what depends on it and tells the webhooks. Gives the ids of
    /// those that have a new payload.
    pub fn commit(self) -> Vec<String> {
        let Self { base, author, now, mut changes } = self;
        if changes.is_empty() {
            return Vec::new();
        }
        let touched = touched(base, &changes);
        let ids: Vec<String> = base.tables.iter().map(|table| table.id.clone()).collect();
        computed::refresh(base, touched, now, |at, record, key, previous| {
            let Some(id) = ids.get(at) else { return };
            let changes = changes.tables.entry(id.clone()).or_default();
            if !changes.created.contains(record) {
                changes.changed.entry(record.clone()).or_default().entry(key).or_insert(previous);
            }
        });
        base.transaction += 1;
        webhook::publish(base, &changes, &author, now)
    }
}

/// The records whose computed fields may change: those edited, and all those of a table whose
/// fields changed.
fn touched(base: &Base, changes: &Changes) -> Vec<(usize, RecordId)> {
    let mut touched = Vec::new();
    for (at, table) in base.tables.iter().enumerate() {
        let Some(changes) = changes.tables.get(&table.id) else { continue };
        if has_new_fields(changes) {
            touched.extend(table.records.keys().map(|id| (at, id.clone())));
        } else {
            let edited = changes.created.iter().chain(changes.changed.keys());
            touched.extend(edited.map(|id| (at, id.clone())));
        }
    }
    touched
}

fn has_new_fields(changes: &TableChanges) -> bool {
    let TableChanges { created_fields, changed_fields, destroyed_fields, .. } = changes;
    !(created_fields.is_empty() && changed_fields.is_empty() && destroyed_fields.is_empty())
}

fn ids(cell: Option<&Value>) -> Vec<String> {
    cell.and_then(Value::as_array)
        .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

/// The cell without one link; `None` when it does not hold it.
fn without(cell: Option<&Value>, id: &str) -> Option<Option<Value>> {
    let mut links = ids(cell);
    let before = links.len();
    links.retain(|linked| linked != id);
    (links.len() < before).then(|| (!links.is_empty()).then(|| json!(links)))
}

impl Table {
    /// Name and description, as payloads show them.
    pub(super) fn metadata(&self) -> Value {
        json!({ "name": self.name, "description": self.description })
    }
}
