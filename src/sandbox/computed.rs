//! Computed fields: formulas, lookups, rollups, counts and what Airtable notes by itself.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    base::{Base, Record, Table},
    cell::{formula_value, generic_value},
    comments::user,
    formula::{self, EvalError, Formula, Scope, iso},
    ids::RecordId,
    schema::{Field, FieldKey, FieldKind, Through},
};

/// A formula's view of one record.
pub(super) struct RecordScope<'a> {
    pub(super) base: &'a Base,
    pub(super) table: &'a Table,
    pub(super) id: &'a RecordId,
    pub(super) record: &'a Record,
    pub(super) now: DateTime<Utc>,
    /// In a rollup: the values looked up.
    pub(super) values: Option<&'a [Value]>,
}

impl Scope<FieldKey> for RecordScope<'_> {
    fn field(&self, key: &FieldKey) -> Result<formula::Value, EvalError> {
        if let (Some(values), &FieldKey::VALUES) = (self.values, key) {
            let values = values.iter().map(generic_value).collect::<Result<_, _>>()?;
            return Ok(formula::Value::List(values));
        }
        let field =
            self.table.field_of(*key).ok_or_else(|| EvalError("the field was deleted".into()))?;
        formula_value(self.base, field, self.record.cells.get(*key))
    }

    fn record_id(&self) -> &str {
        self.id.as_str()
    }

    fn created(&self) -> DateTime<Utc> {
        self.record.created
    }

    fn modified(&self) -> DateTime<Utc> {
        self.record.modified
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }
}

/// The cell of a computed field on one record.
fn compute(scope: &RecordScope<'_>, field: &Field) -> Option<Value> {
    let RecordScope { base, table, record, .. } = *scope;
    match &field.kind {
        FieldKind::Formula(formula) => run(formula.as_ref(), scope),
        FieldKind::Lookup(through) => {
            let values = looked_up(base, table, record, through);
            (!values.is_empty()).then(|| values.into())
        }
        FieldKind::Rollup(through, formula) => {
            let values = looked_up(base, table, record, through);
            let rollup = RecordScope { values: Some(&values), ..*scope };
            run(formula.as_ref(), &rollup)
        }
        FieldKind::Count { link } => Some(links(table, record, link).len().into()),
        FieldKind::CreatedTime => Some(iso(record.created).into()),
        FieldKind::LastModifiedTime => Some(iso(record.modified).into()),
        FieldKind::CreatedBy => Some(user(&record.created_by)),
        FieldKind::LastModifiedBy => Some(user(&record.modified_by)),
        FieldKind::AutoNumber => Some(record.number.into()),
        FieldKind::Button { label, url } => {
            let url = url.as_ref().and_then(|url| url.evaluate(scope).ok());
            Some(json!({ "label": label, "url": url.map(|url| url.to_text()) }))
        }
        _ => None,
    }
}

fn run(formula: Option<&Formula<FieldKey>>, scope: &RecordScope<'_>) -> Option<Value> {
    match formula.map(|formula| formula.evaluate(scope)) {
        Some(Ok(value)) => value.into_cell(),
        Some(Err(_)) | None => Some(json!({ "error": "#ERROR!" })),
    }
}

fn links<'a>(table: &Table, record: &'a Record, link: &str) -> &'a [Value] {
    table
        .field(link)
        .and_then(|field| record.cells.get(field.key))
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The values of the linked records, in the order of the links; lists are joined.
fn looked_up(base: &Base, table: &Table, record: &Record, through: &Through) -> Vec<Value> {
    let Some((linked, target)) = base.target_of(table, through) else { return Vec::new() };
    let mut values = Vec::new();
    for id in links(table, record, &through.link).iter().filter_map(Value::as_str) {
        match linked.records.get(id).and_then(|record| record.cells.get(target.key)) {
            None => {}
            Some(Value::Array(items)) => values.extend(items.iter().cloned()),
            Some(one) => values.push(one.clone()),
        }
    }
    values
}

/// Tables whose fields look at another's records: for each table, by position, the link fields
/// that others (or itself) look through.
struct Watchers(Vec<Vec<Watcher>>);

struct Watcher {
    /// Position of the table that looks.
    table: usize,
    /// Its link field.
    link: FieldKey,
    /// The field of the table looked at that shows the same links.
    inverse: Option<FieldKey>,
}

