//! Tokens, scopes, limits, and faults on demand.

use std::time::Duration;

use locadocs::sandbox::{
    config::{Config, DEFAULT_TOKEN, Scope, TokenGrant},
    error::ErrorShape,
    faults::{Fault, FaultRule},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::harness::{BASE, Harness, TOWN, code};

fn table() -> String {
    format!("{BASE}/{TOWN}")
}

#[tokio::test]
async fn a_token_is_needed_and_can_be_revoked() {
    let harness = Harness::start().await;
    assert_eq!(harness.get(&table()).await.0, 200);
    harness.sandbox.revoke_token(DEFAULT_TOKEN);
    let (status, body) = harness.get(&table()).await;
    assert_eq!((status, code(&body)), (401, "AUTHENTICATION_REQUIRED"));
}

#[tokio::test]
async fn a_token_does_what_its_scopes_allow() {
    let harness = Harness::start().await;
    harness
        .sandbox
        .grant(TokenGrant { scopes: vec![Scope::RecordsRead], ..TokenGrant::full("patReader") });
    let harness = harness.with_token("patReader");
    assert_eq!(harness.get(&table()).await.0, 200);
    for (status, body) in [
        harness.post(&table(), json!({ "fields": {} })).await,
        harness.get(&format!("meta/bases/{BASE}/tables")).await,
        harness.get(&format!("bases/{BASE}/webhooks")).await,
        harness.get(&format!("{}/recRennes/comments", table())).await,
    ] {
        assert_eq!((status, code(&body)), (403, "INVALID_PERMISSIONS"));
    }
    let (_, me) = harness.get("meta/whoami").await;
    assert_eq!(me["scopes"], json!(["data.records:read"]));
}

#[tokio::test]
async fn the_sixth_call_of_a_second_is_refused_until_the_lockout_has_passed() {
    let config = Config { lockout: Duration::from_millis(300), ..Config::default() };
    let harness = Harness::start_with(config).await;
    for _ in 0..5 {
        assert_eq!(harness.get(&table()).await.0, 200);
    }
    let (status, body) = harness.get(&table()).await;
    assert_eq!((status, code(&body)), (429, "RATE_LIMIT_REACHED"));
    assert!(body["errors"].is_array(), "{body}");
    assert_eq!(harness.get("meta/bases").await.0, 200, "other calls go on");
    let log = harness.sandbox.calls().all();
    let statuses: Vec<_> = log.iter().filter_map(|call| call.status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 200]);
}

