//! Letting a held release out: someone's word, which the rounds find in the store.
//!
//! Whoever gives it writes to the store beside the running service; the service looks for it at
//! each of its rounds while something is held. A word is about one release by its name: as soon as
//! that one is no longer held, it is forgotten, and lets out nothing else.

use super::{Engine, keep::PROGRESS, state::Progress};
use crate::{
    store::{Store, StoreError, ValueKey},
    sync::live::Held,
};

/// The name of the release that was accepted.
pub(super) const ACCEPTED: ValueKey = ValueKey::new("accepted");

/// Why a release can't be accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// There is none.
    #[error("no release is held")]
    NothingHeld,
    /// It is not the one that is held: what it was about may be over.
    #[error("release {asked} is not held: {held} is")]
    OtherHeld {
        /// The one that was named.
        asked: String,
        /// The one that is held.
        held: String,
    },
    /// What is kept can't be understood: another version of the program may have kept it.
    #[error("what is kept of the last round can't be understood")]
    Unreadable(#[source] serde_json::Error),
    /// The store failed.
    #[error("the store can't be used")]
    Store(#[from] StoreError),
}

/// The release that is held, as the last round left it.
///
/// # Errors
/// What is kept can't be read.
pub fn held(store: &Store) -> Result<Option<Held>, AcceptError> {
    let Some(text) = store.value(PROGRESS)? else { return Ok(None) };
    let progress: Progress = serde_json::from_str(&text).map_err(AcceptError::Unreadable)?;
    Ok(progress.held)
}

/// Lets the held release out at the service's next round. `asked` is its name; `None` takes
/// whichever is held.
///
/// # Errors
/// Nothing is held, or something else; or the store failed.
pub fn accept(store: &Store, asked: Option<&str>) -> Result<Held, AcceptError> {
    let held = held(store)?.ok_or(AcceptError::NothingHeld)?;
    match asked {
        Some(asked) if asked != held.release => {
            Err(AcceptError::OtherHeld { asked: asked.to_owned(), held: held.release })
        }
        _ => {
            store.put_value(ACCEPTED, Some(&held.release))?;
            Ok(held)
        }
    }
}

impl Engine {
    /// Whether someone accepted this release.
    pub(super) fn is_accepted(&self, release: &str) -> bool {
        let accepted = self.store.as_ref().map(|store| store.value(ACCEPTED));
        matches!(accepted, Some(Ok(Some(accepted))) if accepted == release)
    }
}
