//! Keeping what rounds lead to, and going on from what an earlier run kept.

use std::{collections::BTreeMap, error::Error};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Engine,
    acceptance::ACCEPTED,
    state::{Base, Progress, State},
};
use crate::{
    airtable::{Record, schema::BaseSchema},
    catalog::Release,
    content::{ids::BaseId, tables::TableKey},
    reference::Reference,
    store::{
        Commit, Item, ItemChanges, ReleaseChange, RowChanges, Store, StoreError, StoredRow,
        ValueKey,
    },
    sync::{
        failure::chain,
        feed::FeedState,
        live::{Publication, SyncStatus},
        mapping::{Mapping, Names, resolve},
        mirror::Mirror,
    },
};

/// What the rows were read by.
const BASE: ValueKey = ValueKey::new("base");
/// The webhook and its cursor.
const FEED: ValueKey = ValueKey::new("feed");
/// How far rounds have come.
pub(super) const PROGRESS: ValueKey = ValueKey::new("progress");

/// What a round came to, for what is kept of it.
#[derive(Clone, Copy)]
pub(super) enum End<'a> {
    /// The release that was held before it still is.
    StaysHeld,
    /// A release is held, and was not before.
    Held,
    /// This release is public.
    Public {
        now: &'a Publication,
        /// What was public before.
        before: Option<&'a Publication>,
    },
}

/// What the rows were read by, as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptBase {
    base: BaseId,
    names: Names,
    schema: BaseSchema,
    mapping: Mapping,
}

impl Engine {
    /// Makes public what an earlier run last published, without a call to Airtable.
    pub fn restore(&self) {
        let Some(store) = &self.store else { return };
        if self.kept_base(store).is_none() {
            return;
        }
        self.wake.expect(read::<FeedState>(store, FEED).as_ref());
        let kept = match store.current_release() {
            Ok(current) => {
                for notice in &current.notices {
                    tracing::warn!(%notice, "a kept release is left out");
                }
                current.release
            }
            Err(error) => return tell("the kept releases can't be read", &error),
        };
        let Some(kept) = kept else { return };
        let items = kept.items.iter().map(|it| (it.kind, it.key.as_str(), it.body.as_slice()));
        match Release::restore(&kept.id, items, self.reference) {
            Ok(release) => {
                tracing::info!(release = kept.id, "going on from the kept release");
                self.live.publish(Publication { release, published_at: kept.published_at });
                self.index_apart();
                let progress: Progress = read(store, PROGRESS).unwrap_or_default();
                self.live.report(SyncStatus {
                    last_success: progress.last_success,
                    last_attempt: progress.last_look,
                    rows: progress.row_counts.values().sum(),
                    last_full: progress.last_full,
                    held: progress.held,
                    ..SyncStatus::default()
                });
            }
            Err(error) => tell("the kept release can't be used; the base is read anew", &error),
        }
    }

    /// Makes the index of what is public on a thread of its own: all but search is ready before.
    fn index_apart(&self) {
        let (Some(publication), reference) = (self.live.publication(), self.reference) else {
            return;
        };
        let index = move || {
            if let Err(error) = publication.release.search(reference) {
                tell("the kept release can't be searched", error);
            }
        };
        // Without a thread to spare, the first search makes it.
        if let Err(error) = std::thread::Builder::new().name("index".to_owned()).spawn(index) {
            tell("the index has no thread of its own", &error);
        }
    }

    /// Goes on from the rows that an earlier run kept, if they can be used.
    pub(super) fn remember(&self, state: &mut State) {
        let (false, Some(store)) = (state.is_remembered, &self.store) else { return };
        state.is_remembered = true;
        // Until a release is known to be the newest that is kept, all of it is kept anew.
        state.is_release_behind = self.live.publication().is_none();
        let Some(kept) = self.kept_base(store) else {
            state.is_store_behind = true;
            state.is_release_behind = true;
            return;
        };
        state.pins = kept.mapping.clone();
        state.progress = Progress {
            last_look: state.progress.last_look,
            ..read(store, PROGRESS).unwrap_or_default()
        };
        state.feed = read::<FeedState>(store, FEED);
        self.wake.expect(state.feed.as_ref());
        let resolution = resolve(&kept.schema, &self.settings.names, &kept.mapping);
        if resolution.mapping != kept.mapping {
            return;
        }
        let mut mirror = Mirror::new(kept.schema, kept.mapping);
        match load(store, &mut mirror, self.reference) {
            Ok(true) => state.base = Some(Base { mirror, problems: resolution.problems }),
            Ok(false) => state.is_store_behind = true,
            Err(error) => {
                state.is_store_behind = true;
                tell("the kept rows can't be used; the base is read anew", error.as_ref());
            }
        }
    }

    /// What the kept rows were read by; `None` if it is another base, or under other names.
    fn kept_base(&self, store: &Store) -> Option<KeptBase> {
        let kept: KeptBase = read(store, BASE)?;
        let is_ours = kept.base == *self.client.base() && kept.names == self.settings.names;
        if !is_ours {
            tracing::info!(base = %kept.base, "what is kept is of another base, or under other names");
        }
        is_ours.then_some(kept)
    }

