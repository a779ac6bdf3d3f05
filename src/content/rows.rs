//! Everything that the back office's rows say, read but not yet linked to each other.

mod table;

use super::{
    document::Document,
    guide::{ChoiceRow, GuideRow, StepRow},
    holding::HoldingRow,
    ids::RecordId,
    problem::Problem,
    row::Row,
    service::Service,
    tables::TableKey,
    territory::Territory,
};
use crate::reference::Reference;

pub use self::table::{Linked, Table, Untyped};

/// The rows of every table, and the problems met while reading them. Rows are replaced one by one:
/// reading a base again costs what changed in it.
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
}

/// A change of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowChange {
    /// It says this now.
    Put(Row),
    /// It is gone.
    Gone(RecordId),
}

impl Rows {
    /// Reads all rows of every table.
    pub fn read(
        tables: impl IntoIterator<Item = (TableKey, Vec<Row>)>,
        reference: &Reference,
    ) -> Self {
        let mut rows = Self::default();
        for (table, all) in tables {
            rows.apply(table, all.into_iter().map(RowChange::Put), reference);
        }
        rows
    }

    /// Applies changes of a table's rows, and gives the rows that then say anything else.
    pub fn apply(
        &mut self,
        table: TableKey,
        changes: impl IntoIterator<Item = RowChange>,
        reference: &Reference,
    ) -> Vec<RecordId> {
        match table {
            TableKey::Guides => self.guides.apply(table, changes, GuideRow::read),
            TableKey::Steps => self.steps.apply(table, changes, StepRow::read),
            TableKey::Choices => self.choices.apply(table, changes, ChoiceRow::read),
            TableKey::Documents => self.documents.apply(table, changes, Document::read),
            TableKey::Services => self.services.apply(table, changes, Service::read),
            TableKey::Territories => {
                let read = |row: &Row, problems: &mut _| Territory::read(row, reference, problems);
                self.territories.apply(table, changes, read)
            }
            TableKey::Holdings => self.holdings.apply(table, changes, HoldingRow::read),
            // Written by the service, never read.
            TableKey::Feedback => Vec::new(),
        }
    }

    /// The tables that are read.
    pub fn tables(&self) -> [(TableKey, &dyn Untyped); 7] {
        [
            (TableKey::Guides, &self.guides),
            (TableKey::Steps, &self.steps),
            (TableKey::Choices, &self.choices),
            (TableKey::Documents, &self.documents),
            (TableKey::Services, &self.services),
            (TableKey::Territories, &self.territories),
            (TableKey::Holdings, &self.holdings),
        ]
    }

    /// What is wrong with single rows.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.tables().into_iter().flat_map(|(_, table)| table.problems())
    }

    /// Rows of all tables, but for blank ones.
    pub fn len(&self) -> usize {
        self.tables().iter().map(|(_, table)| table.len()).sum()
    }

    /// Whether no table has a row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{
        cell::Cell,
        problem::Code,
        tables::{FieldKey, FieldKind, TABLES},
    };

    /// Problems of a table's only row, with a name and this cell.
    fn problems(table: TableKey, name: FieldKey, field: FieldKey, cell: Cell) -> Vec<Problem> {
        let mut cells = vec![(name, Cell::Text("Rennes".to_owned())), (field, cell)];
        if field != FieldKey::Status {
            cells.push((FieldKey::Status, Cell::Select("Publié".to_owned())));
        }
        let row = Row { id: "rec1".parse().unwrap(), cells };
        let rows = Rows::read([(table, vec![row])], Reference::embedded().unwrap());
        rows.problems().cloned().collect()
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
    #[test]
    fn a_row_that_is_read_again_changes_what_it_changed_and_nothing_else() {
        let reference = Reference::embedded().unwrap();
        let row = |id: &str, name: &str| Row {
            id: id.parse().unwrap(),
            cells: vec![
                (FieldKey::Name, Cell::Text(name.to_owned())),
                (FieldKey::Status, Cell::Select("Publié".to_owned())),
            ],
        };
        let blank = Row { id: "rec1".parse().unwrap(), cells: Vec::new() };
        let key = TableKey::Documents;
        let mut rows = Rows::default();
        let mut apply = |change| {
            let before = rows.documents.version();
            let changed = rows.apply(key, [change], reference);
            assert_eq!(rows.documents.version() != before, !changed.is_empty());
            let names: Vec<_> = rows.documents.iter().map(|row| row.name.clone()).collect();
            (changed.len(), names.join(" "))
        };
        for (change, expected) in [
            (RowChange::Put(row("rec2", "B")), (1, "B")),
            (RowChange::Put(row("rec1", "A")), (1, "A B")),
            (RowChange::Put(row("rec1", "A")), (0, "A B")),
            (RowChange::Put(row("rec1", "C")), (1, "C B")),
            (RowChange::Gone("rec3".parse().unwrap()), (0, "C B")),
            (RowChange::Put(blank.clone()), (1, "B")),
            (RowChange::Put(blank), (0, "B")),
            (RowChange::Gone("rec2".parse().unwrap()), (1, "")),
        ] {
            assert_eq!(apply(change.clone()), (expected.0, expected.1.to_owned()), "{change:?}");
        }
    }

    #[test]
    fn a_row_that_can_be_read_again_is_lost_no_more() {
        let reference = Reference::embedded().unwrap();
        let row = |cells| RowChange::Put(Row { id: "rec1".parse().unwrap(), cells });
        let status = || (FieldKey::Status, Cell::Select("Publié".to_owned()));
        let mut rows = Rows::default();
        rows.apply(TableKey::Documents, [row(vec![status()])], reference);
        assert_eq!(rows.documents.lost().len(), 1);
        assert!(rows.problems().next().is_some());
        let name = (FieldKey::Name, Cell::Text("A".to_owned()));
        rows.apply(TableKey::Documents, [row(vec![name, status()])], reference);
        assert!(rows.documents.lost().is_empty());
        assert_eq!(rows.problems().next(), None);
    }
}
