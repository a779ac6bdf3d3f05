//! Bringing purges to their receivers: each by itself, until it takes what it is told.
//!
//! No round waits for a receiver. What a receiver misses is merged into the next message, so that
//! however long it is away, one is enough. A receiver that was not told all when the service ended
//! is told to drop everything at the next start.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use reqwest::{StatusCode, redirect};
use tokio::{sync::broadcast::error::RecvError, task::JoinSet};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    mailbox::Mailbox,
    message::{Purge, SigningKey},
    metrics::{Attempt, PurgeMetrics},
    touched,
};
use crate::{
    airtable::retry_after::retry_after,
    sync::live::{Live, Publication},
};

/// Whom to tell, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The receivers.
    pub urls: Vec<Url>,
    /// What messages are signed with.
    pub key: SigningKey,
    /// How long a receiver may take to answer. Default: 10 s.
    pub timeout: Duration,
    /// How long after a failure the next attempt is made, at first. It doubles. Default: 1 s.
    pub backoff_min: Duration,
    /// What it grows to, and the longest wait that a receiver may ask for. Default: 5 min.
    pub backoff_max: Duration,
}

impl Settings {
    /// These receivers, and the default times.
    pub fn new(urls: Vec<Url>, key: SigningKey) -> Self {
        Self {
            urls,
            key,
            timeout: Duration::from_secs(10),
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(300),
        }
    }
}

/// Keeps a text; an error is told and costs no more than a purge of everything at the next start.
type Save = Box<dyn Fn(&str) -> anyhow::Result<()> + Send + Sync>;

/// Which receivers know of which release, over restarts.
pub struct Kept {
    /// The release that a receiver was told all about, by a hash of its address.
    known: Mutex<BTreeMap<String, String>>,
    save: Save,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Kept {
    /// Goes on from what an earlier run saved.
    pub fn new(saved: Option<&str>, save: Save) -> Self {
        let known = saved.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        Self { known: Mutex::new(known), save }
    }

    fn knows(&self, url: &Url, release: &str) -> bool {
        self.known.lock().get(&name(url)).is_some_and(|known| known == release)
    }

    /// Notes that a receiver was told all about a release, or that it still has to be.
    fn note(&self, url: &Url, release: Option<&str>) {
        let mut known = self.known.lock();
        let before = match release {
            Some(release) => known.insert(name(url), release.to_owned()),
            None => known.remove(&name(url)),
        };
        if before.as_deref() == release {
            return;
        }
        let json = serde_json::to_string(&*known).unwrap_or_default();
        if let Err(error) = (self.save)(&json) {
            tracing::warn!(error = format!("{error:#}"), "what receivers know can't be kept");
        }
    }
}

/// An address may hold a token: it is neither kept nor logged whole.
fn name(url: &Url) -> String {
    blake3::hash(url.as_str().as_bytes()).to_hex().as_str().to_owned()
}

/// Tells receivers what to drop.
#[derive(Debug)]
pub struct Couriers {
    settings: Settings,
    http: reqwest::Client,
    kept: Kept,
    metrics: Arc<PurgeMetrics>,
    clock: fn() -> DateTime<Utc>,
}

/// Why a receiver has not taken a message.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// It can't be reached, or doesn't answer in time.
    #[error("the receiver does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// It answers with something else than success.
    #[error("the receiver answers {status}, 2xx is expected")]
    Status { status: StatusCode, wait: Option<Duration> },
}

impl Refusal {
    /// How long the receiver asks to wait.
    fn wait(&self) -> Option<Duration> {
        match self {
            Self::Unreachable(_) => None,
            Self::Status { wait, .. } => *wait,
        }
    }

    /// 410: the receiver wants no more, as the standard has it.
    fn is_final(&self) -> bool {
        matches!(self, Self::Status { status: StatusCode::GONE, .. })
    }
}

