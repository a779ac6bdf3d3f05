//! What was public before, for requests: a release by name, the releases that are kept, and what
//! differs between two of them, computed once for all who ask.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use moka::future::Cache;
use tokio::task::spawn_blocking;

use super::{
    problem::{Code, Problem},
    v1::{
        changes::Differences,
        events::{self, ReleaseEvent},
        root::Counts,
    },
};
use crate::{
    catalog::ReleaseId,
    reference::Reference,
    sync::{
        archive::{Archive, ArchiveError},
        live::{Live, Publication},
    },
};

/// Pairs of releases of which the differences are held.
const MOST_PAIRS: u64 = 16;
/// Events that are held, each of some kilobytes.
const MOST_EVENTS: u64 = 64;

/// The current release and those before it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct History {
    live: Arc<Live>,
    archive: Archive,
    reference: &'static Reference,
    differences: Cache<(ReleaseId, ReleaseId), Arc<Differences>>,
    events: Cache<(Option<ReleaseId>, ReleaseId), Bytes>,
}

/// A release in the history.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub id: ReleaseId,
    /// When it became public.
    pub published_at: DateTime<Utc>,
    /// How much is in it.
    pub counts: Counts,
}

impl History {
    /// The history of what is live.
    pub fn new(live: Arc<Live>, archive: Archive, reference: &'static Reference) -> Self {
        let (differences, events) = (Cache::new(MOST_PAIRS), Cache::new(MOST_EVENTS));
        Self { live, archive, reference, differences, events }
    }

    /// What is live.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// A release by its name: the current one at once, an earlier one as long as it is kept.
    ///
    /// # Errors
    /// When it is not kept or damaged, naming the parameter by which it was asked for; or when the
    /// store fails.
    pub async fn find(&self, id: &ReleaseId, parameter: &str) -> Result<Arc<Publication>, Problem> {
        if let Some(current) = self.live.publication().filter(|it| it.release.id() == id) {
            return Ok(current);
        }
        self.archive.find(id).await.map_err(|error| problem_of(&error, parameter))
    }

    /// The releases that are kept, newest first; the current one is the first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn entries(&self, current: &Publication) -> Result<Vec<Entry>, Problem> {
        let headers = self.archive.headers().await.map_err(|error| internal(&error))?;
        let entry = |header: crate::store::ReleaseHeader| {
            let counts = Counts::from(&header.counts);
            Some(Entry { id: header.id.parse().ok()?, published_at: header.published_at, counts })
        };
        let mut entries: Vec<Entry> = headers.into_iter().filter_map(entry).collect();
        let id = current.release.id();
        // It is public before it is kept.
        if entries.first().is_none_or(|newest| newest.id != *id) {
            let counts = Counts::from(current.release.content());
            let published_at = current.published_at;
            entries.insert(0, Entry { id: id.clone(), published_at, counts });
        }
        Ok(entries)
    }

    /// What differs between two releases.
    ///
    /// # Errors
    /// When the comparison is cut off.
    pub async fn differences(
        &self,
        before: &Arc<Publication>,
        now: &Arc<Publication>,
    ) -> Result<Arc<Differences>, Problem> {
        let key = (before.release.id().clone(), now.release.id().clone());
        let (before, now, reference) = (Arc::clone(before), Arc::clone(now), self.reference);
        // Off the threads that serve: much may have to be rendered.
        let compare = move || Differences::new(&before.release, &now.release, reference);
        let compared = async { spawn_blocking(compare).await.map(Arc::new) };
        self.differences.try_get_with(key, compared).await.map_err(|error| internal(&error))
    }

    /// The event that tells of the current release whoever has seen `seen`; written once for all.
    pub async fn event(&self, seen: Option<&ReleaseId>, current: &Arc<Publication>) -> Bytes {
        let key = (seen.cloned(), current.release.id().clone());
        self.events.get_with(key, self.write_event(seen, current)).await
    }

    async fn write_event(&self, seen: Option<&ReleaseId>, current: &Arc<Publication>) -> Bytes {
        let event = match seen {
            None => ReleaseEvent::first(current),
            Some(id) => match self.between(id, current).await {
                Ok(differences) => ReleaseEvent::next(id, current, &differences),
                // What changed can't be told: the client is to read everything anew.
                Err(_) => return events::write("reset", &ReleaseEvent::first(current)),
            },
        };
        // The next event starts from this release.
        self.archive.hold(current).await;
        events::write("release", &event)
    }

    async fn between(
        &self,
        id: &ReleaseId,
        current: &Arc<Publication>,
    ) -> Result<Arc<Differences>, Problem> {
        let before = self.find(id, "Last-Event-ID").await?;
        self.differences(&before, current).await
    }
}

fn problem_of(error: &ArchiveError, parameter: &str) -> Problem {
    let (code, id) = match error {
        ArchiveError::NotKept { id } => (Code::ReleaseNotFound, id),
        ArchiveError::Damaged { id, .. } => {
            tracing::warn!(%error, source = source_of(error), "a kept release can't be read");
            (Code::ReleaseGone, id)
        }
        ArchiveError::Store(_) | ArchiveError::CutOff(_) => return internal(error),
    };
    let detail = format!(
        "Release {id} is not kept here, or no longer. To start again: read the name of the current \
         release in \"release\" of /v1, read everything with ?release= and that name, then ask \
         /v1/changes?since= it."
    );
    Problem::new(code, detail).parameter(parameter).found(id.as_str())
}

fn internal(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(%error, source = source_of(error), "the history can't be read");
    Problem::of(Code::Internal)
}

fn source_of(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    error.source().map(ToString::to_string)
}
