//! A base in memory: tables, fields, views and records.
//!
//! A record keeps each filled cell as the JSON that lists show, so that a page is written without
//! being computed. Computed fields are cells like the others, kept up to date by the transactions.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    comments::Comment,
    error::ApiError,
    formula::Formula,
    ids::RecordId,
    schema::{Field, FieldKey, FieldKind, Through},
    webhook::Webhook,
};

/// A base.
#[derive(Debug)]
pub struct Base {
    /// `app…`
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Tables, in their order.
    pub tables: Vec<Table>,
    /// Number of the last transaction.
    pub transaction: u64,
    /// Webhooks, expired ones included.
    pub webhooks: Vec<Webhook>,
    /// Comments by record, oldest first.
    pub comments: HashMap<RecordId, Vec<Comment>>,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// `tbl…`
    pub id: String,
    /// Name, unique in the base.
    pub name: String,
    /// Text for people.
    pub description: Option<String>,
    /// Field that names the records.
    pub primary: FieldKey,
    /// Fields, in their order.
    pub fields: Vec<Field>,
    /// Views, in their order.
    pub views: Vec<View>,
    /// Records, in the order of their creation.
    pub records: IndexMap<RecordId, Record>,
    /// Key of the next field.
    pub(super) next_key: u16,
    /// Number of the next record.
    pub(super) next_number: u64,
    /// Computed fields, each after those that it reads.
    pub(super) computed: Vec<FieldKey>,
}

/// A stored filter and order.
#[derive(Debug, Clone)]
pub struct View {
    /// `viw…`
    pub id: String,
    /// Name.
    pub name: String,
    /// Airtable's name of the type, such as `grid`.
    pub type_name: String,
    /// Fields shown, by id; none: all.
    pub visible: Option<Vec<String>>,
    /// Text of the filter, for saving.
    pub filter_text: Option<String>,
    /// Rows shown.
    pub filter: Option<Formula<FieldKey>>,
    /// Order of the rows.
    pub sort: Vec<Sort>,
}

/// One key of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Field compared.
    pub field: FieldKey,
    /// Which end comes first.
    pub direction: Direction,
}

/// Which end of an order comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Smallest first.
    #[default]
    Asc,
    /// Largest first.
    Desc,
}

/// A row.
#[derive(Debug, Clone)]
pub struct Record {
    /// When it was created.
    pub created: DateTime<Utc>,
    /// When a cell was last edited.
    pub modified: DateTime<Utc>,
    /// Who created it.
    pub created_by: Arc<str>,
    /// Who edited it last.
    pub modified_by: Arc<str>,
    /// Its automatic number.
    pub number: u64,
    /// Its filled cells.
    pub cells: Cells,
}

/// The filled cells of a record, by field. A short sorted list: rows are many and sparse.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cells(Vec<(FieldKey, Value)>);

impl Cells {
    /// The cell of a field, if filled.
    pub fn get(&self, key: FieldKey) -> Option<&Value> {
        let at = self.0.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// Fills or empties a cell; gives back what it held.
    pub fn set(&mut self, key: FieldKey, value: Option<Value>) -> Option<Value> {
        match (self.0.binary_search_by_key(&key, |(key, _)| *key), value) {
            (Ok(at), Some(value)) => {
                self.0.get_mut(at).map(|(_, old)| std::mem::replace(old, value))
            }
            (Ok(at), None) => Some(self.0.remove(at).1),
            (Err(at), Some(value)) => {
                self.0.insert(at, (key, value));
                None
            }
            (Err(_), None) => None,
        }
    }

    /// Filled cells in the order of their fields' keys.
    pub fn iter(&self) -> impl Iterator<Item = (FieldKey, &Value)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }
}

impl Base {
    /// Finds a table by its id or name.
    pub fn table(&self, id_or_name: &str) -> Option<&Table> {
        self.position(id_or_name).and_then(|at| self.tables.get(at))
    }

    /// Where a table stands, by its id or name.
    pub(super) fn position(&self, id_or_name: &str) -> Option<usize> {
        let by_id = self.tables.iter().position(|table| table.id == id_or_name);
        by_id.or_else(|| self.tables.iter().position(|table| table.name == id_or_name))
    }

    /// The table and field that a lookup or rollup of `table` leads to.
    pub(super) fn target_of(&self, table: &Table, through: &Through) -> Option<(&Table, &Field)> {
        let FieldKind::Links(link) = &table.field(&through.link)?.kind else { return None };
        let target = self.table(&link.table)?;
        Some((target, target.field(&through.target)?))
    }

