//! How purges go, for those who run the service.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attempt {
    /// The receiver took it.
    Delivered,
    /// It comes again.
    Failed,
    /// The receiver wants no more.
    Gone,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    result: &'static str,
}

/// The counts.
#[derive(Debug)]
pub struct PurgeMetrics(Family<Labels, Counter>);

impl Attempt {
    fn labels(self) -> Labels {
        let result = match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Gone => "gone",
        };
        Labels { result }
    }
}

impl Default for PurgeMetrics {
    fn default() -> Self {
        let family = Family::<Labels, Counter>::default();
        // What never happened yet is zero, not absent: an alert on its increase needs a start.
        for attempt in [Attempt::Delivered, Attempt::Failed, Attempt::Gone] {
            drop(family.get_or_create(&attempt.labels()));
        }
        Self(family)
    }
}

impl PurgeMetrics {
    /// Adds an attempt.
    pub fn record(&self, attempt: Attempt) {
        self.0.get_or_create(&attempt.labels()).inc();
    }

    /// Attempts that ended so.
    pub fn count(&self, attempt: Attempt) -> u64 {
        self.0.get_or_create(&attempt.labels()).get()
    }

    /// Names the counts in a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("purges", "Attempts to tell caches what to drop", self.0.clone());
    }
}
