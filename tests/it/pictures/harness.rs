//! The demo base in a sandbox, and services that follow it and copy its files.

use std::{cell::Cell, sync::Arc, time::Duration};

use axum::http::{Method, StatusCode};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use image::ImageFormat;
use locadocs::{
    airtable::{
        self, Client,
        download::{DownloadSettings, Downloader},
        gate::Gate,
    },
    content::problem::{Code, Problem},
    media::{Library, Settings as LibrarySettings},
    sandbox::{
        Sandbox,
        config::{Config, DEFAULT_TOKEN},
        demo,
        faults::{Fault, FaultRule},
    },
    store::Store,
    sync::{
        budget::{Budget, Meter},
        engine::{Engine, Follow, Outcome, Report, Settings},
        live::Live,
        metrics::SyncMetrics,
    },
};
use prometheus_client::{encoding::text::encode, registry::Registry};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    api::harness::{Answer, Service as Api},
    fixture,
    media::harness::picture,
};

const BASE: &str = "appLocadocsDemo01";
pub const STEPS: &str = "tblEtapes00000000";
/// The step that shows a plan.
pub const STEP: &str = "recEtPermisCont01";
pub const STEP_PATH: &str = "/v1/guides/urbanisme/steps/permis-contenu";

thread_local! {
    /// How far the clock of this test has been moved.
    static LATER: Cell<TimeDelta> = const { Cell::new(TimeDelta::zero()) };
}

fn clock() -> DateTime<Utc> {
    Utc::now() + LATER.get()
}

/// Moves the clock of the services.
pub fn wait(time: TimeDelta) {
    LATER.set(LATER.get() + time);
}

/// Images that are not alike.
pub fn image(n: u32) -> Bytes {
    picture(20 + n, 10, ImageFormat::Png)
}

pub struct World {
    pub sandbox: Sandbox,
    /// What a restart goes on from.
    folder: TempDir,
}

impl World {
    /// With the demo base.
    pub async fn start() -> Self {
        let config = Config { per_second: None, per_second_user: None, ..Config::default() };
        let seed = demo::base().unwrap();
        let sandbox = Sandbox::start_with_files(config, &[seed], &demo::file).await.unwrap();
        Self { sandbox, folder: tempfile::tempdir().unwrap() }
    }

    /// A service that goes on from what the one before kept. Nothing is read yet.
    pub fn service(&self) -> Service {
        let path = self.folder.path().join("media");
        let (library, damages) = Library::open(&path, LibrarySettings::default()).unwrap();
        assert_eq!(damages, []);
        self.service_with(library)
    }

    pub fn service_with(&self, library: Library) -> Service {
        let url = self.sandbox.url().clone();
        let meter = Arc::new(Meter::forgetful(Budget::default(), clock));
        let metrics = Arc::new(SyncMetrics::default());
        let gate: Arc<dyn Gate> = meter.clone();
        let settings = airtable::Settings {
            gate: Some(gate),
            requests_per_second: None,
            max_retries: 1,
            backoff_min: Duration::from_millis(1),
            backoff_max: Duration::from_millis(2),
            ..airtable::Settings::new(url.clone(), BASE.parse().unwrap(), DEFAULT_TOKEN.into())
        };
        let downloader = Downloader::new(DownloadSettings::new(url)).unwrap();
        let store = Store::open(self.folder.path()).unwrap().store;
        let api = Api::holding(library.clone(), clock);
        let settings_of_engine = Settings { follow: Follow::Polling, ..Settings::default() };
        let client = Client::new(settings).unwrap();
        let live = Arc::clone(&api.live);
        let engine = Engine::new(client, settings_of_engine, fixture::reference(), live, clock)
            .keeping(store)
            .measured(Arc::clone(&metrics), Arc::clone(&meter))
            .illustrated(library, downloader);
        engine.restore();
        Service { engine: Arc::new(engine), api, metrics }
    }

