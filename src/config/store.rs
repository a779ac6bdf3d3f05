//! `[store]`: what is kept on disk.

use std::path::PathBuf;

use serde::Deserialize;

/// `[store]`: what is kept on disk, so that a restart goes on where it was.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// The folder; empty keeps nothing. Default: `data`. `LOCADOCS_STORE_DATA_DIR`
    pub data_dir: PathBuf,
    /// Releases kept, the current one included, 1 to 1,000. Default: 30. `LOCADOCS_STORE_RELEASES`
    pub releases: u32,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { data_dir: PathBuf::from("data"), releases: 30 }
    }
}
