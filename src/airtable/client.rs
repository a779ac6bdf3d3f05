//! The client: one way out for every call, through the limiter, the timeouts and the retries.
//!
//! # What is retried, and why
//!
//! A rate 429 (after the pause, which silences every caller), 408, 5xx, timeouts, broken transport,
//! and answers of good status that are cut or aren't JSON: all of these pass by themselves. Not the
//! 429 of a spent quota, nor our own [`Gate`](super::gate::Gate)'s refusal, which only the month's
//! end can change; nor 401, 403, 404 and 422, which only a person can.
//!
//! A call that creates something is retried only when it certainly wasn't applied, since Airtable
//! has no idempotency key: a lost answer may follow a row that was written. Calls that name what
//! they change by id can be repeated without harm.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;
use backon::{ExponentialBuilder, Retryable as _};
use reqwest::{
    Response,
    header::{AUTHORIZATION, HeaderValue},
    redirect,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::{Host, Url};

use super::{
    calls::{CallCounts, Counter, Outcome},
    error::{Call, Error},
    gate::BudgetSpent,
    limiter::{Limiter, Pass},
    request::{Repeat, Request},
    retry_after::retry_after,
    settings::Settings,
    token::{self, TokenFileError},
};
use crate::content::ids::BaseId;

/// Speaks to one base of Airtable. Clones are cheap, and share the limiter, the token and the
/// counts.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    settings: Settings,
    authorization: ArcSwap<HeaderValue>,
    limiter: Limiter,
    counter: Counter,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.0.settings.base).finish_non_exhaustive()
    }
}

impl Client {
    /// Makes the client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::BaseUrl`], [`Error::UnusableToken`] or [`Error::Setup`].
    pub fn new(settings: Settings) -> Result<Self, Error> {
        for url in [&settings.base_url, &settings.content_url] {
            if !matches!(url.scheme(), "http" | "https") {
                return Err(Error::BaseUrl { found: url.scheme().to_owned() });
            }
        }
        Ok(Self(Arc::new(Inner {
            http: http_client(&settings)?,
            authorization: ArcSwap::from_pointee(authorization(&settings.token)?),
            limiter: Limiter::new(settings.requests_per_second),
            counter: Counter::default(),
            settings,
        })))
    }

    /// Replaces the token, for all clones and from the next attempt on.
    ///
    /// # Errors
    /// [`Error::UnusableToken`]; the former token then stays.
    pub fn set_token(&self, token: &SecretString) -> Result<(), Error> {
        self.0.authorization.store(Arc::new(authorization(token)?));
        Ok(())
    }

    /// Takes the token that its file holds now, for all clones and from the next attempt on. Whether
    /// it is another one.
    ///
    /// # Errors
    /// When there is no such file, or none that holds a token; the former token then stays.
    pub fn reload_token(&self) -> Result<bool, TokenFileError> {
        let path = self.0.settings.token_file.as_ref().ok_or(TokenFileError::NotSet)?;
        let renewed = authorization(&token::read(path)?)
            .map_err(|_| TokenFileError::Unusable { path: path.clone() })?;
        let is_another = **self.0.authorization.load() != renewed;
        if is_another {
            self.0.authorization.store(Arc::new(renewed));
        }
        Ok(is_another)
    }

    /// Calls made so far, by kind and outcome.
    pub fn calls(&self) -> CallCounts {
        self.0.counter.snapshot()
    }

    /// The base that it serves.
    pub fn base(&self) -> &BaseId {
        &self.0.settings.base
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The address of `/v0/…`, each segment escaped as needed.
    pub(super) fn url(&self, segments: &[&str]) -> Url {
        versioned(&self.0.settings.base_url, segments)
    }

    /// The address of `/v0/…` where files are sent.
    pub(super) fn content_url(&self, segments: &[&str]) -> Url {
        versioned(&self.0.settings.content_url, segments)
    }

    /// Makes a call and reads its JSON answer.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        self.send(request, |body| serde_json::from_slice(body)).await
    }

    /// Makes a call whose answer says nothing but that it is done.
    pub(super) async fn order(&self, request: &Request) -> Result<(), Error> {
        self.send(request, |_| Ok(())).await
    }

    /// A refused token may just have been replaced: then one more try is worth it.
    async fn send<T>(&self, request: &Request, read: Read<T>) -> Result<T, Error> {
        let used = self.0.authorization.load_full();
        match self.try_hard(request, read).await {
            Err(Error::Unauthorized { .. }) if self.has_newer_token(&used) => {
                self.try_hard(request, read).await
            }
            result => result,
        }
    }

