//! Bases, tables and fields.

use serde_json::{Map, json};

use super::harness::{BASE, DEED, Harness, TOWN, code};

#[tokio::test]
async fn the_schema_tells_tables_fields_and_views() {
    let harness = Harness::start().await;
    let (_, bases) = harness.get("meta/bases").await;
    assert_eq!(
        bases,
        json!({ "bases": [{ "id": BASE, "name": "Archives", "permissionLevel": "create" }] })
    );
    let (_, schema) =
        harness.get(&format!("meta/bases/{BASE}/tables?include[]=visibleFieldIds")).await;
    let towns = &schema["tables"][0];
    assert_eq!(
        (&towns["id"], &towns["primaryFieldId"], &towns["description"]),
        (&json!(TOWN), &json!("fldNom"), &json!("Communes"))
    );
    assert_eq!(
        towns["fields"][2]["options"]["choices"][0],
        json!({ "id": "selGrande", "name": "Grande", "color": "redBright" })
    );
    assert_eq!(towns["fields"][3]["options"]["inverseLinkFieldId"], "fldVille");
    assert_eq!(towns["views"][1]["visibleFieldIds"], json!(["fldNom"]));
    assert_eq!(schema["tables"][1]["fields"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn tables_and_fields_are_made_and_renamed() {
    let harness = Harness::start().await;
    let tables = format!("meta/bases/{BASE}/tables");
    let new = json!({ "name": "Services", "fields": [
        { "name": "Nom", "type": "singleLineText" },
        { "name": "Genre", "type": "singleSelect", "options": { "choices": [{ "name": "Mairie" }] } },
        { "name": "Villes", "type": "multipleRecordLinks", "options": { "linkedTableId": TOWN } },
    ] });
    let (status, table) = harness.post(&tables, new.clone()).await;
    assert_eq!(status, 200, "{table}");
    let id = table["id"].as_str().unwrap();
    let inverse = table["fields"][2]["options"]["inverseLinkFieldId"].as_str().unwrap();
    let row =
        json!({ "fields": { "Nom": "Archives", "Genre": "Mairie", "Villes": ["recRennes"] } });
    let (_, row) = harness.post(&format!("{BASE}/Services"), row).await;
    let (_, rennes) =
        harness.get(&format!("{BASE}/{TOWN}/recRennes?returnFieldsByFieldId=1")).await;
    assert_eq!(rennes["fields"][inverse], json!([row["id"]]));

    assert_eq!(harness.post(&tables, new).await.0, 422, "the name is in use");
    let no_primary =
        json!({ "name": "X", "fields": [{ "name": "a", "type": "checkbox", "options": {} }] });
    assert_eq!(harness.post(&tables, no_primary).await.0, 422);
    let (_, field) = harness
        .post(
            &format!("{tables}/{id}/fields"),
            json!({ "name": "Note", "type": "rating", "options": { "max": 3 } }),
        )
        .await;
    let note = field["id"].as_str().unwrap();
    let (_, renamed) = harness
        .patch(
            &format!("{tables}/{id}/fields/{note}"),
            json!({ "name": "Avis", "description": "De 1 à 3" }),
        )
        .await;
    assert_eq!((&renamed["name"], &renamed["description"]), (&json!("Avis"), &json!("De 1 à 3")));
    let (status, body) =
        harness.post(&format!("{BASE}/Services"), json!({ "fields": { "Avis": 4 } })).await;
    assert_eq!((status, code(&body)), (422, "INVALID_VALUE_FOR_COLUMN"));
    let (_, renamed) =
        harness.patch(&format!("{tables}/{id}"), json!({ "name": "Organismes" })).await;
    assert_eq!(renamed["name"], "Organismes");
}

#[tokio::test]
async fn a_refused_table_or_field_leaves_nothing_behind() {
    let harness = Harness::start().await;
    let tables = format!("meta/bases/{BASE}/tables");
    let (_, before) = harness.get(&tables).await;
    let field = |name: &str| json!({ "name": name, "type": "singleLineText" });
    let twice = json!({ "name": "Double", "fields": [field("Nom"), field("Note"), field("Note")] });
    let (status, body) = harness.post(&tables, twice).await;
    assert_eq!((status, code(&body)), (422, "DUPLICATE_OR_EMPTY_FIELD_NAME"));
    let by_name = json!({ "name": "Lien", "type": "multipleRecordLinks", "options": { "linkedTableId": "Villes" } });
    let (status, body) = harness.post(&format!("{tables}/{DEED}/fields"), by_name).await;
    assert_eq!((status, code(&body)), (422, "INVALID_REQUEST_UNKNOWN"));
    assert_eq!(harness.get(&tables).await.1, before);
    let to_itself = json!({ "name": "Voir aussi", "type": "multipleRecordLinks",
        "options": { "linkedTableId": DEED, "inverseLinkFieldId": "fldNowhere" } });
    let (status, field) = harness.post(&format!("{tables}/{DEED}/fields"), to_itself).await;
    assert_eq!((status, field["options"].get("inverseLinkFieldId")), (200, None));
}

#[tokio::test]
async fn formulas_survive_a_rename_and_columns_their_deletion() {
    let harness = Harness::start().await;
    harness.sandbox.rename_field(BASE, TOWN, "Nom", "Titre").unwrap();
    let (_, rennes) = harness.get(&format!("{BASE}/{TOWN}/recRennes")).await;
    assert_eq!(
        (&rennes["fields"]["Titre"], &rennes["fields"]["Majuscules"]),
        (&json!("Rennes"), &json!("RENNES"))
    );
    harness.sandbox.delete_field(BASE, TOWN, "Actes").unwrap();
    let (_, deed) = harness.get(&format!("{BASE}/{DEED}/recActe1")).await;
    assert_eq!(deed["fields"].get("Ville"), None);
    let (status, body) = harness.get(&format!("{BASE}/{TOWN}?fields[]=Actes")).await;
    assert_eq!((status, code(&body)), (422, "UNKNOWN_FIELD_NAME"));
}

#[tokio::test]
async fn a_new_base_serves_its_tables() {
    let harness = Harness::start().await;
    let new = json!({ "name": "Neuve", "workspaceId": "wspX", "tables": [
        { "name": "Une", "fields": [{ "name": "Nom", "type": "singleLineText" }] },
    ] });
    let (status, base) = harness.post("meta/bases", new).await;
    assert_eq!(status, 200, "{base}");
    let path = format!("{}/Une", base["id"].as_str().unwrap());
    assert_eq!(harness.get(&format!("{path}/")).await, (200, json!({ "records": [] })));
    assert_eq!(
        harness.get(&format!("meta/bases/{BASE}")).await,
        (404, json!({ "error": "NOT_FOUND" }))
    );
}

#[tokio::test]
async fn a_field_of_another_type_is_emptied_and_a_deleted_record_comes_back() {
    let harness = Harness::start().await;
    let sandbox = &harness.sandbox;
    sandbox.retype_field(BASE, TOWN, "Population", "checkbox", &Map::new()).unwrap();
    let (_, rennes) = harness.get(&format!("{BASE}/{TOWN}/recRennes")).await;
    assert_eq!(
        (&rennes["fields"]["Nom"], rennes["fields"].get("Population")),
        (&json!("Rennes"), None)
    );
    sandbox.set_cell(BASE, TOWN, "recRennes", "Population", &json!(true)).unwrap();
    sandbox.retype_field(BASE, TOWN, "Actes", "checkbox", &Map::new()).unwrap_err();

    let cells = sandbox.record(BASE, DEED, "recActe1").unwrap();
    let cells = Map::from_iter(
        cells.into_iter().filter(|(name, _)| ["Cote", "Ville"].contains(&name.as_str())),
    );
    sandbox.restore_record(BASE, DEED, "recActe1", &cells).unwrap_err();
    sandbox.delete_record(BASE, DEED, "recActe1").unwrap();
    sandbox.restore_record(BASE, DEED, "recActe1", &cells).unwrap();
    let (status, deed) = harness.get(&format!("{BASE}/{DEED}/recActe1")).await;
    assert_eq!((status, &deed["fields"]["Cote"]), (200, &cells["Cote"]));
    let town = deed["fields"]["Ville"][0].as_str().unwrap();
    let (_, town) = harness.get(&format!("{BASE}/{TOWN}/{town}")).await;
    assert!(town["fields"]["Actes"].as_array().unwrap().contains(&json!("recActe1")), "{town}");
}
