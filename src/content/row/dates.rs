//! Reading days and the ends of periods.

use chrono::NaiveDate;

use super::{Reader, excerpt};
use crate::{
    content::{
        cell::Cell,
        period::{Bound, Side},
        problem::Code,
        tables::FieldKey,
    },
    paris,
};

impl Reader<'_> {
    /// A day. Of an instant, the day that it was in Paris, where archivists typed it.
    pub fn day(&mut self, field: FieldKey) -> Option<NaiveDate> {
        let text = match self.cell(field)? {
            Cell::Date(day) => day.to_string(),
            Cell::DateTime(instant) => paris::day(*instant).to_string(),
            Cell::Text(text) => text.clone(),
            _ => return self.unreadable(field, "une date"),
        };
        match Bound::parse(&text, Side::From) {
            Ok(Bound::Day(day)) => Some(day),
            _ => self.unreadable_date(field, &text),
        }
    }

    /// One end of a period; `None` when it can't be read, which is not the same as open.
    pub fn bound(&mut self, field: FieldKey, side: Side) -> Option<Bound> {
        let text = match self.cell(field) {
            None if self.is_empty(field) => return Some(Bound::Open),
            None => return None,
            Some(Cell::Date(day)) => day.to_string(),
            Some(Cell::DateTime(instant)) => paris::day(*instant).to_string(),
            Some(Cell::Number(year)) => year.to_string(),
            Some(Cell::Text(text)) => text.clone(),
            Some(_) => return self.unreadable(field, "une date"),
        };
        match Bound::parse(&text, side) {
            Ok(bound) => Some(bound),
            Err(_) => self.unreadable_date(field, &text),
        }
    }

    fn unreadable_date<T>(&mut self, field: FieldKey, text: &str) -> Option<T> {
        self.report(
            field,
            Code::UnreadableDate,
            format!(
                "« {} » n'est pas une date lisible. Formes acceptées : 1908, 1908-07, 1908-07-01, \
                 01/07/1908, « 75 ans » ou case vide.",
                excerpt(text)
            ),
        );
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{row::Row, tables::TableKey};

    /// *Du* and *Vérifié le* of a row whose cells hold the same.
    fn read(cell: &Cell) -> (Option<Bound>, Option<NaiveDate>, Vec<Code>) {
        let cells = [FieldKey::From, FieldKey::VerifiedOn].map(|field| (field, cell.clone()));
        let row = Row { id: "rec1".parse().unwrap(), cells: cells.into() };
        let mut problems = Vec::new();
        let mut reader = Reader::new(TableKey::Holdings, &row, &mut problems);
        let bound = reader.bound(FieldKey::From, Side::From);
        let day = reader.day(FieldKey::VerifiedOn);
        (bound, day, problems.into_iter().map(|problem| problem.code).collect())
    }

    #[test]
    fn a_day_is_read_whatever_the_type_of_its_field() {
        let day = "1943-08-17".parse().unwrap();
        // Midnight in Paris, under the double summer time of the Occupation.
        let instant = "1943-08-16T22:00:00Z".parse().unwrap();
        for cell in [Cell::Text("17/08/1943".into()), Cell::Date(day), Cell::DateTime(instant)] {
            assert_eq!(read(&cell), (Some(Bound::Day(day)), Some(day), vec![]), "{cell:?}");
        }
    }

    #[test]
    fn a_day_that_no_archivist_meant_is_told() {
        for cell in [
            Cell::Text("0000-00-00".into()),
            Cell::Date(NaiveDate::MIN),
            Cell::Date(NaiveDate::MAX),
            Cell::Date("0019-08-17".parse().unwrap()),
            Cell::DateTime("9999-12-31T23:59:59Z".parse().unwrap()),
        ] {
            let told = vec![Code::UnreadableDate; 2];
            assert_eq!(read(&cell), (None, None, told), "{cell:?}");
        }
    }
}
