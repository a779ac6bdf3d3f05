//! Everything that the back office's rows say, read but not yet linked to each other.

use std::collections::{HashMap, HashSet};

use super::{
    document::Document,
    guide::{ChoiceRow, GuideRow, StepRow},
    holding::HoldingRow,
    ids::RecordId,
    problem::{Code, Problem, Severity},
    row::{Reader, Row},
    service::Service,
    status::Status,
    tables::{FieldKey, TableKey},
    territory::Territory,
};
use crate::reference::Reference;

/// The rows of every table, and the problems met while reading them.
#[derive(Debug, Default)]
pub struct Rows {
    /// *Guides*.
    pub guides: Table<GuideRow>,
    /// *Étapes*.
    pub steps: Table<StepRow>,
    /// *Choix*.
    pub choices: Table<ChoiceRow>,
    /// *Documents*.
    pub documents: Table<Document>,
    /// *Services*.
    pub services: Table<Service>,
    /// *Territoires*.
    pub territories: Table<Territory>,
    /// *Données locales*.
    pub holdings: Table<HoldingRow>,
    /// What is wrong with single rows.
    pub problems: Vec<Problem>,
    /// Rows that should be public and could not be read.
    pub lost: HashSet<RecordId>,
}

/// The rows of one table, by record id, so that nothing depends on the order in which Airtable
/// lists them.
#[derive(Debug)]
pub struct Table<T> {
    rows: Vec<(RecordId, Option<T>)>,
    index: HashMap<RecordId, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), index: HashMap::new() }
    }
}

/// What a link leads to.
#[derive(Debug)]
pub enum Linked<'a, T> {
    /// A row that was read.
    Row(&'a T),
    /// A row that has problems of its own, told there.
    Unreadable,
    /// No row of that table.
    Missing,
}

impl<T> Table<T> {
    fn new(mut rows: Vec<(RecordId, Option<T>)>) -> Self {
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        let index = rows.iter().enumerate().map(|(at, (id, _))| (id.clone(), at)).collect();
        Self { rows, index }
    }

    /// The rows that could be read, in the order of their record ids.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().filter_map(|(_, row)| row.as_ref())
    }

    /// Puts an earlier version in the place of a row that can't be read now.
    pub fn restore(&mut self, id: &RecordId, earlier: T) {
        let row = self.index.get(id).and_then(|at| self.rows.get_mut(*at));
        if let Some((_, row @ None)) = row {
            *row = Some(earlier);
        }
    }

    /// The rows that could be read, to be kept.
    pub fn into_rows(self) -> impl Iterator<Item = T> {
        self.rows.into_iter().filter_map(|(_, row)| row)
    }

    /// Follows a link.
    pub fn get(&self, id: &RecordId) -> Linked<'_, T> {
        match self.index.get(id).and_then(|at| self.rows.get(*at)) {
            Some((_, Some(row))) => Linked::Row(row),
            Some((_, None)) => Linked::Unreadable,
            None => Linked::Missing,
        }
    }
}

/// Where rows come from.
pub trait Source {
    /// Gives the rows of a table away, in any order; a table that is not in the base has none.
    ///
    /// Each table is taken once, so that a source may free what was read: the rows of a large base
    /// are never held twice.
    fn take(&mut self, table: TableKey) -> impl Iterator<Item = Row>;
}

impl Source for HashMap<TableKey, Vec<Row>> {
    fn take(&mut self, table: TableKey) -> impl Iterator<Item = Row> {
        self.remove(&table).into_iter().flatten()
    }
}

impl Rows {
    /// Reads every row of every table.
    pub fn read(source: impl Source, reference: &Reference) -> Self {
        let mut problems = Vec::new();
        let mut lost = HashSet::new();
        let mut reader = TableReader { source, problems: &mut problems, lost: &mut lost };
        Self {
            guides: reader.read(TableKey::Guides, GuideRow::read),
            steps: reader.read(TableKey::Steps, StepRow::read),
            choices: reader.read(TableKey::Choices, ChoiceRow::read),
            documents: reader.read(TableKey::Documents, Document::read),
            services: reader.read(TableKey::Services, Service::read),
            territories: reader.read(TableKey::Territories, |row, problems| {
                Territory::read(row, reference, problems)
            }),
            holdings: reader.read(TableKey::Holdings, HoldingRow::read),
            problems,
            lost,
        }
    }
}

