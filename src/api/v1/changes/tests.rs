//! A mirror that follows the changes is what is public, whatever it missed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{
    api::{self, Settings, State, metrics::Sources},
    catalog::{
        File, Release,
        fixture::{
            Base,
            edits::{Edit, edit, known},
            reference,
        },
    },
    content::guide::Illustration,
    media::{self, Library},
    store::{Commit, Item, ItemChanges, ReleaseChange, Store},
    sync::{
        archive::Archive,
        live::{Live, Publication},
    },
};

/// Where the mirror asks for local answers: a commune with an archive, others of its département
/// and of another, a part of one.
const COMMUNES: &[(&str, &str)] =
    &[("35238", "current"), ("35281", "current"), ("29019", "current"), ("75101", "district")];

fn noon() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// A base that is edited, and the service on it.
struct World {
    base: Base,
    copied: BTreeSet<char>,
    live: Arc<Live>,
    store: Store,
    published: i64,
    service: api::Service,
}

impl World {
    fn new() -> Self {
        let (live, store) = (Arc::new(Live::default()), Store::in_memory().unwrap());
        let service = api::service(State {
            live: Arc::clone(&live),
            archive: Archive::new(store.clone(), reference()),
            wake: Arc::default(),
            reference: reference(),
            media: Library::in_memory(media::Settings::default()),
            clock: noon,
            settings: Settings::default(),
            metrics: Sources::default(),
            stopping: tokio_util::sync::CancellationToken::new(),
        });
        let (base, copied) = (Base::sound(), BTreeSet::new());
        let mut world = Self { base, copied, live, store, published: 0, service };
        world.publish(Vec::new());
        world
    }

    fn publish(&mut self, edits: Vec<Edit>) {
        for edit in edits {
            edit.apply(&mut self.base, &mut self.copied);
        }
        let current = self.live.publication();
        let previous = current.as_deref().map(|it| &it.release);
        let files = |file: &Illustration| -> File { known(&self.copied, file) };
        let release = self.base.build_with(&files, previous).release;
        self.published += 1;
        let published_at = noon() - TimeDelta::days(1) + TimeDelta::seconds(self.published);
        keep(&self.store, &release, published_at);
        self.live.publish(Publication { release, published_at });
    }

    async fn get(&self, target: &str) -> (StatusCode, Value) {
        let request = Request::get(target).body(Body::empty()).unwrap();
        let response = self.service.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn json(&self, target: &str) -> Value {
        let (status, body) = self.get(target).await;
        assert_eq!(status, StatusCode::OK, "{target}: {body}");
        body
    }

    async fn current(&self) -> String {
        self.json("/v1").await["release"].as_str().unwrap().to_owned()
    }
}

fn keep(store: &Store, release: &Release, published_at: DateTime<Utc>) {
    let items = release.changes_since(None).into_iter();
    let items = items.filter_map(|it| Some(Item { kind: it.kind, key: it.key, body: it.body? }));
    let items = ItemChanges::Replace(items.collect());
    let id = release.id().to_string();
    let release = Some(ReleaseChange { id, published_at, items });
    store.commit(&Commit { release, ..Commit::default() }).unwrap();
}

/// What a client has: every item by its path, and local answers by document and commune.
#[derive(Debug, Clone, PartialEq)]
struct Mirror {
    release: String,
    items: BTreeMap<String, Value>,
    answers: BTreeMap<(String, usize), Value>,
}

impl Mirror {
    /// Everything, read at once.
    async fn read(world: &World, release: String) -> Self {
        let mut items = BTreeMap::new();
        for path in ["/v1/guides", "/v1/documents", "/v1/services"] {
            let list = world.json(&format!("{path}?limit=200&release={release}")).await;
            for item in list["items"].as_array().unwrap() {
                let path = format!("{path}/{}", item["slug"].as_str().unwrap());
                items.insert(path.clone(), world.json(&format!("{path}?release={release}")).await);
            }
        }
        let mut mirror = Self { release, items, answers: BTreeMap::new() };
        for document in mirror.documents() {
            for at in 0..COMMUNES.len() {
                mirror.ask(world, &document, at).await;
            }
        }
        mirror
    }

    fn documents(&self) -> Vec<String> {
        let paths = self.items.keys();
        paths.filter_map(|path| path.strip_prefix("/v1/documents/").map(str::to_owned)).collect()
    }

