//! What archivists do to the base, sense and nonsense.

use std::collections::BTreeMap;

use locadocs::{
    content::tables::{FieldDef, FieldKind, TABLES, TableDef, TableKey},
    sandbox::{
        Sandbox,
        edit::NewField,
        seed::{BaseSeed, FieldSeed},
    },
};
use proptest::{prelude::*, sample::Index};
use serde_json::{Map, Value, json};

use super::steps::index;
use crate::harmless::{cells::weird_cells, damage::misfit};

const LINKS: &str = "multipleRecordLinks";

/// An edit. The first index is that of a table, the second that of a row or a field.
#[derive(Debug, Clone)]
pub enum Edit {
    Cell(Index, Index, Index, NewValue),
    /// A row like another one, but for a cell.
    Create(Index, Index, Index),
    Blank(Index),
    Delete(Index, Index),
    /// So many percent of a table.
    DeleteMany(Index, usize),
    /// The row that was deleted last comes back.
    Undelete,
    RenameTable(Index, Index),
    RenameField(Index, Index, Index),
    DeleteField(Index, Index),
    RetypeField(Index, Index),
    /// A field that is missing or of another type is as it was, but for its cells.
    MendField(Index),
}

/// What a cell becomes.
#[derive(Debug, Clone)]
pub enum NewValue {
    Empty,
    /// Nonsense, as far as the base takes it.
    Odd(Index),
    /// What another row has there.
    OfRow(Index),
    /// What the row has in another field.
    OfField(Index),
    /// Another text, option or link.
    Sound(Index),
}

fn new_value() -> impl Strategy<Value = NewValue> {
    prop_oneof![
        2 => Just(NewValue::Empty),
        3 => index().prop_map(NewValue::Odd),
        3 => index().prop_map(NewValue::OfRow),
        1 => index().prop_map(NewValue::OfField),
        5 => index().prop_map(NewValue::Sound),
    ]
}

pub fn edit() -> impl Strategy<Value = Edit> {
    let i = index;
    prop_oneof![
        20 => (i(), i(), i(), new_value()).prop_map(|(t, r, f, v)| Edit::Cell(t, r, f, v)),
        5 => (i(), i(), i()).prop_map(|(t, r, f)| Edit::Create(t, r, f)),
        1 => i().prop_map(Edit::Blank),
        5 => (i(), i()).prop_map(|(t, r)| Edit::Delete(t, r)),
        1 => (i(), 30..=100usize).prop_map(|(t, share)| Edit::DeleteMany(t, share)),
        3 => Just(Edit::Undelete),
        2 => (i(), i()).prop_map(|(t, name)| Edit::RenameTable(t, name)),
        3 => (i(), i(), i()).prop_map(|(t, f, name)| Edit::RenameField(t, f, name)),
        2 => (i(), i()).prop_map(|(t, f)| Edit::DeleteField(t, f)),
        2 => (i(), i()).prop_map(|(t, f)| Edit::RetypeField(t, f)),
        4 => i().prop_map(Edit::MendField),
    ]
}

/// The base as archivists know it: where its tables, fields and rows are.
pub struct Base {
    id: String,
    tables: Vec<Table>,
    trash: Vec<(usize, String, Map<String, Value>)>,
    odd: Vec<Value>,
}

struct Table {
    id: String,
    def: &'static TableDef,
    fields: Vec<Field>,
    rows: Vec<String>,
}

/// A field that the service reads.
struct Field {
    /// `None` while it is deleted.
    id: Option<String>,
    name: String,
    def: &'static FieldDef,
    type_name: String,
    options: Map<String, Value>,
    is_retyped: bool,
}

impl Field {
    fn new(def: &'static FieldDef, seed: &FieldSeed) -> Self {
        let mut options = seed.options.clone();
        options.remove("inverseLinkFieldId");
        let (name, type_name) = (seed.name.clone(), seed.type_name.clone());
        Self { id: Some(seed.id.clone()), name, def, type_name, options, is_retyped: false }
    }

    fn is_link(&self) -> bool {
        self.type_name == LINKS
    }
}