    /// An archivist puts files into a cell: images by name and content, or files that are there, by
    /// id. Gives their ids.
    pub async fn attach(
        &self,
        table: &str,
        record: &str,
        field: &str,
        files: Value,
    ) -> Vec<String> {
        let url = self.sandbox.url().join(&format!("v0/{BASE}/{table}/{record}")).unwrap();
        let body = json!({ "fields": { field: files } });
        let request = reqwest::Client::new().patch(url).bearer_auth(DEFAULT_TOKEN);
        let answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        let files = answer["fields"][field].as_array().cloned().unwrap_or_default();
        files.iter().map(|file| file["id"].as_str().unwrap().to_owned()).collect()
    }

    /// An archivist replaces the image of the step.
    pub async fn illustrate(&self, filename: &str, content: &[u8]) -> String {
        let files = json!([file(filename, content)]);
        self.attach(STEPS, STEP, "Illustrations", files).await.remove(0)
    }

    pub fn retitle(&self, title: &str) {
        self.sandbox.set_cell(BASE, STEPS, STEP, "Titre", &title.into()).unwrap();
    }

    /// Every download fails from now on, until faults are cleared.
    pub fn lose_files(&self) {
        let fault = Fault::status(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");
        self.sandbox.faults().add(FaultRule::new(fault).on_path("/_attachments/*"));
    }

    /// Runs something and counts the calls of the API that it makes.
    pub async fn counting<T>(&self, what: impl Future<Output = T>) -> (T, usize) {
        self.sandbox.calls().clear();
        let result = what.await;
        let calls = self.sandbox.calls().all();
        (result, calls.iter().filter(|call| call.path.starts_with("/v0/")).count())
    }
}

/// A file as it is given to a cell.
pub fn file(filename: &str, content: &[u8]) -> Value {
    let content = BASE64_STANDARD.encode(content);
    json!({ "filename": filename, "url": format!("data:image/png;base64,{content}") })
}

pub struct Service {
    pub engine: Arc<Engine>,
    pub api: Api,
    metrics: Arc<SyncMetrics>,
}

impl Service {
    /// A round for news.
    pub async fn look(&self) -> Report {
        self.engine.look().await.unwrap()
    }

    /// A round, then the files that it asks for.
    pub async fn round(&self) -> Outcome {
        let outcome = self.look().await.outcome;
        self.engine.fetch_media().await.unwrap();
        outcome
    }

    pub fn live(&self) -> &Live {
        self.engine.live()
    }

    pub fn release(&self) -> String {
        self.live().publication().unwrap().release.id().to_string()
    }

    /// The images of the step.
    pub async fn illustrations(&self) -> Vec<Value> {
        let step = self.api.json(STEP_PATH).await;
        step["step"]["illustrations"].as_array().unwrap().clone()
    }

    /// The addresses of the images of the step, by name alone.
    pub async fn names(&self) -> Vec<String> {
        let all = self.illustrations().await;
        let name =
            |image: &Value| image["url"].as_str().unwrap().rsplit('/').next().unwrap().into();
        all.iter().map(name).collect()
    }

    /// The content of the only image of the step.
    pub async fn content(&self) -> Bytes {
        let all = self.illustrations().await;
        let [image] = all.as_slice() else { panic!("{all:?}") };
        let answer = self.get(image["url"].as_str().unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.body
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.api.request(Method::GET, path, &[]).await
    }

    /// Whether the metrics say so, in one line.
    pub fn assert_measured(&self, line: &str) {
        let (mut registry, mut text) = (Registry::default(), String::new());
        self.metrics.register(&mut registry);
        encode(&mut text, &registry).unwrap();
        assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
    }

    /// What is told of files.
    pub fn problems(&self) -> Vec<Problem> {
        let status = self.live().status();
        let of_files = |problem: &&Problem| problem.code == Code::FileNotCopied;
        status.problems.iter().filter(of_files).cloned().collect()
    }
}
