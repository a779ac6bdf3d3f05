//! The public API: HTTP in front of the live publication.
//!
//! A request takes one publication and one instant ([`moment`]), reads its parameters strictly
//! ([`params`]), asks the release one question and converts the answer to a wire type of
//! [`v1`]; [`pages`] renders, validates and compresses it once. Errors are [`problem`]s. Routes and
//! the OpenAPI document come from the same handlers ([`docs`]).

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
    serve::ListenerExt as _,
};
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use utoipa::openapi::OpenApi;

use crate::{
    media::Library,
    reference::Reference,
    sync::{live::Live, wake::Wake},
};
use edge::guard::Guard;
use metrics::Metrics;
use pages::Pages;
use problem::{Code, Problem};
use v1::media::Variants;

mod answer;
mod coding;
mod deprecation;
mod docs;
mod edge;
mod health;
mod hooks;
pub mod metrics;
mod moment;
mod pages;
mod params;
mod problem;
mod settings;
pub mod tags;
mod v1;

pub use hooks::PING_PATH;
pub use settings::{ApiKeys, ForwardedHeader, Limits, Proxies, Rate, Settings};

/// What the API answers from.
#[derive(Debug, Clone)]
pub struct State {
    /// What is public, and how the sync is doing.
    pub live: Arc<Live>,
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
}

/// What handlers share: the state, and the answers already rendered. Cheap to clone.
#[derive(Debug, Clone)]
struct App {
    live: Arc<Live>,
    wake: Arc<Wake>,
    reference: &'static Reference,
    media: Library,
    variants: Variants,
    clock: fn() -> DateTime<Utc>,
    settings: Arc<Settings>,
    guard: Arc<Guard>,
    pages: Pages,
    metrics: Arc<Metrics>,
}

impl From<State> for App {
    fn from(state: State) -> Self {
        let State { live, wake, reference, media, clock, settings, metrics } = state;
        let pages = Pages::new(settings.cache_bytes);
        let variants = Variants::new(media.clone(), settings.image_cache_bytes);
        let metrics = Arc::new(Metrics::new(metrics, Arc::clone(&live), Arc::clone(&wake), clock));
        let guard = Arc::new(Guard::new(settings.limits.clone()));
        let settings = Arc::new(settings);
        Self { live, wake, reference, media, variants, clock, settings, guard, pages, metrics }
    }
}

/// Every route of the API, with all that stands before it.
pub fn router(state: State) -> Router {
    let app = App::from(state);
    let pages = from_fn_with_state(app.clone(), pages::serve);
    let (v1, _) = v1::router().split_for_parts();
    // The publication is taken first, so that a page is looked up under its release.
    // What is told of an answer whoever asks is told within its page, once.
    let dressed =
        |routes: Router<App>| routes.layer(from_fn(deprecation::tell)).layer(from_fn(tags::attach));
    let v1 =
        dressed(v1).layer(pages.clone()).layer(from_fn_with_state(app.clone(), moment::attach));
    let (service, _) = docs::service_router().split_for_parts();
    let service = dressed(service.merge(docs::pages_router())).layer(pages);
    // Files depend on no release, and are neither rendered nor compressed.
    let (media, _) = v1::media_router().split_for_parts();
    let routes =
        v1.merge(service).merge(dressed(media)).route(metrics::PATH, get(metrics::get_metrics));
    let routes = edge::wrap(routes.fallback(unknown_path).with_state(app.clone()), &app);
    routes.layer(from_fn_with_state(app.metrics, metrics::requests::count))
}

async fn unknown_path() -> Problem {
    Problem::of(Code::UnknownPath)
}

/// The OpenAPI document of [`router`], with a relative server: it needs no key and no network.
pub fn openapi() -> OpenApi {
    docs::openapi(None)
}

/// How long requests that are under way at the shutdown signal may still take.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// Serves until `shutdown` resolves, then lets the requests under way end.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY can't be set");
        }
    });
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let signal = async move {
        shutdown.await;
        drop(stopping);
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(signal);
    let too_long = async move {
        // Resolves when the sender is dropped, which is the signal.
        let _ = stopped.await;
        tokio::time::sleep(SHUTDOWN_GRACE).await;
    };
    tokio::select! {
        result = server.into_future() => result,
        () = too_long => {
            tracing::warn!("some requests were cut off: they outlived the shutdown");
            Ok(())
        }
    }
}
