//! Validators, conditions, codings, and what a cache may keep.

use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use locadocs::api::Settings;
use std::sync::atomic::{AtomicI64, Ordering};

use super::harness::Service;
use crate::fixture;

const GUIDE: &str = "/v1/guides/urbanisme";

#[tokio::test]
async fn the_same_content_has_the_same_validator_everywhere() {
    let (one, other) = (Service::start().get(GUIDE).await, Service::start().get(GUIDE).await);
    assert_eq!(one.header("etag"), other.header("etag"));
    assert!(one.header("etag").starts_with('"'), "it is strong");
    assert_eq!(one.header("x-release"), other.header("x-release"));
    assert_eq!(one.header("last-modified"), "Mon, 23 Nov 2026 11:00:00 GMT");
    assert_eq!(one.header("vary"), "accept-encoding");
    assert_eq!(
        one.header("cache-control"),
        "public, max-age=60, stale-while-revalidate=300, stale-if-error=86400"
    );
}

#[tokio::test]
async fn a_release_that_leaves_an_answer_as_it_was_leaves_its_validator() {
    let service = Service::start();
    let (guide, list) = (service.get(GUIDE).await, service.get("/v1/services").await);
    service.publish(fixture::next_release());
    let (same, new) = (service.get(GUIDE).await, service.get("/v1/services").await);
    assert_eq!(guide.header("etag"), same.header("etag"));
    assert_ne!(list.header("etag"), new.header("etag"));
    assert_ne!(guide.header("x-release"), same.header("x-release"));
}

#[tokio::test]
async fn a_client_that_has_the_answer_gets_none() {
    let service = Service::start();
    let whole = service.get(GUIDE).await;
    let etag = whole.header("etag");
    for (name, value, expected) in [
        ("if-none-match", etag, StatusCode::NOT_MODIFIED),
        ("if-none-match", &format!("\"other\", W/{etag}"), StatusCode::NOT_MODIFIED),
        ("if-none-match", "*", StatusCode::NOT_MODIFIED),
        ("if-none-match", "\"other\"", StatusCode::OK),
        ("if-none-match", "not a tag", StatusCode::OK),
        ("if-modified-since", "Mon, 23 Nov 2026 11:00:00 GMT", StatusCode::NOT_MODIFIED),
        ("if-modified-since", "Mon, 23 Nov 2026 10:59:59 GMT", StatusCode::OK),
        ("if-modified-since", "yesterday", StatusCode::OK),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = service.request(method, GUIDE, &[(name, value)]).await;
            assert_eq!(answer.status, expected, "{name}: {value}");
            for repeated in ["etag", "cache-control", "last-modified", "vary", "x-release"] {
                assert_eq!(answer.header(repeated), whole.header(repeated), "{repeated}");
            }
            if expected == StatusCode::NOT_MODIFIED {
                assert!(answer.body.is_empty());
                assert_eq!(answer.header("content-type"), "");
            }
        }
    }
}

