//! What makes a round too odd to be believed at once.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Months, NaiveTime, Utc};

use super::engine::RoundError;
use crate::{
    catalog::Release,
    content::tables::{Need, TableKey},
};

/// A required table that loses all its rows at once is a slip, or Airtable's: it once listed 3 rows
/// instead of 1,500.
pub(super) fn check_not_emptied(
    before: &BTreeMap<TableKey, usize>,
    now: &BTreeMap<TableKey, usize>,
) -> Result<(), RoundError> {
    for (table, before) in before {
        let is_empty = now.get(table).is_none_or(|rows| *rows == 0);
        if *before > 0 && is_empty && table.def().need == Need::Required {
            return Err(RoundError::Emptied { table: *table, before: *before });
        }
    }
    Ok(())
}

/// Whether so much would go that it is more likely a slip: over 10 and over 30 % of a kind.
pub(super) fn mass_removal(current: &Release, next: &Release) -> Option<RoundError> {
    let counts = |release: &Release| {
        let content = release.content();
        let steps = content.guides.values().map(|guide| guide.steps.len()).sum();
        [
            ("guides", content.guides.len()),
            ("steps", steps),
            ("documents", content.documents.len()),
            ("services", content.services.len()),
            ("territories", content.territories.len()),
            ("holdings", content.holdings.len()),
        ]
    };
    counts(current).into_iter().zip(counts(next)).find_map(|((what, before), (_, left))| {
        let removed = before.saturating_sub(left);
        let is_mass = removed > 10 && removed * 10 > before * 3;
        is_mass.then_some(RoundError::Shrunk { what, before, left })
    })
}

/// When Airtable's quota starts anew: on the first of the month.
pub(super) fn next_month(now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let first = now.date_naive().with_day(1)?.checked_add_months(Months::new(1))?;
    Some(first.and_time(NaiveTime::MIN).and_utc())
}
