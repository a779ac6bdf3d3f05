//! What every request passes, whatever its path: identity, traces, limits, CORS, panics.

pub mod client;
pub mod guard;
pub mod keys;
pub mod rate;
pub mod timing;
pub mod trace;

use std::{any::Any, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderName, HeaderValue, Method, Request, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tower::{ServiceBuilder, util::BoxCloneSyncService};
use tower_http::{
    catch_panic::CatchPanicLayer,
    classify::ServerErrorsFailureClass,
    cors::{Any as AnyOrigin, CorsLayer},
    limit::RequestBodyLimitLayer,
    map_response_body::{MapResponseBody, MapResponseBodyLayer},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};
use tracing::Span;

use super::{
    App,
    deprecation::{DEPRECATION, SUNSET},
    hooks::PING_PATH,
    moment::RELEASE_HEADER,
    problem::{self, Code, Problem},
    request_id::RequestId,
    service::Routes,
    v1::flat,
};

/// Wraps the routes. One service around all of them, rather than layers of each route: a request
/// meets no allocation that it does not need.
pub fn wrap(router: Router, app: &App) -> Routes {
    let settings = &app.settings;
    let timeout =
        TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, settings.request_timeout);
    // The first layer is the first that a request meets.
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(tell_failure))
        .layer(cors())
        .layer(default_header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ))
        .layer(default_header(header::REFERRER_POLICY, "no-referrer"))
        .layer(default_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(default_header(timing::TIMING_ALLOW_ORIGIN, "*"))
        .layer(from_fn_with_state(app.clone(), refuse))
        .map_response(problem::put_in_words)
        .layer(MapResponseBodyLayer::new(Body::new))
        .layer(CatchPanicLayer::custom(internal_error))
        .layer(timeout)
        .layer(RequestBodyLimitLayer::new(settings.body_limit))
        .service(router);
    BoxCloneSyncService::new(MapResponseBody::new(service, Body::new))
}

fn default_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Everyone may read from any page, a sandboxed or local one (`Origin: null`) included: nothing
/// here depends on who asks.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods([Method::GET, Method::HEAD, Method::OPTIONS, Method::POST])
        // The wildcard does not stand for credentials, which some tools insist on sending
        // (https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name).
        .allow_headers([HeaderName::from_static("*"), header::AUTHORIZATION])
        .expose_headers([
            header::ACCEPT_RANGES,
            header::CONTENT_RANGE,
            header::AGE,
            header::ETAG,
            header::LINK,
            header::RETRY_AFTER,
            rate::POLICY_HEADER,
            rate::LEFT_HEADER,
            timing::SERVER_TIMING,
            DEPRECATION,
            SUNSET,
            RELEASE_HEADER,
            RequestId::HEADER,
        ])
        .max_age(Duration::from_secs(86_400))
        .vary([])
}

/// The methods of a path, for whoever asks for them or misses them.
#[derive(Debug, Clone, Copy)]
pub struct Methods {
    allowed: &'static str,
    is_asked: bool,
}

/// The methods of the path of a request.
pub fn methods_of<B>(request: &Request<B>) -> Methods {
    let allowed = match request.uri().path() {
        PING_PATH => "POST, OPTIONS",
        path if path.starts_with(flat::PREFIX) => "GET, HEAD, POST, OPTIONS",
        _ => "GET, HEAD, OPTIONS",
    };
    Methods { allowed, is_asked: request.method() == Method::OPTIONS }
}

/// Tells the methods. The CORS layer answers OPTIONS before any route does, so none could.
pub fn tell_methods(methods: Methods, response: &mut Response) {
    if methods.is_asked || response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods.allowed));
    }
}

/// Middleware: refuses what is too much, by the verdict that rides on the request, and addresses that
/// no client of ours would build. Inside the CORS layer, which lets pages read a refusal.
async fn refuse(State(app): State<App>, request: Request<Body>, next: Next) -> Response {
    if let Some(refusal) = app.guard.refusal(request.extensions().get()) {
        return refusal;
    }
    let uri = request.uri();
    let length = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    if length > app.settings.uri_limit {
        return Problem::of(Code::UriTooLong).into_response();
    }
    next.run(request).await
}

/// Without the query: which commune and document someone looks for is theirs to know.
fn span(request: &Request<Body>) -> Span {
    let request_id =
        request.headers().get(&RequestId::HEADER).and_then(|value| value.to_str().ok());
    let parent = trace::parent(request.headers());
    tracing::info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        request_id,
        trace_id = parent.map(|parent| parent.trace_id),
        parent_id = parent.map(|parent| parent.parent_id),
    )
}

/// Says that an answer failed. Unless the service only asks to be asked again: it has told why.
fn tell_failure(failure: ServerErrorsFailureClass, latency: Duration, _: &Span) {
    let latency_ms = latency.as_millis();
    match failure {
        ServerErrorsFailureClass::StatusCode(StatusCode::SERVICE_UNAVAILABLE) => {
            tracing::debug!(latency_ms, "not ready to answer");
        }
        failure => tracing::error!(%failure, latency_ms, "an answer failed"),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer calls")]
fn internal_error(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text, "a handler panicked");
    Problem::of(Code::Internal).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        routing::get,
    };
    use tower::ServiceExt as _;

    use super::*;
    use crate::{
        api::{self, Service, Settings},
        reference::Reference,
        store::Store,
        sync::archive::Archive,
    };

    /// What a client sees of a handler that does not end well.
    async fn send(target: &str) -> (StatusCode, serde_json::Value) {
        let app = App::from(api::State {
            live: std::sync::Arc::default(),
            archive: Archive::new(Store::in_memory().unwrap(), Reference::embedded().unwrap()),
            stopping: tokio_util::sync::CancellationToken::new(),
            wake: std::sync::Arc::default(),
            reference: Reference::embedded().unwrap(),
            media: crate::media::Library::in_memory(crate::media::Settings::default()),
            clock: chrono::Utc::now,
            metrics: api::metrics::Sources::default(),
            settings: Settings { request_timeout: Duration::from_millis(1), ..Settings::default() },
        });
        let routes = Router::new()
            .route("/panic", get(async || -> StatusCode { panic!("a secret") }))
            .route("/hang", get(std::future::pending::<StatusCode>))
            .route("/fail", get(async || (StatusCode::INTERNAL_SERVER_ERROR, "a secret")))
            .route("/refuse", get(async || (StatusCode::BAD_REQUEST, "a line of text")));
        let request = Request::get(target).body(Body::empty()).unwrap();
        let service = Service::new(app.clone(), wrap(routes, &app));
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], problem::MEDIA_TYPE);
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(response.headers().contains_key(RequestId::HEADER));
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn what_fails_inside_is_told_calmly() {
        for (target, status, code) in [
            ("/panic", 500, "internal"),
            ("/fail", 500, "internal"),
            ("/hang", 503, "timeout"),
            ("/refuse", 400, "malformed-request"),
        ] {
            let (found, problem) = send(target).await;
            assert_eq!((found.as_u16(), &problem["code"]), (status, &code.into()), "{target}");
            assert!(!problem.to_string().contains("secret"), "{problem}");
        }
    }
}
