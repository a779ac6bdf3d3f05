//! The feed: the service's webhook, and what it tells.
//!
//! A round asks [`ensure`] for a webhook that can be relied on, which costs no call while there is
//! one, and [`read`]s what changed since its cursor: one call when nothing did. A webhook that can't
//! be relied on any more is [`replace`]d, and since what it should have told is lost, a full round
//! follows. [`upkeep()`] keeps it alive.
//!
//! Webhooks live 7 days from their last refresh, and so do payloads; a base has at most ten
//! (<https://airtable.com/developers/web/api/webhooks-overview>). Without a notification URL the
//! service adopts a webhook that fits rather than make another, so that one without a disk doesn't
//! use up all ten: reading payloads disturbs no other reader.

mod establish;
mod state;
mod upkeep;

pub use self::{
    establish::{Ensured, Origin, RETRY_REFUSED, Refusal, ensure, replace},
    state::FeedState,
    upkeep::{Pings, Upkeep, upkeep},
};
use super::changes::{Changes, Gap};
use crate::airtable::{self, Client};

/// Most pages of payloads, of 50 each, that are read in a row: beyond, reading everything is both
/// cheaper and surer.
const MAX_PAGES: usize = 200;

/// Why a round can't go by the feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The webhook is to be [`replace`]d, and everything to be read.
    #[error("the webhook {webhook} can't be relied on any more")]
    Lost {
        /// Its id.
        webhook: String,
        /// Why.
        #[source]
        loss: Loss,
    },
    /// Airtable could not be asked. The feed stays as it is.
    #[error("the webhook could not be asked")]
    Airtable(#[from] airtable::Error),
}

/// Why a webhook can't be relied on any more.
#[derive(Debug, thiserror::Error)]
pub enum Loss {
    /// The base has it no more.
    #[error("it is not there any more")]
    Gone,
    /// Airtable refuses a call about it, most often because it is not there any more.
    #[error("Airtable refuses to speak of it")]
    Refused(#[source] airtable::Error),
    /// Waiting doesn't mend a payload that can't be understood.
    #[error("its payloads can't be understood")]
    Unreadable(#[source] airtable::Error),
    /// It makes no payload any more: it lived too long without being refreshed.
    #[error("it expired")]
    Expired,
    /// It makes no payload any more: Airtable stopped it.
    #[error("Airtable disabled it")]
    Disabled,
    /// Not all of its payloads can be had.
    #[error("its payloads don't tell all that changed")]
    Gap(#[from] Gap),
    /// There are more payloads than are worth reading.
    #[error("it has more than {} payloads to read", MAX_PAGES * 50)]
    Backlog,
}

/// Reads what changed since the state's cursor: in one call, unless more than 50 payloads wait.
///
/// The state stays as it is: it is to be moved to the cursor of the changes together with what they
/// led to.
///
/// # Errors
/// [`FeedError::Lost`] when the webhook can't tell, else what hindered the call.
pub async fn read(client: &Client, state: &FeedState) -> Result<Changes, FeedError> {
    let mut changes = Changes::since(state.cursor);
    for _ in 0..MAX_PAGES {
        let page = client.webhook_payloads(&state.webhook, changes.cursor).await;
        let page = page.map_err(|error| state.lost_or(error))?;
        let might_have_more = page.might_have_more;
        changes.add(page).map_err(|gap| state.lost(gap.into()))?;
        if !might_have_more {
            return Ok(changes);
        }
    }
    Err(state.lost(Loss::Backlog))
}

impl FeedState {
    fn lost(&self, loss: Loss) -> FeedError {
        FeedError::Lost { webhook: self.webhook.0.clone(), loss }
    }

    /// What an error of a call about this webhook means.
    fn lost_or(&self, error: airtable::Error) -> FeedError {
        use airtable::Error as E;
        match error {
            // Airtable says 403 of what is gone, too. If it is the token's permission that is gone,
            // replacing the webhook is refused, which tells.
            E::NotFound { .. } | E::Forbidden { .. } => self.lost(Loss::Refused(error)),
            // A cursor that the webhook never reached, or a webhook that can't be refreshed.
            E::Invalid { status: 400 | 410 | 422, .. } => self.lost(Loss::Refused(error)),
            E::Unexpected { .. } | E::TooLarge { .. } => self.lost(Loss::Unreadable(error)),
            error => FeedError::Airtable(error),
        }
    }
}
