//! A base in a sandbox with Airtable's own limits, and services that read it with our own.

use std::{cell::RefCell, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use chrono::TimeDelta;
use locadocs::{
    airtable::{self, Client, gate::Gate},
    api,
    sandbox::{
        Sandbox,
        calls::Call,
        config::{Clock, Config, DEFAULT_TOKEN},
        seed::{BaseSeed, FieldSeed, TableSeed},
    },
    store::Store,
    sync::{
        budget::{Budget, Meter},
        engine::{self, Engine, Follow},
        metrics::SyncMetrics,
        plan::{FullWanted, due},
    },
};
use serde_json::json;

use super::{calls::LOCK_OUT, clock, reader::Published};
use crate::{
    api::harness::Service as Api,
    fixture,
    harmless::{
        harness::{address, demo_base, sandbox},
        switch::Switch,
    },
};

pub struct World {
    pub seed: BaseSeed,
    /// The base that is edited.
    pub sandbox: Sandbox,
    /// Another that stands in its place.
    stand_in: RefCell<Option<Sandbox>>,
    switch: Switch,
    /// Calls to former ones.
    former_calls: RefCell<Vec<Call>>,
}

/// A service: the engine and the API, without a port.
pub struct Service {
    pub engine: Arc<Engine>,
    pub api: Api,
    meter: Arc<Meter>,
}

/// Airtable's own limits.
pub fn limits() -> Config {
    Config { lockout: LOCK_OUT, clock: Clock::new(clock::right), ..Config::default() }
}

impl World {
    /// With the demo base.
    pub async fn start() -> Self {
        Self::start_with(limits(), demo_base()).await
    }

    pub async fn start_with(config: Config, seed: BaseSeed) -> Self {
        let sandbox = sandbox(config, &seed).await;
        let switch = Switch::to(address(&sandbox)).await;
        let (stand_in, former_calls) = Default::default();
        Self { seed, sandbox, stand_in, switch, former_calls }
    }

    /// How a client of the service reaches the base: as it does in production.
    fn client_settings(&self) -> airtable::Settings {
        client_settings(self.switch.address, &self.seed)
    }

    /// Another program of the same owner, that keeps to the limit or not.
    pub fn intruder(&self, is_polite: bool) -> Client {
        let settings = client_settings(address(&self.sandbox), &self.seed);
        let requests_per_second = settings.requests_per_second.filter(|_| is_polite);
        let settings = airtable::Settings { requests_per_second, max_retries: 0, ..settings };
        Client::new(settings).unwrap()
    }

    /// A service before its first round, that goes on from what is in the folder.
    pub fn service(&self, folder: Option<&Path>) -> Service {
        let api = Api::empty(clock::told, api::Settings::default());
        self.service_at(api, Follow::Polling, folder)
    }

    /// A service with this API, that hears of changes in this way.
    pub fn service_at(&self, api: Api, follow: Follow, folder: Option<&Path>) -> Service {
        let meter = Arc::new(Meter::forgetful(Budget::default(), clock::told));
        let gate: Arc<dyn Gate> = meter.clone();
        let settings = airtable::Settings { gate: Some(gate), ..self.client_settings() };
        let store = folder.map_or_else(
            || Store::in_memory().unwrap(),
            |folder| Store::open(folder).unwrap().store,
        );
        let engine = Engine::new(
            Client::new(settings).unwrap(),
            engine::Settings { follow, ..engine::Settings::default() },
            fixture::reference(),
            Arc::clone(&api.live),
            clock::told,
        );
        let metrics = Arc::new(SyncMetrics::default());
        let engine = engine.waking(Arc::clone(&api.wake)).measured(metrics, Arc::clone(&meter));
        Service { engine: Arc::new(engine.keeping(store)), api, meter }
    }

    /// A service that has read the base, and whose calls are forgotten.
    pub async fn warm(&self, folder: Option<&Path>) -> Service {
        let service = self.service(folder);
        service.engine.look().await.unwrap();
        self.settle().await;
        service
    }

    /// What a service publishes that comes to the base now.
    pub async fn fresh_state(&self) -> Published {
        Published::now(&self.warm(None).await.api).await
    }

    /// Forgets the calls so far, once they count no more.
    pub async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.sandbox.calls().clear();
    }

    /// An archivist changes one row, that of a document.
    pub fn edit(&self) {
        self.rename_document("Permis de bâtir");
    }

    pub fn rename_document(&self, name: &str) {
        let (table, field) = (self.table("Documents"), self.field("Documents", "Nom"));
        let row = "recDocPermis00001";
        self.sandbox.set_cell(&self.seed.id, &table.id, row, &field.id, &json!(name)).unwrap();
    }

    pub fn table(&self, name: &str) -> &TableSeed {
        self.seed.tables.iter().find(|table| table.name == name).unwrap()
    }

    pub fn field(&self, table: &str, name: &str) -> &FieldSeed {
        self.table(table).fields.iter().find(|field| field.name == name).unwrap()
    }

    /// Puts another base in the place of ours, or ours back.
    pub async fn put(&self, other: Option<&BaseSeed>) {
        let stand_in = match other {
            Some(seed) => Some(sandbox(limits(), seed).await),
            None => None,
        };
        self.switch.turn(address(stand_in.as_ref().unwrap_or(&self.sandbox)));
        if let Some(former) = self.stand_in.replace(stand_in) {
            self.former_calls.borrow_mut().extend(former.calls().all());
        }
    }

    /// Keeps the calls so far, before others' come.
    pub fn keep_calls(&self) {
        self.former_calls.borrow_mut().extend(self.sandbox.calls().all());
    }

    /// The calls since the last time that they were forgotten, in their order.
    pub fn calls(&self) -> Vec<Call> {
        let mut calls = self.former_calls.borrow().clone();
        calls.extend(self.sandbox.calls().all());
        calls.sort_by_key(|call| call.at);
        calls
    }
}

fn client_settings(address: SocketAddr, seed: &BaseSeed) -> airtable::Settings {
    let url = format!("http://{address}").parse().unwrap();
    airtable::Settings::new(url, seed.id.parse().unwrap(), DEFAULT_TOKEN.into())
}

impl Service {
    /// Whether the schedule has a round within the hour.
    pub async fn has_round_soon(&self) -> bool {
        let standing = self.engine.standing().await;
        let soon = clock::told() + TimeDelta::hours(1);
        let daily = FullWanted::Every(TimeDelta::days(1));
        due(soon, &standing, daily, Some(&self.meter.means())).is_some()
    }
}