    /// Whether cells of the field hold files, its own or looked up.
    pub(super) fn holds_files(&self, table: &Table, field: &Field) -> bool {
        /// Lookups of lookups followed; a circle of them ends here.
        const MAX_STEPS: usize = 8;
        let lookup = |(table, field): (&'_ Table, &'_ Field)| match &field.kind {
            FieldKind::Lookup(through) => self.target_of(table, through),
            _ => None,
        };
        std::iter::successors(Some((table, field)), |at| lookup(*at))
            .take(MAX_STEPS)
            .any(|(_, field)| matches!(field.kind, FieldKind::Attachments))
    }

    /// Where a table stands, or Airtable's answer for one that is unknown: 403.
    pub(super) fn require_position(&self, id_or_name: &str) -> Result<usize, ApiError> {
        self.position(id_or_name).ok_or_else(ApiError::model_not_found)
    }

    /// Finds a table, or answers as Airtable does for one that is unknown: 403.
    ///
    /// # Errors
    /// [`ApiError::model_not_found`].
    pub fn require_table(&self, id_or_name: &str) -> Result<&Table, ApiError> {
        self.table(id_or_name).ok_or_else(ApiError::model_not_found)
    }
}

impl Table {
    /// Finds a field by its id or name.
    pub fn field(&self, id_or_name: &str) -> Option<&Field> {
        let by_name = self.fields.iter().find(|field| field.name == id_or_name);
        by_name.or_else(|| self.fields.iter().find(|field| field.id == id_or_name))
    }

    /// Finds a field, or answers 422.
    ///
    /// # Errors
    /// `UNKNOWN_FIELD_NAME`.
    pub fn require_field(&self, id_or_name: &str) -> Result<&Field, ApiError> {
        self.field(id_or_name).ok_or_else(|| ApiError::unknown_field(id_or_name))
    }

    /// The field of a key.
    pub fn field_of(&self, key: FieldKey) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    pub(super) fn field_mut(&mut self, key: FieldKey) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.key == key)
    }

    /// Finds a record, or answers as Airtable does for one that is unknown: 403.
    ///
    /// # Errors
    /// [`ApiError::model_not_found`].
    pub fn require_record(&self, id: &str) -> Result<(&RecordId, &Record), ApiError> {
        self.records.get_key_value(id).ok_or_else(ApiError::model_not_found)
    }

    /// Finds a view by its id or name, or answers 422.
    ///
    /// # Errors
    /// `VIEW_NAME_NOT_FOUND`.
    pub fn require_view(&self, id_or_name: &str) -> Result<&View, ApiError> {
        let by_id = self.views.iter().find(|view| view.id == id_or_name);
        by_id.or_else(|| self.views.iter().find(|view| view.name == id_or_name)).ok_or_else(|| {
            ApiError::unprocessable("VIEW_NAME_NOT_FOUND", format!("View {id_or_name} not found"))
        })
    }

    pub(super) fn take_key(&mut self) -> FieldKey {
        let key = FieldKey(self.next_key);
        self.next_key = self.next_key.saturating_add(1);
        key
    }

    /// Reads the formulas of every field and view again and puts computed fields in order. Called
    /// whenever the fields change.
    pub(super) fn compile(&mut self) {
        let names: HashMap<String, FieldKey> = self
            .fields
            .iter()
            .map(|field| (field.id.clone(), field.key))
            .chain(self.fields.iter().map(|field| (field.name.clone(), field.key)))
            .collect();
        for field in &mut self.fields {
            let is_rollup = matches!(field.kind, FieldKind::Rollup(..));
            field.kind.compile(&field.options, |name| match name {
                "values" if is_rollup => Some(FieldKey::VALUES),
                _ => names.get(name).copied(),
            });
        }
        self.computed = self.computed_order();
    }

    fn computed_order(&self) -> Vec<FieldKey> {
        let mut waiting: Vec<&Field> =
            self.fields.iter().filter(|field| field.kind.is_computed()).collect();
        let mut order = Vec::new();
        while !waiting.is_empty() {
            let blocked = |field: &Field| {
                field.kind.formula().is_some_and(|formula| {
                    formula.fields().iter().any(|read| waiting.iter().any(|w| w.key == **read))
                })
            };
            let (later, ready): (Vec<&Field>, Vec<&Field>) =
                waiting.iter().copied().partition(|field| blocked(field));
            if ready.is_empty() {
                // A circle: Airtable refuses it; here its fields read each other's last value.
                order.extend(later.iter().map(|field| field.key));
                break;
            }
            order.extend(ready.iter().map(|field| field.key));
            waiting = later;
        }
        order
    }

    /// Whether some computed field changes with time alone.
    pub(super) fn is_volatile(&self) -> bool {
        self.fields.iter().any(|f| f.kind.formula().is_some_and(Formula::is_volatile))
    }

    /// The name of a record: its primary cell as text.
    pub fn name_of(&self, record: &Record) -> String {
        record.cells.get(self.primary).map(super::cell::plain_text).unwrap_or_default()
    }
}
