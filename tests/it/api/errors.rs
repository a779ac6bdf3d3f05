//! What goes wrong, in words.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use locadocs::api::Settings;
use serde_json::{Value, json};

use super::harness::{Service, noon};

#[tokio::test]
async fn each_slip_has_a_code_and_says_what_is_valid() {
    let service = Service::start();
    for (target, status, code, valid) in [
        ("/nowhere", 404, "unknown-path", Value::Null),
        ("/v1/", 404, "unknown-path", Value::Null),
        ("/v1/guides/none", 404, "guide-not-found", Value::Null),
        ("/v1/guides/%2e%2e", 404, "guide-not-found", Value::Null),
        ("/v1/guides/urbanisme/steps/none", 404, "step-not-found", Value::Null),
        ("/v1/documents/brouillon", 404, "document-not-found", Value::Null),
        ("/v1/services/none", 404, "service-not-found", Value::Null),
        ("/v1/communes/35999", 404, "commune-not-found", Value::Null),
        ("/v1/communes/Rennes", 400, "invalid-parameter", Value::Null),
        ("/v1/communes/35238?kind=delegated", 404, "commune-not-found", Value::Null),
        ("/v1/guides/%ff", 400, "malformed-request", Value::Null),
        ("/v1/guides?theme=%ff", 400, "malformed-request", Value::Null),
        ("/v1/guides?theme=%zz", 400, "malformed-request", Value::Null),
        ("/v1?a=b", 400, "unknown-parameter", json!(["release", "fields"])),
        (
            "/v1/communes?Q=renn",
            400,
            "unknown-parameter",
            json!([
                "q",
                "limit",
                "departement",
                "region",
                "epci",
                "kind",
                "postcode",
                "cursor",
                "sort",
                "release",
                "fields"
            ]),
        ),
        ("/healthz?a=b", 400, "unknown-parameter", json!([])),
        ("/v1/communes?q=a&q=b", 400, "repeated-parameter", Value::Null),
        ("/v1/communes?q=a&limit=101", 400, "invalid-parameter", Value::Null),
        ("/v1/guides?limit=0", 400, "invalid-parameter", Value::Null),
        ("/v1/guides?limit=201", 400, "invalid-parameter", Value::Null),
        ("/v1/guides?limit=ten", 400, "invalid-parameter", Value::Null),
        ("/v1/guides?language=de", 400, "invalid-parameter", json!(["fr", "en"])),
        (
            "/v1/guides?sort=name",
            400,
            "invalid-parameter",
            json!(["title", "-title", "slug", "-slug"]),
        ),
        ("/v1/guides?cursor=", 400, "invalid-cursor", Value::Null),
        ("/v1/guides?cursor=%3F%3F", 400, "invalid-cursor", Value::Null),
        ("/v1/locate?commune=35238", 400, "missing-parameter", Value::Null),
        ("/v1/locate?document=permis-de-construire", 400, "missing-parameter", Value::Null),
        ("/v1/locate?document=P&commune=35238", 400, "invalid-parameter", Value::Null),
        ("/v1/locate?document=none&commune=35238", 404, "document-not-found", Value::Null),
        (
            "/v1/locate?document=permis-de-construire&commune=3523",
            400,
            "invalid-parameter",
            Value::Null,
        ),
        (
            "/v1/locate?document=permis-de-construire&commune=35238&date=1987-02-30",
            400,
            "invalid-parameter",
            Value::Null,
        ),
    ] {
        let answer = service.get(target).await;
        let problem = answer.problem();
        assert_eq!(
            (problem["status"].as_u64(), &problem["code"]),
            (Some(status), &json!(code)),
            "{target}"
        );
        assert_eq!(problem["valid"], valid, "{target}");
        assert!(!problem["detail"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_bad_parameter_is_named_with_what_was_found_and_expected() {
    let problem = Service::start().problem("/v1/guides?limit=999").await;
    insta::assert_json_snapshot!(problem, @r#"
    {
      "code": "invalid-parameter",
      "detail": "\"limit\" is \"999\": a whole number from 1 to 200 is expected.",
      "expected": "a whole number from 1 to 200",
      "found": "999",
      "parameter": "limit",
      "status": 400,
      "title": "Invalid parameter",
      "type": "/problems/invalid-parameter"
    }
    "#);
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_not() {
    let service = Service::start();
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
        for target in ["/v1", "/v1/guides/urbanisme", "/healthz", "/openapi.json"] {
            let answer = service.request(method.clone(), target, &[]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {target}");
            assert_eq!(answer.problem()["code"], "method-not-allowed");
            assert!(answer.header("allow").contains("GET"), "{}", answer.header("allow"));
        }
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let settings = || Settings { uri_limit: 100, body_limit: 10, ..Settings::default() };
    let service = Service::with(noon, settings());
    let long = format!("/v1/communes?q={}", "a".repeat(100));
    let answer = service.get(&long).await;
    assert_eq!(answer.status, StatusCode::URI_TOO_LONG);
    assert_eq!(answer.problem()["code"], "uri-too-long");

    let request =
        Request::post("/v1").header("content-length", "11").body(Body::from("x".repeat(11)));
    let answer = service.send(request.unwrap()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.problem()["code"], "body-too-large");
}

#[tokio::test]
async fn nothing_is_answered_before_something_is_published() {
    let service = Service::empty(noon, Settings::default());
    for target in ["/v1", "/v1/guides", "/v1/communes?q=rennes"] {
        let answer = service.get(target).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.problem()["code"], "not-ready");
        assert_eq!(answer.header("retry-after"), "5");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(service.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(service.get("/openapi.json").await.status, StatusCode::OK);
}

#[tokio::test]
async fn errors_can_be_read_from_any_page_and_found_in_the_logs() {
    let service = Service::start();
    for target in ["/nowhere", "/v1/guides/none", "/v1/guides?limit=0"] {
        let answer = service.request(Method::GET, target, &[("origin", "null")]).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.header("x-request-id").is_empty());
    }
}