    /// Keeps a webhook at once.
    pub(super) fn keep_feed(&self, feed: &FeedState) {
        let Some(store) = &self.store else { return };
        let kept = json(feed).map(|json| store.put_value(FEED, Some(&json)));
        if let Some(Err(error)) = kept {
            tell("the webhook can't be kept; a restart would come to another", &error);
        }
    }

    /// Keeps all rows of a base and the cursor up to which they were read, before anything is made
    /// of them: so their text is freed before a release of them takes its place in memory.
    pub(super) fn keep_base(&self, state: &mut State, rows: Vec<StoredRow>) {
        let Some(store) = &self.store else { return };
        let values = self.values(state);
        let commit = Commit { rows: RowChanges::Replace(rows), values, release: None };
        let kept = store.commit(&commit);
        state.is_store_behind = kept.is_err();
        if let Err(error) = &kept {
            tell("the base can't be kept; a restart would go on from an earlier round", error);
        }
        state.store_failure = kept.err().map(|error| chain(&error));
    }

    /// Keeps what a round has led to: the rows, how far they were read and, where a release was
    /// published, what changed from the one before.
    pub(super) fn keep_round(&self, state: &mut State, rows: RowChanges, end: End<'_>) {
        let Some(store) = &self.store else { return };
        // Changes can't be kept on top of rows that are not there: the next full round keeps all.
        if state.is_store_behind {
            return;
        }
        let mut values = self.values(state);
        // While the same release stays held, someone may be accepting it at this very moment.
        if !matches!(end, End::StaysHeld) {
            values.push((ACCEPTED, None));
        }
        let change = |is_whole| match end {
            End::Public { now, before } => release_change(now, before, is_whole),
            End::StaysHeld | End::Held => None,
        };
        let commit = Commit { rows, values, release: change(state.is_release_behind) };
        let kept = match store.commit(&commit) {
            // Another program may have added a release, or the newest may be damaged.
            Err(StoreError::OtherRelease { .. }) => {
                store.commit(&Commit { release: change(true), ..commit })
            }
            kept => kept,
        };
        state.is_store_behind = kept.is_err();
        state.is_release_behind = kept.is_err();
        let pruned = kept.and_then(|()| match end {
            End::Public { .. } => store.keep_releases(self.settings.releases),
            End::StaysHeld | End::Held => Ok(()),
        });
        if let Err(error) = &pruned {
            tell("a round can't be kept; a restart would go on from an earlier one", error);
        }
        state.store_failure = pruned.err().map(|error| chain(&error));
    }

    /// What goes with the rows: what they were read by, and how far.
    fn values(&self, state: &State) -> Vec<(ValueKey, Option<String>)> {
        let base = state.base.as_ref().map(|base| KeptBase {
            base: self.client.base().clone(),
            names: self.settings.names.clone(),
            schema: base.mirror.schema.clone(),
            mapping: base.mirror.mapping.clone(),
        });
        vec![
            (BASE, base.as_ref().and_then(json)),
            (FEED, state.feed.as_ref().and_then(json)),
            (PROGRESS, json(&state.progress)),
        ]
    }
}

/// What is to be kept of a release; `None` if it is the one before.
fn release_change(
    now: &Publication,
    before: Option<&Publication>,
    is_whole: bool,
) -> Option<ReleaseChange> {
    let before = before.filter(|_| !is_whole);
    let changes = now.release.changes_since(before.map(|before| &before.release));
    if changes.is_empty() {
        return None;
    }
    let (mut put, mut gone) = (Vec::new(), Vec::new());
    for change in changes {
        match change.body {
            Some(body) => put.push(Item { kind: change.kind, key: change.key, body }),
            None => gone.push((change.kind, change.key)),
        }
    }
    let items = match before {
        Some(before) => {
            let from = before.release.id().to_string();
            ItemChanges::Change { from, put, gone }
        }
        None => ItemChanges::Replace(put),
    };
    Some(ReleaseChange { id: now.release.id().to_string(), published_at: now.published_at, items })
}

/// A row as the store keeps it.
pub(super) fn stored(table: TableKey, record: &Record) -> StoredRow {
    let json = serde_json::to_string(record).unwrap_or_default().into();
    StoredRow { table, id: record.id.clone(), json }
}

/// Reads the kept rows into a mirror; whether they are a whole base.
fn load(
    store: &Store,
    mirror: &mut Mirror,
    reference: &Reference,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let mut tables: BTreeMap<TableKey, Vec<Record>> = BTreeMap::new();
    let mut unreadable = None;
    let count = store.rows(|table, _, text| match serde_json::from_str(text) {
        Ok(record) => tables.entry(table).or_default().push(record),
        Err(error) => unreadable = Some(error),
    })?;
    if let Some(error) = unreadable {
        return Err(error.into());
    }
    while let Some((table, records)) = tables.pop_first() {
        mirror.replace(table, &records, reference);
    }
    Ok(count.is_some())
}

fn read<T: DeserializeOwned>(store: &Store, key: ValueKey) -> Option<T> {
    match store.value(key) {
        Ok(text) => {
            let text = text?;
            serde_json::from_str(&text)
                .inspect_err(|error| tell("a kept value can't be understood", error))
                .ok()
        }
        Err(error) => {
            tell("a kept value can't be read", &error);
            None
        }
    }
}

fn json(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

fn tell(what: &str, error: &(dyn Error + 'static)) {
    tracing::warn!(error = %chain(error), "{what}");
}