    /// Whether another token than `used` is at hand, from another caller or from the file.
    fn has_newer_token(&self, used: &Arc<HeaderValue>) -> bool {
        if !Arc::ptr_eq(used, &self.0.authorization.load()) {
            return true;
        }
        match self.reload_token() {
            Ok(true) => {
                tracing::info!(
                    "the token was refused, and replaced by the one that its file holds"
                );
                true
            }
            Ok(false) | Err(TokenFileError::NotSet) => false,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "the token was refused, and can't be replaced");
                false
            }
        }
    }

    async fn try_hard<T>(&self, request: &Request, read: Read<T>) -> Result<T, Error> {
        let Settings { max_retries, backoff_min, backoff_max, .. } = self.0.settings;
        let backoff = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(backoff_min)
            .with_max_delay(backoff_max)
            .with_max_times(max_retries);
        (|| self.attempt(request, read))
            .retry(backoff)
            .when(|error| may_repeat(request.repeat, error))
            .adjust(|error, wait| {
                wait.map(|wait| wait.max(error.retry_after().unwrap_or_default()))
            })
            .notify(|error, wait| {
                let error: &dyn std::error::Error = error;
                tracing::info!(error, ?wait, "a call to Airtable failed and is made again");
            })
            .await
    }

    async fn attempt<T>(&self, request: &Request, read: Read<T>) -> Result<T, Error> {
        let pass = self.0.limiter.pass().await;
        if let Some(gate) = &self.0.settings.gate {
            gate.take(request.kind).map_err(|BudgetSpent { until }| Error::BudgetSpent {
                call: request.call(),
                until,
            })?;
        }
        let open_call = self.0.counter.open(request.kind);
        let result = self.exchange(request, pass).await.and_then(|body| {
            read(&body).map_err(|error| Error::from_json(request.call(), error, &body))
        });
        open_call.finish(result.as_ref().map_or_else(Error::outcome, |_| Outcome::Answered));
        result
    }

    /// Sends once and reads the whole body of a good answer.
    async fn exchange(&self, request: &Request, pass: Pass) -> Result<Vec<u8>, Error> {
        let mut builder = self
            .0
            .http
            .request(request.method.clone(), request.url.clone())
            .header(AUTHORIZATION, HeaderValue::clone(&self.0.authorization.load()));
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        let response =
            builder.send().await.map_err(|error| before_answer(request.call(), error))?;
        if response.status().is_success() {
            drop(pass);
            read_body(request.call(), response, self.0.settings.max_response_bytes).await
        } else {
            Err(self.refusal(request, response, pass).await)
        }
    }

    /// Reads why a call was refused, and silences all callers if it was for the rate.
    async fn refusal(&self, request: &Request, response: Response, pass: Pass) -> Error {
        let Settings { retry_after_max, rate_limit_pause, .. } = self.0.settings;
        let status = response.status();
        let asked = retry_after(response.headers(), chrono::Utc::now())
            .map(|asked| asked.min(retry_after_max));
        // When the body that would explain it can't be read, the status alone tells enough.
        let body = match read_body(request.call(), response, MAX_ERROR_BYTES).await {
            Ok(body) => body,
            Err(error) => {
                tracing::debug!(%error, "the body of an error can't be read");
                Vec::new()
            }
        };
        let error = Error::from_answer(request.call(), request.table.clone(), status, asked, &body);
        if matches!(error, Error::RateLimited { .. }) {
            let pause = rate_limit_pause.max(asked.unwrap_or_default());
            self.0.limiter.lock_out_until(Instant::now() + pause);
        }
        if let (Error::BillingLimit { .. }, Some(gate)) = (&error, &self.0.settings.gate) {
            gate.quota_refused();
        }
        // Only now, so that no one takes this place before the refusal is known.
        drop(pass);
        error
    }
}

fn versioned(root: &Url, segments: &[&str]) -> Url {
    let mut url = root.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push("v0").extend(segments);
    }
    url
}

/// Reads the body of a good answer.
type Read<T> = fn(&[u8]) -> Result<T, serde_json::Error>;

/// Longest body of an error worth reading, in bytes.
const MAX_ERROR_BYTES: usize = 64 << 10;

fn may_repeat(repeat: Repeat, error: &Error) -> bool {
    match repeat {
        Repeat::Harmless => error.is_retryable(),
        Repeat::Duplicates => error.is_certainly_unapplied(),
    }
}

fn http_client(settings: &Settings) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("locadocs/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.request_timeout)
        .read_timeout(settings.idle_timeout)
        // Airtable doesn't redirect, and the token must not follow one elsewhere.
        .redirect(redirect::Policy::none())
        // reqwest would send again by itself, past the limiter and the counts.
        .retry(reqwest::retry::never());
    if is_loopback(&settings.base_url) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(Error::Setup)
}

/// No proxy stands between us and our own machine, whatever the environment says.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn authorization(token: &SecretString) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
        .map_err(|_| Error::UnusableToken)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads a body piece by piece, so that a longer one than allowed is never held.
async fn read_body(call: Call, mut response: Response, limit: usize) -> Result<Vec<u8>, Error> {
    let announced = response.content_length().unwrap_or(0);
    let mut body = match usize::try_from(announced) {
        Ok(announced) if announced <= limit => Vec::with_capacity(announced),
        _ => return Err(Error::TooLarge { call, limit }),
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if chunk.len() <= limit - body.len() => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(Error::TooLarge { call, limit }),
            Ok(None) => return Ok(body),
            Err(error) => return Err(within_answer(call, error)),
        }
    }
}

fn before_answer(call: Call, error: reqwest::Error) -> Error {
    // Its own words would repeat the address, query included.
    let source = error.without_url();
    if source.is_connect() {
        Error::Connect { call, source }
    } else if source.is_timeout() {
        Error::Timeout { call, source }
    } else {
        Error::Transport { call, source }
    }
}

fn within_answer(call: Call, error: reqwest::Error) -> Error {
    let source = error.without_url();
    if source.is_timeout() {
        Error::Timeout { call, source }
    } else {
        Error::Truncated { call, source: Some(source) }
    }
}
