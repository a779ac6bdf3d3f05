//! `[log]`: what is logged.

use serde::Deserialize;

/// `[log]`: what is logged, on the standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Levels by module, as `tracing` reads them. Default: `info`. `LOCADOCS_LOG_FILTER`
    pub filter: String,
    /// `text` or `json`. Default: `text`. `LOCADOCS_LOG_FORMAT`
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
