//! Files of what is published: copied apart from the rounds, so that no edit waits for a download.
//!
//! A round publishes at once, with the earlier files in the place of those that are missing, and
//! asks for these. [`Engine::fetch_media`] then reads their rows again for links that live, downloads
//! them, and publishes what has come.

use std::{
    collections::HashSet,
    mem,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use tokio::sync::{self, Notify};

use super::{Engine, Outcome, RoundError, state::State};
use crate::{
    airtable::{self, ListOptions, cell::decode, download::Downloader, schema::TableSchema},
    catalog::{File, Release},
    content::{
        cell::{Attachment, Cell},
        guide::Illustration,
        ids::{AttachmentId, FieldId, RecordId},
        rows::{Linked, Table},
        tables::{FieldKey, TableKey},
    },
    media::{FetchReport, Library, MediaId, Wanted, mentioned},
    store::{RowChanges, StoreError},
    sync::{
        failure::chain,
        live::SyncStatus,
        metrics::{RoundEnd, RoundKind},
        mirror::Mirror,
        reread::BATCH,
    },
};

/// From one removal of what nobody needs to the next.
const BETWEEN_SWEEPS: TimeDelta = TimeDelta::days(1);

/// The copies of files, and who brings them.
#[derive(Debug)]
pub(super) struct Files {
    library: Library,
    downloader: Downloader,
    /// Told when there is something to do.
    due: Notify,
    /// Held while files are fetched, so that it is never done twice at once.
    fetching: sync::Mutex<()>,
    swept_at: Mutex<Option<DateTime<Utc>>>,
}

/// Rows of a table some of whose files are missing.
struct Missing {
    table: TableSchema,
    field: FieldId,
    rows: Vec<Row>,
}

/// A row, and the files of it that are missing.
type Row = (RecordId, Vec<AttachmentId>);

impl Missing {
    fn new(mirror: &Mirror, (table, field): (TableKey, FieldKey), rows: Vec<Row>) -> Option<Self> {
        let mapped = mirror.mapping.tables.get(&table).filter(|_| !rows.is_empty())?;
        let field = mapped.field(field)?.clone();
        Some(Self { table: mirror.schema.table(&mapped.id)?.clone(), field, rows })
    }

    fn batches(&self) -> impl Iterator<Item = (&Self, &[Row])> {
        self.rows.chunks(BATCH).map(move |rows| (self, rows))
    }
}

fn row<'a, T>(table: &'a Table<T>, record: &RecordId) -> Option<&'a T> {
    match table.get(record) {
        Linked::Row(row) => Some(row),
        Linked::Unreadable | Linked::Missing => None,
    }
}

impl Files {
    pub(super) fn new(library: Library, downloader: Downloader) -> Self {
        Self {
            library,
            downloader,
            due: Notify::new(),
            fetching: sync::Mutex::default(),
            swept_at: Mutex::default(),
        }
    }

