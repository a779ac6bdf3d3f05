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
