//! Keeping a webhook alive, and its pings coming.

use chrono::{DateTime, Utc};

use super::{
    FeedError, Loss,
    state::{FeedState, lives},
};
use crate::airtable::{self, Client, webhooks::Webhook};

/// What upkeep found.
#[derive(Debug)]
pub struct Upkeep {
    /// The feed, with its new end. To be kept.
    pub state: FeedState,
    /// How its pings are.
    pub pings: Pings,
}

/// How a webhook's pings are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pings {
    /// It has no address to ping.
    Unused,
    /// They are sent.
    On,
    /// Airtable had turned them off, and they are on again.
    TurnedOn,
    /// Airtable had turned them off, and doesn't turn them on: the address may not answer.
    StayOff {
        /// Airtable's own words.
        message: Option<String>,
    },
}

impl Pings {
    /// Why they are not sent although they should be.
    pub fn why_off(&self) -> Option<String> {
        match self {
            Self::StayOff { message } => {
                let message = message.as_deref().unwrap_or("no reason given");
                Some(format!("Airtable sends no pings: {message}"))
            }
            Self::Unused | Self::On | Self::TurnedOn => None,
        }
    }
}

/// Looks whether the webhook is well, turns its pings on again if Airtable turned them off, and gives
/// it 7 more days. Two calls, or three.
///
/// # Errors
/// [`FeedError::Lost`] when it is gone, disabled or expired, else what hindered a call.
pub async fn upkeep(
    client: &Client,
    state: FeedState,
    now: DateTime<Utc>,
) -> Result<Upkeep, FeedError> {
    let webhooks = client.list_webhooks().await.map_err(|error| state.lost_or(error))?;
    let webhook = webhooks.iter().find(|webhook| webhook.id == state.webhook);
    let webhook = webhook.ok_or_else(|| state.lost(Loss::Gone))?;
    if !webhook.is_hook_enabled {
        return Err(state.lost(Loss::Disabled));
    }
    if !lives(webhook.expiration_time, now) {
        return Err(state.lost(Loss::Expired));
    }
    let pings = turn_on_pings(client, webhook).await.map_err(|error| state.lost_or(error))?;
    let refreshed = client.refresh_webhook(&state.webhook).await;
    let expires_at = refreshed.map_err(|error| state.lost_or(error))?;
    Ok(Upkeep { state: FeedState { expires_at, refreshed_at: now, ..state }, pings })
}

async fn turn_on_pings(client: &Client, webhook: &Webhook) -> Result<Pings, airtable::Error> {
    if webhook.notification_url.is_none() {
        return Ok(Pings::Unused);
    }
    if webhook.are_notifications_enabled {
        return Ok(Pings::On);
    }
    match client.enable_notifications(&webhook.id).await {
        Ok(()) => Ok(Pings::TurnedOn),
        Err(airtable::Error::Invalid { message, .. }) => Ok(Pings::StayOff { message }),
        Err(error) => Err(error),
    }
}
