//! What a client may ask for, and how it is told.

use std::{net::SocketAddr, time::Duration};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode},
};
use locadocs::api::{ApiKeys, Limits, Proxies, Rate, Settings};

use super::harness::{Answer, Service, noon};

const KEY: &str = "0123456789abcdef";

/// Two requests at once, then none for an hour.
fn service() -> Service {
    let limits = Limits {
        rate: Some(Rate { interval: Duration::from_secs(3_600), burst: 2.try_into().unwrap() }),
        proxies: Proxies { trusted: vec!["10.0.0.0/8".parse().unwrap()], ..Proxies::default() },
        keys: ApiKeys::from_iter([KEY]),
    };
    Service::with(noon, Settings { limits, ..Settings::default() })
}

async fn ask(service: &Service, peer: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
    let peer: SocketAddr = peer.parse().unwrap();
    let mut request = Request::get(target).extension(ConnectInfo(peer));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    service.send(request.body(Body::empty()).unwrap()).await
}

/// Whether a client is let through, asking twice more than it may.
async fn is_limited(service: &Service, peer: &str, target: &str, headers: &[(&str, &str)]) -> bool {
    let mut last = StatusCode::OK;
    for _ in 0..4 {
        last = ask(service, peer, target, headers).await.status;
    }
    last == StatusCode::TOO_MANY_REQUESTS
}

#[tokio::test]
async fn who_asks_too_much_is_told_when_to_come_back() {
    let service = service();
    let peer = "192.0.2.7:40000";
    for left in ["\"client\";r=1;t=3600", "\"client\";r=0;t=7200"] {
        let answer = ask(&service, peer, "/v1/guides", &[]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("ratelimit"), left);
        assert_eq!(answer.header("ratelimit-policy"), "\"client\";q=2;w=7200");
        assert_eq!(answer.header("retry-after"), "");
    }
    let refused = ask(&service, peer, "/v1/guides", &[("origin", "null")]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.problem()["code"], "too-many-requests");
    assert_eq!(refused.header("ratelimit"), "\"client\";r=0;t=7200");
    assert!((3_500..=3_600).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(refused.header("cache-control"), "no-store");
    assert_eq!(refused.header("access-control-allow-origin"), "*", "a page can read why");
    for name in ["retry-after", "ratelimit", "ratelimit-policy", "server-timing"] {
        assert!(refused.header("access-control-expose-headers").contains(name), "{name}");
    }
    let other = ask(&service, "192.0.2.8:40000", "/v1/guides", &[]).await;
    assert_eq!(other.status, StatusCode::OK, "others are not touched");
}

#[tokio::test]
async fn each_client_has_its_own_limit() {
    let service = service();
    for (peer, headers, expected) in [
        ("192.0.2.1:1", &[][..], true),
        ("192.0.2.1:2", &[], true),
        ("192.0.2.2:1", &[("x-api-key", KEY)], false),
        ("192.0.2.3:1", &[("authorization", "Bearer 0123456789abcdef")], false),
        ("192.0.2.4:1", &[("x-api-key", "0123456789abcdeF")], true),
        // A stranger that makes up for whom it asks.
        ("192.0.2.5:1", &[("x-forwarded-for", "198.51.100.1")], true),
        ("10.0.0.1:1", &[("x-forwarded-for", "198.51.100.2")], true),
        ("10.0.0.9:1", &[("x-forwarded-for", "198.51.100.2, 10.0.0.1")], true),
        // Nobody can tell for whom: a health check, or a proxy that nobody named.
        ("10.0.0.1:1", &[], false),
        ("127.0.0.1:1", &[("x-forwarded-for", "198.51.100.3")], false),
        ("127.0.0.1:1", &[], true),
    ] {
        assert_eq!(
            is_limited(&service, peer, "/v1", headers).await,
            expected,
            "{peer} {headers:?}"
        );
    }
    let neighbour = ask(&service, "[2001:db8::1]:1", "/v1", &[]).await;
    assert_eq!(neighbour.header("ratelimit"), "\"client\";r=1;t=3600");
    let neighbour = ask(&service, "[2001:db8::2]:1", "/v1", &[]).await;
    assert_eq!(neighbour.header("ratelimit"), "\"client\";r=0;t=7200", "the same /64");
}

#[tokio::test]
async fn our_own_machines_and_preflights_are_not_counted() {
    let service = service();
    for path in ["/healthz", "/readyz", "/metrics", "/hooks/airtable"] {
        assert!(!is_limited(&service, "192.0.2.1:1", path, &[]).await, "{path}");
    }
    for _ in 0..4 {
        let preflight = Request::options("/v1")
            .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))))
            .header("origin", "null")
            .header("access-control-request-method", "GET");
        let answer = service.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    let answer = ask(&service, "192.0.2.1:1", "/v1", &[]).await;
    assert_eq!(answer.header("ratelimit"), "\"client\";r=1;t=3600");
}

#[tokio::test]
async fn without_an_address_or_a_limit_nobody_is_counted() {
    let service = service();
    for _ in 0..4 {
        let answer = service.request(Method::GET, "/v1", &[]).await;
        assert_eq!((answer.status, answer.header("ratelimit")), (StatusCode::OK, ""));
    }
    let unlimited = Service::start();
    assert!(!is_limited(&unlimited, "192.0.2.1:1", "/v1", &[]).await);
    assert_eq!(ask(&unlimited, "192.0.2.1:1", "/v1", &[]).await.header("ratelimit-policy"), "");
}
