//! Each call's method, path, body and answer, as Airtable's reference has them.

use locadocs::{
    airtable::{
        meta::{FieldFormat, NewField, NewTable},
        webhooks::{DataType, WebhookId},
    },
    content::ids::TableId,
};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    client,
    server::{Received, Reply, Server},
    table,
};

fn answer(json: &str) -> Reply {
    Reply::json(200, json)
}

fn line(request: &Received) -> String {
    let query = request.url.query().map_or(String::new(), |query| format!("?{query}"));
    format!("{} {}{query}", request.method, request.url.path())
}

#[tokio::test]
async fn the_schema_is_read_and_extended() {
    const FIELD: &str = r#"{"id":"fld1","name":"Titre","type":"singleLineText"}"#;
    let table_json = format!(
        r#"{{"id":"tblGuides","name":"Guides","primaryFieldId":"fld1","fields":[{FIELD}]}}"#
    );
    let server = Server::in_turn([
        answer(&format!(r#"{{"tables":[{table_json}]}}"#)),
        answer(&table_json),
        answer(FIELD),
        answer(FIELD),
    ])
    .await;
    let client = client(&server);
    let title = NewField {
        name: "Titre".into(),
        description: "d".into(),
        format: FieldFormat::SingleLineText,
    };
    let new_table =
        NewTable { name: "Guides".into(), description: "d".into(), fields: vec![title.clone()] };

    let schema = client.schema().await.unwrap();
    let read = schema.table(&table()).unwrap();
    assert_eq!(client.create_table(&new_table).await.unwrap(), *read);
    let field = &read.fields["fld1"];
    assert_eq!(client.create_field(&table(), &title).await.unwrap(), *field);
    assert_eq!(client.rename_field(&table(), field.id(), "Nom").await.unwrap(), *field);

    let requests = server.received();
    assert_eq!(
        requests.iter().map(line).collect::<Vec<_>>(),
        [
            "GET /v0/meta/bases/appTest/tables",
            "POST /v0/meta/bases/appTest/tables",
            "POST /v0/meta/bases/appTest/tables/tblGuides/fields",
            "PATCH /v0/meta/bases/appTest/tables/tblGuides/fields/fld1",
        ]
    );
    let field = json!({"name": "Titre", "description": "d", "type": "singleLineText"});
    assert_eq!(
        requests[1].json(),
        json!({"name": "Guides", "description": "d", "fields": [field]})
    );
    assert_eq!(requests[2].json(), field);
    assert_eq!(requests[3].json(), json!({"name": "Nom"}));
}

#[tokio::test]
async fn bases_are_paged_and_the_token_tells_its_scopes() {
    let server = Server::in_turn([
        answer(r#"{"bases":[{"id":"appA","name":"A","permissionLevel":"create"}],"offset":"o 1"}"#),
        answer(r#"{"bases":[{"id":"appB","name":"B","permissionLevel":"read"}]}"#),
        answer(r#"{"id":"usr1","scopes":["data.records:read"]}"#),
    ])
    .await;
    let client = client(&server);
    let bases = client.bases().await.unwrap();
    assert_eq!(bases.iter().map(|base| base.id.as_str()).collect::<Vec<_>>(), ["appA", "appB"]);
    assert_eq!(client.whoami().await.unwrap().scopes, ["data.records:read"]);
    assert_eq!(
        server.received().iter().map(line).collect::<Vec<_>>(),
        ["GET /v0/meta/bases", "GET /v0/meta/bases?offset=o+1", "GET /v0/meta/whoami"]
    );
}

#[tokio::test]
async fn one_row_is_read_by_field_ids() {
    let server = Server::in_turn([answer(r#"{"id":"rec1","fields":{"fld1":"x"}}"#)]).await;
    let record = client(&server).get(&table(), &"rec1".parse().unwrap()).await.unwrap();
    assert_eq!(record.fields_json(), r#"{"fld1":"x"}"#);
    let expected = "GET /v0/appTest/tblGuides/rec1?returnFieldsByFieldId=true";
    assert_eq!(line(&server.received()[0]), expected);
}

#[tokio::test]
async fn webhooks_live_from_creation_to_deletion() {
    const EXPIRATION: &str = "2026-12-01T00:00:00.000Z";
    let server = Server::in_turn([
        answer(&json!({"id": "ach1", "macSecretBase64": "SmVmZQ==", "expirationTime": EXPIRATION}).to_string()),
        answer(
            &json!({"webhooks": [{
                "id": "ach1", "specification": {}, "notificationUrl": null, "cursorForNextPayload": 3,
                "areNotificationsEnabled": false, "isHookEnabled": true, "expirationTime": EXPIRATION,
                "lastSuccessfulNotificationTime": null, "lastNotificationResult": null,
            }]})
            .to_string(),
        ),
        answer(
            &json!({"payloads": [{
                "timestamp": EXPIRATION, "baseTransactionNumber": 4, "payloadFormat": "v0",
                "changedTablesById": {"tblGuides": {"destroyedRecordIds": ["rec1"]}},
            }], "cursor": 4, "mightHaveMore": false})
            .to_string(),
        ),
        answer(&json!({"expirationTime": EXPIRATION}).to_string()),
        answer(""),
        answer(""),
        Reply::json(404, r#"{"error":"NOT_FOUND"}"#),
    ])
    .await;
    let client = client(&server);
    let url = "https://locadocs.fr/hooks/airtable".parse().unwrap();

    let created = client.create_webhook(&[DataType::TableData], Some(&url)).await.unwrap();
    assert_eq!(created.mac_secret_base64.expose_secret(), "SmVmZQ==");
    assert!(!format!("{created:?}").contains("SmVmZQ"));
    assert_eq!(client.list_webhooks().await.unwrap()[0].cursor_for_next_payload, 3);
    let id = WebhookId("ach1".into());
    let payloads = client.webhook_payloads(&id, 3).await.unwrap();
    assert_eq!(payloads.cursor, 4);
    let changes = &payloads.payloads[0].changed_tables[&"tblGuides".parse::<TableId>().unwrap()];
    assert_eq!(changes.destroyed_records.len(), 1);
    assert_eq!(client.refresh_webhook(&id).await.unwrap(), created.expiration_time);
    client.enable_notifications(&id).await.unwrap();
    client.delete_webhook(&id).await.unwrap();
    client.delete_webhook(&id).await.unwrap();

    let requests = server.received();
    assert_eq!(
        requests.iter().map(line).collect::<Vec<_>>(),
        [
            "POST /v0/bases/appTest/webhooks",
            "GET /v0/bases/appTest/webhooks",
            "GET /v0/bases/appTest/webhooks/ach1/payloads?cursor=3",
            "POST /v0/bases/appTest/webhooks/ach1/refresh",
            "POST /v0/bases/appTest/webhooks/ach1/enableNotifications",
            "DELETE /v0/bases/appTest/webhooks/ach1",
            "DELETE /v0/bases/appTest/webhooks/ach1",
        ]
    );
    assert_eq!(
        requests[0].json(),
        json!({
            "notificationUrl": url,
            "specification": {"options": {"filters": {"dataTypes": ["tableData"]}}},
        })
    );
    assert_eq!(requests[4].json(), json!({"enable": true}));
}
