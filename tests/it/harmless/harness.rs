//! The service from end to end, in-process: a base in a sandbox, the client, the engine, the API.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use locadocs::{
    airtable::{self, Client, gate::Gate},
    api,
    content::problem::Problem,
    sandbox::{
        Sandbox,
        config::{Config, DEFAULT_TOKEN},
        demo,
        seed::BaseSeed,
    },
    sync::{
        budget::{Budget, Meter},
        engine::{self, Engine, Outcome, Report, RoundError},
    },
};
use secrecy::SecretString;
use serde_json::Value;

use super::switch::Switch;
use crate::{
    api::harness::{Answer, Service as Api, noon},
    fixture,
};

pub const LOCATE: &str = "/v1/locate?document=permis-de-construire&commune=35238&date=1987";
pub const GUIDE: &str = "/v1/guides/urbanisme";

/// The demo base. Its file keeps one id, as it does in Airtable.
pub fn demo_base() -> BaseSeed {
    let mut base = demo::base().unwrap();
    let records = base.tables.iter_mut().flat_map(|table| &mut table.records);
    for cell in records.flat_map(|record| record.fields.values_mut()) {
        if let Some(file) = cell.get_mut(0).filter(|file| file.is_object()) {
            file["id"] = "attPlanDeMasse001".into();
        }
    }
    base
}

pub async fn sandbox(config: Config, seed: &BaseSeed) -> Sandbox {
    Sandbox::start_with_files(config, std::slice::from_ref(seed), &demo::file).await.unwrap()
}

pub fn unlimited() -> Config {
    Config { per_second: None, per_second_user: None, ..Config::default() }
}

/// Quick to give up, since nothing here is worth waiting for.
pub fn client_settings(address: SocketAddr, base: &BaseSeed) -> airtable::Settings {
    let url = format!("http://{address}").parse().unwrap();
    let token = SecretString::from(DEFAULT_TOKEN);
    airtable::Settings {
        requests_per_second: None,
        backoff_min: Duration::from_millis(2),
        backoff_max: Duration::from_millis(10),
        rate_limit_pause: Duration::from_millis(20),
        idle_timeout: Duration::from_millis(500),
        request_timeout: Duration::from_secs(2),
        ..airtable::Settings::new(url, base.id.parse().unwrap(), token)
    }
}

/// Answers that the public relies on: status, `ETag` and body of each.
pub type Seen = [(StatusCode, String, String); 2];

/// Airtable as the client sees it: an address, behind which the demo base may be damaged and mended.
pub struct World {
    pub client: Client,
    demo: Sandbox,
    damaged: Option<Sandbox>,
    switch: Switch,
}

impl World {
    /// With the demo base.
    pub async fn start() -> Self {
        let base = demo_base();
        let demo = sandbox(unlimited(), &base).await;
        let switch = Switch::to(address(&demo)).await;
        let client = Client::new(client_settings(switch.address, &base)).unwrap();
        Self { client, demo, damaged: None, switch }
    }

    /// The sandbox that answers now.
    pub fn sandbox(&self) -> &Sandbox {
        self.damaged.as_ref().unwrap_or(&self.demo)
    }

    /// Puts another base in place of the one that is read.
    pub async fn damage(&mut self, base: &BaseSeed) {
        let sandbox = sandbox(unlimited(), base).await;
        self.switch.turn(address(&sandbox));
        self.damaged = Some(sandbox);
    }

    /// Puts the demo base back.
    pub fn mend(&mut self) {
        self.switch.turn(address(&self.demo));
        self.damaged = None;
    }

    /// A service that reads it, before its first round.
    pub fn cold(&self) -> Service {
        let api = Api::empty(noon, api::Settings::default());
        Service { engine: engine(self.client.clone(), &api), api }
    }

    /// A service whose engine asks this clock, before its first round.
    pub fn cold_with_clock(&self, clock: fn() -> DateTime<Utc>) -> Service {
        let mut service = self.cold();
        let meter: Arc<dyn Gate> = Arc::new(Meter::forgetful(Budget::default(), clock));
        let settings = client_settings(self.switch.address, &demo_base());
        let settings = airtable::Settings { gate: Some(meter), ..settings };
        service.engine = Arc::new(Engine::new(
            Client::new(settings).unwrap(),
            Default::default(),
            fixture::reference(),
            Arc::clone(&service.api.live),
            clock,
        ));
        service
    }

    /// A service after a good round.
    pub async fn warm(&self) -> Service {
        let service = self.cold();
        assert_eq!(service.round().await.unwrap().outcome, Outcome::Published);
        service
    }
}

/// The service: the engine and the API, without a port.
pub struct Service {
    pub engine: Arc<Engine>,
    pub api: Api,
}

impl Service {
    pub async fn round(&self) -> Result<Report, RoundError> {
        self.engine.sync_once().await
    }

    /// What the public sees, to be compared with later.
    pub async fn seen(&self) -> Seen {
        let seen = |answer: Answer| {
            (answer.status, answer.header("etag").to_owned(), answer.text().to_owned())
        };
        [seen(self.api.get(LOCATE).await), seen(self.api.get(GUIDE).await)]
    }

    /// After the base was mended, the next round makes everything as it was.
    pub async fn assert_recovers(&self, before: &Seen, case: &str) {
        self.round().await.unwrap_or_else(|error| panic!("{case}: {error:?}"));
        self.assert_well(case).await;
        assert_eq!(self.seen().await, *before, "{case}");
    }

    pub async fn readiness(&self) -> (StatusCode, Value) {
        let answer = self.api.get("/readyz").await;
        (answer.status, answer.json())
    }

    pub fn problems(&self) -> Arc<[Problem]> {
        Arc::clone(&self.api.live.status().problems)
    }

    /// Something is public, and the last round was good.
    pub async fn assert_well(&self, case: &str) {
        let (status, body) = self.readiness().await;
        assert_eq!(status, StatusCode::OK, "{case}: {body}");
        assert_eq!(body["degraded"], false, "{case}: {body}");
        assert_eq!(body["failure"], Value::Null, "{case}: {body}");
    }

    /// Something is public, and the last round failed for this reason.
    pub async fn assert_degraded(&self, code: &str, case: &str) {
        let (status, body) = self.readiness().await;
        assert_eq!(status, StatusCode::OK, "{case}: {body}");
        assert_eq!(body["ready"], true, "{case}: {body}");
        assert_eq!(body["degraded"], true, "{case}: {body}");
        assert_eq!(body["failure"]["code"], code, "{case}: {body}");
    }

    /// Nothing is public yet, for this reason.
    pub async fn assert_not_ready(&self, code: &str, case: &str) {
        let (status, body) = self.readiness().await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{case}: {body}");
        assert_eq!(body["failure"]["code"], code, "{case}: {body}");
        for target in [LOCATE, GUIDE] {
            let answer = self.api.get(target).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{case}: {target}");
            assert_eq!(answer.problem()["code"], "not-ready", "{case}: {target}");
        }
    }
}

pub fn engine(client: Client, api: &Api) -> Arc<Engine> {
    let live = Arc::clone(&api.live);
    let settings = engine::Settings::default();
    Arc::new(Engine::new(client, settings, fixture::reference(), live, noon))
}

pub fn address(sandbox: &Sandbox) -> SocketAddr {
    sandbox.url().socket_addrs(|| None).unwrap()[0]
}
