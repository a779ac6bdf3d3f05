//! Webhooks: payloads, cursors, lives and pings.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use locadocs::sandbox::config::Config;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::harness::{BASE, Harness, TOWN, code};

fn hooks() -> String {
    format!("bases/{BASE}/webhooks")
}

async fn watch(harness: &Harness, options: Value) -> String {
    let (status, made) =
        harness.post(&hooks(), json!({ "specification": { "options": options } })).await;
    assert_eq!(status, 200, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

async fn payloads(harness: &Harness, id: &str, query: &str) -> Value {
    let (status, page) = harness.get(&format!("{}/{id}/payloads?{query}", hooks())).await;
    assert_eq!(status, 200, "{page}");
    page
}

fn everything() -> Value {
    json!({ "filters": { "dataTypes": ["tableData", "tableFields", "tableMetadata"] } })
}

#[tokio::test]
async fn each_transaction_is_one_payload_with_its_cells() {
    let harness = Harness::start().await;
    let id = watch(&harness, everything()).await;
    let (_, made) = harness
        .post(&format!("{BASE}/{TOWN}"), json!({ "fields": { "Nom": "Vannes", "Type": "Petite" } }))
        .await;
    let made = made["id"].as_str().unwrap();
    harness.sandbox.set_cell(BASE, TOWN, made, "Population", &json!(5)).unwrap();
    harness.sandbox.set_cell(BASE, TOWN, made, "Population", &json!(5)).unwrap();
    harness.sandbox.delete_record(BASE, TOWN, made).unwrap();

    let page = payloads(&harness, &id, "").await;
    assert_eq!((&page["cursor"], &page["mightHaveMore"]), (&json!(4), &json!(false)));
    let [created, changed, destroyed] = page["payloads"].as_array().unwrap().as_slice() else {
        panic!("three transactions: {page}")
    };
    let cells =
        &created["changedTablesById"][TOWN]["createdRecordsById"][made]["cellValuesByFieldId"];
    assert_eq!(
        (&cells["fldNom"], &cells["fldType"]["id"]),
        (&json!("Vannes"), &json!("selPetite"))
    );
    assert_eq!(created["actionMetadata"]["source"], "publicApi");
    assert_eq!(
        changed["changedTablesById"][TOWN]["changedRecordsById"][made],
        json!({ "current": { "cellValuesByFieldId": { "fldPop": 5 } } })
    );
    assert_eq!(changed["actionMetadata"]["source"], "client");
    assert_eq!(destroyed["changedTablesById"][TOWN]["destroyedRecordIds"], json!([made]));
    assert_eq!(destroyed["baseTransactionNumber"], 3);
}

#[tokio::test]
async fn links_and_lookups_come_in_the_webhooks_format() {
    let harness = Harness::start().await;
    let id = watch(&harness, everything()).await;
    harness
        .patch(&format!("{BASE}/Actes/recActe2"), json!({ "fields": { "Ville": ["recHavre"] } }))
        .await;
    let page = payloads(&harness, &id, "").await;
    let tables = &page["payloads"][0]["changedTablesById"];
    let deed = &tables["tblActes000000001"]["changedRecordsById"]["recActe2"]["current"]["cellValuesByFieldId"];
    assert_eq!(deed["fldVille"], json!([{ "id": "recHavre", "name": "Le Havre" }]));
    assert_eq!(
        deed["fldNomVille"],
        json!({ "linkedRecordIds": ["recHavre"], "valuesByLinkedRecordId": { "recHavre": ["Le Havre"] } })
    );
    let town =
        |id: &str| tables[TOWN]["changedRecordsById"][id]["current"]["cellValuesByFieldId"].clone();
    assert_eq!(town("recHavre")["fldPages"], 4);
    assert_eq!(town("recRennes")["fldNombre"], 1);
}

#[tokio::test]
async fn filters_and_includes_shape_the_payloads() {
    let harness = Harness::start().await;
    let data = |more: Value| {
        let mut filters = json!({ "dataTypes": ["tableData"] });
        filters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "filters": filters })
    };
    let elsewhere =
        watch(&harness, data(json!({ "recordChangeScope": "tblActes000000001" }))).await;
    let names = watch(&harness, data(json!({ "watchDataInFieldIds": ["fldNom"] }))).await;
    let removals = watch(&harness, data(json!({ "changeTypes": ["remove"] }))).await;
    let api = watch(&harness, data(json!({ "fromSources": ["publicApi"] }))).await;
    let view = watch(&harness, data(json!({ "recordChangeScope": "viwGrandes" }))).await;
    let mut rich = data(json!({}));
    rich["includes"] =
        json!({ "includePreviousCellValues": true, "includeCellValuesInFieldIds": ["fldNom"] });
    let rich = watch(&harness, rich).await;

    harness.sandbox.set_cell(BASE, TOWN, "recRennes", "Population", &json!(300_000)).unwrap();
    for (id, expected) in
        [(&elsewhere, 0), (&names, 0), (&removals, 0), (&api, 0), (&view, 1), (&rich, 1)]
    {
        let page = payloads(&harness, id, "").await;
        assert_eq!(page["payloads"].as_array().unwrap().len(), expected, "{page}");
    }
    let page = payloads(&harness, &rich, "").await;
    assert_eq!(
        page["payloads"][0]["changedTablesById"][TOWN]["changedRecordsById"]["recRennes"],
        json!({
            "current": { "cellValuesByFieldId": { "fldPop": 300_000 } },
            "previous": { "cellValuesByFieldId": { "fldPop": 225_081 } },
            "unchanged": { "cellValuesByFieldId": { "fldNom": "Rennes" } },
        })
    );
    let page = payloads(&harness, &view, "").await;
    let views = &page["payloads"][0]["changedTablesById"][TOWN]["changedViewsById"];
    assert!(views["viwGrandes"]["changedRecordsById"]["recRennes"].is_object(), "{page}");
}

