//! What makes a release too odd to be believed at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    catalog::Release,
    content::tables::{Need, TableKey},
};

/// Why a release is held: it is more likely a slip than meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// A table that had rows has none.
    #[error("table {} had {before} rows and has none", table.def().name)]
    Emptied {
        /// The table.
        table: TableKey,
        /// Rows in the last published round.
        before: usize,
    },
    /// Much of what is public would go at once.
    #[error("{before} {what} are public, and only {left} would stay")]
    Shrunk {
        /// What would go.
        what: String,
        /// How many are public.
        before: usize,
        /// How many would stay.
        left: usize,
    },
}

impl Doubt {
    /// Stable name of the reason, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Emptied { .. } => "emptied-table",
            Self::Shrunk { .. } => "mass-removal",
        }
    }
}

type Counts = BTreeMap<TableKey, usize>;

/// Whether a release, made of so many rows by table, is to be doubted beside the current one.
/// `percent` is the share of a kind whose removal at once is odd.
pub(super) fn doubt(
    percent: u8,
    (rows_before, current): (&Counts, Option<&Release>),
    (rows, next): (&Counts, &Release),
) -> Option<Doubt> {
    emptied(rows_before, rows).or_else(|| mass_removal(current?, next, percent))
}

/// A required table that loses all its rows at once is a slip, or Airtable's: it once listed 3 rows
/// instead of 1,500.
fn emptied(before: &Counts, now: &Counts) -> Option<Doubt> {
    before.iter().find_map(|(table, before)| {
        let is_empty = now.get(table).is_none_or(|rows| *rows == 0);
        let is_odd = *before > 0 && is_empty && table.def().need == Need::Required;
        is_odd.then_some(Doubt::Emptied { table: *table, before: *before })
    })
}

/// A smaller loss is never odd, however few there are of a kind.
const FEW: usize = 10;

/// Whether so much of a kind would go that it is more likely a slip.
fn mass_removal(current: &Release, next: &Release, percent: u8) -> Option<Doubt> {
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
        let is_mass = removed > FEW && removed * 100 > before * usize::from(percent);
        is_mass.then(|| Doubt::Shrunk { what: what.to_owned(), before, left })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::fixture::Base;

    /// A release with so many building permits' holdings.
    fn release(holdings: usize) -> Release {
        let base = (0..holdings).fold(Base::sound(), |base, n| {
            base.holding(&format!("recH{n:03}"), "recRen", "recArch", "", "")
        });
        base.build(None).release
    }

    #[test]
    fn a_removal_is_odd_when_it_is_large_by_number_and_by_share() {
        // Two more are in the sound base.
        for (before, left, percent, is_odd) in [
            (38, 27, 30, false),
            (38, 26, 30, false),
            (38, 25, 30, true),
            (38, 25, 40, false),
            (13, 3, 30, false),
            (13, 2, 30, true),
            (38, 48, 1, false),
        ] {
            let (rows, current, next) = (Counts::new(), release(before), release(left));
            let found = doubt(percent, (&rows, Some(&current)), (&rows, &next));
            assert_eq!(found.is_some(), is_odd, "{before} {left} {percent}: {found:?}");
        }
    }

    #[test]
    fn a_required_table_that_is_emptied_is_odd_and_feedback_is_not() {
        for (table, is_odd) in [(TableKey::Choices, true), (TableKey::Feedback, false)] {
            let (before, now) = (Counts::from([(table, 1)]), Counts::from([(table, 0)]));
            assert_eq!(emptied(&before, &now).is_some(), is_odd, "{table:?}");
            assert_eq!(emptied(&now, &before), None);
        }
    }
}
