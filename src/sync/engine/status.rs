//! Telling how rounds are doing, to those who run the service.

use super::{Engine, Follow, RoundError, state::State};
use crate::sync::{
    budget::Meter,
    failure::chain,
    live::{Hearing, SyncStatus},
};

impl Engine {
    /// Tells in the status what a round leaves, however it ended.
    pub(super) fn describe(&self, state: &State, status: &mut SyncStatus) {
        status.calls = self.client.calls().total();
        status.held.clone_from(&state.progress.held);
        status.last_full = state.progress.last_full;
        status.drift = self.metrics.drift();
        status.hearing = self.hearing(state);
        status.budget = self.meter().map(Meter::status);
        status.store_failure.clone_from(&state.store_failure);
    }

    fn hearing(&self, state: &State) -> Hearing {
        match (&state.feed, &state.refused) {
            (Some(feed), _) if feed.notification_url.is_none() => Hearing::Polling { why: None },
            (Some(_), _) => match &state.pings_off {
                Some(why) => Hearing::Polling { why: Some(why.clone()) },
                None => Hearing::Pings,
            },
            (None, Some((_, refusal))) => Hearing::Listing { why: Some(refusal.to_string()) },
            (None, None) if self.settings.follow == Follow::Listing => {
                Hearing::Listing { why: None }
            }
            (None, None) => Hearing::Unknown,
        }
    }

    /// Tells why a round failed, in the log once and in the status.
    pub(super) fn tell_failure(&self, error: &RoundError, status: &mut SyncStatus) {
        let failure = error.failure();
        let is_told = status.failure.as_ref() == Some(&failure);
        status.failure = Some(failure);
        let cause = chain(error);
        match self.live.publication() {
            // Once is enough: rounds are many.
            _ if is_told => tracing::debug!(%cause, "a round failed as the one before"),
            Some(_) => tracing::warn!(%cause, "a round failed; the last good release stays"),
            None => tracing::warn!(%cause, "a round failed, and nothing is public yet"),
        }
    }
}
