//! The data file and the page.

use std::path::Path;

use locadocs::sandbox::{Sandbox, StartError, config::Config, persist::DataError};
use serde_json::json;

use super::harness::{BASE, DEED, Harness, TOWN, seed};

fn keeping(path: &Path) -> Config {
    Config { data: Some(path.to_owned()), per_second: None, ..Config::default() }
}

#[tokio::test]
async fn rows_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    let harness = Harness::start_with(keeping(&path)).await;
    let list = |harness: &Harness, table: &str| {
        let request = harness.request(reqwest::Method::GET, &format!("{BASE}/{table}"));
        async { request.send().await.unwrap().json::<serde_json::Value>().await.unwrap() }
    };
    harness.sandbox.set_cell(BASE, TOWN, "recRennes", "Nom", &json!("Roazhon")).unwrap();
    let fields = json!({ "Cote": "2 W", "Ville": ["recHavre"] });
    harness.sandbox.create_record(BASE, DEED, fields.as_object().unwrap()).unwrap();
    harness.sandbox.rename_field(BASE, TOWN, "Population", "Habitants").unwrap();
    let deeds = list(&harness, "Actes").await;
    let schema = harness.get(&format!("meta/bases/{BASE}/tables")).await.1;
    harness.sandbox.stop().await;

    let harness = Harness::start_with(keeping(&path)).await;
    assert_eq!(list(&harness, "Actes").await, deeds);
    assert_eq!(harness.get(&format!("meta/bases/{BASE}/tables")).await.1, schema);
    let towns = list(&harness, "Villes").await;
    assert_eq!(towns["records"][0]["fields"]["Majuscules"], "ROAZHON");
    assert_eq!(towns["records"][1]["fields"]["Photo"][0]["size"], 70);
    // It writes the file at its start; once stopped, it has.
    harness.sandbox.stop().await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
}

#[tokio::test]
async fn a_damaged_file_is_an_error_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    for (text, expected) in [
        ("{\"version\":1,\"bases\":[{\"id\":\"app", "bases[0].id"),
        ("{\"version\":1,\"bases\":[{\"id\":\"appX\",\"name\":\"X\",\"nope\":1}]}", "bases[0]"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = Sandbox::start(keeping(&path), &[seed()]).await.unwrap_err();
        let StartError::Data { source: DataError::Damaged(source), .. } = error else {
            panic!("{error:?}")
        };
        assert!(source.to_string().contains(expected), "{source}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    std::fs::write(&path, "{\"version\":9,\"bases\":[]}").unwrap();
    let error = Sandbox::start(keeping(&path), &[]).await.unwrap_err();
    assert!(matches!(error, StartError::Data { source: DataError::Version { found: 9 }, .. }));
}

#[tokio::test]
async fn a_seed_that_does_not_fit_names_the_place() {
    for (place, value, expected) in [
        ("/tables/0/records/0/fields/Nope", json!(1), "Villes / recRennes / Nope: no such field"),
        ("/tables/0/records/0/fields/Population", json!("x"), "Villes / recRennes / Population"),
        ("/tables/1/records/0/fields/Ville", json!(["recNope"]), "Actes / recActe1 / Ville"),
        ("/tables/0/fields/3/options/linkedTableId", json!("tblNope"), "Villes / Actes"),
        ("/tables/0/primaryFieldId", json!("fldNope"), "Villes"),
    ] {
        let mut base = serde_json::to_value(seed()).unwrap();
        let (parent, key) = place.rsplit_once('/').unwrap();
        base.pointer_mut(parent).unwrap()[key] = value;
        let base = serde_json::from_value(base).unwrap();
        let error = Sandbox::start(Config::default(), &[base]).await.unwrap_err();
        let StartError::Seed { source, .. } = error else { panic!("{error:?}") };
        assert!(source.to_string().starts_with(expected), "{source}");
    }
}

#[tokio::test]
async fn the_page_shows_escaped_cells_and_edits_them() {
    let harness = Harness::start().await;
    let text = "<script>alert(1)</script>\"'&";
    harness.sandbox.set_cell(BASE, TOWN, "recRennes", "Nom", &json!(text)).unwrap();
    let response = reqwest::get(harness.sandbox.url().clone()).await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let page = response.text().await.unwrap();
    assert!(policy.starts_with("default-src 'self'"), "{policy}");
    assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;alert"), "{page}");
    for asset in ["_sandbox/page.js", "_sandbox/page.css"] {
        let asset = harness.sandbox.url().join(asset).unwrap();
        assert_eq!(reqwest::get(asset).await.unwrap().status(), 200);
    }
    let edit = json!({ "base": BASE, "table": TOWN, "record": "recRennes", "field": "fldPop", "value": "12" });
    let url = harness.sandbox.url().join("_sandbox/cells").unwrap();
    let reply = reqwest::Client::new().put(url).json(&edit).send().await.unwrap();
    let row: serde_json::Value = reply.json().await.unwrap();
    assert_eq!(
        (&row["cells"]["fldPop"], &row["cells"]["fldActes"]),
        (&json!("12"), &json!("1 W 1, 1 W 2"))
    );
    let (_, rennes) = harness.get(&format!("{BASE}/{TOWN}/recRennes")).await;
    assert_eq!(rennes["fields"]["Population"], 12);
    let other = harness.sandbox.url().join(&format!("bases/{BASE}/{DEED}?page=9")).unwrap();
    assert!(reqwest::get(other).await.unwrap().text().await.unwrap().contains("Page 1 sur 1"));
}
