//! Rounds: one at a time, on a schedule that nothing ends but its stop.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use locadocs::{
    airtable::{self, Client},
    api,
    sandbox::faults::{Fault, FaultRule},
    sync::{
        engine::{self, Engine, Outcome},
        jobs::{Jobs, Schedule, Schedules},
    },
};
use serde_json::json;
use tokio::time::timeout;

use super::harness::{World, client_settings, demo_base, engine};
use crate::{
    api::harness::{Service as Api, noon},
    fixture,
};

const SECOND: Duration = Duration::from_secs(1);
const SCHEMA: &str = "/v0/meta/bases/*/tables";

/// Looks at the base so often.
fn at(look: Schedule) -> Schedules {
    Schedules { look, full: Schedule::Every(86_400 * SECOND) }
}

fn rounds_begun(world: &World) -> usize {
    let calls = world.sandbox().calls().all();
    calls.iter().filter(|call| call.path.starts_with("/v0/meta")).count()
}

/// Waits until so many rounds have begun.
async fn await_rounds(world: &World, wanted: usize) {
    let begun = async {
        while rounds_begun(world) < wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(30 * SECOND, begun).await.expect("a scheduled round");
}

#[tokio::test]
async fn two_rounds_at_once_follow_each_other() {
    let world = World::start().await;
    let service = world.cold();
    let slow = Fault::delay(Duration::from_millis(20));
    world.sandbox().faults().add(FaultRule::new(slow));
    let (first, second) = tokio::join!(service.round(), service.round());
    assert_eq!(first.unwrap().outcome, Outcome::Published);
    assert_eq!(second.unwrap().outcome, Outcome::Unchanged);
    let calls = world.sandbox().calls().all();
    let schemas: Vec<_> =
        calls.iter().enumerate().filter(|(_, call)| call.path.starts_with("/v0/meta")).collect();
    assert_eq!(schemas.len(), 2);
    // All of the first round, then all of the second.
    assert_eq!((schemas[0].0, schemas[1].0), (0, calls.len() / 2));
}

#[tokio::test]
async fn scheduled_rounds_run_until_they_are_stopped() {
    let world = World::start().await;
    let service = world.cold();
    let schedule = at(Schedule::Every(SECOND));
    let jobs = Jobs::start(Arc::clone(&service.engine), &schedule).await.unwrap();
    await_rounds(&world, 2).await;
    jobs.stop().await.unwrap();
    service.assert_well("scheduled").await;

    // A round that was under way ends; none begins in the time of two.
    drop(service.round().await);
    let begun = rounds_begun(&world);
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(rounds_begun(&world), begun);
}

#[tokio::test]
async fn a_round_that_fails_does_not_end_the_schedule() {
    let world = World::start().await;
    let service = world.cold();
    world
        .sandbox()
        .faults()
        .add(FaultRule::new(Fault::Html { status: 404 }).on_path(SCHEMA).times(1));
    let schedule = at(Schedule::Cron("* * * * * *".to_owned()));
    let jobs = Jobs::start(Arc::clone(&service.engine), &schedule).await.unwrap();
    await_rounds(&world, 3).await;
    jobs.stop().await.unwrap();
    service.assert_well("after a failure").await;
}

/// The paused clock is the runtime's: to the scheduler, which goes by the system's, no time passes,
/// so that it never ticks.
#[tokio::test(start_paused = true)]
async fn a_schedule_that_stops_ticking_is_noticed_and_its_round_made() {
    let api = Api::empty(noon, api::Settings::default());
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let settings = airtable::Settings { max_retries: 0, ..client_settings(nowhere, &demo_base()) };
    let engine = engine(Client::new(settings).unwrap(), &api);
    let minutely = at(Schedule::Every(60 * SECOND));
    let jobs = Jobs::start(Arc::clone(&engine), &minutely).await.unwrap();
    tokio::time::sleep(119 * SECOND).await;
    assert_eq!(engine.standing().await.last_look, None, "it may be late");
    let noticed = async {
        while engine.standing().await.last_look.is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(3 * SECOND, noticed).await.expect("a round two minutes after the start");
    jobs.stop().await.unwrap();
}

/// Panics the first time that it is asked, as a bug in a round would.
fn clock_that_panics_once() -> DateTime<Utc> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    assert!(ASKED.fetch_add(1, Ordering::Relaxed) > 0, "the clock breaks, as the test wants");
    noon()
}

#[tokio::test]
async fn a_round_that_panics_does_not_end_the_schedule() {
    let world = World::start().await;
    let service = world.cold();
    let engine = Arc::new(Engine::new(
        world.client.clone(),
        engine::Settings::default(),
        fixture::reference(),
        Arc::clone(&service.api.live),
        clock_that_panics_once,
    ));
    let jobs = Jobs::start(engine, &at(Schedule::Every(SECOND))).await.unwrap();
    await_rounds(&world, 2).await;
    jobs.stop().await.unwrap();
    service.assert_well("after a panic").await;
}

/// Noon, and two hours later once it is told so.
fn clock_of_the_hold() -> DateTime<Utc> {
    noon() + TimeDelta::hours(if LATER.load(Ordering::Relaxed) { 2 } else { 0 })
}

static LATER: AtomicBool = AtomicBool::new(false);

#[tokio::test]
async fn a_mass_removal_is_held_until_it_has_lasted() {
    let world = World::start().await;
    let service = world.cold_with_clock(clock_of_the_hold);
    service.round().await.unwrap();
    let before = service.seen().await;
    // At one click, every local record becomes a draft.
    let base = demo_base();
    let holdings = base.tables.iter().find(|table| table.name == "Données locales").unwrap();
    for row in &holdings.records {
        let draft = json!("Brouillon");
        world.sandbox().set_cell(&base.id, &holdings.name, &row.id, "Statut", &draft).unwrap();
    }
    service.round().await.unwrap_err();
    service.assert_degraded("mass-removal", "held").await;
    assert_eq!(service.seen().await, before);
    service.round().await.unwrap_err();

    LATER.store(true, Ordering::Relaxed);
    assert_eq!(service.round().await.unwrap().outcome, Outcome::Published);
    assert_ne!(service.seen().await, before, "meant, since it lasted");
}
