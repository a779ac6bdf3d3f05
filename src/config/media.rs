//! `[media]`: the files of rows, copied and served.

use serde::Deserialize;

use crate::airtable::download::HostPattern;

/// `[media]`: the files of rows, copied and served.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MediaConfig {
    /// Hosts from which files may be downloaded, each a name, or a domain after a dot. Default:
    /// Airtable's own. `LOCADOCS_MEDIA_HOSTS`
    pub hosts: Vec<HostPattern>,
    /// Largest file, in bytes, up to 1 GB. Default: 20 MB. `LOCADOCS_MEDIA_MAX_BYTES`
    pub max_bytes: usize,
    /// Most pixels of an image: each takes 4 bytes while a smaller one is made. Default:
    /// 50,000,000. `LOCADOCS_MEDIA_MAX_PIXELS`
    pub max_pixels: u64,
    /// Days that a file stays which no kept release needs, 1 to 3,650. Default: 30.
    /// `LOCADOCS_MEDIA_GRACE_DAYS`
    pub grace_days: u32,
    /// Seconds that the downloads of one page of rows may take; those that are left come next.
    /// Default: 120. `LOCADOCS_MEDIA_PATIENCE_SECONDS`
    pub patience_seconds: u64,
    /// Room in memory for images that were made smaller, in bytes. Default: 64 MiB.
    /// `LOCADOCS_MEDIA_CACHE_BYTES`
    pub cache_bytes: u64,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            hosts: HostPattern::airtable(),
            max_bytes: 20_000_000,
            max_pixels: 50_000_000,
            grace_days: 30,
            patience_seconds: 120,
            cache_bytes: 64 * 1_024 * 1_024,
        }
    }
}
