//! The public API: HTTP in front of the live publication.
//!
//! [`server`] takes connections, and [`mod@service`] answers what was rendered before from its
//! [`pages`]. All else passes the [`edge`] and is routed: a request takes one publication and one
//! instant ([`moment`]), reads its parameters strictly ([`params`]), asks the release one question
//! and converts the answer to a wire type of [`v1`]. Errors are [`problem`]s. Routes and the OpenAPI
//! document come from the same handlers ([`docs`]).

use std::{ops::Deref, sync::Arc};

use axum::{
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;

use crate::{
    media::Library,
    reference::Reference,
    sync::{archive::Archive, live::Live, wake::Wake},
};
use edge::guard::Guard;
use history::History;
use metrics::Metrics;
use pages::Pages;
use problem::{Code, Problem};
use shape::Shapes;
use v1::{events::Listeners, media::Variants};

mod answer;
mod coding;
mod deprecation;
mod docs;
mod edge;
mod health;
mod history;
mod hooks;
pub mod metrics;
mod moment;
mod pages;
mod params;
mod problem;
mod request_id;
mod server;
mod service;
mod settings;
mod shape;
pub mod tags;
mod v1;

pub use hooks::PING_PATH;
pub use server::serve;
pub use service::Service;
// Words of the answers that open data uses as well.
pub use settings::{ApiKeys, ForwardedHeader, Limits, Proxies, Rate, Settings};
pub use v1::{
    local_answer::{Access, SegmentStatus, TerritoryLevel},
    text::RichText,
};

/// What the API answers from.
#[derive(Debug, Clone)]
pub struct State {
    /// What is public, and how the sync is doing.
    pub live: Arc<Live>,
    /// What was public before.
    pub archive: Archive,
    /// What Airtable's pings wake.
    pub wake: Arc<Wake>,
    /// The official division of France.
    pub reference: &'static Reference,
    /// The files of the back office.
    pub media: Library,
    /// Where the time comes from.
    pub clock: fn() -> DateTime<Utc>,
    /// How to answer.
    pub settings: Settings,
    /// Whom `/metrics` asks.
    pub metrics: metrics::Sources,
    /// Cancelled when the service ends, so that streams of events end too.
    pub stopping: CancellationToken,
}

/// What handlers share: the state, and what is made of it. Cheap to clone.
#[derive(Debug, Clone)]
struct App(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    live: Arc<Live>,
    history: History,
    listeners: Listeners,
    wake: Arc<Wake>,
    reference: &'static Reference,
    media: Library,
    variants: Variants,
    clock: fn() -> DateTime<Utc>,
    settings: Settings,
    guard: Guard,
    pages: Pages,
    metrics: Metrics,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl From<State> for App {
    fn from(state: State) -> Self {
        let State { live, archive, wake, reference, media, clock, settings, metrics, stopping } =
            state;
        let history = History::new(Arc::clone(&live), archive, reference);
        let listeners = Listeners::new(settings.event_listeners, stopping);
        let pages = Pages::new(settings.cache_bytes);
        let variants = Variants::new(media.clone(), settings.image_cache_bytes);
        let metrics = Metrics::new(metrics, Arc::clone(&live), Arc::clone(&wake), clock);
        let guard = Guard::new(settings.limits.clone());
        Self(Arc::new(Parts {
            live,
            history,
            listeners,
            wake,
            reference,
            media,
            variants,
            clock,
            settings,
            guard,
            pages,
            metrics,
        }))
    }
}

/// Everything that the API answers.
pub fn service(state: State) -> Service {
    let app = App::from(state);
    let (v1, document) = v1::router().split_for_parts();
    let v1 = v1.layer(from_fn_with_state(Shapes::of(&document), shape::apply));
    let v1 = v1.layer(from_fn_with_state(app.clone(), moment::attach));
    let (history, _) = v1::history_router().split_for_parts();
    let current = from_fn_with_state(app.clone(), moment::attach_current);
    let history = history.layer(current);
    let (service, _) = docs::service_router().split_for_parts();
    let service = service.merge(docs::pages_router());
    // Files depend on no release, and are neither rendered nor compressed.
    let (media, _) = v1::media_router().split_for_parts();
    // Answers even before anything is published.
    let (flat, _) = v1::flat::router().split_for_parts();
    let if_published = from_fn_with_state(app.clone(), moment::attach_if_published);
    let flat = flat.layer(if_published);
    let (events, _) = v1::events_router().split_for_parts();
    let v1 = v1.merge(history).merge(flat).merge(events);
    let routes = v1.merge(service).merge(media);
    let routes = routes.route(metrics::PATH, get(metrics::get_metrics)).fallback(unknown_path);
    let routes = routes.layer(from_fn(metrics::tell_route)).with_state(app.clone());
    let routes = edge::wrap(routes, &app);
    Service::new(app, routes)
}

async fn unknown_path() -> Problem {
    Problem::of(Code::UnknownPath)
}

/// The OpenAPI document of [`service()`], with a relative server: it needs no key and no network.
pub fn openapi() -> OpenApi {
    docs::openapi(None)
}
