//! A sandbox with a small base, and calls that give status and JSON.

use locadocs::sandbox::{
    Sandbox,
    config::{Config, DEFAULT_TOKEN},
    seed::BaseSeed,
};
use reqwest::Method;
use serde_json::{Value, json};

pub const BASE: &str = "appArchives000001";
pub const TOWN: &str = "tblVilles00000001";
pub const DEED: &str = "tblActes000000001";

/// Towns and deeds that link to each other, with one field of each computed kind.
pub fn seed() -> BaseSeed {
    serde_json::from_value(json!({
        "id": BASE,
        "name": "Archives",
        "tables": [
            {
                "id": TOWN,
                "name": "Villes",
                "description": "Communes",
                "primaryFieldId": "fldNom",
                "fields": [
                    { "id": "fldNom", "name": "Nom", "type": "singleLineText" },
                    { "id": "fldPop", "name": "Population", "type": "number", "options": { "precision": 0 } },
                    { "id": "fldType", "name": "Type", "type": "singleSelect",
                      "options": { "choices": [{ "id": "selGrande", "name": "Grande", "color": "redBright" }, { "id": "selPetite", "name": "Petite" }] } },
                    { "id": "fldActes", "name": "Actes", "type": "multipleRecordLinks",
                      "options": { "linkedTableId": DEED, "inverseLinkFieldId": "fldVille" } },
                    { "id": "fldNombre", "name": "Nombre", "type": "count", "options": { "recordLinkFieldId": "fldActes" } },
                    { "id": "fldPages", "name": "Pages", "type": "rollup",
                      "options": { "recordLinkFieldId": "fldActes", "fieldIdInLinkedTable": "fldFeuilles", "formula": "SUM(values)" } },
                    { "id": "fldPhoto", "name": "Photo", "type": "multipleAttachments" },
                    { "id": "fldFait", "name": "Vérifié", "type": "checkbox" },
                    { "id": "fldMaj", "name": "Majuscules", "type": "formula", "options": { "formula": "UPPER({Nom})" } }
                ],
                "views": [
                    { "id": "viwToutes", "name": "Toutes", "type": "grid" },
                    { "id": "viwGrandes", "name": "Grandes", "type": "grid", "filterByFormula": "{Population} > 100000",
                      "sort": [{ "field": "Population", "direction": "desc" }], "visibleFieldIds": ["fldNom"] }
                ],
                "records": [
                    { "id": "recRennes", "createdTime": "2026-01-01T00:00:00Z", "fields": { "Nom": "Rennes", "Population": 225081, "Type": "Grande" } },
                    { "id": "recHavre", "fields": { "Nom": "Le Havre", "fldPop": 166462, "Type": "Grande",
                      "Photo": [{ "filename": "photo.png", "base64": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==" }] } },
                    { "id": "recArboys", "fields": { "Nom": "Arboys en Bugey", "Population": 628, "Type": "Petite" } }
                ]
            },
            {
                "id": DEED,
                "name": "Actes",
                "primaryFieldId": "fldCote",
                "fields": [
                    { "id": "fldCote", "name": "Cote", "type": "singleLineText" },
                    { "id": "fldVille", "name": "Ville", "type": "multipleRecordLinks",
                      "options": { "linkedTableId": TOWN, "inverseLinkFieldId": "fldActes" } },
                    { "id": "fldFeuilles", "name": "Feuilles", "type": "number", "options": { "precision": 0 } },
                    { "id": "fldNomVille", "name": "Nom de la ville", "type": "multipleLookupValues",
                      "options": { "recordLinkFieldId": "fldVille", "fieldIdInLinkedTable": "fldNom" } },
                    { "id": "fldNumero", "name": "Numéro", "type": "autoNumber" },
                    { "id": "fldDate", "name": "Daté du", "type": "date" }
                ],
                "records": [
                    { "id": "recActe1", "fields": { "Cote": "1 W 1", "Ville": ["recRennes"], "Feuilles": 3 } },
                    { "id": "recActe2", "fields": { "Cote": "1 W 2", "Ville": ["recRennes"], "Feuilles": 4 } }
                ]
            }
        ]
    }))
    .unwrap()
}

/// A running sandbox and a client with its token.
pub struct Harness {
    pub sandbox: Sandbox,
    client: reqwest::Client,
    token: String,
}

impl Harness {
    /// Without limits, since most tests are not about them.
    pub async fn start() -> Self {
        Self::start_with(Config { per_second: None, per_second_user: None, ..Config::default() })
            .await
    }

    pub async fn start_with(config: Config) -> Self {
        let sandbox = Sandbox::start(config, &[seed()]).await.unwrap();
        Self { sandbox, client: reqwest::Client::new(), token: DEFAULT_TOKEN.to_owned() }
    }

    pub fn with_token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// A request below `v0/`.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = self.sandbox.url().join("v0/").unwrap().join(path).unwrap();
        self.client.request(method, url).bearer_auth(&self.token)
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let json = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        (status, json)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// The names of the towns that a list gives, in its order.
    pub async fn towns(&self, query: &str) -> Vec<String> {
        let (status, body) = self.get(&format!("{BASE}/{TOWN}?{query}")).await;
        assert_eq!(status, 200, "{query}: {body}");
        names(&body)
    }
}

pub fn names(body: &Value) -> Vec<String> {
    let records = body["records"].as_array().unwrap();
    records.iter().map(|r| r["fields"]["Nom"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The name of an error, in whichever shape.
pub fn code(body: &Value) -> &str {
    let error = &body["error"];
    error["type"].as_str().or(error.as_str()).or(body["errors"][0]["error"].as_str()).unwrap_or("")
}