#[tokio::test]
async fn changes_of_the_schema_are_told_and_break_what_watched_the_field() {
    let harness = Harness::start().await;
    let all = watch(&harness, everything()).await;
    let field =
        json!({ "filters": { "dataTypes": ["tableData"], "watchDataInFieldIds": ["fldFait"] } });
    watch(&harness, field).await;
    harness.sandbox.rename_field(BASE, TOWN, "Population", "Habitants").unwrap();
    harness.sandbox.delete_field(BASE, TOWN, "Vérifié").unwrap();
    harness.sandbox.rename_table(BASE, TOWN, "Communes").unwrap();
    let page = payloads(&harness, &all, "").await;
    let table = |i: usize| page["payloads"][i]["changedTablesById"][TOWN].clone();
    assert_eq!(table(0)["changedFieldsById"]["fldPop"]["current"]["name"], "Habitants");
    assert_eq!(table(1)["destroyedFieldIds"], json!(["fldFait"]));
    assert_eq!(table(2)["changedMetadata"]["previous"]["name"], "Villes");
    let (_, list) = harness.get(&hooks()).await;
    let enabled: Vec<_> =
        list["webhooks"].as_array().unwrap().iter().map(|hook| &hook["isHookEnabled"]).collect();
    assert_eq!(enabled, [&json!(true), &json!(false)]);
}

#[tokio::test]
async fn cursors_cut_the_payloads_and_never_go_back() {
    let harness = Harness::start().await;
    let id = watch(&harness, everything()).await;
    for i in 0..3 {
        harness.sandbox.set_cell(BASE, TOWN, "recRennes", "Population", &json!(i + 1)).unwrap();
    }
    let page = payloads(&harness, &id, "limit=2").await;
    assert_eq!((&page["cursor"], &page["mightHaveMore"]), (&json!(3), &json!(true)));
    let page = payloads(&harness, &id, "cursor=3").await;
    assert_eq!((page["payloads"].as_array().unwrap().len(), &page["cursor"]), (1, &json!(4)));
    let page = payloads(&harness, &id, "cursor=4").await;
    assert_eq!((&page["payloads"], &page["cursor"]), (&json!([]), &json!(4)));
    for query in ["cursor=5", "cursor=0", "cursor=x", "limit=51"] {
        let (status, body) = harness.get(&format!("{}/{id}/payloads?{query}", hooks())).await;
        assert_eq!((status, code(&body)), (422, "INVALID_REQUEST_UNKNOWN"), "{query}");
    }
    let week = Duration::from_secs(7 * 24 * 3600);
    harness.sandbox.advance_clock(week - Duration::from_secs(1));
    payloads(&harness, &id, "cursor=4").await;
    harness.sandbox.advance_clock(Duration::from_secs(1));
    harness.sandbox.set_cell(BASE, TOWN, "recRennes", "Population", &json!(9)).unwrap();
    let page = payloads(&harness, &id, "cursor=1").await;
    assert_eq!(
        (page["payloads"].as_array().unwrap().len(), &page["cursor"]),
        (1, &json!(5)),
        "old ones are gone"
    );
}

