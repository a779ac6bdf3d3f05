//! The local answer.

use serde_json::{Value, json};

use super::harness::Service;

async fn locate(query: &str) -> Value {
    Service::start().json(&format!("/v1/locate?{query}")).await
}

fn summaries(answer: &Value) -> Vec<&str> {
    let segments = answer["segments"].as_array().unwrap();
    segments.iter().map(|segment| segment["summary"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_segment_says_who_keeps_what_in_a_sentence() {
    for (query, expected) in [
        (
            "document=permis-de-construire&commune=35238",
            &[
                "Jusqu'en 1907 : Mairie de Rennes.",
                "De 1908 au 30 juin 2015 : Archives de Rennes.",
                "Depuis le 1er juillet 2015 : Service Droit des sols de Rennes Métropole.",
            ][..],
        ),
        (
            "document=permis-de-construire&commune=76351",
            &[
                "Jusqu'en 1939 : Mairie du Havre.",
                "De 1940 à 1944 : documents détruits.",
                "De 1945 à 1959 : Archives du Havre, avec des lacunes.",
                "Depuis 1960 : Mairie du Havre.",
            ],
        ),
        (
            "document=acte-notarie&commune=35238",
            &[
                "Jusqu'au 23 novembre 1951 : Archives départementales d'Ille-et-Vilaine.",
                "Depuis le 24 novembre 1951 : Étude notariale.",
            ],
        ),
        (
            "document=matrice-cadastrale&commune=35238",
            &[
                "Toutes dates : lieu de conservation inconnu. Se renseigner auprès de : Archives de \
               Rennes et Archives départementales d'Ille-et-Vilaine.",
            ],
        ),
        (
            "document=permis-de-construire&commune=35238&date=1987",
            &["De 1908 au 30 juin 2015 : Archives de Rennes."],
        ),
        (
            "document=permis-de-construire&commune=35238&date=2015",
            &[
                "De 1908 au 30 juin 2015 : Archives de Rennes.",
                "Depuis le 1er juillet 2015 : Service Droit des sols de Rennes Métropole.",
            ],
        ),
        (
            "document=permis-de-construire&commune=76351&date=12/05/1942",
            &["De 1940 à 1944 : documents détruits."],
        ),
    ] {
        assert_eq!(summaries(&locate(query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn an_unknown_date_is_every_date() {
    let every = locate("document=permis-de-construire&commune=35238").await;
    for word in ["inconnue", "unknown"] {
        let query = format!("document=permis-de-construire&commune=35238&date={word}");
        assert_eq!(locate(&query).await, every);
    }
    assert_eq!(every["asked"], json!({ "from": null, "until": null }));
}

#[tokio::test]
async fn a_segment_says_why_and_what_it_replaced() {
    let answer = locate("document=permis-de-construire&commune=35238&date=1987-05").await;
    assert_eq!(answer["asked"], json!({ "from": "1987-05-01", "until": "1987-05-31" }));
    insta::assert_json_snapshot!(answer["segments"][0]["reason"], @r#"
    {
      "level": "commune",
      "reach": "whole",
      "rule": "most-specific",
      "supersededCount": 1,
      "territory": "Rennes",
      "text": "Donnée propre à la commune : Rennes. Elle l'emporte sur une donnée moins précise. Vérifiée le 12 mars 2026."
    }
    "#);
    insta::assert_json_snapshot!(answer["segments"][0]["superseded"], @r#"
    [
      {
        "level": "national",
        "service": {
          "name": "Mairie de Rennes",
          "slug": "mairie-de-la-commune",
          "type": "town-hall"
        },
        "status": "kept",
        "territory": "France entière"
      }
    ]
    "#);
}

#[tokio::test]
async fn where_nothing_is_known_there_is_someone_to_ask() {
    let answer = locate("document=matrice-cadastrale&commune=76351").await;
    let segment = &answer["segments"][0];
    assert_eq!(segment["status"], "unknown");
    assert_eq!(segment["holdings"], json!([]));
    assert_eq!(segment["reason"]["rule"], "no-record");
    assert_eq!(segment["contacts"][0]["name"], "Archives du Havre");
    assert_eq!(segment["availability"], Value::Null);
}

#[tokio::test]
async fn what_is_destroyed_has_no_service_and_no_date_of_opening() {
    let answer = locate("document=permis-de-construire&commune=76351&date=1942").await;
    let segment = &answer["segments"][0];
    assert_eq!(segment["status"], "destroyed");
    assert_eq!(segment["holdings"][0]["service"], Value::Null);
    assert_eq!(segment["availability"], Value::Null);
}

#[tokio::test]
async fn availability_is_that_of_the_date_asked_for() {
    let day = |text: &str| json!([75, "1951-11-23", text]);
    for (date, expected) in [
        ("1940", json!([["open", day("2015-12-31")]])),
        ("1987", json!([["restricted", day("2062-12-31")]])),
        // The service changes on the day on which the law opens.
        ("1951", json!([["open", day("2026-11-23")], ["restricted", day("2026-12-31")]])),
        (
            "inconnue",
            json!([["open", day("2026-11-23")], ["restricted", [75, "1951-11-23", null]]]),
        ),
    ] {
        let answer = locate(&format!("document=acte-notarie&commune=35238&date={date}")).await;
        let segments = answer["segments"].as_array().unwrap().iter();
        let found: Vec<_> = segments
            .map(|segment| &segment["availability"])
            .map(|a| json!([a["status"], [a["delayYears"], a["openUntil"], a["opensOn"]]]))
            .collect();
        assert_eq!(json!(found), expected, "{date}");
    }
}

#[tokio::test]
async fn a_generic_service_is_the_one_of_the_commune_where_there_is_one() {
    let answer = locate("document=permis-de-construire&commune=27229").await;
    let service = &answer["segments"][0]["holdings"][0]["service"];
    assert_eq!(service["name"], "Mairie d'Évreux");
    assert_eq!(service["generic"], true);
    assert_eq!(service["slug"], "mairie-de-la-commune");
}