struct TableReader<'a, S> {
    source: S,
    problems: &'a mut Vec<Problem>,
    lost: &'a mut HashSet<RecordId>,
}

impl<S: Source> TableReader<'_, S> {
    fn read<T>(
        &mut self,
        table: TableKey,
        read: impl Fn(&Row, &mut Vec<Problem>) -> Option<T>,
    ) -> Table<T> {
        let mut rows = Vec::new();
        for row in self.source.take(table) {
            // Airtable's grid makes blank rows at a click; they say nothing, so nothing is said.
            if row.cells.is_empty() {
                continue;
            }
            let before = self.problems.len();
            let value = read(&row, self.problems);
            if is_meant_for_the_public(table, &row) {
                if value.is_none() {
                    tell_loss(table, &row, self.problems, before);
                    self.lost.insert(row.id.clone());
                }
            } else {
                // A draft is unfinished by definition: it is checked once it is published.
                self.problems.truncate(before);
            }
            rows.push((row.id, value));
        }
        Table::new(rows)
    }
}

/// Makes sure that a row which the public loses counts as an error.
fn tell_loss(table: TableKey, row: &Row, problems: &mut Vec<Problem>, before: usize) {
    let mut told = problems.iter().skip(before);
    if told.any(|problem| problem.severity() == Severity::Error) {
        return;
    }
    let Some(primary) = table.def().fields.first() else { return };
    Reader::new(table, row, problems).report(
        primary.key,
        Code::RowNotPublished,
        "Cette ligne n'est pas publiée, à cause des autres problèmes signalés ici.",
    );
}

/// Whether a row is published, or has a status that can't be read, so that it may be.
fn is_meant_for_the_public(table: TableKey, row: &Row) -> bool {
    if table.def().field(FieldKey::Status).is_none() {
        return true;
    }
    // The row's own reading tells what is wrong with its status.
    let status = Status::read(&mut Reader::new(table, row, &mut Vec::new()));
    status.is_none_or(|status| status == Status::Published)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{
        cell::Cell,
        tables::{FieldKind, TABLES},
    };

    /// Problems of a table's only row, with a name and this cell.
    fn problems(table: TableKey, name: FieldKey, field: FieldKey, cell: Cell) -> Vec<Problem> {
        let mut cells = vec![(name, Cell::Text("Rennes".to_owned())), (field, cell)];
        if field != FieldKey::Status {
            cells.push((FieldKey::Status, Cell::Select("Publié".to_owned())));
        }
        let row = Row { id: "rec1".parse().unwrap(), cells };
        Rows::read(HashMap::from([(table, vec![row])]), Reference::embedded().unwrap()).problems
    }

    #[test]
    fn every_option_that_archivists_are_offered_is_understood() {
        for table in TABLES.iter().filter(|table| table.key != TableKey::Feedback) {
            let name = table.fields[0].key;
            for field in table.fields.iter().filter(|field| field.key != FieldKey::Theme) {
                let (options, is_several) = match field.kind {
                    FieldKind::Select(options) => (options, false),
                    FieldKind::MultiSelect(options) => (options, true),
                    _ => continue,
                };
                let unknown = |option: &str| {
                    let cell = match is_several {
                        true => Cell::MultiSelect(vec![option.to_owned()]),
                        false => Cell::Select(option.to_owned()),
                    };
                    let problems = problems(table.key, name, field.key, cell);
                    problems.iter().any(|problem| problem.code == Code::UnknownOption)
                };
                for option in options {
                    assert!(!unknown(option), "{} › {} › {option}", table.name, field.name);
                }
                assert!(unknown("Autre chose"), "{} › {}", table.name, field.name);
            }
        }
    }
}
