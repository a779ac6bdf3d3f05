//! Services near a place, and those that are open.

use chrono::{DateTime, Utc};
use locadocs::api::Settings;
use serde_json::{Value, json};

use super::harness::{Service, noon};

fn slugs(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["slug"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn services_near_a_place_are_the_nearest_first() {
    let service = Service::start();
    let others = ["archives-departementales-35", "droit-des-sols-rennes-metropole"];
    for (target, expected) in [
        // The archives of Rennes have a position; the others sit at the centre of their commune.
        (
            "/v1/services?near=48.1257,-1.6647",
            &["archives-rennes", others[0], others[1], "archives-le-havre"][..],
        ),
        (
            "/v1/services?nearCommune=76351",
            &["archives-le-havre", "archives-rennes", others[0], others[1]],
        ),
        (
            "/v1/services?near=48.1257,-1.6647&sort=-distance",
            &["archives-le-havre", others[1], others[0], "archives-rennes"],
        ),
        (
            "/v1/services?near=48.1257,-1.6647&sort=-slug&radius=50",
            &[others[1], "archives-rennes", others[0]],
        ),
        ("/v1/services?nearCommune=35238&radius=1&type=municipal-archives", &[]),
        ("/v1/services?near=-20.88,55.45&radius=1000", &[]),
        ("/v1/services?region=28", &["archives-le-havre"]),
    ] {
        let list = service.json(target).await;
        assert_eq!(slugs(&list), expected, "{target}");
        assert_eq!(list["page"]["total"], expected.len(), "{target}");
    }
}

#[tokio::test]
async fn a_distance_says_from_where_it_counts() {
    let list = Service::start().json("/v1/services?near=48.1257,-1.6647&limit=2").await;
    let told = |at: usize| (&list["items"][at]["distance"], &list["items"][at]["distanceFrom"]);
    assert_eq!(told(0), (&json!(0), &json!("position")));
    let (metres, from) = told(1);
    assert_eq!(from, "commune");
    assert!((500..5_000).contains(&metres.as_u64().unwrap()), "{metres}");
    let plain = Service::start().json("/v1/services?limit=1").await;
    for field in ["distance", "distanceFrom", "opening"] {
        assert_eq!(plain["items"][0][field], Value::Null);
    }
}

#[tokio::test]
async fn pages_of_near_services_are_walked_by_their_links() {
    let service = Service::start();
    for sort in ["distance", "-distance", "name", "-slug"] {
        let whole = service.json(&format!("/v1/services?nearCommune=35238&sort={sort}")).await;
        let mut target = format!("/v1/services?nearCommune=35238&sort={sort}&limit=1");
        let mut seen = Vec::new();
        loop {
            let answer = service.get(&target).await;
            seen.extend(slugs(&answer.json()).into_iter().map(str::to_owned));
            let link = answer.header("link").to_owned();
            let next = link.split(", ").find(|link| link.ends_with("rel=\"next\""));
            let Some(next) = next else { break };
            target = next.trim_start_matches('<').split('>').next().unwrap().to_owned();
        }
        assert_eq!(seen, slugs(&whole), "{sort}");
    }
}

#[tokio::test]
async fn a_commune_has_a_centre() {
    let service = Service::start();
    let rennes = service.json("/v1/communes/35238").await;
    assert!((rennes["centre"]["latitude"].as_f64().unwrap() - 48.11).abs() < 0.02);
    assert!((rennes["centre"]["longitude"].as_f64().unwrap() + 1.68).abs() < 0.02);
    assert_eq!(service.json("/v1/communes/98818").await["centre"], Value::Null);
}

/// Archives de Rennes: « Tu,We 09:00-12:30,13:30-17:00; Th 09:00-17:00 ».
#[tokio::test]
async fn a_service_tells_whether_it_is_open() {
    let service = Service::start();
    for (time, expected) in [
        (
            "2026-11-24T10:00",
            json!({
                "at": "2026-11-24T10:00:00+01:00",
                "timeZone": "Europe/Paris",
                "open": true,
                "until": "2026-11-24T12:30:00+01:00",
                "nextOpening": "2026-11-24T13:30:00+01:00",
                "comment": null,
                "holiday": null,
            }),
        ),
        (
            "2026-11-26T22:00-03:00",
            json!({
                "at": "2026-11-27T02:00:00+01:00",
                "timeZone": "Europe/Paris",
                "open": false,
                "until": "2026-12-01T09:00:00+01:00",
                "nextOpening": "2026-12-01T09:00:00+01:00",
                "comment": null,
                "holiday": null,
            }),
        ),
        // Its hours say nothing of holidays.
        (
            "2026-07-14T10:00",
            json!({
                "at": "2026-07-14T10:00:00+02:00",
                "timeZone": "Europe/Paris",
                "open": null,
                "until": null,
                "nextOpening": "2026-07-15T09:00:00+02:00",
                "comment": null,
                "holiday": "Fête nationale",
            }),
        ),
    ] {
        let found = service.json(&format!("/v1/services/archives-rennes?at={time}")).await;
        assert_eq!(found["opening"], expected, "{time}");
    }
    let silent = service.json("/v1/services/archives-le-havre?at=now").await;
    assert_eq!(silent["opening"]["open"], Value::Null);
    assert_eq!(service.json("/v1/services/archives-le-havre").await["opening"], Value::Null);
}

#[tokio::test]
async fn only_those_open_are_listed() {
    let service = Service::start();
    for (target, expected) in [
        ("/v1/services?open=2026-11-24T10:00", &["archives-rennes"][..]),
        ("/v1/services?open=2026-11-24T10:00%2B01:00", &["archives-rennes"]),
        ("/v1/services?open=2026-11-24T10:00+01:00", &["archives-rennes"]),
        ("/v1/services?open=2026-11-24T13:00", &[]),
        // It is Monday noon.
        ("/v1/services?open=now", &[]),
    ] {
        assert_eq!(slugs(&service.json(target).await), expected, "{target}");
    }
    let all = service.json("/v1/services?at=2026-11-24T10:00&type=municipal-archives").await;
    let open: Vec<_> =
        all["items"].as_array().unwrap().iter().map(|s| &s["opening"]["open"]).collect();
    assert_eq!(open, [&json!(true), &Value::Null]);
}

fn tuesday_noon() -> DateTime<Utc> {
    // 12:29 in Paris.
    "2026-11-24T11:29:00Z".parse().unwrap()
}

#[tokio::test]
async fn an_answer_of_now_is_fresh_until_something_opens_or_closes() {
    let service = Service::with(tuesday_noon, Settings::default());
    for (target, max_age, last_modified) in [
        ("/v1/services?open=now", 60, "Tue, 24 Nov 2026 08:00:00 GMT"),
        ("/v1/services/archives-rennes?at=now", 60, "Tue, 24 Nov 2026 08:00:00 GMT"),
        ("/v1/services/archives-le-havre?at=now", 60, "Mon, 23 Nov 2026 23:00:00 GMT"),
        ("/v1/services?open=2026-11-24T12:29", 60, "Mon, 23 Nov 2026 11:00:00 GMT"),
    ] {
        let answer = service.get(target).await;
        let cache = answer.header("cache-control").to_owned();
        assert!(cache.contains(&format!("max-age={max_age},")), "{target}: {cache}");
        let holds = target.contains("now") && !target.contains("havre");
        assert_eq!(cache.contains("stale-while-revalidate=0"), holds, "{target}: {cache}");
        assert_eq!(answer.header("last-modified"), last_modified, "{target}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let service = Service::with(noon, Settings::default());
    for (query, status, code, parameter) in [
        ("near=48.11", 400, "invalid-parameter", "near"),
        ("near=91,0", 400, "invalid-parameter", "near"),
        ("near=48,1&nearCommune=35238", 409, "conflicting-parameters", "nearCommune"),
        ("nearCommune=98818", 400, "invalid-parameter", "nearCommune"),
        ("nearCommune=35999", 404, "commune-not-found", ""),
        ("radius=5", 409, "conflicting-parameters", "radius"),
        ("near=48,1&radius=1001", 400, "invalid-parameter", "radius"),
        ("sort=distance", 409, "conflicting-parameters", "sort"),
        ("open=tomorrow", 400, "invalid-parameter", "open"),
        ("open=now&at=now", 409, "conflicting-parameters", "at"),
        ("at=2076-01-01T10:00", 400, "invalid-parameter", "at"),
        ("region=0", 400, "invalid-parameter", "region"),
    ] {
        let answer = service.get(&format!("/v1/services?{query}")).await;
        let problem = answer.problem();
        assert_eq!((answer.status.as_u16(), &problem["code"]), (status, &json!(code)), "{query}");
        if !parameter.is_empty() {
            assert_eq!(problem["parameter"], parameter, "{query}");
        }
    }
}
