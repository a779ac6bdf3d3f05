//! The walk through a guide.

use serde_json::{Value, json};

use super::harness::Service;

const WALK: &str = "/v1/guides/urbanisme/walk";
const PERMIT: &str = "q.document-connu=oui&q.que-cherchez-vous=permis";

async fn walk(query: &str) -> Value {
    Service::start().json(&format!("{WALK}?{query}")).await
}

#[tokio::test]
async fn answers_lead_from_step_to_step() {
    for (query, status, current, missing) in [
        ("", "question", "document-connu", json!(["choice"])),
        ("q.document-connu=oui", "question", "que-cherchez-vous", json!(["choice"])),
        ("q.document-connu=non", "information", "comment-chercher", json!(["choice"])),
        (PERMIT, "commune", "permis-commune", json!(["commune"])),
        (&format!("{PERMIT}&commune=35238"), "date", "permis-date", json!(["date"])),
        (&format!("{PERMIT}&commune=35238&date=1987"), "result", "permis-resultat", json!([])),
        (&format!("{PERMIT}&commune=35238&date=inconnue"), "result", "permis-resultat", json!([])),
        (
            "q.que-cherchez-vous=acte&q.document-connu=oui",
            "result",
            "acte-resultat",
            json!(["commune"]),
        ),
        ("q.document-connu=oui&q.que-cherchez-vous=autre", "dead-end", "autre-document", json!([])),
        (
            "q.document-connu=oui&q.que-cherchez-vous=cadastre",
            "guide",
            "que-cherchez-vous",
            json!([]),
        ),
        (
            "q.document-connu=oui&q.que-cherchez-vous=geoportail",
            "external",
            "que-cherchez-vous",
            json!([]),
        ),
    ] {
        let found = walk(query).await;
        let place = (&found["status"], &found["current"]["slug"], &found["missing"]);
        assert_eq!(place, (&json!(status), &json!(current), &missing), "{query}");
        let has_answer = status == "result" && missing == json!([]);
        assert_eq!(found["answer"].is_object(), has_answer, "{query}");
        assert_eq!(found["next"].is_object(), ["guide", "external"].contains(&status), "{query}");
    }
}

#[tokio::test]
async fn the_path_is_a_breadcrumb() {
    let found = walk(&format!("{PERMIT}&commune=35238&date=1987")).await;
    let path = found["path"].as_array().unwrap();
    let crumbs: Vec<_> = path.iter().map(|step| (&step["step"], &step["answer"]["slug"])).collect();
    assert_eq!(
        json!(crumbs),
        json!([
            ["document-connu", "oui"],
            ["que-cherchez-vous", "permis"],
            ["permis-commune", "continuer"],
            ["permis-date", "continuer"],
        ])
    );
    assert_eq!(path[2]["commune"]["name"], "Rennes");
    assert_eq!(path[3]["date"], "1987");
    assert_eq!(path[0]["commune"], Value::Null);
}

#[tokio::test]
async fn the_answer_is_that_of_locate() {
    let service = Service::start();
    let walked = service.json(&format!("{WALK}?{PERMIT}&commune=35238&date=1987")).await;
    let located =
        service.json("/v1/locate?document=permis-de-construire&commune=35238&date=1987").await;
    assert_eq!(walked["answer"], located);
}

#[tokio::test]
async fn a_condition_hides_a_choice_once_the_commune_is_known() {
    let service = Service::start();
    let query = "q.document-connu=non&q.comment-chercher=sans-commune";
    assert_eq!(service.json(&format!("{WALK}?{query}")).await["status"], "dead-end");
    let problem = service.problem(&format!("{WALK}?{query}&commune=35238")).await;
    assert_eq!(problem["code"], "unknown-choice");
    assert_eq!(problem["valid"], json!(["revenir"]));
}

#[tokio::test]
async fn answers_that_do_not_fit_are_a_conflict_that_names_the_step() {
    let service = Service::start();
    for (query, code, step, valid) in [
        (
            "q.document-connu=peut-etre",
            "unknown-choice",
            json!("document-connu"),
            json!(["oui", "non"]),
        ),
        ("q.autre=oui", "unknown-step", json!("autre"), Value::Null),
        (
            "q.document-connu=non&q.que-cherchez-vous=permis",
            "off-path",
            json!("que-cherchez-vous"),
            json!(["document-connu", "comment-chercher"]),
        ),
        ("q.=oui", "unknown-step", Value::Null, Value::Null),
        ("q.document-connu=O%20UI", "unknown-choice", Value::Null, Value::Null),
    ] {
        let answer = service.get(&format!("{WALK}?{query}")).await;
        let problem = answer.problem();
        assert_eq!((answer.status.as_u16(), &problem["code"]), (409, &json!(code)), "{query}");
        assert_eq!(problem["step"], step, "{query}");
        if !valid.is_null() {
            assert_eq!(problem["valid"], valid, "{query}");
        }
    }
    let unknown = service.problem(&format!("{WALK}?q.autre=oui")).await;
    assert_eq!(unknown["detail"], "This guide has no step autre.");
    let repeated =
        service.problem(&format!("{WALK}?q.document-connu=oui&q.document-connu=non")).await;
    assert_eq!(repeated["code"], "repeated-parameter");
    let unknown = service.problem(&format!("{WALK}?q=oui")).await;
    let valid = json!(["q.{step}", "commune", "kind", "date", "release", "fields"]);
    assert_eq!(unknown["valid"], valid);
}