impl Watchers {
    fn of(base: &Base) -> Self {
        let mut watchers: Vec<Vec<Watcher>> = base.tables.iter().map(|_| Vec::new()).collect();
        for (at, table) in base.tables.iter().enumerate() {
            for field in &table.fields {
                let FieldKind::Links(link) = &field.kind else { continue };
                let used = |other: &Field| {
                    other.kind.looks_through().is_some_and(|id| id == field.id || id == field.name)
                };
                if !table.fields.iter().any(used) {
                    continue;
                }
                let Some(target) = base.position(&link.table) else { continue };
                let inverse = link
                    .inverse
                    .as_deref()
                    .and_then(|id| base.tables.get(target)?.field(id).map(|field| field.key));
                if let Some(list) = watchers.get_mut(target) {
                    list.push(Watcher { table: at, link: field.key, inverse });
                }
            }
        }
        Self(watchers)
    }

    /// The records that look at this one.
    fn dependents(&self, base: &Base, at: usize, id: &RecordId) -> Vec<(usize, RecordId)> {
        let mut found = Vec::new();
        let record = base.tables.get(at).and_then(|table| table.records.get(id));
        for watcher in self.0.get(at).map(Vec::as_slice).unwrap_or_default() {
            match (watcher.inverse, record) {
                (Some(inverse), Some(record)) => {
                    let ids = record.cells.get(inverse).and_then(Value::as_array);
                    found.extend(
                        ids.into_iter()
                            .flatten()
                            .filter_map(Value::as_str)
                            .map(|id| (watcher.table, RecordId::from(id))),
                    );
                }
                _ => {
                    let Some(table) = base.tables.get(watcher.table) else { continue };
                    let looks = |record: &Record| {
                        record.cells.get(watcher.link).and_then(Value::as_array).is_some_and(
                            |ids| ids.iter().any(|linked| linked.as_str() == Some(id.as_str())),
                        )
                    };
                    found.extend(
                        table
                            .records
                            .iter()
                            .filter(|(_, record)| looks(record))
                            .map(|(id, _)| (watcher.table, id.clone())),
                    );
                }
            }
        }
        found
    }
}

/// How often one record is computed in one go: a circle of lookups ends here.
const MAX_ROUNDS: u8 = 8;

/// Computes the fields of these records again, and of those that look at them. `changed` is told
/// each cell that changes, with what it held.
pub(super) fn refresh(
    base: &mut Base,
    dirty: impl IntoIterator<Item = (usize, RecordId)>,
    now: DateTime<Utc>,
    mut changed: impl FnMut(usize, &RecordId, FieldKey, Option<Value>),
) {
    let watchers = Watchers::of(base);
    let mut rounds: HashMap<(usize, RecordId), u8> = HashMap::new();
    let mut queue: VecDeque<(usize, RecordId, Cause)> =
        dirty.into_iter().map(|(at, id)| (at, id, Cause::Edited)).collect();
    while let Some((at, id, cause)) = queue.pop_front() {
        let round = rounds.entry((at, id.clone())).or_default();
        *round += 1;
        if *round > MAX_ROUNDS {
            continue;
        }
        let moved = refresh_record(base, at, &id, now, &mut changed);
        if moved || cause == Cause::Edited {
            let dependents = watchers.dependents(base, at, &id);
            queue.extend(dependents.into_iter().map(|(at, id)| (at, id, Cause::LooksAt)));
        }
    }
}

/// Why a record is computed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// One of its own cells was edited.
    Edited,
    /// A record that it looks at changed.
    LooksAt,
}

/// Computes the fields of one record; tells whether one changed.
fn refresh_record(
    base: &mut Base,
    at: usize,
    id: &RecordId,
    now: DateTime<Utc>,
    changed: &mut impl FnMut(usize, &RecordId, FieldKey, Option<Value>),
) -> bool {
    let order = base.tables.get(at).map(|table| table.computed.clone()).unwrap_or_default();
    let mut moved = false;
    for key in order {
        let Some(table) = base.tables.get(at) else { return moved };
        let (Some(field), Some(record)) = (table.field_of(key), table.records.get(id)) else {
            continue;
        };
        let scope = RecordScope { base, table, id, record, now, values: None };
        let value = compute(&scope, field);
        if value.as_ref() == record.cells.get(key) {
            continue;
        }
        moved = true;
        let record = base.tables.get_mut(at).and_then(|table| table.records.get_mut(id));
        if let Some(record) = record {
            let previous = record.cells.set(key, value);
            changed(at, id, key, previous);
        }
    }
    moved
}
