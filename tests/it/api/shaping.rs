//! The shape of answers: fields, what is included, languages, filters, orders and cursors.

use serde_json::{Value, json};

use super::harness::Service;

fn slugs(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_answer_is_cut_to_the_fields_that_are_asked_for() {
    let service = Service::start();
    for (target, expected) in [
        (
            "/v1/documents/permis-de-construire?fields=territorialRule,slug",
            json!({ "slug": "permis-de-construire", "territorialRule": "property" }),
        ),
        (
            "/v1/documents?limit=1&fields=slug",
            json!({
                "items": [{ "slug": "acte-notarie" }],
                "page": service.json("/v1/documents?limit=1").await["page"],
            }),
        ),
        ("/v1?fields=version,counts.guides", json!({ "version": "v1", "counts": { "guides": 2 } })),
        (
            "/v1/guides/urbanisme/steps/document-connu?fields=step.choices.target.step",
            json!({ "step": { "choices": [
                { "target": { "step": "que-cherchez-vous" } },
                { "target": { "step": "comment-chercher" } },
            ] } }),
        ),
        (
            "/v1/communes?q=renn&limit=1&fields=departement.code",
            json!({
                "items": [{ "departement": { "code": "35" } }],
                "page": { "limit": 1, "next": null, "total": 1 },
            }),
        ),
        (
            "/v1/communes?q=rennes&limit=1&fields=name&kind=district",
            json!({ "items": [], "page": { "limit": 1, "next": null, "total": 0 } }),
        ),
    ] {
        assert_eq!(service.json(target).await, expected, "{target}");
    }
}

#[tokio::test]
async fn a_cut_answer_is_cached_linked_and_validated_as_any_other() {
    let service = Service::start();
    let target = "/v1/services?limit=2&fields=name,slug";
    let answer = service.get(target).await;
    let link = answer.header("link");
    assert!(link.contains("fields=name%2Cslug"), "{link}");
    assert!(answer.text().starts_with("{\"items\":[{\"slug\":"), "{}", answer.text());
    assert_ne!(answer.header("etag"), service.get("/v1/services?limit=2").await.header("etag"));
    let other_order = service.get("/v1/services?limit=2&fields=slug,name").await;
    assert_eq!(other_order.header("etag"), answer.header("etag"));
    let next = link.split_once('>').unwrap().0.trim_start_matches('<');
    assert_eq!(service.json(next).await["items"][0].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn all_fields_of_an_operation_give_its_whole_answer() {
    let service = Service::start();
    for target in ["/v1", "/v1/guides/urbanisme", "/v1/communes/35238"] {
        let whole = service.get(target).await;
        let object = whole.json();
        let names: Vec<&String> = object.as_object().unwrap().keys().collect();
        let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
        let cut = service.get(&format!("{target}?fields={}", names.join(","))).await;
        assert_eq!(cut.text(), whole.text(), "{target}");
    }
}

#[tokio::test]
async fn a_field_that_is_not_there_is_named_with_those_that_are() {
    let service = Service::start();
    let problem = service.problem("/v1/guides/urbanisme?fields=title,steps.titel").await;
    assert_eq!(problem["code"], "invalid-parameter");
    assert_eq!(
        (&problem["parameter"], &problem["found"]),
        (&"fields".into(), &"steps.titel".into())
    );
    let valid = ["slug", "type", "title", "content", "document", "illustrations", "choices"];
    assert_eq!(problem["valid"], json!(valid));
    for (target, code) in [
        ("/v1/guides?fields=", "invalid-parameter"),
        ("/v1/guides?fields=page", "invalid-parameter"),
        ("/v1/guides?fields=slug&fields=title", "repeated-parameter"),
        ("/v1/guides?fields=%ff", "malformed-request"),
        ("/healthz?fields=status", "unknown-parameter"),
        ("/openapi.json?fields=info", "unknown-parameter"),
        ("/v1/guides/none?fields=slug", "guide-not-found"),
    ] {
        assert_eq!(service.problem(target).await["code"], code, "{target}");
    }
}

#[tokio::test]
async fn a_guide_comes_with_its_documents_and_services() {
    let service = Service::start();
    let plain = service.json("/v1/guides/urbanisme").await;
    assert_eq!(plain["included"], Value::Null);
    let guide = service.json("/v1/guides/urbanisme?include=documents,services,documents").await;
    assert_eq!(guide["steps"], plain["steps"]);
    let included = &guide["included"];
    assert_eq!(slugs(&included["documents"]), ["acte-notarie", "permis-de-construire"]);
    for slug in slugs(&included["services"]) {
        let alone = service.json(&format!("/v1/services/{slug}")).await;
        let among = included["services"].as_array().unwrap();
        assert!(among.contains(&alone), "{slug}");
    }
    assert!(slugs(&included["services"]).contains(&"archives-rennes"));
    assert_eq!(included["truncated"], false);
    let one = service.json("/v1/guides/urbanisme?include=documents").await;
    assert_eq!(one["included"]["services"], Value::Null);
    let fields = "include=documents&fields=included.documents.slug";
    let cut = service.json(&format!("/v1/guides/cadastre-en?{fields}")).await;
    assert!(cut["included"]["documents"].is_array(), "{cut}");
}

#[tokio::test]
async fn a_document_comes_with_its_guides_and_services() {
    let service = Service::start();
    let target = "/v1/documents/permis-de-construire";
    assert_eq!(service.json(target).await["included"], Value::Null);
    let document = service.json(&format!("{target}?include=guides,services")).await;
    assert_eq!(slugs(&document["included"]["guides"]), ["urbanisme"]);
    assert!(slugs(&document["included"]["services"]).contains(&"archives-le-havre"));
    let problem = service.problem(&format!("{target}?include=documents")).await;
    assert_eq!(problem["valid"], json!(["guides", "services"]));
}

#[tokio::test]
async fn lists_are_filtered_by_what_belongs_together() {
    let service = Service::start();
    for (target, expected) in [
        ("/v1/guides?lang=fr-CA", &["urbanisme"][..]),
        ("/v1/guides?lang=EN", &["cadastre-en"]),
        ("/v1/guides?lang=de", &[]),
        ("/v1/guides?lang=fr-FR&language=fr", &["urbanisme"]),
        ("/v1/guides?document=permis-de-construire", &["urbanisme"]),
        ("/v1/guides?document=none", &[]),
        ("/v1/documents?guide=urbanisme", &["acte-notarie", "permis-de-construire"]),
        ("/v1/documents?guide=none", &[]),
        (
            "/v1/documents?theme=Urbanisme+et+foncier&sort=-slug",
            &["permis-de-construire", "acte-notarie"],
        ),
        ("/v1/documents?territorialRule=notary-office", &["acte-notarie"]),
        ("/v1/documents?service=archives-le-havre", &["permis-de-construire"]),
    ] {
        assert_eq!(slugs(&service.json(target).await["items"]), expected, "{target}");
    }
    for (target, status, code) in [
        ("/v1/guides?lang=fr_FR", 400, "invalid-parameter"),
        ("/v1/guides?lang=en&language=fr", 409, "conflicting-parameters"),
        ("/v1/documents?guide=Urbanisme", 400, "invalid-parameter"),
        ("/v1/documents?territorialRule=any", 400, "invalid-parameter"),
    ] {
        let problem = service.problem(target).await;
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&json!(status), &json!(code)),
            "{target}"
        );
    }
}

#[tokio::test]
async fn communes_are_listed_by_pages_and_filters() {
    let service = Service::start();
    let reference = crate::fixture::reference();
    let expected = reference.communes_of_departement("35".parse().unwrap()).count();
    let mut target = "/v1/communes?departement=35&kind=current&sort=code&limit=100".to_owned();
    let mut seen = Vec::new();
    loop {
        let answer = service.get(&target).await;
        let page = answer.json();
        assert_eq!(page["page"]["total"], expected);
        for commune in page["items"].as_array().unwrap() {
            assert_eq!(commune["matched"], Value::Null);
            seen.push(commune["code"].as_str().unwrap().to_owned());
        }
        match answer.header("link").split_once(">; rel=\"next\"") {
            Some((next, _)) => target = next.trim_start_matches('<').to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), expected);
    assert!(seen.is_sorted() && seen.contains(&"35238".to_owned()));
    for (query, first) in [
        ("postcode=35000", "35238"),
        ("epci=243500139&sort=code", "35001"),
        ("region=11&kind=district", "75110"),
        ("kind=current&sort=-code", "98901"),
    ] {
        let found = service.json(&format!("/v1/communes?{query}")).await;
        let codes: Vec<_> =
            found["items"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
        assert_eq!(codes[0], first, "{query}: {codes:?}");
    }
    let none = service.json("/v1/communes?epci=123456789").await;
    assert_eq!(none["page"]["total"], 0);
    for query in ["q=a&cursor=YWI", "q=a&sort=name"] {
        let problem = service.problem(&format!("/v1/communes?{query}")).await;
        assert_eq!(problem["status"], 409, "{problem}");
    }
}

#[tokio::test]
async fn arrondissements_are_suggested_as_people_write_them() {
    let service = Service::start();
    for (query, code) in [
        ("paris+11", "75111"),
        ("Paris+11e", "75111"),
        ("lyon+3e", "69383"),
        ("lyon+3", "69383"),
        ("marseille+1er", "13201"),
        ("75011", "75056"),
    ] {
        let found = service.json(&format!("/v1/communes?q={query}")).await;
        assert_eq!(found["items"][0]["code"], code, "{query}: {found}");
    }
    let district = service.json("/v1/communes?q=75011&kind=district&limit=1").await;
    assert_eq!(district["items"][0]["code"], "75111");
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_and_order_alone() {
    let service = Service::start();
    let page = service.json("/v1/documents?limit=1").await;
    let cursor = page["page"]["next"].as_str().unwrap();
    let next = service.json(&format!("/v1/documents?limit=1&cursor={cursor}")).await;
    assert_eq!(slugs(&next["items"]), ["matrice-cadastrale"]);
    for target in [
        format!("/v1/documents?sort=-name&cursor={cursor}"),
        format!("/v1/documents?sort=slug&cursor={cursor}"),
        format!("/v1/services?cursor={cursor}"),
        format!("/v1/communes?cursor={cursor}"),
        "/v1/guides?cursor=zzzz".to_owned(),
    ] {
        let problem = service.problem(&target).await;
        assert_eq!((&problem["status"], &problem["code"]), (&409.into(), &"foreign-cursor".into()));
    }
    let problem = service.problem("/v1/guides?cursor=zzzz%3D").await;
    assert_eq!(problem["code"], "invalid-cursor");
}
