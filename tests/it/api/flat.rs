//! The no-code profile: whatever is asked, a flat object under 200.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use locadocs::api::Settings;
use serde_json::{Value, json};

use super::harness::{Answer, Service, noon};

mod caller;

use caller::{Condition, Guide, ServerCall};

const LOCATE: &str = "/v1/flat/locate";
const WALK: &str = "/v1/flat/walk";

async fn post(service: &Service, path: &str, content_type: Option<&str>, body: &str) -> Answer {
    let mut request = Request::post(path);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    service.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// A flat answer: scalars alone, no null, and the same names in the same order as any other.
fn check(answer: &Answer, path: &str) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let body = answer.json();
    for (name, value) in body.as_object().unwrap() {
        assert!(value.is_string() || value.is_boolean() || value.is_u64(), "{name}: {value}");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
    }
    assert!(!body["message"].as_str().unwrap().is_empty(), "{body}");
    assert_eq!(body["found"], body["status"] == "ok");
    let component = if path == LOCATE { "FlatLocate" } else { "FlatWalk" };
    let document = serde_json::to_value(locadocs::api::openapi()).unwrap();
    let schema = &document["components"]["schemas"][component];
    // `required` lists them in order, which a map of serde_json does not keep.
    let required: Vec<String> = serde_json::from_value(schema["required"].clone()).unwrap();
    assert_eq!(names(answer.text()), required, "{path}");
    assert_eq!(schema["properties"].as_object().unwrap().len(), required.len());
    body
}

/// The names of an object, as they follow in its text.
fn names(json: &str) -> Vec<String> {
    let object: indexmap::IndexMap<String, Value> = serde_json::from_str(json).unwrap();
    object.into_keys().collect()
}

#[tokio::test]
async fn every_question_has_a_status_and_a_sentence() {
    let service = Service::start();
    let permit = "document=permis-de-construire";
    for (query, status, parameter, message) in [
        (
            &*format!("{permit}&commune=35238&date=1987"),
            "ok",
            "",
            "De 1908 au 30 juin 2015\u{a0}: Archives de Rennes.",
        ),
        (&format!("{permit}&commune=rennes"), "ok", "", "Jusqu’en 1907\u{a0}: Mairie de Rennes."),
        (
            &format!("{permit}&postcode=35400"),
            "ok",
            "",
            "Toutes dates\u{a0}: Mairie de Saint-Malo.",
        ),
        (
            &format!("{permit}&commune_name=35000+Rennes"),
            "ok",
            "",
            "Jusqu’en 1907\u{a0}: Mairie de Rennes.",
        ),
        (
            &format!("{permit}&commune_name=st+malo&date="),
            "ok",
            "",
            "Toutes dates\u{a0}: Mairie de Saint-Malo.",
        ),
        (
            "document=matrice-cadastrale&commune=35238",
            "unknown",
            "",
            "Toutes dates\u{a0}: lieu de conservation inconnu.",
        ),
        ("", "missing", "document", "Indiquez le document recherché (paramètre document)."),
        (
            permit,
            "missing",
            "commune",
            "Indiquez une commune pour le document «\u{a0}Permis de construire\u{a0}»",
        ),
        (
            "document=rien&commune=35238",
            "not_found",
            "document",
            "Aucun document publié n’a l’identifiant «\u{a0}rien\u{a0}».",
        ),
        (
            &format!("{permit}&commune=35999"),
            "not_found",
            "commune",
            "Aucune commune n’a le code INSEE",
        ),
        (
            &format!("{permit}&commune_name=xyzzyx"),
            "not_found",
            "commune",
            "Aucune commune ne répond à",
        ),
        (&format!("{permit}&postcode=35999"), "not_found", "commune", "Aucune commune ne répond à"),
        (
            &format!("{permit}&postcode=abc"),
            "invalid",
            "postcode",
            "«\u{a0}abc\u{a0}» n’est pas un code postal",
        ),
        (
            &format!("{permit}&commune_name=saint-denis"),
            "ambiguous",
            "commune",
            "Plusieurs communes peuvent répondre",
        ),
        (&format!("{permit}&commune_name=renes"), "ambiguous", "commune", ""),
        (
            &format!("{permit}&commune=35238&date=hier"),
            "invalid",
            "date",
            "«\u{a0}hier\u{a0}» n’est pas une date",
        ),
        (
            &format!("{permit}&comune=35238"),
            "invalid",
            "comune",
            "Le paramètre «\u{a0}comune\u{a0}» n’existe pas ici.",
        ),
        (
            &format!("{permit}&commune=35238&commune=35238"),
            "invalid",
            "commune",
            "Le paramètre «\u{a0}commune\u{a0}» est donné deux fois.",
        ),
        (&format!("{permit}&commune=%ff%zz"), "not_found", "commune", ""),
    ] {
        let answer = service.get(&format!("{LOCATE}?{query}")).await;
        let body = check(&answer, LOCATE);
        assert_eq!(
            (&body["status"], &body["parameter"]),
            (&json!(status), &json!(parameter)),
            "{query}: {body}"
        );
        let said = body["message"].as_str().unwrap();
        assert!(said.starts_with(message), "{query}: {said}");
        let is_kept = matches!(status, "ok" | "unknown");
        assert_eq!(answer.header("cache-control") == "no-store", !is_kept, "{query}");
        assert_eq!(answer.header("etag").is_empty(), !is_kept, "{query}");
    }
}

