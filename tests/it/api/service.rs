//! What surrounds the content: health, documentation, CORS, request ids, shutdown.

use std::{collections::BTreeMap, time::Duration};

use axum::http::{Method, StatusCode};
use locadocs::{
    api::{self, Settings},
    sync::{
        budget::{self, Month},
        live::{Doubt, Failure, Hearing, Held, SyncStatus},
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use super::harness::{Service, noon};
use crate::fixture;

#[tokio::test]
async fn readiness_tells_the_state_of_the_sync() {
    let service = Service::empty(noon, Settings::default());
    service.live.report(SyncStatus {
        failure: Some(Failure { code: "unauthorized", message: "The token is refused.".into() }),
        ..SyncStatus::default()
    });
    let before = service.get("/readyz").await;
    assert_eq!(before.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(before.header("retry-after"), "5");
    assert_eq!(before.json()["ready"], false);
    assert_eq!(before.json()["failure"]["code"], "unauthorized");

    service.publish(fixture::release());
    let after = service.get("/readyz").await;
    assert_eq!(after.status, StatusCode::OK);
    assert_eq!(after.json()["ready"], true);
    assert_eq!(after.json()["degraded"], true, "the last good content stays, and it is said");
    assert_eq!(after.json()["release"], service.json("/v1").await["release"]);
}

#[tokio::test]
async fn readiness_tells_that_no_round_has_run_for_too_long() {
    let settings = Settings { stale_after: Duration::from_secs(600), ..Settings::default() };
    let service = Service::with(noon, settings);
    for (last_attempt, stale) in [
        ("2026-11-23T11:59:40Z", false),
        ("2026-11-23T11:50:00Z", false),
        ("2026-11-23T11:49:59Z", true),
        // The clock was set back.
        ("2026-11-23T12:30:00Z", false),
    ] {
        let last_attempt = Some(last_attempt.parse().unwrap());
        service.live.report(SyncStatus { last_attempt, ..SyncStatus::default() });
        let body = service.json("/readyz").await;
        assert_eq!(body["stale"], stale, "{last_attempt:?}");
        assert_eq!(body["degraded"], stale, "{last_attempt:?}");
    }
    // The last round was two hours ago, as the budget has it.
    let last_attempt = Some("2026-11-23T10:00:00Z".parse().unwrap());
    service.live.report(SyncStatus { last_attempt, ..SyncStatus::default() });
    for (next_round, stale) in [
        ("2026-11-23T12:30:00Z", false),
        ("2026-11-23T11:50:00Z", false),
        ("2026-11-23T11:49:59Z", true),
    ] {
        service.live.expect_round(next_round.parse().unwrap());
        let body = service.json("/readyz").await;
        assert_eq!(body["nextRound"], next_round);
        assert_eq!(body["stale"], stale, "{next_round}");
    }
}

#[tokio::test]
async fn readiness_tells_what_waits_and_what_is_missing() {
    let service = Service::start();
    let body = service.json("/readyz").await;
    for field in ["held", "webhook", "budget", "storeFailure", "nextRound", "lastFull"] {
        assert_eq!(body[field], Value::Null, "{field}");
    }
    let month = Month::of(noon());
    service.live.report(SyncStatus {
        held: Some(Held {
            release: "d7cb69df965c2de9".to_owned(),
            since: noon(),
            doubt: Doubt::Shrunk { what: "holdings".to_owned(), before: 60, left: 1 },
        }),
        hearing: Hearing::Listing { why: Some("the token lacks a scope".to_owned()) },
        budget: Some(budget::Status {
            month,
            limit: Some(1_000),
            made: BTreeMap::new(),
            spent: 990,
            left: Some(10),
            reserve: Some(2),
            forecast: 1_300,
            quiet_until: Some(month.end()),
        }),
        store_failure: Some("the disk is full".to_owned()),
        drift: 3,
        ..SyncStatus::default()
    });
    let body = service.json("/readyz").await;
    assert_eq!(
        body["held"],
        json!({
            "release": "d7cb69df965c2de9",
            "since": "2026-11-23T12:00:00Z",
            "code": "mass-removal",
            "reason": "60 holdings are public, and only 1 would stay",
        })
    );
    assert_eq!(body["webhook"], json!({ "mode": "none", "reason": "the token lacks a scope" }));
    assert_eq!(
        body["budget"],
        json!({ "spent": 990, "left": 10, "quietUntil": "2026-12-01T00:00:00Z" })
    );
    assert_eq!(body["storeFailure"], "the disk is full");
    assert_eq!(body["drift"], 3);
    for (hearing, mode) in [(Hearing::Pings, "pings"), (Hearing::Polling { why: None }, "polling")]
    {
        service.live.report(SyncStatus { hearing, ..SyncStatus::default() });
        let body = service.json("/readyz").await;
        assert_eq!(body["webhook"], json!({ "mode": mode, "reason": null }));
    }
}

#[tokio::test]
async fn any_page_may_read() {
    let service = Service::start();
    for origin in ["https://www.rennes.fr", "null"] {
        let answer = service.request(Method::GET, "/v1/guides", &[("origin", origin)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let exposed = answer.header("access-control-expose-headers");
        for name in ["etag", "link", "x-release", "x-request-id"] {
            assert!(exposed.contains(name), "{exposed}");
        }
        let preflight = [
            ("origin", origin),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "if-none-match"),
        ];
        let answer = service.request(Method::OPTIONS, "/v1/guides", &preflight).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-headers"), "*,authorization");
        assert_eq!(answer.header("access-control-max-age"), "86400");
        assert!(answer.header("access-control-allow-methods").contains("GET"));
    }
    let answer = service.request(Method::OPTIONS, "/v1/guides", &[]).await;
    assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_one() {
    let service = Service::start();
    let id = |value| [("x-request-id", value)];
    let kept = service.request(Method::GET, "/v1", &id("edge-7f3c.1")).await;
    assert_eq!(kept.header("x-request-id"), "edge-7f3c.1");
    for odd in ["a b", "<script>", &"x".repeat(129)] {
        let made = service.request(Method::GET, "/v1", &id(odd)).await;
        assert_eq!(made.header("x-request-id").len(), 36, "{}", made.header("x-request-id"));
    }
}

#[tokio::test]
async fn the_documentation_is_whole_and_its_own() {
    let service = Service::start();
    assert_eq!(service.get("/docs").await.header("location"), "/docs/");
    let page = service.get("/docs/").await;
    assert_eq!(page.header("content-type"), "text/html");
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    let quoted = page.text().split('"');
    let assets: Vec<&str> = quoted.filter(|text| text.starts_with("./")).collect();
    assert!(assets.len() >= 4, "{assets:?}");
    assert!(!page.text().contains("//unpkg") && !page.text().contains("http"), "{}", page.text());
    for asset in assets {
        let answer = service.get(&format!("/docs/{}", &asset[2..])).await;
        assert_eq!(answer.status, StatusCode::OK, "{asset}");
        assert!(answer.header("cache-control").starts_with("public, max-age=3600"));
        assert!(!answer.header("etag").is_empty());
    }
    let start = service.get("/docs/swagger-initializer.js").await;
    assert!(start.text().contains("/openapi.json"));
    assert_eq!(service.get("/docs/nothing.js").await.problem()["code"], "unknown-path");
}

#[tokio::test]
async fn the_document_names_the_public_address() {
    let settings = Settings {
        public_url: Some("https://api.example.org/".parse().unwrap()),
        ..Settings::default()
    };
    let document = Service::with(noon, settings).json("/openapi.json").await;
    assert_eq!(document["servers"][0]["url"], "https://api.example.org");
    assert_eq!(document["openapi"], "3.1.0");
}

#[tokio::test]
async fn a_shutdown_lets_a_request_under_way_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = Service::start();
    let state = api::State {
        live: service.live.clone(),
        archive: service.archive(),
        stopping: service.stopping.clone(),
        wake: service.wake.clone(),
        reference: fixture::reference(),
        media: fixture::library(),
        clock: noon,
        settings: Settings::default(),
        metrics: api::metrics::Sources::default(),
    };
    let shutdown = async { drop(stopped.await) };
    let server = tokio::spawn(api::serve(listener, api::service(state), shutdown));

    let mut client = TcpStream::connect(address).await.unwrap();
    let request = "GET /v1/guides HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");

    stop.send(()).unwrap();
    server.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "the port is free");
}
