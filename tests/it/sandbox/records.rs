//! Lists, cells, writes, links and computed fields.

use serde_json::{Value, json};

use super::harness::{BASE, DEED, Harness, TOWN, code, names};

#[tokio::test]
async fn a_list_shows_filled_cells_only() {
    let harness = Harness::start().await;
    let (status, body) = harness.get(&format!("{BASE}/Villes?fields[]=Nom&fields[]=Photo")).await;
    assert_eq!(status, 200);
    assert_eq!(names(&body), ["Rennes", "Le Havre", "Arboys en Bugey"]);
    assert_eq!(
        body["records"][0],
        json!({ "id": "recRennes", "createdTime": "2026-01-01T00:00:00.000Z", "fields": { "Nom": "Rennes" } })
    );
    let photo = &body["records"][1]["fields"]["Photo"][0];
    assert_eq!(
        (&photo["type"], &photo["width"], &photo["filename"]),
        (&json!("image/png"), &json!(1), &json!("photo.png"))
    );
    assert_eq!(body.get("offset"), None);
}

#[tokio::test]
async fn list_options_narrow_order_and_rename() {
    let harness = Harness::start().await;
    for (query, expected) in [
        ("sort[0][field]=Population", vec!["Arboys en Bugey", "Le Havre", "Rennes"]),
        (
            "sort[0][field]=Nom&sort[0][direction]=desc",
            vec!["Rennes", "Le Havre", "Arboys en Bugey"],
        ),
        ("view=Grandes", vec!["Rennes", "Le Havre"]),
        ("view=viwGrandes&sort[0][field]=Nom", vec!["Le Havre", "Rennes"]),
        ("filterByFormula={Population}<1000", vec!["Arboys en Bugey"]),
        ("filterByFormula=FIND('en',{Nom})", vec!["Rennes", "Arboys en Bugey"]),
        ("filterByFormula={fldType}='Petite'", vec!["Arboys en Bugey"]),
        ("filterByFormula=RECORD_ID()='recHavre'", vec!["Le Havre"]),
        ("maxRecords=2", vec!["Rennes", "Le Havre"]),
    ] {
        assert_eq!(harness.towns(query).await, expected, "{query}");
    }
    let (_, body) = harness
        .get(&format!("{BASE}/{TOWN}?returnFieldsByFieldId=true&fields[]=Nom&maxRecords=1"))
        .await;
    assert_eq!(body["records"][0]["fields"], json!({ "fldNom": "Rennes" }));
    let (_, body) = harness
        .get(&format!(
            "{BASE}/{DEED}?cellFormat=string&timeZone=Europe/Paris&userLocale=fr&maxRecords=1"
        ))
        .await;
    assert_eq!(body["records"][0]["fields"]["Ville"], json!("Rennes"));
    assert_eq!(body["records"][0]["fields"]["Feuilles"], json!("3"));
}

#[tokio::test]
async fn the_body_of_list_records_is_the_same_list() {
    let harness = Harness::start().await;
    let body = json!({
        "fields": ["Nom"], "sort": [{ "field": "Nom" }], "pageSize": 2,
        "filterByFormula": "{Population} > 0", "returnFieldsByFieldId": true,
    });
    let (status, body) = harness.post(&format!("{BASE}/{TOWN}/listRecords"), body).await;
    assert_eq!(status, 200);
    assert_eq!(body["records"][0]["fields"], json!({ "fldNom": "Arboys en Bugey" }));
    assert!(body["offset"].as_str().unwrap().starts_with("itr"), "{body}");
}

#[tokio::test]
async fn pages_follow_their_offset_until_it_expires() {
    let harness = Harness::start().await;
    let path = format!("{BASE}/{TOWN}?pageSize=1");
    let (_, first) = harness.get(&path).await;
    let offset = first["offset"].as_str().unwrap().to_owned();
    let (_, second) = harness.get(&format!("{path}&offset={offset}")).await;
    assert_eq!(names(&second), ["Le Havre"]);
    let (_, third) =
        harness.get(&format!("{path}&offset={}", second["offset"].as_str().unwrap())).await;
    assert_eq!(names(&third), ["Arboys en Bugey"]);
    assert_eq!(third.get("offset"), None);

    for bad in ["nonsense", "itrAAAAAAAAAAAAAA", "recA/itrA"] {
        let (status, body) = harness.get(&format!("{path}&offset={bad}")).await;
        assert_eq!((status, code(&body)), (422, "INVALID_OFFSET_VALUE"), "{bad}");
    }
    harness.sandbox.advance_clock(std::time::Duration::from_secs(301));
    let (status, body) = harness.get(&format!("{path}&offset={offset}")).await;
    assert_eq!(status, 422);
    assert_eq!(body, json!({ "error": { "type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE" } }));
}

