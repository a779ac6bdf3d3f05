//! What one round leaves to the next.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    catalog,
    content::{problem::Problem, rows::Rows, tables::TableKey},
    sync::{
        feed::{FeedState, Refusal},
        live::Held,
        mapping::Mapping,
        mirror::Mirror,
    },
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
    /// When Airtable last refused us a webhook, and why.
    pub refused: Option<(DateTime<Utc>, Refusal)>,
    /// Why the webhook in use doesn't ping although it should.
    pub pings_off: Option<String>,
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
    /// Why the last round could not be kept.
    pub store_failure: Option<String>,
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
        let Self { refused, pings_off, is_store_behind, is_release_behind, store_failure, .. } =
            std::mem::take(self);
        *self = Self {
            refused,
            pings_off,
            is_store_behind,
            is_release_behind,
            store_failure,
            is_in_round: true,
            ..Self::default()
        };
    }

    /// Takes for noted now what lies ahead because the clock was put back since. Nothing that waits
    /// for its time may wait for longer than if it had been noted now.
    pub fn put_back(&mut self, now: DateTime<Utc>) {
        if let Some((at, _)) = &mut self.refused {
            *at = (*at).min(now);
        }
        self.progress.last_full = self.progress.last_full.min(Some(now));
        if let Some(held) = &mut self.progress.held {
            held.since = held.since.min(now);
        }
        if let Some(feed) = &mut self.feed {
            feed.put_back(now);
        }
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::sync::live::Doubt;

    #[test]
    fn what_was_noted_ahead_of_the_clock_is_taken_for_noted_now() {
        let now: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
        let (earlier, later) = (now - TimeDelta::days(1), now + TimeDelta::days(31));
        for (noted, expected) in [(earlier, earlier), (now, now), (later, now)] {
            let doubt = Doubt::Emptied { table: TableKey::Guides, before: 2 };
            let held = Held { release: "r".to_owned(), since: noted, doubt };
            let refused = Some((noted, Refusal::Full));
            let mut state = State { refused, ..State::default() };
            state.progress.last_full = Some(noted);
            state.progress.held = Some(held);
            state.put_back(now);
            let since = state.progress.held.map(|held| held.since);
            let refused = state.refused.map(|(at, _)| at);
            let found = [refused, state.progress.last_full, since];
            assert_eq!(found, [Some(expected); 3]);
        }
        let mut nothing = State::default();
        nothing.put_back(now);
        assert_eq!((nothing.refused, nothing.progress.last_full), (None, None));
    }
}
