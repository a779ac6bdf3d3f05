//! What changed in the base, as a webhook's payloads tell it: rows to read again, rows told deleted,
//! and whether the schema is to be read again.
//!
//! Payloads are merged by union of sets, so that one that comes twice, late or split changes
//! nothing. What a row holds now is never taken from them: it is read again.

mod schema;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

pub use self::schema::{Seen, tables_to_list};
use super::mapping::{MappedTable, Mapping};
use crate::{
    airtable::{
        schema::{FieldSchema, FieldType},
        webhooks::{Payload, Payloads},
    },
    content::{
        ids::{FieldId, RecordId, TableId},
        tables::{TABLES, TableKey},
    },
};

/// All that the payloads from one cursor to another say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rows, by table of the base.
    pub rows: BTreeMap<TableId, RowChanges>,
    /// Tables and fields, by table of the base.
    pub schema: BTreeMap<TableId, SchemaChanges>,
    /// The cursor to go on with, once these changes are dealt with.
    pub cursor: u64,
    /// How many payloads were merged.
    pub payloads: usize,
    /// When the first of these changes happened. `None` when there is none, or none says it.
    pub oldest: Option<DateTime<Utc>>,
}

/// Rows of a table that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowChanges {
    /// Created or changed: to be read again.
    pub reread: BTreeSet<RecordId>,
    /// Told deleted. One that is in [`Self::reread`] too may have been restored: reading it decides.
    pub deleted: BTreeSet<RecordId>,
}

/// What changed about a table, other than its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaChanges {
    /// The table was created, renamed or deleted.
    pub is_table_changed: bool,
    /// Fields created, renamed, of another type, or deleted.
    pub fields: BTreeSet<FieldId>,
    /// The types that fields were given, be they of another one again.
    pub types: BTreeMap<FieldId, BTreeSet<FieldType>>,
    /// Fields told deleted, be they restored.
    pub deleted: BTreeSet<FieldId>,
}

/// The changes that concern the back office.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relevant {
    /// Rows, by table.
    pub rows: BTreeMap<TableKey, RowChanges>,
    /// Whether the mapping may be another one now, so that the schema is to be read first.
    pub is_schema_changed: bool,
}

/// Why payloads don't tell all that changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// Some were deleted before they were read: Airtable keeps them 7 days.
    #[error("payloads from {expected} on were asked for, and the first one left is {found}")]
    Missing {
        /// The cursor that was asked for.
        expected: u64,
        /// The number of the first payload that came, or of the next one that may come.
        found: u64,
    },
    /// Airtable could not tell what changed.
    #[error("Airtable could not tell what changed: {}", code.as_deref().unwrap_or("no reason given"))]
    Failed {
        /// Its reason, such as `INVALID_HOOK`.
        code: Option<String>,
    },
}

/// A ping comes within seconds; a longer silence than this means that none will.
const PING_PATIENCE: TimeDelta = TimeDelta::minutes(2);

impl Changes {
    /// No change yet since a cursor.
    pub fn since(cursor: u64) -> Self {
        Self { cursor, ..Self::default() }
    }

    /// Adds a page of payloads, read from [`Self::cursor`], and moves the cursor behind it.
    ///
    /// # Errors
    /// [`Gap`], when the page doesn't follow or doesn't say all; nothing can be built on it then.
    pub fn add(&mut self, page: Payloads) -> Result<(), Gap> {
        let Payloads { payloads, cursor, might_have_more } = page;
        let expected = self.cursor;
        let first = u64::try_from(payloads.len()).ok().and_then(|len| cursor.checked_sub(len));
        match first {
            Some(first) if first <= expected && cursor >= expected => {}
            _ => return Err(Gap::Missing { expected, found: first.unwrap_or(cursor) }),
        }
        // There is more, but what should come first isn't there.
        if might_have_more && cursor == expected {
            return Err(Gap::Missing { expected, found: cursor.saturating_add(1) });
        }
        if let Some(failed) = payloads.iter().find(|payload| payload.is_error) {
            return Err(Gap::Failed { code: failed.code.clone() });
        }
        self.cursor = cursor;
        self.payloads += payloads.len();
        payloads.into_iter().for_each(|payload| self.merge(payload));
        Ok(())
    }

