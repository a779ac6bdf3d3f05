//! The client of Stonly's public API: one POST at a time, and what is certain when it fails.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use chrono::Utc;
use reqwest::{StatusCode, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use super::call::Repeat;
use crate::airtable::retry_after::retry_after;

/// How to reach a team's guides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of the API. Default: `https://public.stonly.com/api/v3/`, in Europe.
    pub base_url: Url,
    /// The team's id.
    pub team: u64,
    /// The user of the key, by whatever name: the key alone counts.
    pub user: String,
    /// The team's API key.
    pub password: SecretString,
    /// Longest time for a call. Default: 30 s.
    pub request_timeout: Duration,
    /// Most times that a call is made again. Default: 5.
    pub max_retries: usize,
    /// Shortest wait before that; each next is twice as long. Default: 1 s.
    pub backoff_min: Duration,
    /// Longest wait, whatever the server asks. Default: 2 min.
    pub backoff_max: Duration,
}

impl Settings {
    /// The defaults.
    pub fn new(base_url: Url, team: u64, user: String, password: SecretString) -> Self {
        Self {
            base_url,
            team,
            user,
            password,
            request_timeout: Duration::from_secs(30),
            max_retries: 5,
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(120),
        }
    }
}

/// A client that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address can't be a server's.
    #[error("{0} can't be the address of an API")]
    BaseUrl(Url),
    /// The HTTP client can't be made.
    #[error("the HTTP client can't be made")]
    Http(#[source] reqwest::Error),
}

/// Why a call has no answer. No variant shows the key, nor the address, which holds the team's id.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Stonly could not be reached.
    #[error("Stonly can't be reached")]
    Connect(#[source] reqwest::Error),
    /// Too many calls, or Stonly is busy.
    #[error("Stonly asks to wait ({status})")]
    Busy {
        /// What it answered.
        status: StatusCode,
        /// How long to wait, when it says so.
        retry_after: Option<Duration>,
    },
    /// Stonly refused the call.
    #[error("Stonly refused the call ({status}): {said}")]
    Refused {
        /// What it answered.
        status: StatusCode,
        /// The start of its words.
        said: String,
    },
    /// Stonly failed.
    #[error("Stonly failed ({status}): {said}")]
    Failed {
        /// What it answered.
        status: StatusCode,
        /// The start of its words.
        said: String,
    },
    /// The call was sent, and its answer was lost.
    #[error("the answer was lost")]
    Lost(#[source] reqwest::Error),
    /// The answer is good, and not what is expected of it.
    #[error("the answer can't be used: {expected} is expected, not {found}")]
    Unusable {
        /// What is expected.
        expected: &'static str,
        /// The start of the answer.
        found: String,
    },
}

impl CallError {
    /// Whether the call changed nothing, beyond doubt.
    pub fn is_certainly_unapplied(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Busy { .. } | Self::Refused { .. } => true,
            Self::Failed { .. } | Self::Lost(_) | Self::Unusable { .. } => false,
        }
    }

    /// Whether the same call may be answered later.
    fn is_transient(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Busy { .. } | Self::Failed { .. } | Self::Lost(_) => true,
            Self::Refused { .. } | Self::Unusable { .. } => false,
        }
    }
}

/// A client for one team.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    settings: Settings,
}

impl Client {
    /// A client.
    ///
    /// # Errors
    /// When the settings can't be used.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        if settings.base_url.cannot_be_a_base() {
            return Err(SetupError::BaseUrl(settings.base_url));
        }
        let http = reqwest::Client::builder()
            .user_agent(concat!("locadocs/", env!("CARGO_PKG_VERSION")))
            .timeout(settings.request_timeout)
            // The key must not follow one elsewhere.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(SetupError::Http)?;
        Ok(Self { http, settings })
    }

    /// Where guides go: for telling one push from another. No secret.
    pub fn target(&self) -> String {
        format!("{} {}", self.settings.base_url, self.settings.team)
    }

    /// Makes a call. It is made again only if nothing was changed by it, beyond doubt, or a second
    /// one is harmless.
    ///
    /// # Errors
    /// When it has no answer in JSON, in the end.
    pub async fn post(&self, path: &str, body: &Value, repeat: Repeat) -> Result<Value, CallError> {
        let Settings { max_retries, backoff_min, backoff_max, .. } = self.settings;
        let backoff = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(backoff_min)
            .with_max_delay(backoff_max)
            .with_max_times(max_retries);
        (|| self.attempt(path, body))
            .retry(backoff)
            .when(|error| {
                let is_harmless = repeat == Repeat::Harmless || error.is_certainly_unapplied();
                error.is_transient() && is_harmless
            })
            .adjust(|error, wait| {
                let asked = match error {
                    CallError::Busy { retry_after, .. } => retry_after.unwrap_or_default(),
                    _ => Duration::ZERO,
                };
                wait.map(|wait| wait.max(asked).min(backoff_max))
            })
            .notify(|error, wait| tracing::info!(%error, ?wait, "a call to Stonly is made again"))
            .await
    }

    async fn attempt(&self, path: &str, body: &Value) -> Result<Value, CallError> {
        let Settings { team, user, password, .. } = &self.settings;
        let request = self
            .http
            .post(self.url(path))
            .query(&[("teamId", team)])
            .basic_auth(user, Some(password.expose_secret()))
            .json(body);
        let response = request.send().await.map_err(|error| {
            // Its own words would repeat the address.
            let error = error.without_url();
            if error.is_connect() { CallError::Connect(error) } else { CallError::Lost(error) }
        })?;
        let status = response.status();
        let asked = retry_after(response.headers(), Utc::now());
        let bytes = response.bytes().await.map_err(|error| CallError::Lost(error.without_url()));
        if status.is_success() {
            return read(&bytes?);
        }
        // An error whose words are lost is as certain as its status.
        let said = excerpt(&bytes.unwrap_or_default());
        Err(match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                CallError::Busy { status, retry_after: asked }
            }
            status if status.is_server_error() => CallError::Failed { status, said },
            status => CallError::Refused { status, said },
        })
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.settings.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }
}

/// Publications may be answered with nothing; any other answer is JSON.
fn read(bytes: &[u8]) -> Result<Value, CallError> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes)
        .map_err(|_| CallError::Unusable { expected: "JSON", found: excerpt(bytes) })
}

/// The start of what a server said, on one line.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(200).collect()
}