impl Base {
    pub fn of(seed: &BaseSeed) -> Self {
        let tables = TABLES.iter().map(|def| {
            let table = seed.tables.iter().find(|table| table.name == def.name).unwrap();
            let field = |def: &'static FieldDef| {
                let seed = table.fields.iter().find(|field| field.name == def.name).unwrap();
                Field::new(def, seed)
            };
            let fields = def.fields.iter().map(field).collect();
            let rows = table.records.iter().map(|record| record.id.clone()).collect();
            Table { id: table.id.clone(), def, fields, rows }
        });
        let odd = weird_cells();
        let odd = odd.iter().filter_map(|json| serde_json::from_str(json).ok()).collect();
        Self { id: seed.id.clone(), tables: tables.collect(), trash: Vec::new(), odd }
    }

    /// Changes the title of a table's first row.
    pub fn retitle(&self, table: TableKey, title: &str, sandbox: &Sandbox) {
        let table = self.tables.iter().find(|known| known.def.key == table).unwrap();
        let field = &table.fields[0].name;
        sandbox.set_cell(&self.id, &table.id, &table.rows[0], field, &json!(title)).unwrap();
    }

    /// Gives the titles of a table another type, which empties them.
    pub fn retype_title(&mut self, table: TableKey, sandbox: &Sandbox) {
        let at = self.tables.iter().position(|known| known.def.key == table).unwrap();
        self.tables[at].retype(0, &self.id, sandbox);
    }

    /// Does an edit, if the base lets it be done.
    pub fn apply(&mut self, edit: &Edit, sandbox: &Sandbox) {
        match edit {
            Edit::Cell(table, row, field, value) => self.set(table, row, field, value, sandbox),
            Edit::Create(table, row, field) => {
                let table = table.index(self.tables.len());
                let Some(row) = self.row(table, row) else { return };
                let mut cells = self.cells(table, &row, sandbox);
                cells.remove(&field.get(&self.tables[table].fields).name);
                self.create(table, &cells, sandbox);
            }
            Edit::Blank(table) => {
                self.create(table.index(self.tables.len()), &Map::new(), sandbox);
            }
            Edit::Delete(table, row) => {
                let table = table.index(self.tables.len());
                if let Some(row) = self.row(table, row) {
                    self.delete(table, &row, sandbox);
                }
            }
            Edit::DeleteMany(table, share) => {
                let table = table.index(self.tables.len());
                let rows = self.tables[table].rows.clone();
                for row in &rows[..rows.len() * share / 100] {
                    self.delete(table, row, sandbox);
                }
            }
            Edit::Undelete => self.undelete(sandbox),
            Edit::RenameTable(table, name) => {
                let table = &self.tables[table.index(self.tables.len())];
                let name = *name.get(&[table.def.name, "Autre table", "Ancienne table"]);
                let _ = sandbox.rename_table(&self.id, &table.id, name);
            }
            Edit::RenameField(table, field, name) => {
                let at = table.index(self.tables.len());
                let table = &mut self.tables[at];
                let field = field.index(table.fields.len());
                let name = *name.get(&[table.fields[field].def.name, "Autre", "Ancien"]);
                table.rename(field, name, &self.id, sandbox);
            }
            Edit::DeleteField(table, field) => {
                let at = table.index(self.tables.len());
                let table = &mut self.tables[at];
                let at = field.index(table.fields.len());
                let field = &mut table.fields[at];
                let Some(id) = &field.id else { return };
                if sandbox.delete_field(&self.id, &table.id, id).is_ok() {
                    field.id = None;
                }
            }
            Edit::RetypeField(table, field) => {
                let at = table.index(self.tables.len());
                let table = &mut self.tables[at];
                table.retype(field.index(table.fields.len()), &self.id, sandbox);
            }
            Edit::MendField(field) => {
                let damaged: Vec<_> = self.damaged().collect();
                if !damaged.is_empty() {
                    let (table, field) = *field.get(&damaged);
                    self.tables[table].mend(field, &self.id, sandbox);
                }
            }
        }
    }

    /// Every table and field is there under its name again.
    pub fn mend(&mut self, sandbox: &Sandbox) {
        let damaged: Vec<_> = self.damaged().collect();
        for (table, field) in damaged {
            self.tables[table].mend(field, &self.id, sandbox);
        }
        for table in &mut self.tables {
            let _ = sandbox.rename_table(&self.id, &table.id, table.def.name);
            for field in 0..table.fields.len() {
                table.rename(field, table.fields[field].def.name, &self.id, sandbox);
            }
        }
    }

    fn damaged(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.tables.iter().enumerate().flat_map(|(at, table)| {
            let fields = table.fields.iter().enumerate();
            let damaged = fields.filter(|(_, field)| field.id.is_none() || field.is_retyped);
            damaged.map(move |(field, _)| (at, field))
        })
    }

    fn row(&self, table: usize, row: &Index) -> Option<String> {
        let rows = &self.tables[table].rows;
        (!rows.is_empty()).then(|| row.get(rows).clone())
    }

    /// The cells of a row that the service reads, by the names that their fields have now.
    fn cells(&self, table: usize, row: &str, sandbox: &Sandbox) -> Map<String, Value> {
        let table = &self.tables[table];
        let mut cells = sandbox.record(&self.id, &table.id, row).unwrap_or_default();
        cells.retain(|name, _| table.fields.iter().any(|field| field.name == *name));
        cells
    }

    fn set(&self, t: &Index, r: &Index, f: &Index, value: &NewValue, sandbox: &Sandbox) {
        let at = t.index(self.tables.len());
        let table = &self.tables[at];
        let Some(row) = self.row(at, r) else { return };
        let field = f.get(&table.fields);
        let Some(id) = &field.id else { return };
        let cell = |row: &str, field: &Field| {
            self.cells(at, row, sandbox).remove(&field.name).unwrap_or_default()
        };
        let value = match value {
            NewValue::Empty => Value::Null,
            NewValue::Odd(odd) => odd.get(&self.odd).clone(),
            NewValue::OfRow(other) => cell(other.get(&table.rows).as_str(), field),
            NewValue::OfField(other) => cell(&row, other.get(&table.fields)),
            NewValue::Sound(choice) => self.sound(field.def.kind, choice),
        };
        // What Airtable refuses is not done.
        let _ = sandbox.set_cell(&self.id, &table.id, &row, id, &value);
    }

    fn sound(&self, kind: FieldKind, choice: &Index) -> Value {
        match kind {
            FieldKind::Select(options) if !options.is_empty() => json!(choice.get(options)),
            FieldKind::MultiSelect(options) => json!([choice.get(options)]),
            FieldKind::Links(target) => {
                let rows = &self.tables.iter().find(|table| table.def.key == target).unwrap().rows;
                match rows.is_empty() {
                    true => Value::Null,
                    false => json!([choice.get(rows)]),
                }
            }
            FieldKind::Number(_) => json!(choice.index(100)),
            FieldKind::Checkbox => json!(choice.index(2) == 0),
            FieldKind::Attachments => Value::Null,
            _ => json!(choice.get(&["Autre", "35238", "1950", "75 ans", "2020-01-01"])),
        }
    }

    fn create(&mut self, table: usize, cells: &Map<String, Value>, sandbox: &Sandbox) {
        let table = &mut self.tables[table];
        if let Ok(id) = sandbox.create_record(&self.id, &table.id, cells) {
            table.rows.push(id);
        }
    }

    fn delete(&mut self, table: usize, row: &str, sandbox: &Sandbox) {
        let cells = self.cells(table, row, sandbox);
        let found = &mut self.tables[table];
        sandbox.delete_record(&self.id, &found.id, row).unwrap();
        found.rows.retain(|id| id != row);
        self.trash.push((table, row.to_owned(), cells));
    }

    fn undelete(&mut self, sandbox: &Sandbox) {
        let Some((table, row, cells)) = self.trash.pop() else { return };
        let known: BTreeMap<_, _> =
            self.tables.iter().flat_map(|table| &table.rows).map(|id| (id.as_str(), ())).collect();
        let is_dangling = |cell: &Value| {
            let links = cell.as_array().into_iter().flatten().filter_map(Value::as_str);
            links.filter(|link| link.starts_with("rec")).any(|link| !known.contains_key(link))
        };
        let cells = cells.into_iter().filter(|(_, cell)| !is_dangling(cell)).collect();
        let table = &mut self.tables[table];
        // A field may have been deleted or retyped meanwhile.
        if sandbox.restore_record(&self.id, &table.id, &row, &cells).is_ok() {
            table.rows.push(row);
        }
    }
}