    fn merge(&mut self, payload: Payload) {
        self.oldest = [self.oldest, payload.timestamp].into_iter().flatten().min();
        for (table, changes) in payload.changed_tables {
            if changes.is_schema_change() {
                let schema = self.schema.entry(table.clone()).or_default();
                schema.is_table_changed |= changes.is_renamed;
                schema.fields.extend(changes.created_fields);
                for (field, change) in changes.changed_fields {
                    let types = schema.types.entry(field.clone()).or_default();
                    types.extend(change.current.field_type);
                    schema.fields.insert(field);
                }
                schema.fields.extend(changes.destroyed_fields.iter().cloned());
                schema.deleted.extend(changes.destroyed_fields);
            }
            let reread = [changes.created_records, changes.changed_records];
            if reread.iter().all(BTreeSet::is_empty) && changes.destroyed_records.is_empty() {
                continue;
            }
            let rows = self.rows.entry(table).or_default();
            rows.reread.extend(reread.into_iter().flatten());
            rows.deleted.extend(changes.destroyed_records);
        }
        for table in payload.created_tables.into_iter().chain(payload.destroyed_tables) {
            self.schema.entry(table).or_default().is_table_changed = true;
        }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.schema.is_empty()
    }

    /// What of it concerns the back office.
    pub fn relevant(&self, mapping: &Mapping) -> Relevant {
        let read = mapping.tables.iter().filter(|(key, _)| **key != TableKey::Feedback);
        let rows = read.filter_map(|(key, table)| Some((*key, self.rows.get(&table.id)?.clone())));
        let is_schema_changed =
            self.schema.iter().any(|(table, changes)| changes.may_remap(table, mapping));
        Relevant { rows: rows.collect(), is_schema_changed }
    }

    /// Whether fields that were read may hold other cells although they look as they did: they were
    /// of another type meanwhile, or deleted and restored. Payloads don't name the rows.
    pub fn have_touched_cells(&self, before: Seen<'_>) -> bool {
        before.mapping.tables.values().any(|mapped| {
            let schema = before.schema.table(&mapped.id);
            let known = |field| schema?.fields.get(field).map(FieldSchema::field_type);
            self.schema.get(&mapped.id).is_some_and(|changes| {
                mapped.fields.keys().any(|field| {
                    let types = changes.types.get(field).into_iter().flatten();
                    changes.deleted.contains(field)
                        || types.into_iter().any(|other| known(field) != Some(other))
                })
            })
        })
    }

    /// Whether a ping should have told of these changes and none did. `last_ping` is when the last
    /// good one came.
    pub fn is_unannounced(&self, last_ping: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        self.oldest.is_some_and(|oldest| {
            now - oldest > PING_PATIENCE && last_ping.is_none_or(|ping| ping < oldest)
        })
    }
}

impl SchemaChanges {
    /// Whether the mapping may be another one after this. What is mapped is followed by its id; what
    /// is missing may be found in whatever appears.
    fn may_remap(&self, table: &TableId, mapping: &Mapping) -> bool {
        let mapped = mapping.tables.iter().find(|(_, mapped)| mapped.id == *table);
        if self.is_table_changed && (mapped.is_some() || mapping.tables.len() < TABLES.len()) {
            return true;
        }
        mapped.is_some_and(|(key, mapped)| {
            let is_whole = mapped.fields.len() == key.def().fields.len();
            self.concerns(mapped) || (!is_whole && !self.fields.is_empty())
        })
    }

    fn concerns(&self, mapped: &MappedTable) -> bool {
        self.fields.iter().any(|field| mapped.fields.contains_key(field))
    }
}

impl Relevant {
    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && !self.is_schema_changed
    }
}

#[cfg(test)]
mod tests;
