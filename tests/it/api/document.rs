//! The OpenAPI document: true to the service, complete, and committed.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::PathBuf,
};

use axum::http::{Method, StatusCode};
use locadocs::{
    api,
    content::problem::{Code, Place, Problem},
    content::tables::TableKey,
    sync::{
        budget::{self, Month},
        live::{Hearing, SyncStatus},
    },
};
use serde_json::Value;

use super::harness::{PUBLISHED_AT, Service, noon};
use crate::fixture;

/// For each operation, the request whose answer is its example. `{release}` stands for the current
/// release, and `{since}` for the one before it.
const EXAMPLES: &[(&str, &str)] = &[
    ("get_root", "/v1"),
    ("list_guides", "/v1/guides"),
    ("get_guide", "/v1/guides/urbanisme?include=documents,services"),
    ("get_step", "/v1/guides/urbanisme/steps/document-connu"),
    (
        "walk_guide",
        "/v1/guides/urbanisme/walk?q.document-connu=oui&q.que-cherchez-vous=permis&commune=35238\
         &date=1987",
    ),
    ("list_documents", "/v1/documents?limit=1&sort=-name"),
    ("get_document", "/v1/documents/permis-de-construire?include=guides,services"),
    (
        "list_services",
        "/v1/services?limit=1&near=48.11,-1.68&open=2026-11-24T10:00&type=municipal-archives",
    ),
    ("get_service", "/v1/services/archives-rennes?at=2026-11-24T10:00"),
    ("suggest_communes", "/v1/communes?q=st+malo&limit=2"),
    ("get_commune", "/v1/communes/35238"),
    ("locate", "/v1/locate?document=permis-de-construire&commune=35238"),
    ("search_content", "/v1/search?q=permi&kind=guide,step&limit=2"),
    ("suggest_content", "/v1/search/suggestions?q=permi&limit=2"),
    ("flat_locate", "/v1/flat/locate?document=permis-de-construire&commune=35238&date=1987"),
    ("flat_walk", "/v1/flat/walk?guide=urbanisme&answers=document-connu:oui"),
    ("list_releases", "/v1/releases"),
    ("get_release", "/v1/releases/{release}"),
    ("list_changes", "/v1/changes?since={since}"),
    ("get_health", "/healthz"),
    ("get_readiness", "/readyz"),
];

fn document() -> Value {
    serde_json::to_value(api::openapi()).unwrap()
}

/// Path, method and operation of each.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// An address of an operation: with the values that are given, and, where one is required and none
/// is given, with its example.
fn target(path: &str, operation: &Value, given: impl Fn(&str) -> Option<String>) -> String {
    let release = fixture::release();
    let mut path = path.to_owned();
    let mut query = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        let is_in_path = parameter["in"] == "path";
        let value = match given(name) {
            // No release is always kept.
            _ if parameter["schema"]["pattern"] == "^[0-9a-f]{16}$" => release.id().to_string(),
            Some(given) => given,
            None => parameter["example"].as_str().unwrap_or_default().replace(' ', "+"),
        };
        if is_in_path {
            path = path.replace(&format!("{{{name}}}"), &value);
        } else if parameter["required"] == true || given(name).is_some() {
            query.push(format!("{name}={value}"));
        }
    }
    format!("{path}?{}", query.join("&"))
}

/// Compares a committed file with what it should hold; writes it when `UPDATE_OPENAPI` is set.
fn check_file(path: &str, expected: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap();
    assert!(
        found == expected,
        "{path} is out of date: run `UPDATE_OPENAPI=1 cargo test --test it api::document` twice, \
         then look at what changed"
    );
}

#[tokio::test]
async fn examples_are_what_the_service_answers() {
    let service = Service::start();
    let at = |text: &str| Some(text.parse().unwrap());
    let place = Place { table: TableKey::Services, record: None, label: None, field: None };
    let problem =
        Problem { place, code: Code::StaleVerification, message: "À vérifier.".to_owned() };
    service.live.report(SyncStatus {
        last_success: at("2026-11-23T11:59:40Z"),
        last_attempt: at("2026-11-23T11:59:40Z"),
        problems: [problem].into(),
        last_full: at("2026-11-23T03:00:07Z"),
        rows: 232,
        calls: 1_280,
        hearing: Hearing::Pings,
        budget: Some(budget::Status {
            month: Month::of(noon()),
            limit: Some(100_000),
            made: BTreeMap::new(),
            spent: 61_040,
            left: Some(38_960),
            reserve: Some(7_792),
            forecast: 83_000,
            quiet_until: None,
        }),
        ..SyncStatus::default()
    });
    service.live.expect_round("2026-11-23T12:00:10Z".parse().unwrap());
    // An edit that is undone: the release of all examples is the current one again.
    service.publish(fixture::next_release());
    service.publish(fixture::release());
    let (release, since) = (fixture::release(), fixture::next_release());
    let (release, since) = (release.id().as_str(), since.id().as_str());
    for (operation, target) in EXAMPLES {
        let target = target.replace("{release}", release).replace("{since}", since);
        let text = serde_json::to_string_pretty(&service.json(&target).await).unwrap() + "\n";
        check_file(&format!("openapi/examples/{operation}.json"), &text);
    }
    assert_eq!(service.json("/v1").await["publishedAt"], PUBLISHED_AT);
}

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let text = serde_json::to_string_pretty(&api::openapi()).unwrap() + "\n";
    check_file("openapi/v1.json", &text);
}