impl Couriers {
    /// Ready to run.
    ///
    /// # Errors
    /// When there can be no client, as without a source of randomness.
    pub fn new(
        settings: Settings,
        kept: Kept,
        metrics: Arc<PurgeMetrics>,
        clock: fn() -> DateTime<Utc>,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("locadocs/", env!("CARGO_PKG_VERSION")))
            .timeout(settings.timeout)
            // What is signed for one address is not for another.
            .redirect(redirect::Policy::none())
            // Attempts are made, counted and put off here.
            .retry(reqwest::retry::never())
            .build()?;
        Ok(Self { settings, http, kept, metrics, clock })
    }

    /// Tells the receivers of each publication, until `stopping`. An attempt that is under way then
    /// is let end.
    pub async fn run(self, live: Arc<Live>, stopping: CancellationToken) {
        let couriers = Arc::new(self);
        let mut routes = JoinSet::new();
        let mailboxes: Vec<_> = couriers
            .settings
            .urls
            .iter()
            .map(|url| {
                let mailbox = Arc::new(Mailbox::default());
                let (couriers, stopping) = (Arc::clone(&couriers), stopping.clone());
                let (url, route) = (url.clone(), Arc::clone(&mailbox));
                routes.spawn(async move { couriers.serve(&url, &route, &stopping).await });
                mailbox
            })
            .collect();
        tokio::select! {
            () = couriers.watch(&live, &mailboxes) => {}
            () = stopping.cancelled() => {}
        }
        while routes.join_next().await.is_some() {}
    }

    /// Puts into the mailboxes what each publication changes.
    async fn watch(&self, live: &Live, mailboxes: &[Arc<Mailbox>]) {
        // In this order, so that none is missed: one that is seen twice changes nothing.
        let mut coming = live.subscribe();
        let mut before = live.publication();
        if let Some(first) = &before {
            self.greet(first, mailboxes);
        }
        loop {
            match coming.recv().await {
                Ok(now) => match before.replace(Arc::clone(&now)) {
                    Some(before) => announce(&before, &now, mailboxes),
                    None => self.greet(&now, mailboxes),
                },
                // Caches may hold answers of those that were missed.
                Err(RecvError::Lagged(_)) => {
                    before = live.publication();
                    for mailbox in mailboxes {
                        if let Some(now) = &before {
                            mailbox.put(Purge::new(None, now, touched::everything()));
                        }
                    }
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Tells the receivers that do not know of the first publication of a run.
    fn greet(&self, now: &Publication, mailboxes: &[Arc<Mailbox>]) {
        for (url, mailbox) in self.settings.urls.iter().zip(mailboxes) {
            if !self.kept.knows(url, now.release.id().as_str()) {
                mailbox.put(Purge::new(None, now, touched::everything()));
            }
        }
    }

    /// Brings a receiver what is in its mailbox, again and again.
    async fn serve(&self, url: &Url, mailbox: &Mailbox, stopping: &CancellationToken) {
        loop {
            let purge = tokio::select! {
                biased;
                purge = mailbox.next(), if !stopping.is_cancelled() => purge,
                () = stopping.cancelled() => return,
            };
            self.kept.note(url, None);
            let Some(release) = self.insist(url, purge, mailbox, stopping).await else { return };
            if mailbox.is_empty() {
                self.kept.note(url, Some(&release));
            }
        }
    }

    /// Brings a purge, with what comes meanwhile, until it is taken. Gives the release that the
    /// receiver then knows; `None` if there is no sense in going on.
    async fn insist(
        &self,
        url: &Url,
        mut purge: Purge,
        mailbox: &Mailbox,
        stopping: &CancellationToken,
    ) -> Option<String> {
        let host = url.host_str().unwrap_or_default();
        let mut message = Message::new(&purge);
        let mut waits = self.waits();
        loop {
            let Err(refusal) = self.attempt(url, &message).await else {
                self.metrics.record(Attempt::Delivered);
                tracing::info!(
                    host,
                    release = purge.release,
                    tags = purge.tags.len(),
                    "a purge is delivered"
                );
                return Some(purge.release);
            };
            if refusal.is_final() {
                self.metrics.record(Attempt::Gone);
                tracing::error!(host, "the receiver of purges wants no more");
                return None;
            }
            self.metrics.record(Attempt::Failed);
            let asked = refusal.wait().unwrap_or_default().min(self.settings.backoff_max);
            let wait = waits.next().unwrap_or(self.settings.backoff_max).max(asked);
            tell(host, &refusal, wait);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => {
                    tracing::warn!(host, release = purge.release, "a purge is not delivered");
                    return None;
                }
            }
            if let Some(later) = mailbox.take() {
                purge = purge.then(later);
                message = Message::new(&purge);
            }
        }
    }

    fn waits(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(self.settings.backoff_min)
            .with_max_delay(self.settings.backoff_max)
            .without_max_times()
            .build()
    }

    async fn attempt(&self, url: &Url, message: &Message) -> Result<(), Refusal> {
        let now = (self.clock)();
        let timestamp = now.timestamp();
        let signature = self.settings.key.sign(&message.id, timestamp, &message.body);
        let request = self
            .http
            .post(url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(message.body.clone());
        // Its own words would repeat the address, which may hold a token.
        let sent = request.send().await;
        let response = sent.map_err(|error| Refusal::Unreachable(error.without_url()))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        Err(Refusal::Status { status, wait: retry_after(response.headers(), now) })
    }
}

fn tell(host: &str, refusal: &Refusal, wait: Duration) {
    let error: &dyn std::error::Error = refusal;
    tracing::warn!(host, error, ?wait, "a purge is not taken, and comes again");
}

fn announce(before: &Publication, now: &Publication, mailboxes: &[Arc<Mailbox>]) {
    let tags = touched::between(&before.release, &now.release);
    if tags.is_empty() {
        return;
    }
    let purge = Purge::new(Some(before.release.id().to_string()), now, tags);
    for mailbox in mailboxes {
        mailbox.put(purge.clone());
    }
}

/// A message as it is sent, and sent again under the same name, so that a receiver that has taken it
/// can tell.
struct Message {
    id: String,
    body: String,
}

impl Message {
    fn new(purge: &Purge) -> Self {
        Self { id: format!("msg_{:032x}", rand::random::<u128>()), body: purge.body() }
    }
}
