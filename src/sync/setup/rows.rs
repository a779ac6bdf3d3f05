//! Which rows a base lacks, and with which cells they are added: rules without network.
//!
//! A row of the demo base is known again in the real one by its [`Key`], since ids differ.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
};

use super::Notice;
use crate::{
    airtable::{
        NewRow, Record,
        cell::decode,
        schema::{BaseSchema, FieldSchema, FieldType, TableSchema},
    },
    content::{
        cell::Cell,
        ids::{FieldId, RecordId, Slug},
        row::Row,
        tables::{FieldKey, FieldKind, TableKey},
    },
    sync::mapping::{MappedTable, Mapping},
};

/// The tables that get rows. Those that others link to come first, so that a row has its links from
/// the start, but for a guide's first step: a choice that was added without its step could not be
/// known again.
pub const ORDER: [TableKey; 7] = [
    TableKey::Documents,
    TableKey::Services,
    TableKey::Territories,
    TableKey::Guides,
    TableKey::Steps,
    TableKey::Choices,
    TableKey::Holdings,
];

/// Rows of several tables.
pub type TableRows = BTreeMap<TableKey, Vec<Row>>;

/// For rows of the demo, the row of the base that each is.
pub type Ids = HashMap<RecordId, RecordId>;

/// What makes a row the same row in two bases.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    table: TableKey,
    /// The step of a choice: *oui* names many choices.
    step: Option<Slug>,
    name: Name,
}

/// The name of a row within its table, or within its step.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    /// The slug that the service publishes.
    Slug(Slug),
    /// The title of a local record, which has no slug.
    Title(String),
}

/// The keys of rows. Rows without a name have none.
fn keys(rows: &TableRows) -> impl Iterator<Item = (Key, &RecordId)> {
    let steps: HashMap<_, _> = table(rows, TableKey::Steps)
        .iter()
        .filter_map(|row| Some((&row.id, slug(TableKey::Steps, row)?)))
        .collect();
    rows.iter().flat_map(|(table, rows)| rows.iter().map(move |row| (*table, row))).filter_map(
        move |(table, row)| {
            let step = match (table, cell(row, FieldKey::Step)) {
                (TableKey::Choices, Some(Cell::Links(links))) => {
                    Some(steps.get(links.first()?)?.clone())
                }
                (TableKey::Choices, _) => return None,
                _ => None,
            };
            let name = match table {
                TableKey::Holdings => Name::Title(title(table, row)?.to_owned()),
                _ => Name::Slug(slug(table, row)?),
            };
            Some((Key { table, step, name }, &row.id))
        },
    )
}

/// The archivist's slug, or the one made of the title, as the service makes it.
fn slug(table: TableKey, row: &Row) -> Option<Slug> {
    let typed = cell(row, FieldKey::Slug).and_then(text);
    typed.and_then(Slug::slugify).or_else(|| Slug::slugify(title(table, row)?))
}

fn title(table: TableKey, row: &Row) -> Option<&str> {
    let primary = table.def().fields.first()?;
    cell(row, primary.key).and_then(text).map(str::trim)
}

fn text(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(text) | Cell::RichText(text) | Cell::Select(text) => Some(text),
        _ => None,
    }
}

pub(super) fn cell(row: &Row, field: FieldKey) -> Option<&Cell> {
    row.cells.iter().find(|(key, _)| *key == field).map(|(_, cell)| cell)
}

pub(super) fn table(rows: &TableRows, key: TableKey) -> &[Row] {
    rows.get(&key).map_or(&[], Vec::as_slice)
}

/// Which rows of the demo a base has already. Of several rows with one key, the first counts.
pub fn pair(demo: &TableRows, base: &TableRows) -> Ids {
    let mut known = HashMap::new();
    for (key, id) in keys(base) {
        known.entry(key).or_insert(id);
    }
    keys(demo).filter_map(|(key, id)| Some((id.clone(), (*known.get(&key)?).clone()))).collect()
}

/// The rows of the demo that a base lacks.
pub fn missing<'a>(demo: &'a TableRows, key: TableKey, ids: &Ids) -> Vec<&'a Row> {
    table(demo, key).iter().filter(|row| !ids.contains_key(&row.id)).collect()
}

/// Whether a row has links to rows that the base doesn't have yet.
pub fn waits(row: &Row, ids: &Ids) -> bool {
    row.cells.iter().any(|(_, cell)| {
        matches!(cell, Cell::Links(rows) if rows.iter().any(|row| !ids.contains_key(row)))
    })
}

/// Links that rows of the base lack: their cell is empty, and the demo fills it. Each comes with the
/// row of the base.
pub fn empty_links<'a>(
    demo: &'a TableRows,
    base: &TableRows,
    key: TableKey,
    ids: &Ids,
) -> Vec<(RecordId, Vec<(FieldKey, &'a Cell)>)> {
    let present: HashMap<_, _> = table(base, key).iter().map(|row| (&row.id, row)).collect();
    let lacks = |row: &'a Row| {
        let found = present.get(ids.get(&row.id)?)?;
        let links = row.cells.iter().filter(|(field, value)| {
            matches!(value, Cell::Links(_)) && cell(found, *field).is_none()
        });
        let links: Vec<_> = links.map(|(field, cell)| (*field, cell)).collect();
        (!links.is_empty()).then(|| (found.id.clone(), links))
    };
    table(demo, key).iter().filter_map(lacks).collect()
}

