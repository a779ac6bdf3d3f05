//! Full rounds: the whole base is read, and proves the mirror right.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{
    Done, Engine, RoundError,
    keep::stored,
    state::{Base, State},
};
use crate::{
    airtable::{Record, schema::BaseSchema},
    content::{ids::RecordId, problem::Problem, tables::TableKey},
    store::{RowChanges, StoredRow},
    sync::{
        changes::{Changes, Seen, tables_to_list},
        failure::chain,
        feed::{self, FeedError, FeedState},
        live::SyncStatus,
        mapping::{Mapping, resolve},
        metrics::RoundKind,
        mirror::Mirror,
        reread::read_rows,
    },
};

/// What a webhook told until the base was listed.
struct Told {
    feed: FeedState,
    changes: Changes,
}

impl Engine {
    /// Reads the whole base, and publishes what changed.
    pub(super) async fn read_everything(
        &self,
        state: &mut State,
        status: &mut SyncStatus,
    ) -> Result<Done, RoundError> {
        let calls_before = self.client.calls().total();
        let told = self.told_so_far(state).await;
        let schema = self.client.schema().await?;
        let (mapping, problems) = self.resolve(&schema, state, status)?;
        let mut records = self.fetch(&mapping).await?;
        let later = self.told_meanwhile(told.as_ref()).await;
        if let (Some(told), Some(later)) = (&told, &later) {
            let missed = missed(state.base.as_ref(), [&told.changes, later], &mapping, &records);
            self.ask_for_missed(missed, &mapping, &mut records).await?;
        }

        let is_known = state.base.as_ref().is_some_and(|base| {
            let before = Seen { schema: &base.mirror.schema, mapping: &base.mirror.mapping };
            tables_to_list(before, Seen { schema: &schema, mapping: &mapping }).is_empty()
        });
        let base = match state.base.take().filter(|_| is_known) {
            Some(Base { mirror, .. }) => {
                let mirror = Mirror { schema, mapping: mapping.clone(), ..mirror };
                state.base.insert(Base { mirror, problems })
            }
            None => {
                let mirror = Mirror::new(schema, mapping.clone());
                state.base.insert(Base { mirror, problems })
            }
        };
        let mut kept = Kept::new(is_known && !state.is_store_behind);
        let mut changed = BTreeSet::new();
        for (table, records) in records {
            let listed: HashSet<RecordId> = match kept {
                Kept::Changes { .. } => records.iter().map(|record| record.id.clone()).collect(),
                Kept::All(_) => HashSet::new(),
            };
            let differing = base.mirror.replace(table, &records, self.reference);
            kept.add(table, records, &listed, &differing);
            changed.extend(differing);
        }
        if let (true, Some(told), Some(later)) = (is_known, &told, &later) {
            let drift = drift(changed, [&told.changes, later], &told.feed);
            self.tell_drift(&drift);
        }
        state.pins = mapping;
        if let Some(Told { feed, changes }) = told {
            // What was told meanwhile is read again by the next round: the listing may be older.
            state.feed = Some(FeedState { cursor: changes.cursor, ..feed });
        }
        if let Some(feed) = &mut state.feed {
            feed.follows_listing = true;
        }
        state.progress.last_full = Some(self.now());
        state.progress.full_calls = self.client.calls().total() - calls_before;
        let rows = match kept {
            Kept::All(rows) => {
                self.keep_base(state, rows);
                RowChanges::Keep
            }
            Kept::Changes { put, gone } => RowChanges::Change { put, gone },
        };
        let outcome = self.publish(state, status, RoundKind::Full, rows)?;
        Ok(Done { kind: RoundKind::Full, outcome })
    }

    /// What the webhook has told. Full rounds do without one that can't be asked.
    async fn told_so_far(&self, state: &mut State) -> Option<Told> {
        let feed = match self.hear(state).await {
            Ok(Some(feed)) => feed,
            Ok(None) => return None,
            Err(error) => {
                tracing::warn!(%error, "the webhook can't be asked; the base is read without it");
                return None;
            }
        };
        match feed::read(&self.client, &feed).await {
            Ok(changes) => Some(Told { feed, changes }),
            Err(FeedError::Airtable(error)) => {
                tracing::warn!(%error, "the webhook can't be asked; the base is read without it");
                None
            }
            Err(lost) => {
                tracing::warn!(error = %chain(&lost), "another webhook is needed");
                if let Err(error) = self.hear_anew(state, &feed).await {
                    tracing::warn!(%error, "no other webhook could be made yet");
                }
                None
            }
        }
    }

    /// What the webhook told while the base was listed.
    async fn told_meanwhile(&self, told: Option<&Told>) -> Option<Changes> {
        let Told { feed, changes } = told?;
        let feed = FeedState { cursor: changes.cursor, ..feed.clone() };
        feed::read(&self.client, &feed).await.ok()
    }