    /// The files that published rows have and the library does not.
    fn missing(&self, mirror: &Mirror, release: &Release, now: DateTime<Utc>) -> Vec<Missing> {
        let (rows, content) = (&mirror.rows, release.content());
        // As the rows are now: what only an earlier version shows can't be had any more.
        let steps = content.guides.values().flat_map(|guide| guide.steps.values());
        let steps = steps.filter_map(|step| row(&rows.steps, &step.record));
        let steps = steps.map(|step| (&step.record, step.illustrations.as_slice()));
        let services = content.services.values();
        let services = services.filter_map(|service| row(&rows.services, &service.record));
        let services = services.map(|service| (&service.record, service.photos.as_slice()));
        let steps = self.missing_of(steps, now);
        let services = self.missing_of(services, now);
        [
            Missing::new(mirror, (TableKey::Steps, FieldKey::Illustrations), steps),
            Missing::new(mirror, (TableKey::Services, FieldKey::Photo), services),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn missing_of<'a>(
        &self,
        rows: impl Iterator<Item = (&'a RecordId, &'a [Illustration])>,
        now: DateTime<Utc>,
    ) -> Vec<Row> {
        let rows = rows.filter(|(_, files)| !files.is_empty());
        let rows = rows.map(|(record, files)| {
            let files = files.iter().map(|file| &file.id);
            (record.clone(), self.library.missing(files, now))
        });
        rows.filter(|(_, missing)| !missing.is_empty()).collect()
    }

    fn is_sweep_due(&self, last_full: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        // What lies ahead was noted before the clock was put back.
        let swept_at = self.swept_at.lock().filter(|at| *at <= now);
        last_full.is_some_and(|full| swept_at.is_none_or(|at| full - at >= BETWEEN_SWEEPS))
    }
}

impl Engine {
    /// What is known of a file. Without a library, all are still to come.
    pub(super) fn file(&self, file: &Illustration) -> File {
        let Some(Files { library, .. }) = &self.files else { return File::Awaited };
        match library.get(&file.id) {
            Some(media) => File::Kept(media.published(file)),
            None => match library.failure(&file.id) {
                Some(error) => File::Failed { advice: error.advice() },
                None => File::Awaited,
            },
        }
    }

    /// After a good round: wakes whoever tends the files, if there is something to do.
    pub(super) fn ask_for_files(&self, state: &State) {
        let Some(files) = &self.files else { return };
        if files.is_sweep_due(state.progress.last_full, self.now())
            || !self.missing_files(state).is_empty()
        {
            files.due.notify_one();
        }
    }

