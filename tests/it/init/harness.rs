//! A sandbox with one base, and what `init` does to it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::http::Method;
use chrono::{DateTime, NaiveDate, Utc};
use locadocs::{
    airtable::{Client, ListOptions, Settings},
    catalog::Release,
    content::{period::Days, tables::TableKey},
    sandbox::{
        Sandbox,
        config::{Config, DEFAULT_TOKEN},
        demo,
        seed::BaseSeed,
    },
    sync::{
        engine::{self, Engine},
        live::Live,
        mapping::{Mapping, Names, resolve},
        setup::{
            Event, SetupError,
            apply::apply,
            demo::{Demo, add},
            plan::plan,
        },
    },
};
use regex::Regex;

use crate::fixture::reference;

pub struct Bench {
    pub sandbox: Sandbox,
    pub client: Client,
    pub names: Names,
}

pub fn demo_seed() -> BaseSeed {
    demo::base().unwrap()
}

pub fn empty_seed() -> BaseSeed {
    BaseSeed { tables: Vec::new(), ..demo_seed() }
}

fn now() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

impl Bench {
    /// Without limits of rate on either side.
    pub async fn start(seed: BaseSeed) -> Self {
        let config = Config { per_second: None, per_second_user: None, ..Config::default() };
        let base = seed.id.parse().unwrap();
        let sandbox = Sandbox::start_with_files(config, &[seed], &demo::file).await.unwrap();
        let settings = Settings::new(sandbox.url().clone(), base, DEFAULT_TOKEN.into());
        let settings = Settings {
            requests_per_second: None,
            backoff_min: Duration::from_millis(1),
            backoff_max: Duration::from_millis(2),
            ..settings
        };
        Self { sandbox, client: Client::new(settings).unwrap(), names: Names::default() }
    }

    pub fn base(&self) -> String {
        demo_seed().id
    }

    /// What the command does, and what it tells.
    pub async fn init(&self, demo: Option<&Demo>) -> Result<Vec<Event>, SetupError> {
        let schema = self.client.schema().await?;
        let plan = plan(&schema, &self.names);
        let mut events: Vec<_> = plan.notices.iter().cloned().map(Event::Noticed).collect();
        let mut tell = |event| events.push(event);
        let schema = apply(&self.client, &plan, schema, &mut tell).await?;
        if let Some(demo) = demo {
            add(&self.client, &schema, &self.names, demo, &mut tell).await?;
        }
        Ok(events)
    }

    pub async fn init_with_demo(&self) -> Result<Vec<Event>, SetupError> {
        let demo = Demo::read(&demo_seed(), &demo::file).unwrap();
        self.init(Some(&demo)).await
    }

    pub fn call_count(&self) -> usize {
        self.sandbox.calls().all().len()
    }

    /// The calls that change something.
    pub fn writes(&self) -> Vec<String> {
        let calls = self.sandbox.calls().all();
        let writes = calls.iter().filter(|call| call.method != Method::GET);
        writes.map(|call| format!("{} {}", call.method, call.path)).collect()
    }

    pub async fn row_counts(&self) -> BTreeMap<TableKey, usize> {
        let schema = self.client.schema().await.unwrap();
        let mapping = resolve(&schema, &self.names, &Mapping::default()).mapping;
        let mut counts = BTreeMap::new();
        for (key, table) in &mapping.tables {
            let rows = self.client.list(&table.id, &ListOptions::default()).await.unwrap();
            counts.insert(*key, rows.len());
        }
        counts
    }

    /// What the service publishes of the base.
    pub async fn sync(&self) -> Release {
        let settings = engine::Settings { names: self.names.clone(), ..Default::default() };
        let live = Arc::new(Live::default());
        let client = self.client.clone();
        let engine = Engine::new(client, settings, reference(), Arc::clone(&live), now);
        engine.sync_once().await.unwrap();
        drop(engine);
        let publication = live.publication().unwrap();
        drop(live);
        Arc::into_inner(publication).unwrap().release
    }
}

/// Ids differ from base to base.
fn masked(text: &str) -> String {
    Regex::new(r"(Record|Attachment)Id\(\w+\)").unwrap().replace_all(text, "$1").into_owned()
}

/// Everything that a release says, but ids.
pub fn content(release: &Release) -> Vec<String> {
    let content = release.content();
    let mut said: Vec<_> = content.holdings.iter().map(|h| masked(&format!("{h:?}"))).collect();
    said.extend(content.guides.values().map(|guide| masked(&format!("{guide:?}"))));
    said.extend(content.documents.values().map(|document| masked(&format!("{document:?}"))));
    said.extend(content.services.values().map(|service| masked(&format!("{service:?}"))));
    said.extend(content.territories.values().map(|t| masked(&format!("{t:?}"))));
    // Holdings stand in the order of their ids.
    said.sort();
    said
}

/// The local answer, but ids.
pub fn locate(release: &Release, document: &str, commune: &str, year: i32) -> String {
    let commune = reference().find(commune.parse().unwrap()).unwrap().commune();
    let document = &release.content().documents[document];
    let days =
        Days::new(NaiveDate::from_ymd_opt(year, 1, 1), NaiveDate::from_ymd_opt(year, 12, 31));
    let today = now().date_naive();
    let answer = release.locate(document, commune, days.unwrap(), today, reference());
    masked(&format!("{:#?}", answer.segments))
}
