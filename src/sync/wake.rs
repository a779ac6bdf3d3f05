//! Waking the rounds: Airtable's pings, checked, and merged into one signal.
//!
//! A ping says only that there is something to read, so a forged one would at most cost a call, and
//! one that is replayed or comes a thousand times sets a flag that is set.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::Notify;

use super::feed::FeedState;
use crate::{
    airtable::webhooks::{WebhookId, verify},
    content::ids::BaseId,
};

/// Shared by the API, which receives pings, and the rounds, which wait for them.
#[derive(Debug, Default)]
pub struct Wake {
    expected: ArcSwapOption<Expected>,
    last_ping: ArcSwapOption<DateTime<Utc>>,
    signal: Notify,
    good: AtomicU64,
    refused: AtomicU64,
}

/// The webhook whose pings are ours.
#[derive(Debug)]
struct Expected {
    base: BaseId,
    webhook: WebhookId,
    secret: SecretString,
}

/// Pings received so far, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PingCounts {
    /// Signed, and of our webhook.
    pub good: u64,
    /// All others.
    pub refused: u64,
}

/// Why a ping was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PingError {
    /// No webhook that pings is in use.
    #[error("no webhook that pings is in use")]
    NotInUse,
    /// It has no signature, or not our webhook's. A forger learns no more.
    #[error("the ping is not signed by the webhook in use")]
    NotSigned,
}

/// What a ping says (<https://airtable.com/developers/web/api/webhooks-overview>).
#[derive(Deserialize)]
struct Ping {
    base: Named<BaseId>,
    webhook: Named<WebhookId>,
}

#[derive(Deserialize)]
struct Named<T> {
    id: T,
}

impl Wake {
    /// Takes the pings of this feed's webhook, and no other's, from now on.
    pub fn expect(&self, feed: Option<&FeedState>) {
        let expected = feed.and_then(|feed| {
            feed.notification_url.as_ref()?;
            let secret = feed.secret.clone()?;
            Some(Expected { base: feed.base.clone(), webhook: feed.webhook.clone(), secret })
        });
        self.expected.store(expected.map(Arc::new));
    }

    /// Receives a ping: its signature, as the header [`MAC_HEADER`] has it, and its raw body.
    ///
    /// # Errors
    /// When it isn't a ping of the webhook in use; no one is woken then.
    ///
    /// [`MAC_HEADER`]: crate::airtable::webhooks::MAC_HEADER
    pub fn receive(
        &self,
        mac: Option<&str>,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), PingError> {
        let checked = self.check(mac, body);
        let count = if checked.is_ok() { &self.good } else { &self.refused };
        count.fetch_add(1, Ordering::Relaxed);
        checked?;
        self.last_ping.store(Some(Arc::new(now)));
        self.signal.notify_one();
        Ok(())
    }

    fn check(&self, mac: Option<&str>, body: &[u8]) -> Result<(), PingError> {
        let expected = self.expected.load();
        let expected = expected.as_ref().ok_or(PingError::NotInUse)?;
        // Nothing is made of the body before it is known to be Airtable's.
        verify(&expected.secret, mac.unwrap_or_default(), body)
            .map_err(|_| PingError::NotSigned)?;
        match serde_json::from_slice(body) {
            Ok(Ping { base, webhook })
                if base.id == expected.base && webhook.id == expected.webhook =>
            {
                Ok(())
            }
            _ => Err(PingError::NotSigned),
        }
    }

    /// Waits for a good ping. Those that came since the last wait are one.
    pub async fn woken(&self) {
        self.signal.notified().await;
    }

    /// When the last good ping came.
    pub fn last_ping(&self) -> Option<DateTime<Utc>> {
        self.last_ping.load().as_deref().copied()
    }

    /// How many pings came.
    pub fn counts(&self) -> PingCounts {
        PingCounts {
            good: self.good.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}
