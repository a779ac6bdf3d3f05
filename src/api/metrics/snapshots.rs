//! What is read from its owner at a scrape: calls, budget, and how the sync is doing.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeMetric as _},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};

use crate::{
    airtable::{Client, calls::CallCounts},
    content::problem::Counts,
    sync::{
        budget::{self, Meter},
        live::{Live, SyncStatus},
        wake::{PingCounts, Wake},
    },
};

/// Reads the owners.
#[derive(Debug)]
pub struct Snapshots {
    pub live: Arc<Live>,
    pub wake: Arc<Wake>,
    pub client: Option<Client>,
    pub meter: Option<Arc<Meter>>,
    pub clock: fn() -> DateTime<Utc>,
}

impl Collector for Snapshots {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        if let Some(client) = &self.client {
            calls(&mut encoder, &client.calls())?;
        }
        if let Some(meter) = &self.meter {
            budget(&mut encoder, &meter.status())?;
        }
        pings(&mut encoder, self.wake.counts())?;
        sync(&mut encoder, &self.live.status(), (self.clock)())
    }
}

fn calls(encoder: &mut DescriptorEncoder, calls: &CallCounts) -> fmt::Result {
    let help = "Calls made to Airtable, retries included";
    let mut family =
        encoder.encode_descriptor("airtable_calls", help, None, MetricType::Counter)?;
    for (kind, outcome, count) in calls.iter() {
        let labels = [("kind", kind.as_str()), ("outcome", outcome.as_str())];
        ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn pings(encoder: &mut DescriptorEncoder, counts: PingCounts) -> fmt::Result {
    let help = "Pings received from Airtable, and calls that were none";
    let mut family = encoder.encode_descriptor("pings", help, None, MetricType::Counter)?;
    for (outcome, count) in [("good", counts.good), ("refused", counts.refused)] {
        ConstCounter::new(count).encode(family.encode_family(&[("outcome", outcome)])?)?;
    }
    Ok(())
}

fn budget(encoder: &mut DescriptorEncoder, status: &budget::Status) -> fmt::Result {
    let help = "Calls of the calendar month in UTC: spent, left, of these kept for editors \
                (reserve), expected by its end (forecast), and allowed (limit)";
    let states = [
        ("spent", Some(status.spent)),
        ("left", status.left),
        ("reserve", status.reserve),
        ("forecast", Some(status.forecast)),
        ("limit", status.limit),
    ];
    let known = states.into_iter().filter_map(|(state, calls)| Some((state, calls?)));
    gauges(encoder, "budget_calls", help, "state", known)
}

fn sync(encoder: &mut DescriptorEncoder, status: &SyncStatus, now: DateTime<Utc>) -> fmt::Result {
    if let Some(last) = status.last_success {
        let age = (now - last).as_seconds_f64().max(0.0);
        gauge(encoder, "content_age", "Time since the content was last proved current", age)?;
        let last = last.timestamp_millis() as f64 / 1_000.0;
        gauge(encoder, "last_success_timestamp", "When a round last succeeded", last)?;
    }
    let rows = encoder.encode_descriptor("rows", "Rows read", None, MetricType::Gauge)?;
    ConstGauge::new(status.rows as u64).encode(rows)?;
    let Counts { errors, warnings, infos } = Counts::of(&status.problems);
    let problems = [("error", errors), ("warning", warnings), ("info", infos)];
    gauges(encoder, "problems", "What archivists should mend", "severity", problems)
}

/// One value in seconds.
fn gauge(encoder: &mut DescriptorEncoder, name: &str, help: &str, seconds: f64) -> fmt::Result {
    let family = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Gauge)?;
    ConstGauge::new(seconds).encode(family)
}

/// One value for each value of a label.
fn gauges<V: EncodeGaugeValue>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    label: &str,
    values: impl IntoIterator<Item = (&'static str, V)>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (value, count) in values {
        ConstGauge::new(count).encode(family.encode_family(&[(label, value)])?)?;
    }
    Ok(())
}
