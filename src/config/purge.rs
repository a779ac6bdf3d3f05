//! `[purge]`: caches that are told when a release comes.

use serde::Deserialize;
use url::Url;

/// `[purge]`: caches that are told when a release comes. Messages are signed with the secret in
/// `LOCADOCS_PURGE_SECRET`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PurgeConfig {
    /// Addresses that are told. They need no TLS: what they are told is public, and signed. Default:
    /// none. `LOCADOCS_PURGE_URLS`
    pub urls: Vec<Url>,
}
