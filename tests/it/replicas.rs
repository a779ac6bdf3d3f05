//! Replicas: two services on one base, each with a folder and a clock of its own, and one that starts
//! again, say the same under the same names.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use locadocs::{
    api::Settings,
    store::Store,
    sync::engine::{self, Engine, Follow},
};
use serde_json::{Value, json};

use crate::{
    api::harness::{Service as Api, noon},
    fixture,
    harmless::harness::{GUIDE, LOCATE, World, demo_base},
};

struct Replica {
    api: Api,
    engine: Engine,
}

fn later() -> DateTime<Utc> {
    noon() + TimeDelta::hours(1)
}

impl Replica {
    /// Starts on a folder, and goes on from what it holds.
    fn start(world: &World, folder: &Path, clock: fn() -> DateTime<Utc>) -> Self {
        let store = Store::open(folder).unwrap().store;
        let api = Api::keeping(store.clone(), clock, Settings::default());
        let settings = engine::Settings { follow: Follow::Polling, ..Default::default() };
        let live = api.live.clone();
        let engine = Engine::new(world.client.clone(), settings, fixture::reference(), live, clock)
            .keeping(store);
        engine.restore();
        Self { api, engine }
    }

    async fn look(&self) {
        self.engine.look().await.unwrap();
    }

    async fn release(&self) -> String {
        self.api.get("/v1/guides").await.header("x-release").to_owned()
    }

    /// The validators of all sorts of answers, of the current release and of an earlier one.
    async fn validators(&self, earlier: &str) -> Vec<(String, String)> {
        let targets = [GUIDE, LOCATE, "/v1/guides", "/v1/documents", "/v1/services"];
        let pin = |target: &&str| {
            let sign = if target.contains('?') { '&' } else { '?' };
            format!("{target}{sign}release={earlier}")
        };
        let pinned = targets.iter().map(pin);
        let changes = format!("/v1/changes?since={earlier}");
        let all = targets.iter().map(ToString::to_string).chain(pinned).chain([changes]);
        let mut validators = Vec::new();
        for target in all {
            let answer = self.api.get(&target).await;
            assert!(answer.status.is_success(), "{target}: {}", answer.text());
            validators.push((target, answer.header("etag").to_owned()));
        }
        validators
    }
}

#[tokio::test]
async fn validators_are_the_same_on_replicas_and_after_a_restart() {
    let world = World::start().await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let one = Replica::start(&world, folders[0].path(), noon);
    let other = Replica::start(&world, folders[1].path(), later);
    one.look().await;
    other.look().await;
    let earlier = one.release().await;
    assert_eq!(other.release().await, earlier);

    let base = demo_base();
    let guides = base.tables.iter().find(|table| table.name == "Guides").unwrap();
    let row = &guides.records[0].id;
    world.sandbox().set_cell(&base.id, "Guides", row, "Titre", &json!("Autre titre")).unwrap();
    one.look().await;
    other.look().await;
    assert_ne!(one.release().await, earlier);
    let before = one.validators(&earlier).await;
    assert_eq!(other.validators(&earlier).await, before);
    let changes = one.api.json(&format!("/v1/changes?since={earlier}")).await;
    assert_eq!(changes["items"].as_array().unwrap().len(), 1);
    assert_eq!(changes["items"][0]["kind"], "guide");

    // Each drops its lock on the folder before it starts again.
    drop(one);
    let again = Replica::start(&world, folders[0].path(), later);
    assert_eq!(again.validators(&earlier).await, before);
    let history = again.api.json("/v1/releases").await;
    let current: Vec<&Value> =
        history["items"].as_array().unwrap().iter().map(|release| &release["current"]).collect();
    assert_eq!(current, [true, false]);
}
