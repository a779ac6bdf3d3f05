//! The gate that may forbid calls: the month's budget.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use locadocs::{
    airtable::{Client, Error, Settings, calls::CallKind},
    sync::budget::{Budget, Meter, Save},
};

use super::{Reply, Server, client, error, page, settings, table};

fn noon() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn month_end() -> DateTime<Utc> {
    "2026-12-01T00:00:00Z".parse().unwrap()
}

/// A budget of so many calls, and what it saved last.
fn meter(monthly_calls: u64, saved: Option<&str>) -> (Arc<Meter>, Arc<Mutex<String>>) {
    let disk = Arc::new(Mutex::new(saved.unwrap_or_default().to_owned()));
    let save: Save = Box::new({
        let disk = Arc::clone(&disk);
        move |json| {
            json.clone_into(&mut disk.lock().unwrap());
            Ok(())
        }
    });
    let budget = Budget { monthly_calls: Some(monthly_calls), ..Budget::default() };
    (Arc::new(Meter::new(budget, saved, noon, save)), disk)
}

fn gated(server: &Server, meter: &Arc<Meter>) -> Client {
    Client::new(Settings { gate: Some(meter.clone()), ..settings(server) }).unwrap()
}

#[tokio::test]
async fn retries_do_not_go_past_the_budget() {
    let server = Server::start(|_, _| error(503, "X")).await;
    let (meter, _) = meter(2, None);
    let client = gated(&server, &meter);
    let failure = client.schema().await.unwrap_err();
    assert!(matches!(&failure, Error::BudgetSpent { until, .. } if *until == month_end()));
    assert!(!failure.is_retryable());
    assert!(failure.to_string().starts_with("GET /v0/meta/bases/appTest/tables: not made"));
    assert_eq!((server.received().len(), client.calls().total()), (2, 2));
    let status = meter.status();
    assert_eq!((status.spent, status.left), (2, Some(0)));
    assert_eq!(status.made.get(&CallKind::Schema), Some(&2));
}

#[tokio::test]
async fn what_is_saved_is_never_less_than_what_was_sent() {
    let server = Server::start(|_, _| page(&[], None)).await;
    let (first, disk) = meter(100_000, None);
    let client = gated(&server, &first);
    for sent in 1..=45 {
        client.list(&table(), &Default::default()).await.unwrap();
        let saved = disk.lock().unwrap().clone();
        let spent = meter(100_000, Some(&saved)).0.status().spent;
        assert!((sent..sent + 20).contains(&spent), "{sent}: {spent}");
    }
    first.settle();
    let saved = disk.lock().unwrap().clone();
    assert_eq!(meter(100_000, Some(&saved)).0.status().spent, 45);
}

#[tokio::test]
async fn a_spent_quota_silences_even_those_who_wait_and_the_next_run() {
    let server = Server::start(|_, _| error(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED")).await;
    let (first, disk) = meter(100_000, None);
    let one_at_a_time = Settings {
        gate: Some(first.clone()),
        requests_per_second: NonZeroU32::new(1),
        ..settings(&server)
    };
    let client = Client::new(one_at_a_time).unwrap();
    let (refused, waiting) = tokio::join!(client.schema(), client.schema());
    assert!(matches!(refused, Err(Error::BillingLimit { .. })), "{refused:?}");
    assert!(matches!(waiting, Err(Error::BudgetSpent { .. })), "{waiting:?}");
    assert_eq!(first.status().quiet_until, Some(month_end()));

    let saved = disk.lock().unwrap().clone();
    let (next, _) = meter(100_000, Some(&saved));
    let refused = gated(&server, &next).schema().await;
    assert!(matches!(refused, Err(Error::BudgetSpent { .. })), "{refused:?}");
    assert_eq!(server.received().len(), 1);
    assert!(next.means().next_idle(noon(), 1, None) == month_end());
}

#[tokio::test]
async fn a_call_given_up_before_its_turn_costs_nothing() {
    let server = Server::start(|_, _| page(&[], None).after(Duration::from_millis(50))).await;
    let (meter, _) = meter(1_000, None);
    let one_at_a_time = Settings {
        gate: Some(meter.clone()),
        requests_per_second: NonZeroU32::new(1),
        ..settings(&server)
    };
    let client = Client::new(one_at_a_time).unwrap();
    client.list(&table(), &Default::default()).await.unwrap();
    let (list, fields) = (table(), Default::default());
    let given_up =
        tokio::time::timeout(Duration::from_millis(1), client.list(&list, &fields)).await;
    assert!(given_up.is_err());
    assert_eq!(meter.status().spent, 1);
}

#[tokio::test]
async fn a_disk_that_fails_stops_no_call_and_a_count_that_is_damaged_starts_anew() {
    let server = Server::start(|_, _| page(&[], None)).await;
    let save: Save = Box::new(|_| Err("no space left".into()));
    let meter = Arc::new(Meter::new(Budget::default(), Some("{\"mon"), noon, save));
    let client = gated(&server, &meter);
    for _ in 0..30 {
        client.list(&table(), &Default::default()).await.unwrap();
    }
    assert_eq!(meter.status().spent, 30);
}

#[tokio::test]
async fn without_a_gate_nothing_is_forbidden() {
    let server = Server::in_turn([Reply::json(200, r#"{"tables":[]}"#)]).await;
    client(&server).schema().await.unwrap();
}
