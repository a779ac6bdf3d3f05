//! `/metrics`: complete, readable by what isn't ours, bounded, and without secrets.

use std::{collections::BTreeSet, num::NonZeroU32, sync::Arc, time::Duration};

use axum::http::{Method, StatusCode};
use locadocs::{
    airtable::{self, Client, gate::Gate},
    api::{Settings, metrics::Sources},
    sync::{
        budget::{Budget, Meter},
        live::SyncStatus,
        metrics::{RoundEnd, RoundKind, SyncMetrics},
    },
};
use prometheus_parse::{Scrape, Value};

use super::harness::{Service, noon};
use crate::fixture;

const TOKEN: &str = "patSECRET.0123456789";

/// A service with a client, a budget and a round behind it.
fn service() -> (Service, Arc<Meter>, Arc<SyncMetrics>) {
    let meter = Arc::new(Meter::forgetful(Budget::default(), noon));
    let sync = Arc::new(SyncMetrics::default());
    let gate: Arc<dyn Gate> = meter.clone();
    let url = "http://127.0.0.1:9".parse().unwrap();
    let client = Client::new(airtable::Settings {
        gate: Some(gate),
        requests_per_second: NonZeroU32::new(4),
        max_retries: 0,
        ..airtable::Settings::new(url, "appTest".parse().unwrap(), TOKEN.into())
    });
    let sources = Sources {
        client: Some(client.unwrap()),
        meter: Some(Arc::clone(&meter)),
        sync: Arc::clone(&sync),
        purges: Arc::default(),
    };
    let service = Service::measured(noon, Settings::default(), sources);
    service.publish(fixture::release());
    service.live.report(SyncStatus {
        last_success: Some("2026-11-23T11:58:00Z".parse().unwrap()),
        rows: 232,
        ..SyncStatus::default()
    });
    (service, meter, sync)
}

/// Reads the metrics by a parser that isn't ours.
async fn scrape(service: &Service) -> Scrape {
    let answer = service.get("/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.header("content-type"), media_type);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.text().ends_with("# EOF\n"));
    assert!(!answer.text().contains("SECRET"));
    Scrape::parse(answer.text().lines().map(|line| Ok(line.to_owned()))).unwrap()
}

/// The value of a sample with all of these labels.
fn value(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    let is_it = |sample: &&prometheus_parse::Sample| {
        sample.metric == name && labels.iter().all(|(key, is)| sample.labels.get(key) == Some(*is))
    };
    let sample = scrape.samples.iter().find(is_it);
    match sample.unwrap_or_else(|| panic!("no {name} {labels:?}")).value {
        Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => value,
        ref other => panic!("{name}: {other:?}"),
    }
}

/// Names of the README's table, without what follows the name.
fn documented() -> BTreeSet<&'static str> {
    let readme = include_str!("../../../README.md");
    let (_, section) = readme.split_once("## Metrics and alerts").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `locadocs_"));
    rows.map(|row| row.split(['`', '{']).next().unwrap()).collect()
}

#[tokio::test]
async fn every_metric_is_described_typed_and_documented_and_the_reverse() {
    let (service, ..) = service();
    service.get("/v1").await;
    let text = service.get("/metrics").await.text().to_owned();
    let families: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE locadocs_"))
        .map(|line| match line.split_once(' ').unwrap() {
            (name, "counter") => format!("{name}_total"),
            (name, "info") => format!("{name}_info"),
            (name, _) => name.to_owned(),
        })
        .collect();
    let helps = text.lines().filter(|line| line.starts_with("# HELP locadocs_")).count();
    assert_eq!(helps, families.len());
    assert_eq!(families, documented().into_iter().map(str::to_owned).collect());
}

#[tokio::test]
async fn a_scrape_tells_how_things_are_at_that_moment() {
    let (service, meter, sync) = service();
    let before = scrape(&service).await;
    assert_eq!(value(&before, "locadocs_content_age_seconds", &[]), 120.0);
    assert_eq!(value(&before, "locadocs_last_success_timestamp_seconds", &[]), 1_795_435_080.0);
    assert_eq!(value(&before, "locadocs_rows", &[]), 232.0);
    assert_eq!(value(&before, "locadocs_problems", &[("severity", "error")]), 0.0);
    assert_eq!(value(&before, "locadocs_budget_calls", &[("state", "left")]), 100_000.0);
    let answered = [("kind", "schema"), ("outcome", "answered")];
    assert_eq!(value(&before, "locadocs_airtable_calls_total", &answered), 0.0);

    for _ in 0..7 {
        meter.take(airtable::calls::CallKind::Webhook).unwrap();
    }
    sync.record_round(RoundKind::Idle, RoundEnd::Published, Duration::from_secs(1));
    let after = scrape(&service).await;
    for (state, calls) in [("spent", 7.0), ("left", 99_993.0), ("limit", 100_000.0)] {
        assert_eq!(value(&after, "locadocs_budget_calls", &[("state", state)]), calls);
    }
    assert_eq!(value(&after, "locadocs_releases_total", &[]), 1.0);
}

#[tokio::test]
async fn requests_are_counted_by_route_whatever_is_asked_for() {
    let (service, ..) = service();
    for target in ["/v1/guides/urbanisme", "/v1/guides/none", "/wp-login.php", "/a", "/healthz"] {
        service.get(target).await;
    }
    service.request(Method::HEAD, "/v1/guides/urbanisme", &[]).await;
    service.request("BREW".parse().unwrap(), "/v1", &[]).await;
    let answer = service.get("/metrics").await;
    let counts: BTreeSet<_> = answer
        .text()
        .lines()
        .filter_map(|line| line.strip_prefix("locadocs_http_requests_total"))
        .collect();
    let expected = [
        r#"{route="/v1/guides/{guide}",method="GET",status="200"} 1"#,
        r#"{route="/v1/guides/{guide}",method="GET",status="404"} 1"#,
        r#"{route="/v1/guides/{guide}",method="HEAD",status="200"} 1"#,
        r#"{route="unmatched",method="GET",status="404"} 2"#,
        r#"{route="/v1",method="other",status="405"} 1"#,
    ];
    assert_eq!(counts, BTreeSet::from(expected));
    let durations = "locadocs_http_request_duration_seconds_count{route=\"unmatched\"} 2";
    assert!(answer.text().lines().any(|line| line == durations), "{}", answer.text());
}

#[tokio::test]
async fn only_reading_is_possible() {
    let (service, ..) = service();
    let refused = service.request(Method::POST, "/metrics", &[]).await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(service.get("/metrics?x=1").await.problem()["code"], "unknown-parameter");
}