#[tokio::test]
async fn the_month_s_calls_end_with_the_billing_error() {
    let config = Config { monthly_calls: Some(1), per_second: None, ..Config::default() };
    let harness = Harness::start_with(config).await;
    assert_eq!(harness.get(&table()).await.0, 200);
    let (status, body) = harness.get(&table()).await;
    assert_eq!((status, code(&body)), (429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED"));
    assert_eq!(harness.get("meta/bases").await.0, 200);
}

#[tokio::test]
async fn long_addresses_and_broken_bodies_are_refused() {
    let harness = Harness::start().await;
    let (status, _) =
        harness.get(&format!("{}?filterByFormula={}", table(), "x".repeat(16_000))).await;
    assert_eq!(status, 414);
    let broken = harness.request(Method::POST, &table()).body("{\"fields\":");
    assert_eq!(harness.send(broken).await.0, 400);
    let huge = harness.request(Method::POST, &table()).body(vec![b' '; 9 << 20]);
    assert_eq!(harness.send(huge).await.0, 413);
}

#[tokio::test]
async fn faults_strike_as_told() {
    let harness = Harness::start().await;
    let strike =
        |fault| harness.sandbox.faults().add(FaultRule::new(fault).on_path("/v0/app*").times(1));
    let send = || harness.request(Method::GET, &table()).send();

    strike(Fault::Status {
        status: 503,
        shape: ErrorShape::Bare,
        code: "BUSY".into(),
        message: String::new(),
        retry_after: Some(7),
    });
    let response = send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.text().await.unwrap(), r#"{"error":"BUSY"}"#);

    strike(Fault::Html { status: 200 });
    assert!(send().await.unwrap().text().await.unwrap().starts_with("<!doctype html>"));

    strike(Fault::Truncate { bytes: 10 });
    let response = send().await.unwrap();
    assert!(response.content_length().unwrap() > 10);
    assert!(response.bytes().await.is_err());

    strike(Fault::Garble);
    let text = send().await.unwrap().text().await.unwrap();
    assert!(text.starts_with("{\"records\"") && !text.ends_with('}'), "{text}");

    strike(Fault::Drop);
    assert!(send().await.unwrap_err().is_request());

    strike(Fault::Hang);
    let waited = tokio::time::timeout(Duration::from_millis(200), send()).await;
    assert!(waited.is_err(), "nothing is answered");

    strike(Fault::delay(Duration::from_millis(120)));
    let begun = std::time::Instant::now();
    assert_eq!(send().await.unwrap().status(), 200);
    assert!(begun.elapsed() >= Duration::from_millis(120));
    assert!(harness.sandbox.faults().list().is_empty());
    harness.sandbox.stop().await;
}

#[tokio::test]
async fn tests_in_other_languages_control_it_over_http() {
    let harness = Harness::start().await;
    let control = |method: Method, path: &str, body: serde_json::Value| {
        let url = harness.sandbox.url().join(path).unwrap();
        let request = reqwest::Client::new().request(method, url).json(&body);
        async move { request.send().await.unwrap() }
    };
    let rule = json!({ "fault": { "kind": "html", "status": 502 }, "method": "get", "times": 1 });
    assert_eq!(control(Method::POST, "_sandbox/faults", rule).await.status(), 204);
    assert_eq!(harness.request(Method::GET, &table()).send().await.unwrap().status(), 502);
    let calls: serde_json::Value =
        control(Method::GET, "_sandbox/calls", json!({})).await.json().await.unwrap();
    assert_eq!(calls["calls"][0]["status"], 502);
    let grant = json!({ "token": "patNew", "scopes": ["data.records:read"] });
    assert_eq!(control(Method::POST, "_sandbox/tokens/grant", grant).await.status(), 204);
    let (_, page) = harness.get(&format!("{}?pageSize=1", table())).await;
    control(Method::POST, "_sandbox/offsets/expire", json!({})).await;
    let harness = harness.with_token("patNew");
    let (status, _) = harness
        .get(&format!("{}?pageSize=1&offset={}", table(), page["offset"].as_str().unwrap()))
        .await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn other_sites_cannot_use_the_controls() {
    let harness = Harness::start().await;
    let url = harness.sandbox.url().join("_sandbox/offsets/expire").unwrap();
    let client = reqwest::Client::new();
    let foreign = client.post(url.clone()).header("origin", "https://evil.example").send().await;
    assert_eq!(foreign.unwrap().status(), 403);
    let own = format!("http://{}", url.authority());
    assert_eq!(client.post(url).header("origin", own).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_name_that_was_made_to_lead_here_is_refused() {
    let harness = Harness::start().await;
    let root = harness.sandbox.url();
    let port = root.port().unwrap();
    let client = reqwest::Client::new();
    let status = async |path: &str, host: &str| {
        let request = client.get(root.join(path).unwrap()).header("host", host);
        request.bearer_auth(DEFAULT_TOKEN).send().await.unwrap().status().as_u16()
    };
    for path in ["", "_sandbox/state", "v0/meta/bases"] {
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1", ""] {
            assert_eq!(status(path, &format!("{host}:{port}")).await, 403, "{path} at {host}");
        }
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"] {
            assert_eq!(status(path, &format!("{host}:{port}")).await, 200, "{path} at {host}");
        }
    }
}