#[tokio::test]
async fn a_webhook_lives_a_week_and_a_base_has_ten() {
    let harness = Harness::start().await;
    let ids = [watch(&harness, everything()).await, watch(&harness, everything()).await];
    let week = Duration::from_secs(7 * 24 * 3600);
    harness.sandbox.advance_clock(week - Duration::from_secs(60));
    assert_eq!(harness.post(&format!("{}/{}/refresh", hooks(), ids[0]), json!({})).await.0, 200);
    harness.sandbox.advance_clock(Duration::from_secs(60));
    harness.sandbox.set_cell(BASE, TOWN, "recRennes", "Population", &json!(1)).unwrap();
    assert_eq!(payloads(&harness, &ids[0], "").await["cursor"], 2);
    assert_eq!(payloads(&harness, &ids[1], "").await["cursor"], 1, "expired, still readable");
    let (status, _) = harness.post(&format!("{}/{}/refresh", hooks(), ids[1]), json!({})).await;
    assert_eq!(status, 422);
    for _ in 0..9 {
        watch(&harness, everything()).await;
    }
    let (status, body) =
        harness.post(&hooks(), json!({ "specification": { "options": everything() } })).await;
    assert_eq!((status, code(&body)), (422, "TOO_MANY_WEBHOOKS_IN_BASE"));
    assert_eq!(harness.delete(&format!("{}/{}", hooks(), ids[0])).await, (200, Value::Null));
    assert_eq!(harness.get(&format!("{}/{}/payloads", hooks(), ids[0])).await.0, 404);
}

type Pings = mpsc::UnboundedSender<(Option<String>, String)>;

/// A receiver of pings that refuses the first one.
async fn receiver() -> (String, mpsc::UnboundedReceiver<(Option<String>, String)>) {
    async fn receive(
        State(state): State<Arc<(Pings, std::sync::atomic::AtomicBool)>>,
        headers: HeaderMap,
        body: String,
    ) -> StatusCode {
        let mac = headers.get("x-airtable-content-mac").and_then(|mac| mac.to_str().ok());
        state.0.send((mac.map(str::to_owned), body)).unwrap();
        if state.1.swap(true, std::sync::atomic::Ordering::SeqCst) {
            StatusCode::NO_CONTENT
        } else {
            StatusCode::BAD_GATEWAY
        }
    }
    let (sender, pings) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let state = Arc::new((sender, std::sync::atomic::AtomicBool::new(false)));
    let app = Router::new().route("/hook", post(receive)).with_state(state);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, pings)
}

#[tokio::test]
async fn pings_are_signed_and_tried_again() {
    let config = Config { ping_backoff: Duration::from_millis(5), ..Config::default() };
    let harness = Harness::start_with(config).await;
    let (url, mut pings) = receiver().await;
    let body = json!({ "notificationUrl": url, "specification": { "options": everything() } });
    let (_, made) = harness.post(&hooks(), body).await;
    let key = BASE64_STANDARD.decode(made["macSecretBase64"].as_str().unwrap()).unwrap();
    harness.sandbox.set_cell(BASE, TOWN, "recRennes", "Population", &json!(1)).unwrap();
    for _ in 0..2 {
        let (mac, body) = pings.recv().await.unwrap();
        let mut expected = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        expected.update(body.as_bytes());
        let hex: String =
            expected.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(mac, Some(format!("hmac-sha256={hex}")));
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&body["base"]["id"], &body["webhook"]["id"]), (&json!(BASE), &made["id"]));
    }
    let off = format!("{}/{}/enableNotifications", hooks(), made["id"].as_str().unwrap());
    assert_eq!(harness.post(&off, json!({ "enable": false })).await, (200, Value::Null));
    let (_, list) = harness.get(&hooks()).await;
    assert_eq!(list["webhooks"][0]["areNotificationsEnabled"], false);
}