/// A table of the base that rows are added to.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Its fields.
    pub schema: &'a TableSchema,
    /// Which of them are the back office's.
    pub mapped: &'a MappedTable,
    /// The tables that its links may lead to.
    pub mapping: &'a Mapping,
    /// Which table it is.
    pub key: TableKey,
}

/// A cell that could be written or not.
enum Fit {
    Cell(FieldId, Cell),
    /// A link whose rows are not there yet.
    Later,
    /// Its field can't hold it.
    LeftOut,
}

impl<'a> Target<'a> {
    /// A table of the base; `None` when the base lacks it.
    pub fn new(schema: &'a BaseSchema, mapping: &'a Mapping, key: TableKey) -> Option<Self> {
        let mapped = mapping.tables.get(&key)?;
        Some(Self { schema: schema.table(&mapped.id)?, mapped, mapping, key })
    }

    /// A row with the cells of the back office's fields.
    pub fn read(&self, record: &Record) -> Row {
        let cells = self.mapped.keyed(decode(record, self.schema));
        Row { id: record.id.clone(), cells }
    }

    /// The cells that can be written, with the ids of the base. Links to rows that are not there yet
    /// are left for later; cells that their field can't hold are told in `left_out`.
    pub fn writable<'c>(
        &self,
        cells: impl Iterator<Item = (FieldKey, &'c Cell)>,
        ids: &Ids,
        left_out: &mut LeftOut,
    ) -> NewRow {
        let fitted = cells.filter_map(|(key, cell)| match self.fit(key, cell, ids) {
            Fit::Cell(field, cell) => Some((field, cell)),
            Fit::Later => None,
            Fit::LeftOut => {
                left_out.count(self, key);
                None
            }
        });
        fitted.collect()
    }

    fn fit(&self, key: FieldKey, cell: &Cell, ids: &Ids) -> Fit {
        let field = self.mapped.field(key).and_then(|id| self.schema.fields.get(id));
        let Some(field) = field else { return Fit::LeftOut };
        let fitted = match cell {
            Cell::Links(rows) if self.leads_right(key, field) => {
                let rows: Option<Vec<_>> = rows.iter().map(|row| ids.get(row).cloned()).collect();
                let Some(rows) = rows else { return Fit::Later };
                Some(Cell::Links(rows))
            }
            Cell::Links(_) => None,
            cell => held(cell, field),
        };
        fitted.map_or(Fit::LeftOut, |cell| Fit::Cell(field.id().clone(), cell))
    }

    fn leads_right(&self, key: FieldKey, field: &FieldSchema) -> bool {
        match self.key.def().field(key).map(|def| def.kind) {
            Some(FieldKind::Links(target)) => {
                let target = self.mapping.tables.get(&target).map(|table| &table.id);
                target.is_some() && field.linked_table().as_ref() == target
            }
            _ => false,
        }
    }
}

/// A cell as a field holds it: a number or an option may be text there. `None` when it can't.
fn held(cell: &Cell, field: &FieldSchema) -> Option<Cell> {
    use FieldType as T;
    let has = |option: &String| field.choices().any(|choice| choice == option);
    let is_text = matches!(
        field.field_type(),
        T::SingleLineText | T::MultilineText | T::RichText | T::Email | T::Url | T::PhoneNumber
    );
    match (cell, field.field_type()) {
        (Cell::Text(text) | Cell::RichText(text) | Cell::Select(text), _) if is_text => {
            Some(Cell::Text(text.clone()))
        }
        (Cell::Number(number), _) if is_text => Some(Cell::Text(number.to_string())),
        (Cell::Date(day), _) if is_text => Some(Cell::Text(day.to_string())),
        (Cell::MultiSelect(names), _) if is_text => Some(Cell::Text(names.join(", "))),
        (Cell::Select(name), T::SingleSelect) => has(name).then(|| cell.clone()),
        (Cell::Select(name), T::MultipleSelects) => {
            has(name).then(|| Cell::MultiSelect(vec![name.clone()]))
        }
        (Cell::MultiSelect(names), T::MultipleSelects) => {
            names.iter().all(has).then(|| cell.clone())
        }
        (Cell::Number(_), T::Number)
        | (Cell::Checked, T::Checkbox)
        | (Cell::Date(_), T::Date | T::DateTime)
        | (Cell::DateTime(_), T::DateTime) => Some(cell.clone()),
        _ => None,
    }
}

/// Cells that were left out, by field.
#[derive(Debug, Default)]
pub struct LeftOut(BTreeMap<String, usize>);

impl LeftOut {
    fn count(&mut self, target: &Target<'_>, field: FieldKey) {
        let known = target.mapped.field(field).and_then(|id| target.schema.fields.get(id));
        let default = target.key.def().field(field).map_or("", |def| def.name);
        let field = known.map_or(default, FieldSchema::name);
        *self.0.entry(format!("{}.{field}", target.schema.name)).or_default() += 1;
    }

    /// What to tell, and nothing left to tell.
    pub fn take(&mut self) -> impl Iterator<Item = Notice> {
        mem::take(&mut self.0).into_iter().map(|(place, rows)| Notice::LeftOut { place, rows })
    }
}

#[cfg(test)]
mod tests;