    /// Waits until a round leaves files to be fetched or removed; for ever without a library.
    pub async fn media_due(&self) {
        match &self.files {
            Some(files) => files.due.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Fetches the files that published rows have and the library does not, then publishes them. The
    /// state is locked only before and after: rounds go on meanwhile. Does nothing, without a call,
    /// when no file is missing, or while it is already under way.
    ///
    /// # Errors
    /// When the rows can't be read for their links. What had come by then is published.
    pub async fn fetch_media(&self) -> Result<(), airtable::Error> {
        let Some(files) = &self.files else { return Ok(()) };
        let Ok(_alone) = files.fetching.try_lock() else { return Ok(()) };
        let started = Instant::now();
        let missing = self.missing_files(&*self.state.lock().await);
        if missing.is_empty() {
            return Ok(());
        }
        let mut all = FetchReport::default();
        let fetched = self.fetch_all(files, &missing, &mut all).await;
        for (id, error) in &all.failed {
            self.metrics.add_media_failure();
            let error = chain(&**error);
            tracing::warn!(attachment = id.as_str(), error, "a file can't be copied yet");
        }
        if !(all.arrived.is_empty() && all.failed.is_empty()) {
            self.publish_files(started).await;
        }
        if !(all.arrived.is_empty() || all.left.is_empty()) {
            files.due.notify_one();
        }
        self.count_files(files);
        fetched
    }

    /// Removes, once a day, the files that no kept release has needed for long. Blocks.
    pub fn sweep_media(&self) {
        let Some(files) = &self.files else { return };
        let Ok(last_full) = self.state.try_lock().map(|state| state.progress.last_full) else {
            return;
        };
        if !files.is_sweep_due(last_full, self.now()) {
            return;
        }
        *files.swept_at.lock() = Some(self.now());
        let swept = match self.needed_files() {
            Ok(needed) => files.library.sweep(&needed, self.now()),
            Err(error) => return tracing::warn!(error = chain(&error), "no file is removed"),
        };
        match swept {
            Ok(swept) => tracing::info!(files = swept.files, bytes = swept.bytes, "files removed"),
            Err(error) => tracing::warn!(%error, "files that nobody needs can't be removed"),
        }
        self.count_files(files);
    }

    /// The files that any release names which is kept, in its texts too.
    fn needed_files(&self) -> Result<HashSet<MediaId>, StoreError> {
        let mut needed = HashSet::new();
        if let Some(store) = &self.store {
            store.bodies(|body| needed.extend(mentioned(body)))?;
        }
        if let Some(current) = self.live.publication() {
            let bodies = current.release.changes_since(None).into_iter();
            bodies.filter_map(|item| item.body).for_each(|body| needed.extend(mentioned(&body)));
        }
        Ok(needed)
    }

    fn missing_files(&self, state: &State) -> Vec<Missing> {
        let publication = self.live.publication();
        // While a release is held, rows say what nobody is to see.
        let is_held = state.progress.held.is_some() || state.is_in_round;
        let (Some(files), Some(base), Some(publication), false) =
            (&self.files, &state.base, publication, is_held)
        else {
            return Vec::new();
        };
        files.missing(&base.mirror, &publication.release, self.now())
    }

    /// Fetches files, a page of rows at a time, as long as the library has patience.
    async fn fetch_all(
        &self,
        files: &Files,
        missing: &[Missing],
        all: &mut FetchReport,
    ) -> Result<(), airtable::Error> {
        let batches = missing.iter().flat_map(Missing::batches);
        for (missing, rows) in batches.collect::<Vec<_>>() {
            let mut wanted: HashSet<&AttachmentId> = rows.iter().flat_map(|(_, ids)| ids).collect();
            let found = self.links(missing, rows).await?;
            let links = found.iter().filter(|file| wanted.remove(&file.id)).map(Wanted::from);
            let links: Vec<Wanted> = links.collect();
            files.library.give_up(wanted.into_iter().cloned(), self.now());
            let report = files.library.fetch(&files.downloader, links, self.now()).await;
            let is_out_of_time = !report.left.is_empty();
            all.arrived.extend(report.arrived);
            all.failed.extend(report.failed);
            all.left.extend(report.left);
            if is_out_of_time {
                break;
            }
        }
        Ok(())
    }

    /// The files of some rows, with fresh links.
    async fn links(
        &self,
        missing: &Missing,
        rows: &[Row],
    ) -> Result<Vec<Attachment>, airtable::Error> {
        let ids: Vec<RecordId> = rows.iter().map(|(record, _)| record.clone()).collect();
        let options = ListOptions::fields([missing.field.clone()]).only(&ids);
        let records = self.client.list(&missing.table.id, &options).await?;
        let cells = records.iter().flat_map(|record| decode(record, &missing.table));
        let files = cells.filter_map(|(_, cell)| match cell {
            Cell::Attachments(files) => Some(files),
            _ => None,
        });
        Ok(files.flatten().collect())
    }

    /// Publishes what was read, with the files that have come, and tells of those that have not.
    async fn publish_files(&self, started: Instant) {
        let mut state = self.state.lock().await;
        if state.progress.held.is_some() || mem::replace(&mut state.is_in_round, true) {
            return;
        }
        let mut status = SyncStatus::clone(&self.live.status());
        let nothing = RowChanges::Change { put: Vec::new(), gone: Vec::new() };
        let result = self.publish(&mut state, &mut status, RoundKind::Media, nothing);
        state.is_in_round = false;
        self.describe(&state, &mut status);
        self.live.report(status);
        self.tell_files(&result, started.elapsed());
    }

    fn tell_files(&self, result: &Result<Outcome, RoundError>, duration: Duration) {
        let end = match result {
            Ok(Outcome::Published) => RoundEnd::Published,
            Ok(Outcome::Unchanged) => RoundEnd::Unchanged,
            Err(_) => RoundEnd::Failed,
        };
        self.metrics.record_round(RoundKind::Media, end, duration);
        let duration_ms = duration.as_millis();
        match result {
            Ok(outcome) => tracing::info!(?outcome, duration_ms, "files were fetched"),
            Err(error) => tracing::warn!(error = chain(error), "files that came are not public"),
        }
    }

    fn count_files(&self, files: &Files) {
        let stats = files.library.stats();
        self.metrics.set_media(stats.files as u64, stats.bytes);
    }
}
