//! Coming to a webhook: keeping the one in use, adopting one that fits, or making one.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::state::{FeedState, lives};
use crate::{
    airtable::{
        Client, Error,
        webhooks::{CreatedWebhook, DataType, Webhook, WebhookId},
    },
    sync::reread::Pending,
};

/// After how long a [`Refusal`] is worth another try: only a person can change the reason.
pub const RETRY_REFUSED: TimeDelta = TimeDelta::days(1);

/// Webhooks that may be lost in a day before the service does without.
const MAX_LOSSES: usize = 10;

/// How long a webhook lives from its last refresh.
const LIFE: TimeDelta = TimeDelta::days(7);

/// What there is to go by.
#[derive(Debug)]
pub enum Ensured {
    /// The webhook of earlier rounds: go on from its cursor.
    Kept(FeedState),
    /// Another webhook than before. It tells what changes from now on; for what changed until now, a
    /// full round must follow. The state is to be kept at once, or the webhook is forgotten.
    Fresh {
        /// The feed, its cursor set on what comes next.
        state: FeedState,
        /// Where it comes from.
        origin: Origin,
    },
    /// Airtable gives us no webhook. Full rounds must do, and [`RETRY_REFUSED`] the next try.
    Unavailable(Refusal),
}

/// Where a webhook comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was made now.
    Created,
    /// It was there, and watches what ours would.
    Adopted,
}

/// Why Airtable gives us no webhook. To be told once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token lacks a scope.
    #[error(
        "the token may not manage webhooks: it lacks the scope webhook:manage, or may not read"
    )]
    Scope,
    /// All of the base's webhooks are taken.
    #[error("the base has as many webhooks as Airtable allows; one that is not in use could go")]
    Full,
    /// They are lost again and again: something else deletes them, such as another service with the
    /// same address.
    #[error("{MAX_LOSSES} webhooks were lost in a day; something else may delete them")]
    Unreliable,
    /// Anything else, such as an address for pings that Airtable doesn't take.
    #[error("Airtable makes no webhook: {}", message.as_deref().unwrap_or("no reason given"))]
    Other {
        /// Airtable's own words.
        message: Option<String>,
    },
}

/// Keeps the webhook in use, without a call, if it serves this base and address and isn't about to
/// end; otherwise comes to another. `kept` is what an earlier call led to.
///
/// # Errors
/// What hindered a call. A refusal to make a webhook is no error but [`Ensured::Unavailable`].
pub async fn ensure(
    client: &Client,
    kept: Option<FeedState>,
    notification_url: Option<&Url>,
    now: DateTime<Utc>,
) -> Result<Ensured, Error> {
    match kept {
        Some(kept) if kept.serves(client.base(), notification_url, now) => Ok(Ensured::Kept(kept)),
        former => establish(client, former.as_ref(), notification_url, now).await,
    }
}

/// Comes to another webhook in the place of one that was lost, unless that happens too often: each
/// costs a full round.
///
/// # Errors
/// As [`ensure`].
pub async fn replace(
    client: &Client,
    lost: &FeedState,
    notification_url: Option<&Url>,
    now: DateTime<Utc>,
) -> Result<Ensured, Error> {
    let is_recent = |loss: &DateTime<Utc>| now - *loss < RETRY_REFUSED;
    let mut losses: Vec<_> = lost.losses.iter().copied().filter(is_recent).collect();
    if losses.len() >= MAX_LOSSES {
        return Ok(Ensured::Unavailable(Refusal::Unreliable));
    }
    losses.push(now);
    Ok(match establish(client, Some(lost), notification_url, now).await? {
        Ensured::Fresh { state, origin } => {
            Ensured::Fresh { state: FeedState { losses, ..state }, origin }
        }
        other => other,
    })
}