#[tokio::test]
async fn wrong_requests_get_airtable_s_errors() {
    let harness = Harness::start().await;
    let base = |path: &str| format!("{BASE}/{path}");
    for (path, status, expected) in [
        (base("Villes?fields[]=Nope"), 422, "UNKNOWN_FIELD_NAME"),
        (base("Villes?fields=Nom"), 422, "INVALID_REQUEST_UNKNOWN"),
        (base("Villes?view=Nope"), 422, "VIEW_NAME_NOT_FOUND"),
        (base("Villes?pageSize=101"), 422, "INVALID_PAGE_SIZE_ARGUMENT"),
        (base("Villes?filterByFormula=NOPE()"), 422, "INVALID_FILTER_BY_FORMULA"),
        (base("Villes?filterByFormula={Nope}=1"), 422, "INVALID_FILTER_BY_FORMULA"),
        (base("Nope"), 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"),
        (base("Villes/recNope"), 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"),
        ("appNope/Villes".into(), 404, "NOT_FOUND"),
        ("meta/bases/appNope/tables".into(), 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"),
        ("nope".into(), 404, "NOT_FOUND"),
    ] {
        let (found, body) = harness.get(&path).await;
        assert_eq!((found, code(&body)), (status, expected), "{path}");
    }
}

#[tokio::test]
async fn records_are_created_changed_replaced_and_deleted() {
    let harness = Harness::start().await;
    let table = format!("{BASE}/{TOWN}");
    let (status, made) = harness
        .post(
            &table,
            json!({ "fields": { "Nom": "Vannes", "Population": 54420, "Vérifié": true } }),
        )
        .await;
    assert_eq!(status, 200, "{made}");
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["fields"]["Majuscules"], "VANNES");
    let one = format!("{table}/{id}");
    let (_, patched) =
        harness.patch(&one, json!({ "fields": { "Population": 1, "Vérifié": false } })).await;
    assert_eq!(
        patched["fields"],
        json!({ "Nom": "Vannes", "Population": 1, "Nombre": 0, "Pages": 0, "Majuscules": "VANNES" })
    );
    let (_, replaced) = harness.put(&one, json!({ "fields": { "Population": 2 } })).await;
    assert_eq!(replaced["fields"], json!({ "Population": 2, "Nombre": 0, "Pages": 0 }));
    assert_eq!(harness.delete(&one).await, (200, json!({ "id": id, "deleted": true })));
    assert_eq!(harness.get(&one).await.0, 403);
}

#[tokio::test]
async fn batches_take_ten_and_change_all_or_nothing() {
    let harness = Harness::start().await;
    let table = format!("{BASE}/{TOWN}");
    let batch = |n: usize| json!({ "records": vec![json!({ "fields": { "Nom": "x" } }); n] });
    let (status, body) = harness.post(&table, batch(10)).await;
    assert_eq!((status, body["records"].as_array().unwrap().len()), (200, 10));
    assert_eq!(harness.post(&table, batch(11)).await.0, 422);
    let before = harness.towns("").await.len();
    let mixed = json!({ "records": [{ "fields": { "Nom": "y" } }, { "fields": { "Population": "many" } }] });
    let (status, body) = harness.post(&table, mixed).await;
    assert_eq!((status, code(&body)), (422, "INVALID_VALUE_FOR_COLUMN"));
    assert_eq!(harness.towns("").await.len(), before);
    let (status, body) =
        harness.delete(&format!("{table}?records[]=recHavre&records[]=recNope")).await;
    assert_eq!((status, code(&body)), (404, "NOT_FOUND"));
    let (status, body) =
        harness.delete(&format!("{table}?records[]=recHavre&records[]=recRennes")).await;
    assert_eq!(
        (status, &body["records"][1]),
        (200, &json!({ "id": "recRennes", "deleted": true }))
    );
}

#[tokio::test]
async fn an_upsert_creates_updates_and_refuses_doubles() {
    let harness = Harness::start().await;
    let table = format!("{BASE}/{TOWN}");
    let upsert = |fields: Value| json!({ "performUpsert": { "fieldsToMergeOn": ["Nom"] }, "records": fields });
    let (status, body) = harness
        .patch(&table, upsert(json!([{ "fields": { "Nom": "Rennes", "Population": 1 } }, { "fields": { "Nom": "Brest" } }])))
        .await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["updatedRecords"], json!(["recRennes"]));
    assert_eq!(body["createdRecords"], json!([body["records"][1]["id"]]));
    assert_eq!(body["records"][0]["fields"]["Type"], "Grande");
    harness.post(&table, json!({ "fields": { "Nom": "Brest" } })).await;
    let (status, _) =
        harness.patch(&table, upsert(json!([{ "fields": { "Nom": "Brest" } }]))).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn values_must_fit_their_field_unless_cast() {
    let harness = Harness::start().await;
    let table = format!("{BASE}/{TOWN}");
    for (fields, expected) in [
        (json!({ "Nom": 5 }), "INVALID_VALUE_FOR_COLUMN"),
        (json!({ "Population": "5" }), "INVALID_VALUE_FOR_COLUMN"),
        (json!({ "Vérifié": "oui" }), "INVALID_VALUE_FOR_COLUMN"),
        (json!({ "Type": "Moyenne" }), "INVALID_MULTIPLE_CHOICE_OPTIONS"),
        (json!({ "Actes": ["recNope"] }), "ROW_DOES_NOT_EXIST"),
        (json!({ "Actes": "recActe1" }), "INVALID_VALUE_FOR_COLUMN"),
        (json!({ "Majuscules": "X" }), "INVALID_VALUE_FOR_COLUMN"),
        (json!({ "Photo": [{ "id": "attNope" }] }), "INVALID_ATTACHMENT_OBJECT"),
        (json!({ "Nope": 1 }), "UNKNOWN_FIELD_NAME"),
    ] {
        let (status, body) = harness.post(&table, json!({ "fields": fields })).await;
        assert_eq!((status, code(&body)), (422, expected), "{fields}");
    }
    let cast = json!({ "typecast": true, "fields": {
        "Nom": 5, "Population": "5", "Vérifié": "true", "Type": "Moyenne", "Actes": ["1 W 2", "9 Z 9"],
    } });
    let (status, body) = harness.post(&table, cast).await;
    assert_eq!(status, 200, "{body}");
    let fields = &body["fields"];
    assert_eq!(
        (&fields["Nom"], &fields["Population"], &fields["Vérifié"]),
        (&json!("5"), &json!(5), &json!(true))
    );
    assert_eq!(fields["Actes"][0], "recActe2");
    let (_, deeds) = harness.get(&format!("{BASE}/{DEED}?filterByFormula={{Cote}}='9 Z 9'")).await;
    assert_eq!(fields["Actes"][1], deeds["records"][0]["id"]);
    assert_eq!(deeds["records"][0]["fields"]["Nom de la ville"], json!(["5"]));
}

#[tokio::test]
async fn links_are_kept_in_step_and_computed_fields_follow() {
    let harness = Harness::start().await;
    let town = |id: &'static str| {
        let harness = &harness;
        async move { harness.get(&format!("{BASE}/{TOWN}/{id}")).await.1["fields"].clone() }
    };
    let rennes = town("recRennes").await;
    assert_eq!(
        (&rennes["Actes"], &rennes["Nombre"], &rennes["Pages"]),
        (&json!(["recActe1", "recActe2"]), &json!(2), &json!(7))
    );
    let (_, deed) = harness
        .patch(&format!("{BASE}/{DEED}/recActe2"), json!({ "fields": { "Ville": ["recHavre"] } }))
        .await;
    assert_eq!(deed["fields"]["Nom de la ville"], json!(["Le Havre"]));
    let (rennes, havre) = (town("recRennes").await, town("recHavre").await);
    assert_eq!((&rennes["Actes"], &rennes["Pages"]), (&json!(["recActe1"]), &json!(3)));
    assert_eq!((&havre["Actes"], &havre["Pages"]), (&json!(["recActe2"]), &json!(4)));
    harness.sandbox.set_cell(BASE, TOWN, "recHavre", "Nom", &json!("Havre")).unwrap();
    let (_, deed) = harness.get(&format!("{BASE}/{DEED}/recActe2")).await;
    assert_eq!(deed["fields"]["Nom de la ville"], json!(["Havre"]));
    harness.sandbox.delete_record(BASE, DEED, "recActe2").unwrap();
    assert_eq!(town("recHavre").await["Nombre"], json!(0));
    assert_eq!(town("recHavre").await.get("Actes"), None);
}