#[tokio::test]
async fn a_validator_outweighs_a_date() {
    let headers =
        [("if-none-match", "\"other\""), ("if-modified-since", "Mon, 23 Nov 2026 11:00:00 GMT")];
    let answer = Service::start().request(Method::GET, GUIDE, &headers).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn each_coding_has_a_validator_of_its_own() {
    let service = Service::start();
    let plain = service.get(GUIDE).await;
    for (coding, suffix) in [("br", "-br\""), ("zstd", "-zstd\""), ("gzip", "-gzip\"")] {
        let accept = [("accept-encoding", coding)];
        let first = service.request(Method::GET, GUIDE, &accept).await;
        assert_eq!(first.header("content-encoding"), coding);
        assert!(first.header("etag").ends_with(suffix), "{}", first.header("etag"));
        assert!(first.body.len() * 2 < plain.body.len(), "{coding}: {}", first.body.len());
        assert_eq!(first.header("content-length"), first.body.len().to_string());
        let again = service.request(Method::GET, GUIDE, &accept).await;
        assert_eq!(again.body, first.body);
        let known = [("accept-encoding", coding), ("if-none-match", first.header("etag"))];
        let unchanged = service.request(Method::GET, GUIDE, &known).await;
        assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
        assert_eq!(unchanged.header("etag"), first.header("etag"));
    }
}

#[tokio::test]
async fn a_small_answer_stays_plain() {
    let accept = [("accept-encoding", "br, gzip")];
    let answer = Service::start().request(Method::GET, "/v1/communes?q=zzzz", &accept).await;
    assert_eq!(answer.text(), r#"{"items":[],"page":{"limit":10,"next":null,"total":0}}"#);
    assert_eq!(answer.header("content-encoding"), "");
    assert!(!answer.header("etag").contains('-'));
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let service = Service::start();
    for accept in [&[][..], &[("accept-encoding", "gzip")]] {
        for target in [GUIDE, "/v1/services", "/openapi.json", "/healthz", "/nowhere"] {
            let get = service.request(Method::GET, target, accept).await;
            let head = service.request(Method::HEAD, target, accept).await;
            assert_eq!(head.status, get.status);
            assert!(head.body.is_empty(), "{target}: {}", head.text());
            let varying = ["x-request-id", "server-timing"];
            for name in get.headers.keys().filter(|name| !varying.contains(&name.as_str())) {
                assert_eq!(head.headers.get(name), get.headers.get(name), "{target}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn a_head_that_comes_first_leaves_a_whole_answer_for_get() {
    let service = Service::start();
    let head = service.request(Method::HEAD, GUIDE, &[]).await;
    let get = service.get(GUIDE).await;
    assert_eq!(head.header("etag"), get.header("etag"));
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    assert_eq!(get.json()["slug"], "urbanisme");
}

/// Ten seconds before midnight in Paris, then what the test adds.
static SECONDS: AtomicI64 = AtomicI64::new(0);

fn around_midnight() -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-11-23T22:59:50Z".parse().unwrap();
    start + chrono::Duration::seconds(SECONDS.load(Ordering::SeqCst))
}

#[tokio::test]
async fn an_answer_of_the_day_ends_with_it() {
    let service = Service::with(around_midnight, Settings::default());
    let target = "/v1/locate?document=acte-notarie&commune=35238";
    let evening = service.get(target).await;
    assert_eq!(evening.json()["freshUntil"], "2026-11-23T23:00:00Z");
    assert_eq!(evening.json()["segments"][0]["until"], "1951-11-23");
    assert_eq!(
        evening.header("cache-control"),
        "public, max-age=10, stale-while-revalidate=0, stale-if-error=86400"
    );
    SECONDS.store(11, Ordering::SeqCst);
    let morning = service.get(target).await;
    assert_eq!(morning.json()["freshUntil"], "2026-11-24T23:00:00Z");
    assert_eq!(morning.json()["segments"][0]["until"], "1951-11-24");
    assert_eq!(morning.header("last-modified"), "Mon, 23 Nov 2026 23:00:00 GMT");
    let since = [("if-modified-since", evening.header("last-modified"))];
    let answer = service.request(Method::GET, target, &since).await;
    assert_eq!(answer.status, StatusCode::OK, "it changed at midnight");
}

#[tokio::test]
async fn what_fails_is_not_kept_for_long() {
    let service = Service::start();
    for (target, expected) in [
        ("/v1/guides/none", "public, max-age=10"),
        ("/nowhere", "public, max-age=10"),
        ("/v1/guides?limit=0", "no-store"),
        ("/healthz", "no-store"),
        ("/readyz", "no-store"),
    ] {
        let answer = service.get(target).await;
        assert_eq!(answer.header("cache-control"), expected, "{target}");
        assert_eq!(answer.header("etag"), "", "{target}");
    }
}

#[tokio::test]
async fn the_order_of_parameters_does_not_matter() {
    let service = Service::start();
    let one = service.get("/v1/locate?document=permis-de-construire&commune=35238").await;
    let other = service.get("/v1/locate?commune=35238&document=permis-de-construire&").await;
    assert_eq!(one.body, other.body);
    assert_eq!(one.header("etag"), other.header("etag"));
}
