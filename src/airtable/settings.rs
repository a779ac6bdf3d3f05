//! How to reach a base and how hard to try.

use std::{num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use secrecy::SecretString;
use url::Url;

use super::gate::Gate;
use crate::content::ids::BaseId;

/// Airtable's own address.
pub const AIRTABLE_URL: &str = "https://api.airtable.com";
/// Where Airtable takes files.
pub const AIRTABLE_CONTENT_URL: &str = "https://content.airtable.com";

/// How a [`Client`](super::Client) reaches its base.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of Airtable, without the version. Default: [`AIRTABLE_URL`].
    pub base_url: Url,
    /// Address to which files are sent, without the version. Default: [`AIRTABLE_CONTENT_URL`] for
    /// Airtable, and `base_url` for a server that stands in for it.
    pub content_url: Url,
    /// The base.
    pub base: BaseId,
    /// A personal access token that can read the base.
    pub token: SecretString,
    /// A file in which a newer token is looked for when the one in use is refused. Default: none.
    pub token_file: Option<PathBuf>,
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
    /// Asked before every attempt. Default: none, and nothing is forbidden.
    pub gate: Option<Arc<dyn Gate>>,
}

impl Settings {
    /// The defaults for a base of `base_url`.
    pub fn new(base_url: Url, base: BaseId, token: SecretString) -> Self {
        Self {
            content_url: content_url(&base_url),
            base_url,
            base,
            token,
            token_file: None,
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
            gate: None,
        }
    }
}

fn content_url(base_url: &Url) -> Url {
    match (Url::parse(AIRTABLE_URL), Url::parse(AIRTABLE_CONTENT_URL)) {
        (Ok(airtable), Ok(content)) if airtable.origin() == base_url.origin() => content,
        _ => base_url.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_to_airtable_s_own_host_or_to_its_stand_in() {
        for (base, content) in [
            (AIRTABLE_URL, "https://content.airtable.com/"),
            ("https://api.airtable.com:443/", "https://content.airtable.com/"),
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081/"),
            ("https://mirror.example/airtable/", "https://mirror.example/airtable/"),
        ] {
            let settings =
                Settings::new(base.parse().unwrap(), "appX".parse().unwrap(), "token".into());
            assert_eq!(settings.content_url.as_str(), content);
        }
    }
}