#[tokio::test]
async fn an_answer_holds_all_that_a_page_needs() {
    let query = "document=permis-de-construire&commune=35238&date=1987";
    let service = Service::start();
    let body = check(&service.get(&format!("{LOCATE}?{query}")).await, LOCATE);
    for (name, expected) in [
        ("title", json!("Permis de construire à Rennes")),
        ("commune_name", json!("Rennes")),
        ("departement_name", json!("Ille-et-Vilaine")),
        ("state", json!("kept")),
        ("destroyed", json!(false)),
        ("needs_date", json!(false)),
        ("count", json!(1)),
        ("service_name", json!("Archives de Rennes")),
        ("service_address", json!("18 avenue Jules-Ferry, 35700 Rennes")),
        ("service_phone", json!("02 23 62 12 60")),
        ("service_period", json!("De 1908 au 30 juin 2015")),
        ("service_access", json!("en salle de lecture, par envoi")),
        ("service_call_number", json!("1026 W")),
        ("service_appointment", json!(true)),
        ("service_2_name", json!("")),
        ("availability", json!("open")),
    ] {
        assert_eq!(body[name], expected, "{name}");
    }
    let html = body["html"].as_str().unwrap();
    assert!(html.contains(r#"<a href="tel:0223621260">02 23 62 12 60</a>"#), "{html}");
    assert!(html.contains("<p>La réponse arrive en une semaine.</p>"), "{html}");
    assert!(body["text"].as_str().unwrap().contains("Cote\u{a0}: 1026 W."), "{body}");
}

#[tokio::test]
async fn what_changes_over_time_asks_for_a_date_and_numbers_its_services() {
    let service = Service::start();
    let target = format!("{LOCATE}?document=permis-de-construire&commune=76351");
    let body = check(&service.get(&target).await, LOCATE);
    assert_eq!((&body["needs_date"], &body["count"]), (&json!(true), &json!(2)));
    assert_eq!(body["service_name"], "Mairie du Havre");
    assert_eq!(body["service_period"], "Jusqu’en 1939\u{202f}; depuis 1960");
    assert_eq!(body["service_2_name"], "Archives du Havre");
    let body = check(&service.get(&format!("{target}&date=1942")).await, LOCATE);
    assert_eq!((&body["destroyed"], &body["count"]), (&json!(true), &json!(0)));
    assert_eq!(body["status"], "ok");
}

#[tokio::test]
async fn a_post_is_read_leniently_and_never_kept() {
    let service = Service::start();
    let json = Some("application/json");
    for (content_type, body, status) in [
        (json, r#"{"document":"permis-de-construire","commune":35238,"date":1987}"#, "ok"),
        (json, r#"{"document":"permis-de-construire","commune":"35238","date":null}"#, "ok"),
        (None, r#"{"document":"permis-de-construire","commune":1053}"#, "ok"),
        (Some("text/plain"), r#"{"document":"permis-de-construire","commune":"01053"}"#, "ok"),
        (
            Some("application/x-www-form-urlencoded"),
            "document=permis-de-construire&commune=35238",
            "ok",
        ),
        (json, r#"{"document":"permis-de-construire","commune":["35238"]}"#, "invalid"),
        (json, r#"{"document":"permis-de-construire","commune":"{{commune}}"}"#, "invalid"),
        (json, r#"{"document":"#, "invalid"),
        (json, "[]", "invalid"),
        (json, "null", "invalid"),
        (json, "", "missing"),
        (None, "\u{0}", "invalid"),
    ] {
        let answer = post(&service, LOCATE, content_type, body).await;
        assert_eq!(check(&answer, LOCATE)["status"], status, "{body}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("etag"), "");
    }
}

#[tokio::test]
async fn the_body_of_a_get_does_not_count() {
    let service = Service::start();
    let body = r#"{"document":"permis-de-construire","commune":"35238"}"#;
    for _ in 0..2 {
        let request = Request::get(LOCATE).body(Body::from(body)).unwrap();
        assert_eq!(check(&service.send(request).await, LOCATE)["status"], "missing");
    }
}

#[tokio::test]
async fn nothing_published_yet_is_told_like_the_rest() {
    let service = Service::empty(noon, Settings::default());
    for path in [LOCATE, WALK] {
        let answer = service.get(path).await;
        assert_eq!(check(&answer, path)["status"], "unavailable");
        assert_eq!(answer.header("cache-control"), "no-store");
        let answer = post(&service, path, None, "{}").await;
        assert_eq!(check(&answer, path)["status"], "unavailable");
    }
}

#[tokio::test]
async fn credentials_are_accepted_and_change_nothing() {
    let service = Service::start();
    let target = format!("{LOCATE}?document=permis-de-construire&commune=35238");
    let plain = service.get(&target).await;
    for header in [
        ("authorization", "Basic bG9jYTpkb2Nz"),
        ("authorization", "Bearer secret"),
        ("authorization", "nonsense"),
        ("x-api-key", "secret"),
    ] {
        let answer = service.request(Method::GET, &target, &[header]).await;
        assert_eq!(answer.body, plain.body);
    }
    assert_eq!(service.get(&format!("{target}&api_key=secret")).await.body, plain.body);
    let preflight = [
        ("origin", "https://stonly.com"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,x-api-key"),
    ];
    let answer = service.request(Method::OPTIONS, LOCATE, &preflight).await;
    assert_eq!(answer.header("access-control-allow-headers"), "*,authorization");
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert_eq!(answer.header("allow"), "GET, HEAD, POST, OPTIONS");
    let answer = service.request(Method::PUT, LOCATE, &[]).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_walk_needs_one_variable() {
    let service = Service::start();
    let mut answers = String::new();
    for (answer, others, step, needs) in [
        ("", "", "document-connu", "needs_choice"),
        ("Oui", "", "que-cherchez-vous", "needs_choice"),
        ("1", "", "permis-commune", "needs_commune"),
        ("", "&commune=Rennes", "permis-date", "needs_date"),
        ("", "&commune=Rennes&date=1987", "permis-resultat", "finished"),
    ] {
        let target = format!("{WALK}?guide=urbanisme&answers={answers}&answer={answer}{others}");
        let body = check(&service.get(&target).await, WALK);
        assert_eq!((&body["status"], &body["step"]), (&json!("ok"), &json!(step)), "{body}");
        for name in ["needs_choice", "needs_commune", "needs_date", "finished"] {
            assert_eq!(body[name], name == needs, "{step}: {name}");
        }
        answers = body["answers"].as_str().unwrap().to_owned();
    }
    assert_eq!(answers, "document-connu:oui,que-cherchez-vous:permis");
}

#[tokio::test]
async fn the_end_of_a_walk_is_the_local_answer_or_the_way_out() {
    let service = Service::start();
    let known = format!("{WALK}?guide=urbanisme&answers=document-connu:oui");
    let body =
        check(&service.get(&format!("{known}&answer=permis&commune=35238&date=1987")).await, WALK);
    assert_eq!(
        (&body["service_name"], &body["finished"]),
        (&json!("Archives de Rennes"), &json!(true))
    );
    assert_eq!(body["message"], "De 1908 au 30 juin 2015\u{a0}: Archives de Rennes.");
    let body = check(&service.get(&format!("{known}&answer=cadastre")).await, WALK);
    assert_eq!((&body["next_guide"], &body["finished"]), (&json!("cadastre-en"), &json!(true)));
    let body = check(&service.get(&format!("{known}&answer=geoportail")).await, WALK);
    assert_eq!(body["next_url"], "https://remonterletemps.ign.fr/");
    for (target, status, parameter) in [
        (format!("{WALK}?guide=rien"), "not_found", "guide"),
        (WALK.to_owned(), "missing", "guide"),
        (format!("{known}&answer=peut-etre"), "conflict", "answer"),
        (format!("{WALK}?guide=urbanisme&answers=oui"), "invalid", "answers"),
        (
            format!("{WALK}?guide=urbanisme&q.document-connu=peut-etre"),
            "conflict",
            "q.document-connu",
        ),
        (format!("{WALK}?guide=urbanisme&q.nulle-part=oui"), "conflict", "q.nulle-part"),
        (format!("{known}&commune=35999"), "not_found", "commune"),
    ] {
        let body = check(&service.get(&target).await, WALK);
        assert_eq!(
            (&body["status"], &body["parameter"]),
            (&json!(status), &json!(parameter)),
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_guide_of_stonly_finds_the_archives() {
    let service = Service::start();
    let call = ServerCall {
        method: Method::POST,
        url: LOCATE,
        headers: &[("Authorization", "Basic {{secret}}"), ("Content-Type", "application/json")],
        body: r#"{"document": "{{document}}", "commune_name": "{{ville}}", "date": "{{annee}}"}"#,
        variables: &[
            "found",
            "status",
            "message",
            "html",
            "service_name",
            "choice_1_value",
            "needs_date",
        ],
    };
    let mut guide = Guide::new(&[("secret", "x"), ("document", "permis-de-construire")]);

    guide.set("ville", "Saint-Denis");
    guide.call(&service, &call).await;
    assert!(guide.holds(&Condition::Equals("status", "ambiguous")));
    assert!(guide.holds(&Condition::Exists("choice_1_value")));
    assert!(!guide.holds(&Condition::Exists("service_name")));

    guide.set("ville", "Rennes");
    guide.call(&service, &call).await;
    assert!(guide.holds(&Condition::Equals("needs_date", "true")));

    guide.set("annee", "1987");
    guide.call(&service, &call).await;
    assert!(guide.holds(&Condition::Equals("found", "true")));
    assert!(guide.holds(&Condition::Contains("html", "Archives de Rennes")));
    assert!(!guide.holds(&Condition::Exists("choice_1_value")));
    assert_eq!(guide.show("Écrire à : {{service_name}}"), "Écrire à : Archives de Rennes");

    // What someone types may hold quotes: the tool does not escape them.
    guide.set("ville", r#"L'"Île""#);
    guide.call(&service, &call).await;
    assert!(guide.holds(&Condition::Equals("status", "invalid")));
    assert!(guide.holds(&Condition::Contains("message", "JSON")));
}

#[tokio::test]
async fn a_guide_of_stonly_asks_by_get_too() {
    let service = Service::start();
    let call = ServerCall {
        method: Method::GET,
        url: "/v1/flat/walk?guide=urbanisme&answers={{answers}}&answer={{answer}}&commune={{ville}}",
        headers: &[("X-API-Key", "{{secret}}")],
        body: "",
        variables: &["answers", "step_type", "title", "choice_count", "choice_2_value"],
    };
    let mut guide = Guide::new(&[]);
    guide.call(&service, &call).await;
    assert!(guide.holds(&Condition::Equals("choice_count", "2")));
    guide.set("answer", "oui");
    guide.call(&service, &call).await;
    assert!(guide.holds(&Condition::Equals("choice_2_value", "acte")));
    guide.set("answer", "acte");
    guide.set("ville", "Rennes");
    guide.call(&service, &call).await;
    assert!(guide.holds(&Condition::Equals("step_type", "result")));
}
