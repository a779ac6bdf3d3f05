//! A service at a moment of its own, and answers that are checked as they are read.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, Response, StatusCode, header},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use locadocs::{
    api::{self, Settings, State, metrics::Sources},
    catalog::{ItemChange, Release},
    media::Library,
    store::{Commit, Item, ItemChanges, ReleaseChange, Store},
    sync::{
        archive::Archive,
        live::{Live, Publication},
        wake::Wake,
    },
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::validate::{self, Asked};
use crate::fixture;

/// When the release was published: an hour before the requests.
pub const PUBLISHED_AT: &str = "2026-11-23T11:00:00Z";

/// The time of the requests, unless a test says otherwise.
pub fn noon() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// A service in-process.
#[derive(Clone)]
pub struct Service {
    pub live: Arc<Live>,
    pub wake: Arc<Wake>,
    pub media: Library,
    /// Where published releases are kept.
    pub store: Store,
    pub stopping: CancellationToken,
    pub inner: api::Service,
}

impl Service {
    /// With the release of the fixture, at noon.
    pub fn start() -> Self {
        Self::with(noon, Settings::default())
    }

    /// With the release of the fixture.
    pub fn with(clock: fn() -> DateTime<Utc>, settings: Settings) -> Self {
        let service = Self::empty(clock, settings);
        service.publish(fixture::release());
        service
    }

    /// With nothing to publish yet.
    pub fn empty(clock: fn() -> DateTime<Utc>, settings: Settings) -> Self {
        Self::measured(clock, settings, Sources::default())
    }

    /// With nothing to publish yet, and these files.
    pub fn holding(media: Library, clock: fn() -> DateTime<Utc>) -> Self {
        Self::new(media, memory(), clock, Settings::default(), Sources::default())
    }

    /// With nothing to publish yet, and a history in this store.
    pub fn keeping(store: Store, clock: fn() -> DateTime<Utc>, settings: Settings) -> Self {
        Self::new(fixture::library(), store, clock, settings, Sources::default())
    }

    /// With nothing to publish yet, and these behind its metrics.
    pub fn measured(clock: fn() -> DateTime<Utc>, settings: Settings, metrics: Sources) -> Self {
        Self::new(fixture::library(), memory(), clock, settings, metrics)
    }

    fn new(
        media: Library,
        store: Store,
        clock: fn() -> DateTime<Utc>,
        settings: Settings,
        metrics: Sources,
    ) -> Self {
        let (live, wake) = (Arc::new(Live::default()), Arc::new(Wake::default()));
        let reference = fixture::reference();
        let stopping = CancellationToken::new();
        let state = State {
            live: Arc::clone(&live),
            archive: Archive::new(store.clone(), reference),
            stopping: stopping.clone(),
            wake: Arc::clone(&wake),
            reference,
            media: media.clone(),
            clock,
            settings,
            metrics,
        };
        Self { live, wake, media, store, stopping, inner: api::service(state) }
    }

    /// The releases that are kept.
    pub fn archive(&self) -> Archive {
        Archive::new(self.store.clone(), fixture::reference())
    }

    /// Makes a release public, and keeps it.
    pub fn publish(&self, release: Release) {
        let published_at = PUBLISHED_AT.parse().unwrap();
        keep(&self.store, &release, published_at);
        self.live.publish(Publication { release, published_at });
    }

    /// Sends a request, and leaves its answer to be read.
    pub async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.inner.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request. Its answer must be one that the document tells of.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let asked = Asked::of(&request);
        let answer = Answer::read(self.open(request).await).await;
        validate::check(&asked, &answer);
        answer
    }

    /// Sends a request with some headers and no body.
    pub async fn request(&self, method: Method, target: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Gets a target.
    pub async fn get(&self, target: &str) -> Answer {
        self.request(Method::GET, target, &[]).await
    }

    /// Gets a target, which must be there, as JSON.
    pub async fn json(&self, target: &str) -> Value {
        let answer = self.get(target).await;
        assert_eq!(answer.status, StatusCode::OK, "{target}: {}", answer.text());
        answer.json()
    }

    /// Gets a target, which must fail in words, as JSON.
    pub async fn problem(&self, target: &str) -> Value {
        let answer = self.get(target).await;
        answer.problem()
    }
}

fn memory() -> Store {
    Store::in_memory().unwrap()
}

/// Keeps a release as the newest one.
pub fn keep(store: &Store, release: &Release, published_at: DateTime<Utc>) {
    let item =
        |change: ItemChange| Some(Item { kind: change.kind, key: change.key, body: change.body? });
    let items = release.changes_since(None).into_iter().filter_map(item).collect();
    let id = release.id().to_string();
    let change = ReleaseChange { id, published_at, items: ItemChanges::Replace(items) };
    store.commit(&Commit { release: Some(change), ..Commit::default() }).unwrap();
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Self { status: parts.status, headers: parts.headers, body }
    }

    /// A header, which must be text; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body, which must be JSON and say so.
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header(header::CONTENT_LENGTH.as_str()), self.body.len().to_string());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The body, which must be a problem whose status is that of the answer.
    pub fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["type"], format!("/problems/{}", problem["code"].as_str().unwrap()));
        problem
    }
}
