//! What values may be, beyond their form.

use std::ops::RangeInclusive;

use serde::Serialize;

use super::{Config, ConfigError};

/// Seconds that a setting may have.
const YEAR: RangeInclusive<u64> = 1..=31_536_000;

/// Tells the first value that can't be used.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let out_of_range = |key: &str, found: String, expected| {
        Err(ConfigError::OutOfRange { key: key.to_owned(), found, expected })
    };
    let rate = config.airtable.requests_per_second;
    if rate > 5 || (rate == 0 && config.is_airtable()) {
        let key = "airtable.requests_per_second";
        return out_of_range(key, rate.to_string(), "1 to 5, what Airtable allows,");
    }
    if !matches!(config.airtable.url.scheme(), "http" | "https") {
        let found = format!("{:?}", config.airtable.url.scheme());
        return out_of_range("airtable.url", found, "an http or https address");
    }
    if let Some(url) =
        config.purge.urls.iter().find(|url| !matches!(url.scheme(), "http" | "https"))
    {
        let found = format!("{:?}", url.scheme());
        return out_of_range("purge.urls", found, "http or https addresses");
    }
    let http = &config.http;
    let ages = [
        ("http.max_age_seconds", http.max_age_seconds),
        ("http.reference_max_age_seconds", http.reference_max_age_seconds),
        ("http.stale_while_revalidate_seconds", http.stale_while_revalidate_seconds),
        ("http.stale_if_error_seconds", http.stale_if_error_seconds),
    ];
    let ages = ages.map(|(key, found)| (key, found, 0..=31_536_000, "0 to a year"));
    let others = [
        ("airtable.timeout_seconds", config.airtable.timeout_seconds, YEAR, "1 second to a year"),
        ("sync.every_seconds", config.sync.every_seconds, YEAR, "1 second to a year"),
        ("sync.full_every_hours", config.sync.full_every_hours, 1..=8_760, "1 hour to a year"),
        ("sync.reserve_percent", config.sync.reserve_percent.into(), 0..=90, "0 to 90"),
        ("sync.hold_percent", config.sync.hold_percent.into(), 1..=100, "1 to 100"),
        ("sync.hold_minutes", config.sync.hold_minutes.into(), 1..=525_600, "1 minute to a year"),
        ("media.max_bytes", config.media.max_bytes as u64, 1..=1_000_000_000, "1 to 1,000,000,000"),
        ("media.max_pixels", config.media.max_pixels, 1..=1_000_000_000, "1 to 1,000,000,000"),
        ("media.grace_days", config.media.grace_days.into(), 1..=3_650, "1 to 3,650"),
        ("media.patience_seconds", config.media.patience_seconds, YEAR, "1 second to a year"),
        ("store.releases", config.store.releases.into(), 1..=1_000, "1 to 1,000"),
    ];
    for (key, found, range, expected) in ages.into_iter().chain(others) {
        if !range.contains(&found) {
            return out_of_range(key, found.to_string(), expected);
        }
    }
    for (key, expression, schedule) in [
        ("sync.cron", &config.sync.cron, config.schedule()),
        ("sync.full_cron", &config.sync.full_cron, config.full_schedule()),
    ] {
        if let Some(expression) = expression
            && schedule.check().is_err()
        {
            let found = format!("{expression:?}");
            return out_of_range(key, found, "six fields such as \"0 */10 * * * *\"");
        }
    }
    if let Some((table, field)) = config.tables.unknown_fields().first() {
        let (table, field) = (key_name(table), key_name(field));
        let key = format!("tables.{table}.fields");
        return out_of_range(&key, field, "a field of that table");
    }
    Ok(())
}

fn key_name(key: &impl Serialize) -> String {
    serde_json::to_value(key)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