impl Table {
    fn rename(&mut self, field: usize, name: &str, base: &str, sandbox: &Sandbox) {
        let field = &mut self.fields[field];
        let Some(id) = &field.id else { return };
        if sandbox.rename_field(base, &self.id, id, name).is_ok() {
            name.clone_into(&mut field.name);
        }
    }

    fn retype(&mut self, field: usize, base: &str, sandbox: &Sandbox) {
        let field = &mut self.fields[field];
        let Some(id) = field.id.as_ref().filter(|_| !field.is_link()) else { return };
        let misfit = misfit(field.def.kind);
        let retyped = sandbox.retype_field(base, &self.id, id, misfit, &Map::new());
        field.is_retyped |= retyped.is_ok();
    }

    fn mend(&mut self, field: usize, base: &str, sandbox: &Sandbox) {
        let field = &mut self.fields[field];
        let (type_name, options) = (&field.type_name, &field.options);
        if let Some(id) = &field.id {
            sandbox.retype_field(base, &self.id, id, type_name, options).unwrap();
            field.is_retyped = false;
            return;
        }
        let new = NewField {
            name: field.def.name.to_owned(),
            type_name: type_name.clone(),
            description: None,
            options: Some(options.clone()),
        };
        if let Ok(id) = sandbox.create_field(base, &self.id, new) {
            field.def.name.clone_into(&mut field.name);
            (field.id, field.is_retyped) = (Some(id), false);
        }
    }
}