#[tokio::test]
async fn every_documented_operation_is_routed_and_none_is_missing() {
    let document = document();
    let documented: BTreeSet<&str> = operations(&document).map(|(path, ..)| path).collect();
    let expected = BTreeSet::from([
        "/healthz",
        "/hooks/airtable",
        "/openapi.json",
        "/readyz",
        "/v1",
        "/v1/changes",
        "/v1/communes",
        "/v1/communes/{insee}",
        "/v1/documents",
        "/v1/documents/{document}",
        "/v1/events",
        "/v1/flat/locate",
        "/v1/flat/walk",
        "/v1/guides",
        "/v1/guides/{guide}",
        "/v1/guides/{guide}/steps/{step}",
        "/v1/guides/{guide}/walk",
        "/v1/locate",
        "/v1/media/{id}/{file}",
        "/v1/releases",
        "/v1/releases/{id}",
        "/v1/search",
        "/v1/search/suggestions",
        "/v1/services",
        "/v1/services/{service}",
    ]);
    assert_eq!(documented, expected);

    let service = Service::start();
    for (path, method, operation) in operations(&document) {
        if method != "get" {
            // No good request can be made of the document alone.
            let answer = service.request(method.to_uppercase().parse().unwrap(), path, &[]).await;
            let status = answer.status.as_str();
            assert!(operation["responses"][status].is_object(), "{method} {path}: {status}");
            if !answer.status.is_success() {
                assert_ne!(answer.problem()["code"], "unknown-path", "{method} {path}");
            }
            continue;
        }
        let target = target(path, operation, |_| None);
        // Some answers have no end.
        let answer = service.request(Method::HEAD, &target, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{target}");
    }
}

#[test]
fn every_operation_says_all_that_a_client_needs() {
    let document = document();
    let mut ids = BTreeSet::new();
    let tags: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{id} names two operations");
        for text in ["summary", "description"] {
            assert!(operation[text].as_str().is_some_and(|text| text.len() > 8), "{id}: {text}");
        }
        assert!(
            tags.contains(operation["tags"][0].as_str().unwrap()),
            "{id}: its tag is described"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = &parameter["name"];
            assert!(!parameter["description"].as_str().unwrap().is_empty(), "{id}: {name}");
            // Pages to try the API fill examples in, and no release is always kept.
            let has_example = !parameter["example"].is_null();
            assert_eq!(has_example, name != "release", "{id}: {name} has an example");
            assert!(parameter["schema"].is_object(), "{id}: {name} has a schema");
        }
        // A flat answer says itself what is wrong with the request.
        let is_flat = path.starts_with("/v1/flat/");
        for (status, is_told) in [("400", !is_flat), ("500", true)] {
            assert_eq!(operation["responses"][status].is_object(), is_told, "{id}: {status}");
        }
        let has_404 = operation["responses"]["404"].is_object();
        let names_nothing = ["/v1/releases", "/v1/events"].contains(&path);
        let names_something = path.starts_with("/v1") && !names_nothing && !is_flat;
        assert_eq!(has_404, names_something || path == "/hooks/airtable", "{id}: 404");
        if method == "get" && !["get_openapi", "get_media", "listen_to_events"].contains(&id) {
            let whole = &operation["responses"]["200"]["content"]["application/json"];
            assert!(whole["example"].is_object(), "{id} has an example");
            assert!(whole["schema"]["$ref"].is_string(), "{id} names its schema");
        }
    }
}

#[tokio::test]
async fn every_link_leads_from_an_example_to_an_answer() {
    let service = Service::start();
    let document = document();
    let mut followed = 0;
    for (_, _, operation) in operations(&document) {
        let answer = &operation["responses"]["200"];
        for (name, link) in answer["links"].as_object().into_iter().flatten() {
            let example = &answer["content"]["application/json"]["example"];
            let given = |name: &str| {
                let place = link["parameters"][name].as_str()?.strip_prefix("$response.body#");
                Some(example.pointer(place.unwrap()).unwrap().as_str().unwrap().to_owned())
            };
            let (path, _, operation) = operations(&document)
                .find(|(.., operation)| operation["operationId"] == link["operationId"])
                .unwrap();
            let target = target(path, operation, given);
            assert_eq!(service.get(&target).await.status, StatusCode::OK, "{name}: {target}");
            followed += 1;
        }
    }
    assert!(followed > 5, "{followed} links");
}

#[test]
fn every_schema_is_described_and_has_an_example() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name} is described");
        let has_parts = schema["properties"]
            .as_object()
            .is_some_and(|parts| parts.values().any(|part| part["examples"].is_array()));
        assert!(schema["examples"].is_array() || has_parts, "{name} has an example");
        for (field, part) in schema["properties"].as_object().into_iter().flatten() {
            let described = part["description"].is_string()
                || part["oneOf"].as_array().is_some_and(|options| {
                    options.iter().any(|option| option["description"].is_string())
                });
            assert!(described, "{name}.{field} is described");
        }
    }
}

#[test]
fn a_public_address_becomes_the_server() {
    assert_eq!(document()["servers"][0]["url"], "/");
}
