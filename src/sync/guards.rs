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
pub(super) fn doubt(
    (rows_before, current): (&Counts, Option<&Release>),
    (rows, next): (&Counts, &Release),
) -> Option<Doubt> {
    emptied(rows_before, rows).or_else(|| mass_removal(current?, next))
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

/// Whether so much would go that it is more likely a slip: over 10 and over 30 % of a kind.
fn mass_removal(current: &Release, next: &Release) -> Option<Doubt> {
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
        is_mass.then(|| Doubt::Shrunk { what: what.to_owned(), before, left })
    })
}
