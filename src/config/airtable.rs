//! `[airtable]`: how to reach the base.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::known_url;
use crate::{airtable::settings::AIRTABLE_URL, content::ids::BaseId};

/// `[airtable]`: how to reach the base.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AirtableConfig {
    /// The base, `app…`. No default. `LOCADOCS_AIRTABLE_BASE`
    pub base: Option<BaseId>,
    /// A file that holds the token, when `LOCADOCS_AIRTABLE_TOKEN` doesn't. No default.
    /// `LOCADOCS_AIRTABLE_TOKEN_FILE`
    pub token_file: Option<PathBuf>,
    /// Airtable's address. Default: `https://api.airtable.com`. `LOCADOCS_AIRTABLE_URL`
    pub url: Url,
    /// Calls in any second, at most 5; 0 is without limit, for other servers than Airtable's.
    /// Default: 4. `LOCADOCS_AIRTABLE_REQUESTS_PER_SECOND`
    pub requests_per_second: u32,
    /// Seconds for one call. Default: 60. `LOCADOCS_AIRTABLE_TIMEOUT_SECONDS`
    pub timeout_seconds: u64,
}

impl Default for AirtableConfig {
    fn default() -> Self {
        Self {
            base: None,
            token_file: None,
            url: known_url(AIRTABLE_URL),
            requests_per_second: 4,
            timeout_seconds: 60,
        }
    }
}
