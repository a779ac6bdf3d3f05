//! `[sync]`: when the base is read, and how many calls that may take.

use serde::Deserialize;

/// `[sync]`: when the base is read, and how many calls that may take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SyncConfig {
    /// Seconds from one round to the next, where the budget allows it. Default: 30.
    /// `LOCADOCS_SYNC_EVERY_SECONDS`
    pub every_seconds: u64,
    /// A cron expression with seconds, in UTC, instead of `every_seconds`. No default.
    /// `LOCADOCS_SYNC_CRON`
    pub cron: Option<String>,
    /// Hours from one reading of the whole base to the next, where the budget allows it. Default:
    /// 24. `LOCADOCS_SYNC_FULL_EVERY_HOURS`
    pub full_every_hours: u64,
    /// A cron expression with seconds, in UTC, instead of `full_every_hours`. No default.
    /// `LOCADOCS_SYNC_FULL_CRON`
    pub full_cron: Option<String>,
    /// Calls in a calendar month, in UTC; 0 is without limit. Default: 100,000.
    /// `LOCADOCS_SYNC_MONTHLY_CALLS`
    pub monthly_calls: u64,
    /// Share of the calls left that rounds without news leave to editors' changes, in percent, 0 to
    /// 90. Default: 20. `LOCADOCS_SYNC_RESERVE_PERCENT`
    pub reserve_percent: u8,
    /// Share of what is public of a kind, in percent, of which a removal at once is held. Default: 30.
    /// `LOCADOCS_SYNC_HOLD_PERCENT`
    pub hold_percent: u8,
    /// Minutes for which it is held, unless someone accepts it. Default: 60.
    /// `LOCADOCS_SYNC_HOLD_MINUTES`
    pub hold_minutes: u32,
    /// Days after which a verification is called old; 0 never. Default: 730.
    /// `LOCADOCS_SYNC_VERIFICATION_MAX_AGE_DAYS`
    pub verification_max_age_days: u32,
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self {
            every_seconds: 30,
            cron: None,
            full_every_hours: 24,
            full_cron: None,
            monthly_calls: 100_000,
            reserve_percent: 20,
            hold_percent: 30,
            hold_minutes: 60,
            verification_max_age_days: 730,
        }
    }
}
