//! What the sync counts as it goes, for those who run the service.
//!
//! Only events are counted here. What can be read from a snapshot at any time (calls, budget, rows,
//! problems, age of the content) is read when it is asked for, so that nothing is kept twice.

use std::{fmt, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// What a round read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoundKind {
    /// It looked for news and found none.
    Idle,
    /// It read what changed.
    Incremental,
    /// It read the whole base.
    Full,
    /// It brought files home, and read no row for what it says.
    Media,
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoundEnd {
    /// A new release is live.
    Published,
    /// The content is what it was.
    Unchanged,
    /// It left everything as it was.
    Failed,
}

impl RoundKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Idle, Self::Incremental, Self::Full, Self::Media];

    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Incremental => "incremental",
            Self::Full => "full",
            Self::Media => "media",
        }
    }
}

impl RoundEnd {
    /// Every end.
    pub const ALL: [Self; 3] = [Self::Published, Self::Unchanged, Self::Failed];

    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RoundLabels {
    kind: RoundKind,
    outcome: RoundEnd,
}

impl EncodeLabelValue for RoundKind {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        self.as_str().encode(encoder)
    }
}

impl EncodeLabelValue for RoundEnd {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        self.as_str().encode(encoder)
    }
}

/// Upper bounds of the durations of rounds, in seconds: from one call to a whole base at Airtable's
/// pace.
const ROUND_SECONDS: [f64; 12] =
    [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];

fn round_histogram() -> Histogram {
    Histogram::new(ROUND_SECONDS)
}

/// The counts, shared by all that add to them.
#[derive(Debug)]
pub struct SyncMetrics {
    rounds: Family<RoundLabels, Histogram>,
    releases: Counter,
    drift: Counter,
    media_files: Gauge,
    media_bytes: Gauge,
    media_failures: Counter,
}

impl Default for SyncMetrics {
    fn default() -> Self {
        let metrics = Self {
            rounds: Family::new_with_constructor(round_histogram),
            releases: Counter::default(),
            drift: Counter::default(),
            media_files: Gauge::default(),
            media_bytes: Gauge::default(),
            media_failures: Counter::default(),
        };
        // What never happened yet is zero, not absent: an alert on its increase needs a start.
        for kind in RoundKind::ALL {
            for outcome in RoundEnd::ALL {
                drop(metrics.rounds.get_or_create(&RoundLabels { kind, outcome }));
            }
        }
        metrics
    }
}

impl SyncMetrics {
    /// Adds a round.
    pub fn record_round(&self, kind: RoundKind, outcome: RoundEnd, duration: Duration) {
        self.rounds.get_or_create(&RoundLabels { kind, outcome }).observe(duration.as_secs_f64());
        if outcome == RoundEnd::Published {
            self.releases.inc();
        }
    }

    /// Adds rows that a full round found other than the mirror had them.
    pub fn add_drift(&self, rows: u64) {
        self.drift.inc_by(rows);
    }

    /// The rows that full rounds found other than the mirror had them, so far.
    pub fn drift(&self) -> u64 {
        self.drift.get()
    }

    /// Tells how many files are kept, and their bytes together.
    pub fn set_media(&self, files: u64, bytes: u64) {
        self.media_files.set(i64::try_from(files).unwrap_or(i64::MAX));
        self.media_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Adds a download that failed.
    pub fn add_media_failure(&self) {
        self.media_failures.inc();
    }

    /// Names the counts in a registry, which then shows them as they are when it is read.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "round_duration",
            "Time taken by rounds of the sync",
            Unit::Seconds,
            self.rounds.clone(),
        );
        registry.register("releases", "Releases made public", self.releases.clone());
        registry.register(
            "drift_rows",
            "Rows that a full round found other than they were known to be",
            self.drift.clone(),
        );
        registry.register("media_files", "Attachments kept", self.media_files.clone());
        registry.register_with_unit(
            "media",
            "Size of the attachments kept",
            Unit::Bytes,
            self.media_bytes.clone(),
        );
        registry.register(
            "media_failures",
            "Downloads of attachments that failed",
            self.media_failures.clone(),
        );
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn what_is_recorded_shows_under_its_labels() {
        let (metrics, mut registry) = (SyncMetrics::default(), Registry::default());
        metrics.register(&mut registry);
        metrics.record_round(RoundKind::Full, RoundEnd::Published, Duration::from_secs(3));
        metrics.record_round(RoundKind::Idle, RoundEnd::Failed, Duration::from_millis(40));
        metrics.add_drift(7);
        metrics.set_media(2, 1_000);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "round_duration_seconds_sum{kind=\"full\",outcome=\"published\"} 3.0",
            "round_duration_seconds_bucket{le=\"0.05\",kind=\"idle\",outcome=\"failed\"} 1",
            "round_duration_seconds_count{kind=\"incremental\",outcome=\"unchanged\"} 0",
            "releases_total 1",
            "drift_rows_total 7",
            "media_files 2",
            "media_bytes 1000",
            "media_failures_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
        }
    }
}
