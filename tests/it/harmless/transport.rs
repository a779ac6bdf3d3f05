//! What goes wrong between Airtable and the service, in the middle of a round.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use locadocs::{
    content::tables::{FieldKey as F, TableKey as T},
    sandbox::{
        Sandbox,
        config::{DEFAULT_TOKEN, TokenGrant},
        error::ErrorShape,
        faults::{Fault, FaultRule},
    },
    sync::engine::Outcome,
};
use serde_json::json;

use super::harness::{GUIDE, World, demo_base};
use crate::api::harness::noon;

const LIST: &str = "/v0/app*/tbl*";
const SCHEMA: &str = "/v0/meta/bases/*/tables";

fn status(status: u16, code: &str) -> Fault {
    Fault::Status {
        status,
        shape: ErrorShape::Plural,
        code: code.into(),
        message: String::new(),
        retry_after: None,
    }
}

/// Faults that last, and what they are called.
fn lasting_faults() -> Vec<(Fault, &'static str)> {
    let forbidden = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND";
    vec![
        (Fault::Truncate { bytes: 700 }, "unreachable"),
        (Fault::Truncate { bytes: 0 }, "unreachable"),
        (Fault::Html { status: 200 }, "unreachable"),
        (Fault::Html { status: 503 }, "unreachable"),
        (Fault::Drop, "unreachable"),
        (status(500, "SERVER_ERROR"), "unreachable"),
        (Fault::status(StatusCode::UNPROCESSABLE_ENTITY, "UNKNOWN_FIELD_NAME"), "unreachable"),
        (Fault::status(StatusCode::FORBIDDEN, forbidden), "forbidden"),
        (Fault::status(StatusCode::NOT_FOUND, "NOT_FOUND"), "forbidden"),
        (Fault::status(StatusCode::UNAUTHORIZED, "AUTHENTICATION_REQUIRED"), "unauthorized"),
        (status(429, "RATE_LIMIT_REACHED"), "rate-limited"),
    ]
}

#[tokio::test]
async fn a_fault_that_lasts_keeps_the_last_good_release_until_it_ends() {
    let world = World::start().await;
    let warm = world.warm().await;
    let before = warm.seen().await;
    for (fault, code) in lasting_faults() {
        // At the schema, and in the middle of the rows.
        for (path, after) in [(SCHEMA, 0), (LIST, 3)] {
            let case = format!("{fault:?} on {path}");
            let faults = world.sandbox().faults();
            faults.add(FaultRule::new(fault.clone()).on_path(path).after(after));
            warm.round().await.unwrap_err();
            warm.assert_degraded(code, &case).await;
            assert_eq!(warm.seen().await, before, "{case}");

            faults.clear();
            faults.add(FaultRule::new(fault.clone()).on_path(path).after(after));
            let cold = world.cold();
            cold.round().await.unwrap_err();
            cold.assert_not_ready(code, &case).await;

            faults.clear();
            cold.assert_recovers(&before, &case).await;
            warm.assert_recovers(&before, &case).await;
        }
    }
}

/// Noon, and a month later once it is told so.
fn clock_of_a_month() -> DateTime<Utc> {
    noon() + TimeDelta::days(if NEXT_MONTH.load(Ordering::Relaxed) { 31 } else { 0 })
}

static NEXT_MONTH: AtomicBool = AtomicBool::new(false);

#[tokio::test]
async fn a_spent_quota_ends_all_calls_until_the_month_turns() {
    let world = World::start().await;
    let service = world.cold_with_clock(clock_of_a_month);
    service.round().await.unwrap();
    let before = service.seen().await;
    let spent = status(429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED");
    world.sandbox().faults().add(FaultRule::new(spent));
    service.round().await.unwrap_err();
    service.assert_degraded("quota-spent", "spent").await;

    world.sandbox().faults().clear();
    let calls = world.client.calls().total();
    for _ in 0..3 {
        service.round().await.unwrap_err();
    }
    assert_eq!(world.client.calls().total(), calls);
    service.assert_degraded("quota-spent", "still spent").await;
    assert_eq!(service.seen().await, before);

    NEXT_MONTH.store(true, Ordering::Relaxed);
    service.assert_recovers(&before, "the month turned").await;
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_and_the_last_good_release_stays() {
    let world = World::start().await;
    let warm = world.warm().await;
    let before = warm.seen().await;
    world.sandbox().faults().add(FaultRule::new(Fault::Hang).on_path(LIST).after(3));
    warm.round().await.unwrap_err();
    warm.assert_degraded("unreachable", "hang").await;
    assert_eq!(warm.seen().await, before);
    world.sandbox().faults().clear();
    warm.assert_recovers(&before, "hang").await;
}

#[tokio::test]
async fn a_fault_that_passes_is_not_even_noticed() {
    let world = World::start().await;
    let warm = world.warm().await;
    let before = warm.seen().await;
    let expired = "LIST_RECORDS_ITERATOR_NOT_AVAILABLE";
    for fault in [
        Fault::Truncate { bytes: 700 },
        Fault::Html { status: 200 },
        Fault::Drop,
        status(503, "X"),
        status(429, "RATE_LIMIT_REACHED"),
        Fault::status(StatusCode::UNPROCESSABLE_ENTITY, expired),
    ] {
        let rule = FaultRule::new(fault.clone()).on_path(LIST).after(2).times(1);
        world.sandbox().faults().add(rule);
        warm.assert_recovers(&before, &format!("{fault:?}")).await;
        assert!(world.sandbox().faults().list().is_empty(), "{fault:?} did not strike");
    }
}

#[tokio::test]
async fn a_token_that_is_revoked_degrades_until_it_is_granted_again() {
    let world = World::start().await;
    let warm = world.warm().await;
    let before = warm.seen().await;
    world.sandbox().revoke_token(DEFAULT_TOKEN);
    warm.round().await.unwrap_err();
    warm.assert_degraded("unauthorized", "revoked").await;
    assert_eq!(warm.seen().await, before);
    let (_, readiness) = warm.readiness().await;
    assert!(!readiness.to_string().contains(DEFAULT_TOKEN));

    world.sandbox().grant(TokenGrant::full(DEFAULT_TOKEN));
    warm.assert_recovers(&before, "granted again").await;
}

#[tokio::test]
async fn an_edit_is_seen_once_the_fault_has_passed() {
    let world = World::start().await;
    let warm = world.warm().await;
    rename_guide(world.sandbox(), "Maisons et terrains");
    world.sandbox().faults().add(FaultRule::new(Fault::Html { status: 200 }).on_path(LIST));
    warm.round().await.unwrap_err();
    assert_eq!(warm.api.json(GUIDE).await["title"], "Urbanisme et foncier");
    world.sandbox().faults().clear();
    assert_eq!(warm.round().await.unwrap().outcome, Outcome::Published);
    assert_eq!(warm.api.json(GUIDE).await["title"], "Maisons et terrains");
}

fn rename_guide(sandbox: &Sandbox, title: &str) {
    let (base, table) = (demo_base().id, T::Guides.def());
    let field = table.field(F::Title).unwrap().name;
    sandbox.set_cell(&base, table.name, "recUrbanisme00001", field, &json!(title)).unwrap();
}
