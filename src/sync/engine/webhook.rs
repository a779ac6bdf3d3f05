//! Coming to a webhook that tells what changes, and keeping it.

use url::Url;

use super::{Engine, Follow, state::State};
use crate::{
    airtable,
    sync::{
        changes::Changes,
        feed::{self, Ensured, FeedError, FeedState, Pings, RETRY_REFUSED, Upkeep},
    },
};

impl Engine {
    /// The webhook that tells all that changed since its cursor. `None` when there is none, or when
    /// the base was not read whole since it began.
    pub(super) async fn hear(
        &self,
        state: &mut State,
    ) -> Result<Option<FeedState>, airtable::Error> {
        let now = self.now();
        let is_refused = state.refused.as_ref().is_some_and(|(at, _)| now - *at < RETRY_REFUSED);
        if self.settings.follow == Follow::Listing || is_refused {
            return Ok(None);
        }
        let kept = state.feed.clone();
        let ensured = feed::ensure(&self.client, kept, self.ping_url(), now).await?;
        Ok(self.take_feed(state, ensured))
    }

    /// Comes to another webhook after one was lost.
    pub(super) async fn hear_anew(
        &self,
        state: &mut State,
        lost: &FeedState,
    ) -> Result<(), airtable::Error> {
        let ensured = feed::replace(&self.client, lost, self.ping_url(), self.now()).await?;
        self.take_feed(state, ensured);
        Ok(())
    }

    /// Keeps the webhook alive, when that is due; gives what it is like then.
    pub(super) async fn keep_alive(
        &self,
        feed: &FeedState,
        changes: &Changes,
    ) -> Result<Option<Upkeep>, FeedError> {
        let now = self.now();
        if !feed.is_upkeep_due(changes, self.wake.last_ping(), now) {
            return Ok(None);
        }
        let upkeep = feed::upkeep(&self.client, feed.clone(), now).await?;
        match &upkeep.pings {
            Pings::TurnedOn => tracing::info!("Airtable had stopped its pings; they are on again"),
            Pings::StayOff { message } => {
                tracing::warn!(?message, "Airtable's pings can't be turned on; we poll");
            }
            Pings::Unused | Pings::On => {}
        }
        Ok(Some(upkeep))
    }

    fn ping_url(&self) -> Option<&Url> {
        match &self.settings.follow {
            Follow::Pings(url) => Some(url),
            Follow::Listing | Follow::Polling => None,
        }
    }

    fn take_feed(&self, state: &mut State, ensured: Ensured) -> Option<FeedState> {
        let (feed, heard) = match ensured {
            Ensured::Kept(feed) => {
                (Some(feed.clone()), Some(feed).filter(|feed| feed.follows_listing))
            }
            Ensured::Fresh { state: feed, origin } => {
                tracing::info!(webhook = feed.webhook.0, ?origin, "changes are told by a webhook");
                // At once: a webhook that is forgotten still takes one of the base's ten places.
                self.keep_feed(&feed);
                state.pings_off = None;
                (Some(feed), None)
            }
            Ensured::Unavailable(refusal) => {
                tracing::warn!(%refusal, "without a webhook, every round reads the whole base");
                state.refused = Some((self.now(), refusal));
                (None, None)
            }
        };
        self.wake.expect(feed.as_ref());
        state.feed = feed;
        heard
    }
}
