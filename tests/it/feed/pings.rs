//! Pings from the sandbox to the real router, and those that others might send.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::FutureExt as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use locadocs::{
    airtable::webhooks::{MAC_HEADER, WebhookId},
    api::{self, PING_PATH},
    content::tables::TableKey,
    sync::{feed::FeedState, reread::Pending, wake::PingCounts},
};
use serde_json::json;
use tokio::net::TcpListener;
use url::Url;

use super::harness::World;
use crate::{
    api::harness::{Answer, Service, noon},
    fixture,
};

/// The key of the webhook in use, in base 64.
const SECRET: &str = "c2VjcmV0";

fn feed(secret: Option<&str>, url: Option<&str>) -> FeedState {
    FeedState {
        base: "appTest".parse().unwrap(),
        webhook: WebhookId("achTest".into()),
        secret: secret.map(Into::into),
        notification_url: url.map(|url| url.parse().unwrap()),
        cursor: 1,
        expires_at: None,
        refreshed_at: noon(),
        follows_listing: true,
        losses: Vec::new(),
        pending: Pending::default(),
    }
}

/// A service that takes the pings of a webhook.
fn service() -> Service {
    let service = Service::start();
    service.wake.expect(Some(&feed(Some(SECRET), Some("https://a.fr/hooks/airtable"))));
    service
}

fn body(base: &str, webhook: &str) -> String {
    json!({ "base": { "id": base }, "webhook": { "id": webhook }, "timestamp": noon() }).to_string()
}

fn mac(secret: &str, body: &str) -> String {
    let key = BASE64_STANDARD.decode(secret).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("hmac-sha256={hex}")
}

async fn ping(service: &Service, mac: Option<&str>, body: &str) -> Answer {
    let mut request = Request::post(PING_PATH).header("content-type", "application/json");
    if let Some(mac) = mac {
        request = request.header(MAC_HEADER, mac);
    }
    service.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Whether a ping came since the last time that this was asked.
fn is_woken(service: &Service) -> bool {
    service.wake.woken().now_or_never().is_some()
}

#[tokio::test]
async fn an_edit_pings_the_service_awake() {
    let world = World::start().await;
    let service = Service::start();
    let state = api::State {
        live: service.live.clone(),
        archive: service.archive(),
        stopping: service.stopping.clone(),
        wake: service.wake.clone(),
        media: service.media.clone(),
        reference: fixture::reference(),
        clock: noon,
        settings: api::Settings::default(),
        metrics: api::metrics::Sources::default(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(api::serve(listener, api::service(state), std::future::pending()));

    let feed = world.fresh(Some(&root.join(PING_PATH).unwrap())).await;
    service.wake.expect(Some(&feed));
    world.retitle(TableKey::Guides, &world.rows(TableKey::Guides)[0], "Un autre titre");
    let woken = tokio::time::timeout(Duration::from_secs(10), service.wake.woken());
    woken.await.expect("a ping comes");
    assert_eq!(service.wake.counts(), PingCounts { good: 1, refused: 0 });
    assert_eq!(service.wake.last_ping(), Some(noon()));
    assert_eq!(world.changes(&feed).await.0.payloads, 1);
}

#[tokio::test]
async fn only_pings_of_the_webhook_in_use_wake() {
    let service = service();
    let ours = body("appTest", "achTest");
    let good = mac(SECRET, &ours);
    let answer = ping(&service, Some(&good), &ours).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    assert!(is_woken(&service));

    let (other_base, other_webhook) = (body("appOther", "achTest"), body("appTest", "achOther"));
    let spaced = format!("{ours} ");
    let refused = [
        (None, ours.clone()),
        (Some(String::new()), ours.clone()),
        (Some(mac("YXV0cmU=", &ours)), ours.clone()),
        (Some(good.to_uppercase()), ours.clone()),
        (Some(good), spaced),
        (Some(mac(SECRET, &other_base)), other_base.clone()),
        (Some(mac(SECRET, &other_webhook)), other_webhook.clone()),
        (Some(mac(SECRET, "[]")), "[]".to_owned()),
        (Some(mac(SECRET, "")), String::new()),
    ];
    for (mac, body) in &refused {
        let answer = ping(&service, mac.as_deref(), body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{mac:?} {body}");
        assert_eq!(answer.problem()["code"], "unsigned-ping");
        assert!(!answer.header("www-authenticate").is_empty());
        assert!(!is_woken(&service), "{mac:?} {body}");
    }
    let refused = u64::try_from(refused.len()).unwrap();
    assert_eq!(service.wake.counts(), PingCounts { good: 1, refused });
}

#[tokio::test]
async fn a_body_larger_than_any_ping_is_refused() {
    let service = service();
    let padded = |len: usize| {
        let ping = body("appTest", "achTest");
        format!("{ping}{}", " ".repeat(len - ping.len()))
    };
    let (most, too_much) = (padded(8_192), padded(8_193));
    let answer = ping(&service, Some(&mac(SECRET, &most)), &most).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    for body in [too_much, padded(1 << 20)] {
        let answer = ping(&service, Some(&mac(SECRET, &body)), &body).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer.problem()["code"], "body-too-large");
    }
    assert_eq!(service.wake.counts().good, 1);
}

#[tokio::test]
async fn without_a_webhook_that_pings_there_is_no_door() {
    let service = Service::start();
    let ours = body("appTest", "achTest");
    let good = mac(SECRET, &ours);
    let with_url = feed(Some(SECRET), Some("https://a.fr/hooks/airtable"));
    for (feed, expected) in [
        (None, 404),
        (Some(feed(Some(SECRET), None)), 404),
        (Some(feed(None, None)), 404),
        (Some(with_url), 204),
        (None, 404),
    ] {
        service.wake.expect(feed.as_ref());
        let answer = ping(&service, Some(&good), &ours).await;
        assert_eq!(answer.status, expected);
        if expected == 404 {
            assert_eq!(answer.problem()["code"], "no-webhook");
        }
    }
    for (method, status) in [(Method::GET, 405), (Method::PUT, 405), (Method::OPTIONS, 200)] {
        let answer = service.request(method, PING_PATH, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (status, "POST, OPTIONS"));
    }
}

#[tokio::test]
async fn a_thousand_pings_and_replays_are_one_wake() {
    let service = service();
    let ours = body("appTest", "achTest");
    let good = mac(SECRET, &ours);
    for _ in 0..1_000 {
        assert_eq!(ping(&service, Some(&good), &ours).await.status, StatusCode::NO_CONTENT);
    }
    assert!(is_woken(&service));
    assert!(!is_woken(&service));
    assert_eq!(service.wake.counts().good, 1_000);
}
