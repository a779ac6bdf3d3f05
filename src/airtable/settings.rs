//! How to reach a base and how hard to try.

use std::{num::NonZeroU32, time::Duration};

use secrecy::SecretString;
use url::Url;

use crate::content::ids::BaseId;

/// Airtable's own address.
pub const AIRTABLE_URL: &str = "https://api.airtable.com";

/// How a [`Client`](super::Client) reaches its base.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of Airtable, without the version. Default: [`AIRTABLE_URL`].
    pub base_url: Url,
    /// The base.
    pub base: BaseId,
    /// A personal access token that can read the base.
    pub token: SecretString,
    /// Requests sent in any second, all callers of this client together. Default: 4, of the 5 that
    /// Airtable allows a base, which leaves room for the archivists' other tools. More than 5 has
    /// no effect; `None` sends without limit, for servers that aren't Airtable.
    pub requests_per_second: Option<NonZeroU32>,
    /// Longest time to open a connection. Default: 5 s.
    pub connect_timeout: Duration,
    /// Longest time for one attempt, from its sending to the last byte of its answer. Default: 60 s.
    pub request_timeout: Duration,
    /// Longest silence of the server within an attempt. Default: 20 s.
    pub idle_timeout: Duration,
    /// Longest answer accepted, in bytes once decompressed. Default: 32 MiB.
    pub max_response_bytes: usize,
    /// Attempts after the first one. Default: 4.
    pub max_retries: usize,
    /// Wait before the first retry after a failure that isn't a rate limit. It doubles with each
    /// attempt, and a random share of up to as much is added. Default: 0.5 s.
    pub backoff_min: Duration,
    /// Longest such wait. Default: 10 s.
    pub backoff_max: Duration,
    /// Silence of all callers after Airtable says that the rate is exceeded. Default: 30 s, what
    /// Airtable asks for.
    pub rate_limit_pause: Duration,
    /// Longest wait accepted from a `Retry-After` header. Default: 5 min.
    pub retry_after_max: Duration,
    /// Times that a listing may start again because Airtable forgot where it was. Default: 3.
    pub max_restarts: u32,
}

impl Settings {
    /// The defaults for a base of `base_url`.
    pub fn new(base_url: Url, base: BaseId, token: SecretString) -> Self {
        Self {
            base_url,
            base,
            token,
            requests_per_second: NonZeroU32::new(4),
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(20),
            max_response_bytes: 32 << 20,
            max_retries: 4,
            backoff_min: Duration::from_millis(500),
            backoff_max: Duration::from_secs(10),
            rate_limit_pause: Duration::from_secs(30),
            retry_after_max: Duration::from_secs(300),
            max_restarts: 3,
        }
    }
}