    async fn ask(&mut self, world: &World, document: &str, at: usize) {
        let (code, kind) = COMMUNES[at];
        let release = &self.release;
        let target =
            format!("/v1/locate?document={document}&commune={code}&kind={kind}&release={release}");
        let answer = world.json(&target).await;
        self.answers.insert((document.to_owned(), at), answer);
    }

    /// Follows the changes, page by page; after the first page, `meanwhile` happens.
    async fn follow(
        &mut self,
        world: &mut World,
        limit: usize,
        meanwhile: impl FnOnce(&mut World),
    ) {
        let mut meanwhile = Some(meanwhile);
        let first = format!("/v1/changes?since={}&limit={limit}", self.release);
        let (mut target, mut changes, mut release) = (first.clone(), Vec::new(), None);
        loop {
            let mut page = world.json(&target).await;
            let Value::Array(items) = page["items"].take() else { panic!("{page}") };
            changes.extend(items);
            let found = page["release"].as_str().unwrap().to_owned();
            assert_eq!(*release.get_or_insert(found.clone()), found, "pages are of one release");
            if let Some(meanwhile) = meanwhile.take() {
                meanwhile(world);
            }
            let Some(next) = page["page"]["next"].as_str() else { break };
            target = format!("{first}&cursor={next}");
        }
        self.release = release.unwrap();
        self.apply(world, &changes).await;
    }

    async fn apply(&mut self, world: &World, changes: &[Value]) {
        for change in changes.iter().filter(|change| change["kind"] != "local-answers") {
            let path = format!(
                "/v1/{}s/{}",
                change["kind"].as_str().unwrap(),
                change["slug"].as_str().unwrap()
            );
            let was = self.items.remove(&path);
            assert_eq!(was.is_none(), change["operation"] == "created", "{change}");
            let gone = change["operation"] == "deleted";
            if gone {
                assert!(change["url"].is_null());
                let slug = change["slug"].as_str().unwrap();
                self.answers
                    .retain(|(document, _), _| change["kind"] != "document" || document != slug);
                continue;
            }
            let now = world.json(change["url"].as_str().unwrap()).await;
            assert_ne!(was.as_ref(), Some(&now), "{change}: nothing changed");
            self.items.insert(path, now);
        }
        for change in changes.iter().filter(|change| change["kind"] == "local-answers") {
            for document in self.documents() {
                let asked = change["document"].as_str();
                if asked.is_none_or(|asked| asked == document) {
                    for at in (0..COMMUNES.len()).filter(|at| covers(&change["place"], *at)) {
                        self.ask(world, &document, at).await;
                    }
                }
            }
        }
    }
}

/// Whether a place of the changes covers a commune, by what `/v1/communes` tells of it.
fn covers(place: &Value, at: usize) -> bool {
    let commune = reference().find(COMMUNES[at].0.parse().unwrap()).unwrap().commune();
    let current = reference().current(commune);
    let code = |code: &str| place["code"] == code;
    match place["level"].as_str().unwrap() {
        "sub-commune" => code(commune.code.as_str()),
        "commune" => code(current.code.as_str()),
        "epci" => commune.epci.is_some_and(|epci| code(epci.as_str())),
        "departement" => code(commune.departement.as_str()),
        "region" => code(commune.region.as_str()),
        "national" => true,
        other => panic!("{other}"),
    }
}

/// Releases that come before the mirror looks, those that come while it reads, and its pages.
type Round = (Vec<Vec<Edit>>, Vec<Edit>, usize);

fn round() -> impl Strategy<Value = Round> {
    (vec(vec(edit(), 0..3), 0..3), vec(edit(), 0..2), 1..5usize)
}

async fn check(rounds: Vec<Round>) {
    let mut world = World::new();
    let first = world.current().await;
    let mut mirror = Mirror::read(&world, first).await;
    for (missed, meanwhile, limit) in rounds {
        for edits in missed {
            world.publish(edits);
        }
        mirror.follow(&mut world, limit, |world| world.publish(meanwhile)).await;
        let fresh = Mirror::read(&world, mirror.release.clone()).await;
        assert_eq!(mirror, fresh);
    }
    // Once nothing comes any more, the mirror is what is public.
    mirror.follow(&mut world, 200, |_| {}).await;
    assert_eq!(mirror.release, world.current().await);
    let target = format!("/v1/changes?since={}", mirror.release);
    assert_eq!(world.json(&target).await["items"], Value::Array(Vec::new()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mirror_that_follows_the_changes_is_what_is_public(rounds in vec(round(), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(rounds));
    }
}
