//! Earlier releases, for readers: found by name in the store, restored once, and held for as long
//! as someone asks for them.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};

use super::live::Publication;
use crate::{
    catalog::{Release, ReleaseId, kept::RestoreError},
    reference::Reference,
    store::{KeptRelease, ReleaseHeader, Store, StoreError},
};

/// Releases that are held beside the current one. Each is as large as that.
const MOST_HELD: u64 = 4;
/// How long one is held that nobody asks for.
const IDLE: Duration = Duration::from_secs(600);

/// The releases that are kept. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Archive {
    store: Store,
    reference: &'static Reference,
    held: Cache<ReleaseId, Arc<Publication>>,
    /// One is restored at a time: it takes memory, and a whole processor.
    restoring: Arc<Semaphore>,
}

/// Why a release can't be had.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is not kept: it never was, or it is too old.
    #[error("release {id} is not kept")]
    NotKept {
        /// Its name.
        id: ReleaseId,
    },
    /// It was kept, and what is left of it can't be used.
    #[error("what was kept of release {id} can't be used")]
    Damaged {
        /// Its name.
        id: ReleaseId,
        /// What is wrong with it.
        source: Damage,
    },
    /// The store failed.
    #[error("the store can't be read")]
    Store(#[source] StoreError),
    /// The task that reads was cut off.
    #[error("reading the store was cut off")]
    CutOff(#[from] JoinError),
}

/// What is wrong with a kept release.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// Its bytes are not those that were written.
    #[error(transparent)]
    Bytes(StoreError),
    /// They are not a release.
    #[error(transparent)]
    Content(#[from] RestoreError),
}

impl Archive {
    /// The releases of a store.
    pub fn new(store: Store, reference: &'static Reference) -> Self {
        let held = Cache::builder().max_capacity(MOST_HELD).time_to_idle(IDLE).build();
        Self { store, reference, held, restoring: Arc::new(Semaphore::new(1)) }
    }

    /// A release that is kept. Those who ask for the same one at once wait for one restoration.
    ///
    /// # Errors
    /// It is not kept or damaged, or the store failed.
    pub async fn find(&self, id: &ReleaseId) -> Result<Arc<Publication>, Arc<ArchiveError>> {
        self.held.try_get_with_by_ref(id, self.restore(id)).await
    }

    /// Holds a release that is at hand, so that it need not be restored when the next one comes.
    pub async fn hold(&self, publication: &Arc<Publication>) {
        self.held.insert(publication.release.id().clone(), Arc::clone(publication)).await;
    }

    /// What is known of the releases that are kept, newest first. The same name comes again where
    /// an edit was undone.
    ///
    /// # Errors
    /// The store failed.
    pub async fn headers(&self) -> Result<Vec<ReleaseHeader>, ArchiveError> {
        let store = self.store.clone();
        spawn_blocking(move || store.releases()).await?.map_err(ArchiveError::Store)
    }

    async fn restore(&self, id: &ReleaseId) -> Result<Arc<Publication>, ArchiveError> {
        // The semaphore is never closed.
        let _alone = self.restoring.acquire().await;
        let (store, reference, id) = (self.store.clone(), self.reference, id.clone());
        spawn_blocking(move || read(&store, reference, &id)).await?.map(Arc::new)
    }
}

fn read(store: &Store, reference: &Reference, id: &ReleaseId) -> Result<Publication, ArchiveError> {
    let damaged = |source| ArchiveError::Damaged { id: id.clone(), source };
    let kept = match store.release(id.as_str()) {
        Ok(Some(kept)) => kept,
        Ok(None) => return Err(ArchiveError::NotKept { id: id.clone() }),
        Err(error @ StoreError::Damaged { .. }) => return Err(damaged(Damage::Bytes(error))),
        Err(error) => return Err(ArchiveError::Store(error)),
    };
    let KeptRelease { id: name, published_at, items } = kept;
    let items = items.iter().map(|item| (item.kind, item.key.as_str(), item.body.as_slice()));
    let release = Release::restore(&name, items, reference);
    let release = release.map_err(|error| damaged(error.into()))?;
    Ok(Publication { release, published_at })
}
