//! Search and its suggestions, through the router.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::harness::Service;
use crate::fixture;

fn slugs(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_result_says_what_it_is_and_where() {
    let found = Service::start().json("/v1/search?q=l%27acte+notari%C3%A9&limit=1").await;
    let item = &found["items"][0];
    assert_eq!(item["kind"], "document");
    assert_eq!(item["slug"], "acte-notarie");
    assert_eq!(item["guide"], Value::Null);
    assert_eq!(item["title"], "Acte notarié");
    assert_eq!(item["titleHtml"], "<mark>Acte</mark> <mark>notarié</mark>");
    assert_eq!(item["url"], "/v1/documents/acte-notarie");
    assert_eq!(found["page"]["limit"], 1);
}

#[tokio::test]
async fn the_address_of_a_result_leads_to_it() {
    let service = Service::start();
    let found = service.json("/v1/search?q=urbanisme+permis+acte+archives+mairie&limit=50").await;
    let mut kinds = Vec::new();
    for item in found["items"].as_array().unwrap() {
        let kind = item["kind"].as_str().unwrap();
        kinds.push(kind);
        let whole = service.json(item["url"].as_str().unwrap()).await;
        let whole = if kind == "step" { &whole["step"] } else { &whole };
        assert_eq!(whole["slug"], item["slug"]);
        assert_eq!(item["guide"].is_object(), kind == "step");
    }
    for kind in ["guide", "step", "document", "service"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
}

#[tokio::test]
async fn following_the_links_gives_each_result_once() {
    let service = Service::start();
    let target = "/v1/search?q=archives+permis&kind=service,document&lang=fr&limit=";
    let whole = service.json(&format!("{target}50")).await;
    let mut seen = Vec::new();
    let mut next = format!("{target}2");
    loop {
        let answer = service.get(&next).await;
        let page = answer.json();
        seen.extend(slugs(&page).into_iter().map(str::to_owned));
        assert_eq!(page["page"]["total"], whole["page"]["total"]);
        match answer.header("link").split_once(">; rel=\"next\"") {
            Some((link, _)) => next = link.trim_start_matches('<').to_owned(),
            None => break assert_eq!(page["page"]["next"], Value::Null),
        }
    }
    assert_eq!(seen, slugs(&whole));
    assert!(seen.len() > 3, "{seen:?}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_told() {
    let service = Service::start();
    let long = format!("/v1/search?q={}", "a".repeat(201));
    for (target, code, parameter) in [
        ("/v1/search", "missing-parameter", "q"),
        ("/v1/search?q=", "invalid-parameter", "q"),
        ("/v1/search?q=+%20", "invalid-parameter", "q"),
        (&long, "invalid-parameter", "q"),
        ("/v1/search?q=a&kind=commune", "invalid-parameter", "kind"),
        ("/v1/search?q=a&kind=", "invalid-parameter", "kind"),
        ("/v1/search?q=a&kind=guide&kind=step", "repeated-parameter", "kind"),
        ("/v1/search?q=a&lang=de", "invalid-parameter", "lang"),
        ("/v1/search?q=a&limit=51", "invalid-parameter", "limit"),
        ("/v1/search?q=a&limit=0", "invalid-parameter", "limit"),
        ("/v1/search?q=a&cursor=abcd", "foreign-cursor", "cursor"),
        ("/v1/search?q=a&cursor=", "invalid-cursor", "cursor"),
        ("/v1/search?q=a&sort=title", "unknown-parameter", "sort"),
        ("/v1/search/suggestions?q=", "invalid-parameter", "q"),
        ("/v1/search/suggestions?q=a&limit=21", "invalid-parameter", "limit"),
        ("/v1/search/suggestions?q=a&lang=fr", "unknown-parameter", "lang"),
    ] {
        let problem = service.problem(target).await;
        assert_eq!((&problem["code"], &problem["parameter"]), (&json!(code), &json!(parameter)));
    }
    let problem = service.problem("/v1/search?q=a&kind=commune").await;
    assert_eq!(problem["valid"], json!(["guide", "step", "document", "service"]));
}

#[tokio::test]
async fn suggestions_are_few_and_distinct() {
    let service = Service::start();
    let found = service.json("/v1/search/suggestions?q=permi").await;
    let first = &found["items"][0];
    assert_eq!(first["label"], "Permis de construire");
    assert_eq!(first["labelHtml"], "<mark>Permis</mark> de construire");
    assert_eq!(first["synonym"], Value::Null);
    let labels = |found: &Value| -> Vec<String> {
        let items = found["items"].as_array().unwrap().iter();
        items.map(|item| item["label"].as_str().unwrap().to_lowercase()).collect()
    };
    let all = labels(&service.json("/v1/search/suggestions?q=a&limit=20").await);
    let mut distinct = all.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), all.len());
    let services = service.json("/v1/search/suggestions?q=arch&kind=service&limit=2").await;
    assert_eq!(slugs(&services).len(), 2);
    assert!(services["items"].as_array().unwrap().iter().all(|item| item["kind"] == "service"));
}

#[tokio::test]
async fn a_new_release_is_found_and_an_old_answer_goes() {
    let service = Service::start();
    assert_eq!(service.json("/v1/search?q=brest").await["items"], json!([]));
    service.publish(fixture::next_release());
    let found = service.json("/v1/search?q=brest").await;
    assert_eq!(found["items"][0]["title"], "Archives de Brest");
}

#[tokio::test]
async fn an_answer_can_be_kept() {
    let service = Service::start();
    let answer = service.get("/v1/search?q=permis").await;
    let etag = answer.header("etag").to_owned();
    let headers = [("if-none-match", etag.as_str())];
    let again = service.request(axum::http::Method::GET, "/v1/search?q=permis", &headers).await;
    assert_eq!(again.status, 304);
}

/// The tags of some HTML, which must be nothing but marks, opened and closed in turn.
fn check_html(html: &str) -> Result<(), TestCaseError> {
    let mut is_open = false;
    for (at, _) in html.match_indices('<') {
        let tag = if is_open { "</mark>" } else { "<mark>" };
        prop_assert!(html[at..].starts_with(tag), "{}", html);
        is_open = !is_open;
    }
    prop_assert!(!is_open, "{}", html);
    let bare = html.replace("<mark>", "").replace("</mark>", "");
    prop_assert!(!bare.contains(['<', '>', '"']), "{}", html);
    let entities = ["&lt;", "&gt;", "&amp;", "&quot;"];
    for (at, _) in bare.match_indices('&') {
        prop_assert!(entities.iter().any(|entity| bare[at..].starts_with(entity)), "{}", html);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_typed_is_answered_with_marks_alone(
        query in prop_oneof!["\\PC{1,40}", "(permis|acte|<b>|&amp;|archives|é|l'|\"| ){1,6}"],
    ) {
        static SERVICE: LazyLock<Service> = LazyLock::new(Service::start);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        for path in ["/v1/search", "/v1/search/suggestions"] {
            let answer = runtime.block_on(SERVICE.get(&format!("{path}?q={query}")));
            if answer.status == 400 {
                prop_assert_eq!(&answer.problem()["parameter"], "q");
                continue;
            }
            prop_assert_eq!(answer.status.as_u16(), 200);
            for item in answer.json()["items"].as_array().unwrap() {
                for html in ["titleHtml", "snippetHtml", "labelHtml"] {
                    check_html(item[html].as_str().unwrap_or_default())?;
                }
            }
        }
    }
}
