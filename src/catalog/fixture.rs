//! A small back office, sound as it stands, for tests to break.

pub(crate) mod edits;

use std::collections::BTreeMap;

use super::{Built, File, Files, Memo, Release, build};
use crate::{
    content::{
        cell::Cell,
        ids::RecordId,
        row::Row,
        rows::Rows,
        tables::{FieldKey as F, TableKey as T},
    },
    reference::Reference,
};

/// Rows by table and record id.
#[derive(Clone)]
pub(crate) struct Base(pub BTreeMap<T, BTreeMap<RecordId, BTreeMap<F, Cell>>>);

pub(crate) fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

pub(crate) fn select(name: &str) -> Cell {
    Cell::Select(name.to_owned())
}

pub(crate) fn links(ids: &[&str]) -> Cell {
    Cell::Links(ids.iter().map(|id| id.parse().unwrap()).collect())
}

pub(crate) fn reference() -> &'static Reference {
    Reference::embedded().unwrap()
}

impl Base {
    /// A guide with a step of every kind, and building permits in Rennes.
    pub(crate) fn sound() -> Self {
        let published = || (F::Status, select("Publié"));
        let step = |title, kind| {
            [
                (F::Title, text(title)),
                (F::Guide, links(&["recG"])),
                (F::Type, select(kind)),
                published(),
            ]
        };
        let choice = |label, from, to, order: f64| {
            [
                (F::Label, text(label)),
                (F::Step, links(&[from])),
                (F::TargetStep, links(&[to])),
                (F::Order, Cell::Number(order)),
            ]
        };
        Self(BTreeMap::new())
            .with(
                T::Guides,
                "recG",
                [(F::Title, text("Urbanisme")), (F::FirstStep, links(&["recQ"])), published()],
            )
            .with(T::Steps, "recQ", step("Que cherchez-vous ?", "Question"))
            .with(T::Steps, "recC", step("Quelle commune ?", "Commune"))
            .with(T::Steps, "recD", step("De quand ?", "Date"))
            .with(T::Steps, "recI", step("Bon à savoir", "Information"))
            .with(T::Steps, "recX", step("Nous ne savons pas", "Impasse"))
            .with(T::Steps, "recR", step("Où le consulter", "Résultat"))
            .with(T::Steps, "recR", [(F::Document, links(&["recDoc"]))])
            .with(T::Choices, "recA1", choice("Un permis", "recQ", "recC", 1.0))
            .with(T::Choices, "recA2", choice("Une information", "recQ", "recI", 2.0))
            .with(T::Choices, "recA3", choice("Autre chose", "recQ", "recX", 3.0))
            .with(T::Choices, "recA4", choice("Continuer", "recC", "recD", 1.0))
            .with(T::Choices, "recA5", choice("Continuer", "recD", "recR", 1.0))
            .with(T::Choices, "recA6", choice("Trouver un permis", "recI", "recC", 1.0))
            .with(
                T::Documents,
                "recDoc",
                [
                    (F::Name, text("Permis de construire")),
                    (F::DelayYears, Cell::Number(0.0)),
                    published(),
                ],
            )
            .with(
                T::Services,
                "recArch",
                [
                    (F::Name, text("Archives de Rennes")),
                    (F::Type, select("Archives municipales")),
                    (F::Commune, text("35238")),
                    published(),
                ],
            )
            .with(
                T::Services,
                "recMairie",
                [
                    (F::Name, text("La mairie de la commune")),
                    (F::Type, select("Mairie")),
                    (F::Generic, Cell::Checked),
                    published(),
                ],
            )
            .with(
                T::Territories,
                "recFr",
                [(F::Name, text("France")), (F::Level, select("National"))],
            )
            .with(
                T::Territories,
                "recRen",
                [
                    (F::Name, text("Rennes")),
                    (F::Level, select("Commune")),
                    (F::Code, text("35238")),
                ],
            )
            .holding("recH1", "recFr", "recMairie", "", "")
            .holding("recH2", "recRen", "recArch", "1908", "30/06/2015")
    }

    /// Adds a row, or cells to a row.
    pub(crate) fn with(
        mut self,
        table: T,
        id: &str,
        cells: impl IntoIterator<Item = (F, Cell)>,
    ) -> Self {
        let rows = self.0.entry(table).or_default();
        rows.entry(id.parse().unwrap()).or_default().extend(cells);
        self
    }

    /// Adds a published holding of the building permits.
    pub(crate) fn holding(
        self,
        id: &str,
        territory: &str,
        service: &str,
        from: &str,
        until: &str,
    ) -> Self {
        let mut cells = vec![
            (F::Title, text(id)),
            (F::Document, links(&["recDoc"])),
            (F::Territories, links(&[territory])),
            (F::Service, links(&[service])),
            (F::Status, select("Publié")),
        ];
        cells.extend((!from.is_empty()).then(|| (F::From, text(from))));
        cells.extend((!until.is_empty()).then(|| (F::Until, text(until))));
        self.with(T::Holdings, id, cells)
    }

    /// Empties a cell.
    pub(crate) fn without(mut self, table: T, id: &str, field: F) -> Self {
        self.0.get_mut(&table).and_then(|rows| rows.get_mut(id)).unwrap().remove(&field);
        self
    }

    /// Deletes a row.
    pub(crate) fn delete(mut self, table: T, id: &str) -> Self {
        self.0.get_mut(&table).unwrap().remove(id);
        self
    }

    pub(crate) fn build(&self, previous: Option<&Release>) -> Built {
        self.build_with(&|_| File::Awaited, previous)
    }

    pub(crate) fn build_with(&self, files: &Files<'_>, previous: Option<&Release>) -> Built {
        build(&self.rows(), files, reference(), previous, &mut Memo::default())
    }

    pub(crate) fn build_backwards(&self) -> Built {
        let rows = self.tables().map(|(table, mut rows)| {
            rows.reverse();
            (table, rows)
        });
        let rows = Rows::read(rows, reference());
        build(&rows, &|_| File::Awaited, reference(), None, &mut Memo::default())
    }

    pub(crate) fn rows(&self) -> Rows {
        Rows::read(self.tables(), reference())
    }

    fn tables(&self) -> impl Iterator<Item = (T, Vec<Row>)> {
        let row = |(id, cells): (&RecordId, &BTreeMap<F, Cell>)| Row {
            id: id.clone(),
            cells: cells.iter().map(|(field, cell)| (*field, cell.clone())).collect(),
        };
        self.0.iter().map(move |(table, rows)| (*table, rows.iter().map(row).collect()))
    }
}
