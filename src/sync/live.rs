//! What is live: the current publication, and how the sync is doing.
//!
//! Readers take one [`Publication`] for a request and answer wholly from it; the sync swaps in the
//! next one without waiting for them.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, watch};

use super::budget;
pub use super::guards::Doubt;
use crate::{
    catalog::{Release, ReleaseId},
    content::{ids::TableId, problem::Problem, tables::TableKey},
};

/// A release as it was published.
#[derive(Debug)]
pub struct Publication {
    /// What readers see.
    pub release: Release,
    /// When it became public; kept when a later round changes nothing.
    pub published_at: DateTime<Utc>,
}

/// How the sync is doing.
#[derive(Debug, Clone, Default)]
pub struct SyncStatus {
    /// When Airtable was last read to the end and what it held was fit to publish.
    pub last_success: Option<DateTime<Utc>>,
    /// When a round last started.
    pub last_attempt: Option<DateTime<Utc>>,
    /// Why the last round left things as they were; `None` after a good one. Safe to publish.
    pub failure: Option<Failure>,
    /// What archivists should mend, as of the last round that was read to the end.
    pub problems: Arc<[Problem]>,
    /// The tables that were found, to link problems to their rows.
    pub tables: BTreeMap<TableKey, TableId>,
    /// Rows read in the last good round.
    pub rows: usize,
    /// Calls made to Airtable since the service started.
    pub calls: u64,
    /// The release that is held, because it would remove much.
    pub held: Option<Held>,
    /// When the whole base was last read.
    pub last_full: Option<DateTime<Utc>>,
    /// Rows that full rounds found other than they were known to be, since the service started.
    pub drift: u64,
    /// How changes are heard of.
    pub hearing: Hearing,
    /// The month's calls as of the last round; `None` where they are not counted.
    pub budget: Option<budget::Status>,
    /// Why the last round is not kept on disk, so that a restart would go on from an earlier one;
    /// `None` if it is, or if nothing is to be kept.
    pub store_failure: Option<String>,
}

/// How changes are heard of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Hearing {
    /// No round has come to a webhook yet.
    #[default]
    Unknown,
    /// By a webhook that pings.
    Pings,
    /// By a webhook that is asked at each round.
    Polling {
        /// Why it doesn't ping, where that is wanted.
        why: Option<String>,
    },
    /// By reading the whole base at each round.
    Listing {
        /// Why there is no webhook, where one is wanted.
        why: Option<String>,
    },
}

/// A release that waits to be believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its name.
    pub release: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why.
    pub doubt: Doubt,
}

/// Why the last good release stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Stable name of the reason, for programs: `unreachable`, `unauthorized`, `schema`…
    pub code: &'static str,
    /// What happened, in English, without secrets.
    pub message: String,
}

/// The current publication and status, shared by the sync and the API.
#[derive(Debug, Default)]
pub struct Live {
    publication: ArcSwapOption<Publication>,
    status: ArcSwap<SyncStatus>,
    next_round: ArcSwapOption<DateTime<Utc>>,
    /// The name of what is current, for those who wait for another one.
    name: watch::Sender<Option<ReleaseId>>,
    announcements: Announcements,
}

/// Tells of publications.
#[derive(Debug)]
struct Announcements(broadcast::Sender<Arc<Publication>>);

impl Default for Announcements {
    fn default() -> Self {
        // Who is slower than so many releases is told that it missed some.
        Self(broadcast::Sender::new(16))
    }
}

impl Live {
    /// The current publication; `None` until a first round succeeds.
    pub fn publication(&self) -> Option<Arc<Publication>> {
        self.publication.load_full()
    }

    /// Whether this release is the current one.
    pub fn is_current(&self, release: &ReleaseId) -> bool {
        self.publication.load().as_ref().is_some_and(|now| now.release.id() == release)
    }

    /// How the sync is doing.
    pub fn status(&self) -> Arc<SyncStatus> {
        self.status.load_full()
    }

    /// Makes a publication current.
    pub fn publish(&self, publication: Publication) {
        let name = publication.release.id().clone();
        let publication = Arc::new(publication);
        self.publication.store(Some(Arc::clone(&publication)));
        self.name.send_if_modified(|current| {
            let is_new = current.as_ref() != Some(&name);
            *current = Some(name);
            is_new
        });
        // Nobody listens, perhaps.
        let _ = self.announcements.0.send(publication);
    }

    /// Tells when another release has become current. Whoever is slow hears of the last one only.
    pub fn follow(&self) -> watch::Receiver<Option<ReleaseId>> {
        self.name.subscribe()
    }

    /// Every publication from now on, each after it is current.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Publication>> {
        self.announcements.0.subscribe()
    }

    /// When the next round is due, by the schedule and the budget.
    pub fn next_round(&self) -> Option<DateTime<Utc>> {
        self.next_round.load().as_deref().copied()
    }

    /// Tells when the next round is due.
    pub fn expect_round(&self, at: DateTime<Utc>) {
        self.next_round.store(Some(Arc::new(at)));
    }

    /// Replaces the status.
    pub fn report(&self, status: SyncStatus) {
        self.status.store(Arc::new(status));
    }
}
