//! What one round leaves to the next.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    catalog,
    content::{problem::Problem, rows::Rows, tables::TableKey},
    sync::{feed::FeedState, live::Held, mapping::Mapping, mirror::Mirror},
};

/// What one round leaves to the next.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The base as last seen; `None` before it was.
    pub base: Option<Base>,
    /// What the last build leaves to the next.
    pub memo: catalog::Memo,
    /// The same, for the checks that depend on the day.
    pub checks: catalog::checks::Memo,
    /// The day of the last checks.
    pub checked_on: Option<NaiveDate>,
    /// Which ids the names had at first sight.
    pub pins: Mapping,
    /// The webhook in use.
    pub feed: Option<FeedState>,
    /// When Airtable last refused us a webhook.
    pub refused_at: Option<DateTime<Utc>>,
    /// How far rounds have come.
    pub progress: Progress,
    /// Whether what an earlier run kept was looked for.
    pub is_remembered: bool,
    /// Whether a round began and did not end.
    pub is_in_round: bool,
    /// Whether the store missed a round, so that changes of rows can't be kept on top of what it has.
    pub is_store_behind: bool,
    /// The same, for releases.
    pub is_release_behind: bool,
}

/// The base as last seen.
#[derive(Debug)]
pub(super) struct Base {
    pub mirror: Mirror,
    /// What the mapping lacks, or was renamed or retyped.
    pub problems: Vec<Problem>,
}

/// How far rounds have come, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    /// When a round last started.
    pub last_look: Option<DateTime<Utc>>,
    /// When what Airtable held was last fit to publish.
    pub last_success: Option<DateTime<Utc>>,
    /// When the whole base was last read.
    pub last_full: Option<DateTime<Utc>>,
    /// Calls that this took.
    pub full_calls: u64,
    /// Rows of each table in the last round that was published.
    pub row_counts: BTreeMap<TableKey, usize>,
    /// The release that is held.
    pub held: Option<Held>,
}

impl State {
    /// Drops what a round that was given up may have left torn, to be loaded or read again.
    pub fn forget(&mut self) {
        let Self { refused_at, is_store_behind, is_release_behind, .. } = *self;
        *self = Self {
            refused_at,
            is_store_behind,
            is_release_behind,
            is_in_round: true,
            ..Self::default()
        };
    }

    /// Rows of the base.
    pub fn rows(&self) -> usize {
        self.base.as_ref().map_or(0, |base| base.mirror.rows.len())
    }
}

/// Rows by table.
pub(super) fn row_counts(rows: &Rows) -> BTreeMap<TableKey, usize> {
    rows.tables().into_iter().map(|(key, table)| (key, table.len())).collect()
}