    /// Finds the tables and fields, and tells what is missing.
    pub(super) fn resolve(
        &self,
        schema: &BaseSchema,
        state: &State,
        status: &mut SyncStatus,
    ) -> Result<(Mapping, Vec<Problem>), RoundError> {
        let resolution = resolve(schema, &self.settings.names, &state.pins);
        let found = resolution.mapping.tables.iter();
        status.tables = found.map(|(key, table)| (*key, table.id.clone())).collect();
        let obstacles: Vec<_> =
            resolution.obstacles().map(|problem| problem.place.to_string()).collect();
        if obstacles.is_empty() {
            return Ok((resolution.mapping, resolution.problems));
        }
        status.problems = resolution.problems.into();
        Err(RoundError::Schema(obstacles.join(", ")))
    }

    /// Every mapped table but *Retours*, which is written and never read.
    async fn fetch(
        &self,
        mapping: &Mapping,
    ) -> Result<BTreeMap<TableKey, Vec<Record>>, RoundError> {
        let wanted: Vec<_> =
            mapping.tables.iter().filter(|(key, _)| **key != TableKey::Feedback).collect();
        let tables: Vec<_> = wanted
            .iter()
            .map(|(_, table)| (table.id.clone(), table.fields.keys().cloned().collect()))
            .collect();
        let listed = self.client.all_tables(&tables).await;
        let keyed = wanted.iter().zip(listed).map(|((key, _), (_, rows))| Ok((**key, rows?)));
        keyed.collect()
    }

    /// Asks by their ids for rows that are not listed although nothing told that they were deleted:
    /// once in a while, Airtable lists too few rows.
    async fn ask_for_missed(
        &self,
        missed: Vec<(TableKey, Vec<RecordId>)>,
        mapping: &Mapping,
        records: &mut BTreeMap<TableKey, Vec<Record>>,
    ) -> Result<(), RoundError> {
        for (key, ids) in missed {
            let Some(table) = mapping.tables.get(&key) else { continue };
            let found = read_rows(&self.client, table, &ids).await?;
            if !found.is_empty() {
                let (table, rows) = (key.def().name, found.len());
                tracing::warn!(table, rows, "Airtable listed too few rows; they are still there");
            }
            records.entry(key).or_default().extend(found);
        }
        Ok(())
    }

    fn tell_drift(&self, drift: &BTreeSet<RecordId>) {
        if drift.is_empty() {
            return;
        }
        self.metrics.add_drift(drift.len() as u64);
        let rows: Vec<_> = drift.iter().take(10).map(RecordId::as_str).collect();
        tracing::warn!(
            rows = drift.len(),
            some = rows.join(" "),
            "rows differ from what the webhook told of them; they are mended"
        );
    }
}

/// The rows that are not listed although nothing told that they were deleted.
fn missed(
    base: Option<&Base>,
    told: [&Changes; 2],
    mapping: &Mapping,
    records: &BTreeMap<TableKey, Vec<Record>>,
) -> Vec<(TableKey, Vec<RecordId>)> {
    let tables = base.into_iter().flat_map(|base| base.mirror.rows.tables());
    let missed = tables.filter_map(|(key, table)| {
        let (listed, mapped) = (records.get(&key)?, mapping.tables.get(&key)?);
        let listed: HashSet<&RecordId> = listed.iter().map(|record| &record.id).collect();
        let deleted = told.iter().filter_map(|told| told.rows.get(&mapped.id));
        let deleted: HashSet<&RecordId> = deleted.flat_map(|rows| &rows.deleted).collect();
        let missed = table.ids().filter(|id| !listed.contains(*id) && !deleted.contains(*id));
        Some((key, missed.cloned().collect::<Vec<_>>()))
    });
    missed.filter(|(_, ids)| !ids.is_empty()).collect()
}

/// The rows that changed although the webhook did not tell.
fn drift(changed: BTreeSet<RecordId>, told: [&Changes; 2], feed: &FeedState) -> BTreeSet<RecordId> {
    let is_told = |id: &RecordId| {
        told.iter()
            .flat_map(|changes| changes.rows.values())
            .any(|rows| rows.reread.contains(id) || rows.deleted.contains(id))
    };
    if told.iter().any(|changes| !changes.schema.is_empty()) {
        // A change of a field touches rows that payloads don't name.
        return BTreeSet::new();
    }
    changed.into_iter().filter(|id| !is_told(id) && !feed.pending.has(id)).collect()
}

/// What the store is to keep of the rows.
enum Kept {
    All(Vec<StoredRow>),
    Changes { put: Vec<StoredRow>, gone: Vec<(TableKey, RecordId)> },
}

impl Kept {
    fn new(is_known: bool) -> Self {
        match is_known {
            true => Self::Changes { put: Vec::new(), gone: Vec::new() },
            false => Self::All(Vec::new()),
        }
    }

    fn add(
        &mut self,
        table: TableKey,
        records: Vec<Record>,
        listed: &HashSet<RecordId>,
        changed: &[RecordId],
    ) {
        match self {
            Self::All(rows) => {
                rows.extend(records.into_iter().map(|record| stored(table, &record)))
            }
            Self::Changes { put, gone } => {
                let changed: HashSet<&RecordId> = changed.iter().collect();
                let read = records.iter().filter(|record| changed.contains(&record.id));
                put.extend(read.map(|record| stored(table, record)));
                let lost = changed.into_iter().filter(|id| !listed.contains(*id));
                gone.extend(lost.map(|id| (table, id.clone())));
            }
        }
    }
}
