//! Guides, documents, services and communes: lists, filters, pages, and single ones.

use serde_json::{Value, json};

use super::harness::Service;

fn slugs(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lists_are_filtered() {
    let service = Service::start();
    for (target, expected) in [
        ("/v1/guides", &["cadastre-en", "urbanisme"][..]),
        ("/v1/guides?language=en", &["cadastre-en"]),
        ("/v1/guides?theme=Urbanisme+et+foncier", &["urbanisme"]),
        ("/v1/guides?theme=Autre", &[]),
        ("/v1/documents", &["acte-notarie", "matrice-cadastrale", "permis-de-construire"]),
        ("/v1/documents?sort=-name&limit=1", &["permis-de-construire"]),
        ("/v1/services?type=municipal-archives", &["archives-rennes", "archives-le-havre"]),
        (
            "/v1/services?type=municipal-archives&sort=slug",
            &["archives-le-havre", "archives-rennes"],
        ),
        ("/v1/services?commune=76351", &["archives-le-havre"]),
        ("/v1/services?departement=76", &["archives-le-havre"]),
        ("/v1/services?departement=76&commune=35238", &[]),
        ("/v1/services?commune=35999", &[]),
    ] {
        assert_eq!(slugs(&service.json(target).await), expected, "{target}");
    }
}

#[tokio::test]
async fn following_the_links_gives_each_item_once() {
    let service = Service::start();
    let whole = service.json("/v1/services?sort=-slug").await;
    let mut seen = Vec::new();
    let mut target = "/v1/services?sort=-slug&limit=2".to_owned();
    loop {
        let answer = service.get(&target).await;
        let page = answer.json();
        seen.extend(slugs(&page).into_iter().map(str::to_owned));
        assert_eq!(page["page"]["total"], 6);
        let link = answer.header("link");
        assert!(link.contains("</v1/services?limit=2&sort=-slug>; rel=\"first\""), "{link}");
        match link.split_once(">; rel=\"next\"") {
            Some((next, _)) => target = next.trim_start_matches('<').to_owned(),
            None => break assert_eq!(page["page"]["next"], Value::Null),
        }
    }
    assert_eq!(seen, slugs(&whole));
}

#[tokio::test]
async fn a_guide_is_whole_in_one_answer() {
    let guide = Service::start().json("/v1/guides/urbanisme").await;
    let steps = guide["steps"].as_array().unwrap();
    assert_eq!(guide["firstStep"], steps[0]["slug"]);
    let types: Vec<_> = steps.iter().map(|step| step["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        ["question", "question", "information", "commune", "result", "dead-end", "date", "result"]
    );
    let targets: Vec<_> =
        steps[1]["choices"].as_array().unwrap().iter().map(|choice| &choice["target"]).collect();
    assert_eq!(
        json!(targets),
        json!([
            { "type": "step", "step": "permis-commune" },
            { "type": "step", "step": "acte-resultat" },
            { "type": "guide", "guide": "cadastre-en" },
            { "type": "external", "url": "https://remonterletemps.ign.fr/" },
            { "type": "step", "step": "autre-document" },
        ])
    );
    let text = &steps[2]["content"];
    assert!(text["markdown"].as_str().unwrap().contains("[cadastre]("));
    assert!(text["html"].as_str().unwrap().contains("rel=\"noopener noreferrer nofollow\""));
}

#[tokio::test]
async fn no_internal_id_leaves_the_service() {
    let service = Service::start();
    for target in [
        "/v1",
        "/v1/guides/urbanisme",
        "/v1/documents",
        "/v1/services",
        "/v1/communes/35238",
        "/v1/locate?document=permis-de-construire&commune=35238",
        "/v1/locate?document=permis-de-construire&commune=76351",
        "/v1/guides/urbanisme/walk?q.document-connu=oui",
    ] {
        let answer = service.get(target).await;
        assert!(!answer.text().contains("\"rec"), "{target}");
    }
}

#[tokio::test]
async fn a_commune_is_suggested_by_what_one_types() {
    let service = Service::start();
    for (query, code, name, by) in [
        ("renn", "35238", "Rennes", "name"),
        ("st+malo", "35288", "Saint-Malo", "name"),
        ("35000", "35238", "Rennes", "postcode"),
        ("35238", "35238", "Rennes", "insee"),
        ("Saint-%C3%89tienne", "42218", "Saint-Étienne", "name"),
        ("le+havre", "76351", "Le Havre", "name"),
    ] {
        let found = service.json(&format!("/v1/communes?q={query}&limit=1")).await;
        let first = &found["items"][0];
        assert_eq!((&first["code"], &first["name"]), (&json!(code), &json!(name)), "{query}");
        assert_eq!(first["matched"]["by"], by, "{query}");
    }
    let none = service.json("/v1/communes?q=").await;
    let page = json!({ "limit": 10, "next": null, "total": 0 });
    assert_eq!(none, json!({ "items": [], "page": page }));
}

#[tokio::test]
async fn an_old_code_leads_to_the_commune_of_today() {
    let service = Service::start();
    let reference = crate::fixture::reference();
    let (old, current) = reference
        .communes()
        .iter()
        .flat_map(|commune| commune.old_codes.iter().map(move |old| (old, commune)))
        .find(|(old, _)| {
            reference
                .find(**old)
                .is_some_and(|found| matches!(found, locadocs::reference::Found::Redirected { .. }))
        })
        .unwrap();
    let commune = service.json(&format!("/v1/communes/{old}")).await;
    assert_eq!(commune["code"], current.code.to_string());
    assert_eq!(commune["redirectedFrom"], old.to_string());
    let answer =
        service.json(&format!("/v1/locate?document=permis-de-construire&commune={old}")).await;
    assert_eq!(answer["redirectedFrom"], old.to_string());
}

#[tokio::test]
async fn a_code_that_names_several_communes_lists_them() {
    let service = Service::start();
    let reference = crate::fixture::reference();
    let part =
        reference.communes().iter().find(|commune| commune.parent == Some(commune.code)).unwrap();
    let current = service.json(&format!("/v1/communes/{}", part.code)).await;
    assert_eq!(current["kind"], "current");
    assert_eq!(current["others"][0]["kind"], "delegated");
    let delegated = service.json(&format!("/v1/communes/{}?kind=delegated", part.code)).await;
    assert_eq!(delegated["kind"], "delegated");
    assert_eq!(delegated["parent"]["code"], part.code.to_string());
    assert_eq!(delegated["others"][0]["kind"], "current");
}
