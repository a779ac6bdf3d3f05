//! Releases over time: history, pinned reads, changes.

use axum::http::StatusCode;
use locadocs::api::Settings;
use serde_json::{Value, json};

use super::harness::{Service, keep, noon};
use crate::fixture;

/// The base as it was, then with one more service; the names of both releases.
fn two_releases() -> (Service, String, String) {
    let service = Service::start();
    service.publish(fixture::next_release());
    let (first, second) = (fixture::release(), fixture::next_release());
    (service, first.id().to_string(), second.id().to_string())
}

#[tokio::test]
async fn a_pinned_read_is_drawn_from_the_release_that_it_names() {
    let (service, first, second) = two_releases();
    for (release, total) in [(&first, 6), (&second, 7)] {
        let target = format!("/v1/services?limit=1&release={release}");
        let answer = service.get(&target).await;
        assert_eq!(answer.json()["page"]["total"], total, "{target}");
        assert_eq!(answer.header("x-release"), release);
        // What a release says no longer changes; how it is said may, with the program.
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=3600, stale-while-revalidate=300, stale-if-error=86400"
        );
        for link in answer.header("link").split(", ") {
            assert!(link.contains(&format!("release={release}")), "{link}");
        }
        let root = service.json(&format!("/v1?release={release}")).await;
        assert_eq!(root["release"], **release);
    }
    let unpinned = service.get("/v1/services?limit=1").await;
    assert_eq!(unpinned.header("x-release"), second);
    assert!(unpinned.header("cache-control").starts_with("public, max-age=60,"));
}

#[tokio::test]
async fn the_same_content_has_the_same_validator_pinned_or_not() {
    let (service, first, second) = two_releases();
    let guide = "/v1/guides/urbanisme";
    let etag = service.get(guide).await.header("etag").to_owned();
    for release in [first, second] {
        let pinned = service.get(&format!("{guide}?release={release}")).await;
        assert_eq!(pinned.header("etag"), etag);
    }
}

#[tokio::test]
async fn a_pinned_answer_of_the_day_still_ends_with_it() {
    let (service, first, _) = two_releases();
    let target = format!("/v1/locate?document=acte-notarie&commune=35238&release={first}");
    let answer = service.get(&target).await;
    assert!(answer.header("cache-control").starts_with("public, max-age=60,"));
}

#[tokio::test]
async fn a_release_that_is_not_kept_says_how_to_start_again() {
    let service = Service::start();
    let unknown = "0123456789abcdef";
    for (target, status, code, parameter) in [
        (format!("/v1?release={unknown}"), 404, "release-not-found", "release"),
        (format!("/v1?rele%61se={unknown}"), 404, "release-not-found", "release"),
        (format!("/v1/changes?since={unknown}"), 404, "release-not-found", "since"),
        (format!("/v1/releases/{unknown}"), 404, "release-not-found", "id"),
        ("/v1?release=latest".to_owned(), 400, "invalid-parameter", "release"),
        ("/v1/changes?since=9F2C1B7A3D5E8F60".to_owned(), 400, "invalid-parameter", "since"),
        ("/v1/releases/latest".to_owned(), 400, "invalid-parameter", "id"),
        ("/v1/changes".to_owned(), 400, "missing-parameter", "since"),
        (format!("/v1?release={unknown}&release={unknown}"), 400, "repeated-parameter", "release"),
        (format!("/v1/releases?release={unknown}"), 400, "unknown-parameter", "release"),
        ("/v1/releases?cursor=YQ".to_owned(), 409, "foreign-cursor", "cursor"),
        ("/v1/releases?cursor=Y".to_owned(), 400, "invalid-cursor", "cursor"),
    ] {
        let problem = service.problem(&target).await;
        assert_eq!(
            (&problem["status"], &problem["code"], &problem["parameter"]),
            (&json!(status), &json!(code), &json!(parameter)),
            "{target}"
        );
        if code == "release-not-found" {
            assert!(problem["detail"].as_str().unwrap().contains("/v1/changes?since="));
        }
    }
}

#[tokio::test]
async fn the_changes_name_what_to_read_again() {
    let (service, first, second) = two_releases();
    let changes = service.json(&format!("/v1/changes?since={first}")).await;
    assert_eq!(changes["since"], first);
    assert_eq!(changes["release"], second);
    assert_eq!(
        changes["items"][0],
        json!({
            "kind": "service",
            "operation": "created",
            "slug": "archives-de-brest",
            "url": format!("/v1/services/archives-de-brest?release={second}"),
            "document": null,
            "place": null,
        })
    );
    let back = service.json(&format!("/v1/releases/{first}?since={second}")).await;
    assert_eq!(back["items"][0]["operation"], "deleted");
    let none = service.json(&format!("/v1/changes?since={second}")).await;
    assert_eq!((&none["items"], &none["release"]), (&json!([]), &json!(second)));
}

#[tokio::test]
async fn the_history_is_walked_from_the_newest_whatever_comes_meanwhile() {
    let (service, first, second) = two_releases();
    let page = service.json("/v1/releases?limit=1").await;
    assert_eq!(page["page"]["total"], 2);
    assert_eq!(
        (&page["items"][0]["id"], &page["items"][0]["current"]),
        (&json!(second), &json!(true))
    );
    assert_eq!(page["items"][0]["counts"]["services"], 7);
    // An edit is undone: the first release comes again.
    service.publish(fixture::release());
    let next = page["page"]["next"].as_str().unwrap();
    let rest = service.json(&format!("/v1/releases?limit=1&cursor={next}")).await;
    assert_eq!(rest["items"][0]["id"], first);
    assert_eq!(rest["page"]["next"], Value::Null);
    let all = service.json("/v1/releases").await;
    let ids: Vec<_> = all["items"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, [&json!(first), &json!(second), &json!(first)]);
}

#[tokio::test]
async fn a_release_says_what_it_changed() {
    let (service, first, second) = two_releases();
    let release = service.json(&format!("/v1/releases/{second}")).await;
    assert_eq!(release["since"], first);
    assert_eq!(release["summary"], "1 service ajouté.");
    assert_eq!(
        release["items"],
        json!([{
            "kind": "service",
            "operation": "created",
            "slug": "archives-de-brest",
            "name": "Archives de Brest",
            "territories": [],
            "fieldCount": 0,
            "fields": [],
        }])
    );
    let oldest = service.json(&format!("/v1/releases/{first}")).await;
    assert_eq!((&oldest["since"], &oldest["items"]), (&Value::Null, &json!([])));
    assert_eq!(oldest["current"], false);
}

#[tokio::test]
async fn what_is_kept_can_be_read_before_and_after_it_was_public() {
    let service = Service::empty(noon, Settings::default());
    assert_eq!(service.get("/v1/releases").await.status, StatusCode::SERVICE_UNAVAILABLE);
    keep(&service.store, &fixture::release(), noon());
    service.publish(fixture::next_release());
    let first = fixture::release().id().to_string();
    let root = service.json(&format!("/v1?release={first}")).await;
    assert_eq!(
        (&root["release"], &root["publishedAt"]),
        (&json!(first), &json!("2026-11-23T12:00:00Z"))
    );
}