async fn establish(
    client: &Client,
    former: Option<&FeedState>,
    url: Option<&Url>,
    now: DateTime<Utc>,
) -> Result<Ensured, Error> {
    let webhooks = match client.list_webhooks().await {
        Ok(webhooks) => webhooks,
        Err(error) => return Refusal::of(error).map(Ensured::Unavailable),
    };
    for webhook in webhooks.iter().filter(|webhook| is_superseded(webhook, former, url)) {
        discard(client, &webhook.id).await?;
    }
    let is_fit = |webhook: &&Webhook| url.is_none() && is_adoptable(webhook, former, now);
    if let Some(webhook) = webhooks.iter().find(is_fit) {
        let state = adopted(client, webhook, now);
        return Ok(Ensured::Fresh { state, origin: Origin::Adopted });
    }
    match client.create_webhook(&DataType::ALL, url).await {
        Ok(webhook) => {
            let state = created(client, webhook, url, now);
            Ok(Ensured::Fresh { state, origin: Origin::Created })
        }
        Err(error) => Refusal::of(error).map(Ensured::Unavailable),
    }
}

/// Whether a webhook of ours takes a place in vain: the one that is replaced, and those that ping our
/// address with a key that was lost.
fn is_superseded(webhook: &Webhook, former: Option<&FeedState>, url: Option<&Url>) -> bool {
    let is_former = former.is_some_and(|former| former.is_own() && former.webhook == webhook.id);
    let target = || webhook.notification_url.as_ref()?.parse::<Url>().ok();
    is_former || url.is_some_and(|url| target().is_some_and(|target| target == *url))
}

/// Whether a webhook tells all that ours would.
fn is_adoptable(webhook: &Webhook, former: Option<&FeedState>, now: DateTime<Utc>) -> bool {
    webhook.notification_url.is_none()
        && webhook.is_whole_base
        && webhook.is_hook_enabled
        && lives(webhook.expiration_time, now)
        && former.is_none_or(|former| former.webhook != webhook.id)
}

/// Deletes a webhook, or leaves it be if someone else made it: then it is theirs to delete.
async fn discard(client: &Client, webhook: &WebhookId) -> Result<(), Error> {
    match client.delete_webhook(webhook).await {
        Err(error @ Error::Forbidden { .. }) => {
            tracing::warn!(webhook = webhook.0, %error, "a webhook that is not used stays");
            Ok(())
        }
        result => result,
    }
}

fn adopted(client: &Client, webhook: &Webhook, now: DateTime<Utc>) -> FeedState {
    FeedState {
        base: client.base().clone(),
        webhook: webhook.id.clone(),
        secret: None,
        notification_url: None,
        cursor: webhook.cursor_for_next_payload,
        expires_at: webhook.expiration_time,
        // So that one that is near its end is refreshed soon.
        refreshed_at: webhook.expiration_time.map_or(now, |end| (end - LIFE).min(now)),
        follows_listing: false,
        losses: Vec::new(),
        pending: Pending::default(),
    }
}

fn created(
    client: &Client,
    webhook: CreatedWebhook,
    url: Option<&Url>,
    now: DateTime<Utc>,
) -> FeedState {
    let CreatedWebhook { id, mac_secret_base64, expiration_time } = webhook;
    FeedState {
        base: client.base().clone(),
        webhook: id,
        secret: Some(mac_secret_base64),
        notification_url: url.cloned(),
        cursor: FIRST_CURSOR,
        expires_at: expiration_time,
        refreshed_at: now,
        follows_listing: false,
        losses: Vec::new(),
        pending: Pending::default(),
    }
}

/// The number of a webhook's first payload.
const FIRST_CURSOR: u64 = 1;

impl Refusal {
    /// Why it was refused; what passes by itself is an error like any other.
    fn of(error: Error) -> Result<Self, Error> {
        match error {
            Error::Forbidden { .. } => Ok(Self::Scope),
            Error::Invalid { status: 422, kind: Some(kind), .. }
                if kind.starts_with("TOO_MANY_WEBHOOKS") =>
            {
                Ok(Self::Full)
            }
            Error::Invalid { status: 400 | 422, message, .. } => Ok(Self::Other { message }),
            error => Err(error),
        }
    }
}
