//! Events: what listeners hear, when, and for how long.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use futures::StreamExt as _;
use locadocs::api::Settings;
use serde_json::Value;

use super::harness::{Service, noon};
use crate::fixture;

/// Someone who listens.
struct Listener {
    headers: HeaderMap,
    events: axum::body::BodyDataStream,
}

impl Listener {
    async fn start(service: &Service, target: &str, headers: &[(&str, &str)]) -> Self {
        let mut request = Request::get(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = service.open(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers().clone();
        let mut listener = Self { headers, events: response.into_body().into_data_stream() };
        assert_eq!(listener.next().await.unwrap(), "retry: 3000\n\n");
        listener
    }

    /// What comes next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        let bytes = self.events.next().await?.unwrap();
        Some(String::from_utf8(bytes.into()).unwrap())
    }

    /// The next event, which must have this name and come with the name of its release.
    async fn event(&mut self, name: &str) -> Value {
        let text = self.next().await.unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("event: {name}"));
        let data: Value = serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(lines[1], format!("id: {}", data["release"].as_str().unwrap()));
        assert!(text.ends_with("\n\n"));
        data
    }
}

fn names() -> (String, String) {
    (fixture::release().id().to_string(), fixture::next_release().id().to_string())
}

#[tokio::test]
async fn a_listener_hears_of_what_is_public_then_of_each_release() {
    let service = Service::start();
    let (first, second) = names();
    let mut listener = Listener::start(&service, "/v1/events", &[]).await;
    for (name, expected) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(listener.headers[name], expected);
    }
    let event = listener.event("release").await;
    assert_eq!((&event["release"], &event["since"]), (&first.clone().into(), &Value::Null));

    // The same content again is no news.
    service.publish(fixture::release());
    service.publish(fixture::next_release());
    let event = listener.event("release").await;
    assert_eq!((&event["release"], &event["since"]), (&second.into(), &first.into()));
    assert_eq!(event["changes"][0]["kind"], "service");
    assert_eq!(
        event["changes"][0]["created"],
        serde_json::json!({ "count": 1, "slugs": ["archives-de-brest"] })
    );
}

#[tokio::test]
async fn one_who_comes_back_hears_of_what_was_missed() {
    let service = Service::start();
    let (first, second) = names();
    service.publish(fixture::next_release());
    let missed = [("last-event-id", first.as_str())];
    let mut listener = Listener::start(&service, "/v1/events", &missed).await;
    let event = listener.event("release").await;
    assert_eq!(
        (&event["release"], &event["since"]),
        (&second.clone().into(), &first.clone().into())
    );

    // By the address too; the header comes first.
    let target = format!("/v1/events?lastEventId={first}");
    let mut listener = Listener::start(&service, &target, &[]).await;
    assert_eq!(listener.event("release").await["since"], first);

    for unknown in ["0123456789abcdef", "?"] {
        let headers = [("last-event-id", unknown)];
        let mut listener = Listener::start(&service, &target, &headers).await;
        assert_eq!(listener.event("reset").await["release"], second);
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_missed_nothing_hears_heartbeats_alone() {
    let service = Service::start();
    let (first, _) = names();
    let seen = [("last-event-id", first.as_str())];
    let mut listener = Listener::start(&service, "/v1/events", &seen).await;
    let start = tokio::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(listener.next().await.unwrap(), ":\n\n");
    }
    assert_eq!(start.elapsed().as_secs(), 45);
}

#[tokio::test]
async fn one_who_comes_before_anything_is_public_waits() {
    let service = Service::empty(noon, Settings::default());
    let mut listener = Listener::start(&service, "/v1/events", &[]).await;
    service.publish(fixture::release());
    assert_eq!(listener.event("release").await["since"], Value::Null);
}

#[tokio::test]
async fn streams_end_when_the_service_stops() {
    let service = Service::start();
    let mut listener = Listener::start(&service, "/v1/events", &[]).await;
    listener.event("release").await;
    service.stopping.cancel();
    assert_eq!(listener.next().await, None);
}

#[tokio::test]
async fn no_more_listen_than_the_service_takes() {
    let settings = Settings { event_listeners: 1, ..Settings::default() };
    let service = Service::with(noon, settings);
    // HEAD tells as much, and takes no place.
    let head = service.request(Method::HEAD, "/v1/events", &[]).await;
    assert_eq!((head.status, head.header("content-type")), (StatusCode::OK, "text/event-stream"));
    let listener = Listener::start(&service, "/v1/events", &[]).await;
    let refused = service.get("/v1/events").await;
    assert_eq!(refused.problem()["code"], "too-many-listeners");
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.header("retry-after"), "5");
    drop(listener);
    Listener::start(&service, "/v1/events", &[]).await;
}

#[tokio::test]
async fn an_open_stream_outlives_the_time_of_requests() {
    let settings = Settings { request_timeout: Duration::from_millis(1), ..Settings::default() };
    let service = Service::with(noon, settings);
    let mut listener = Listener::start(&service, "/v1/events", &[]).await;
    listener.event("release").await;
    tokio::time::timeout(Duration::from_millis(20), listener.next()).await.unwrap_err();
    service.publish(fixture::next_release());
    listener.event("release").await;
}
