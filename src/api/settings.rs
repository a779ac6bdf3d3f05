//! Settings of the API. Plain values: whoever starts the service reads the environment.

use std::time::Duration;

use url::Url;

pub use super::edge::{
    client::{ForwardedHeader, Proxies},
    guard::Limits,
    keys::ApiKeys,
    rate::Rate,
};

/// How the API answers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the public reaches the service, as the OpenAPI document says it. Default: none, and
    /// the document then names the address from which it was read.
    pub public_url: Option<Url>,
    /// How long published content may be served by a cache without asking again. Default: 60 s.
    pub max_age: Duration,
    /// As [`Self::max_age`], for what changes only with the program: the autocomplete of communes,
    /// the OpenAPI document and its pages. Default: 1 h.
    pub reference_max_age: Duration,
    /// How long a cache may serve what is past its age while it asks again. Default: 5 min.
    pub stale_while_revalidate: Duration,
    /// How long a cache may serve what is past its age when the service fails. Default: 1 day.
    pub stale_if_error: Duration,
    /// How long a client should wait before it asks again a service that has nothing to publish
    /// yet. Default: 5 s.
    pub retry_after: Duration,
    /// How long after a round was due `/readyz` says that none has run for too long; more than a
    /// round may take. Default: 15 min.
    pub stale_after: Duration,
    /// How long a request may take, in all. Default: 10 s.
    pub request_timeout: Duration,
    /// How long a client may take to send the head of a request, and to send the next one.
    /// Default: 30 s.
    pub header_timeout: Duration,
    /// How long a client may take none of its answer. Default: 30 s.
    pub write_timeout: Duration,
    /// Largest head of a request, in bytes. Default: 16,384.
    pub header_limit: usize,
    /// Longest path and query, in bytes. Default: 8,192.
    pub uri_limit: usize,
    /// Largest request body, in bytes. Default: 65,536.
    pub body_limit: usize,
    /// How many requests a client may make. Default: without limit.
    pub limits: Limits,
    /// Room for rendered and compressed answers, in bytes. Default: 16 MiB.
    pub cache_bytes: u64,
    /// Room for images that were made smaller, in bytes. Default: 64 MiB.
    pub image_cache_bytes: u64,
    /// How many clients may listen to events at once. Default: 10,000.
    pub event_listeners: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            max_age: Duration::from_secs(60),
            reference_max_age: Duration::from_secs(3_600),
            stale_while_revalidate: Duration::from_secs(300),
            stale_if_error: Duration::from_secs(86_400),
            retry_after: Duration::from_secs(5),
            stale_after: Duration::from_secs(900),
            request_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            header_limit: 16_384,
            uri_limit: 8_192,
            body_limit: 65_536,
            limits: Limits::default(),
            cache_bytes: 16 * 1_024 * 1_024,
            image_cache_bytes: 64 * 1_024 * 1_024,
            event_listeners: 10_000,
        }
    }
}
