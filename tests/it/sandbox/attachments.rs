//! Files: uploads, links that end, and comments beside them.

use std::net::Ipv4Addr;

use axum::{Router, response::Redirect, routing::get};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::harness::{BASE, DEED, Harness, TOWN, code};

async fn fetch(url: &Value) -> (u16, String, Vec<u8>) {
    let response = reqwest::get(url.as_str().unwrap()).await.unwrap();
    let media_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    (response.status().as_u16(), media_type, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn links_lead_to_the_file_until_they_end() {
    let harness = Harness::start().await;
    let path = format!("{BASE}/{TOWN}/recHavre");
    let (_, havre) = harness.get(&path).await;
    let photo = &havre["fields"]["Photo"][0];
    let (status, media_type, content) = fetch(&photo["url"]).await;
    assert_eq!((status, media_type.as_str(), content.len()), (200, "image/png", 70));
    assert_eq!(fetch(&photo["thumbnails"]["small"]["url"]).await.0, 200);
    let forged = photo["url"].as_str().unwrap().replace("/att", "/atx");
    assert_eq!(fetch(&json!(forged)).await.0, 410);

    harness.sandbox.advance_clock(std::time::Duration::from_secs(2 * 60 * 60));
    let (status, media_type, _) = fetch(&photo["url"]).await;
    assert_eq!((status, media_type.as_str()), (410, "text/html; charset=utf-8"));
    let (_, havre) = harness.get(&path).await;
    let again = &havre["fields"]["Photo"][0];
    assert_eq!(again["id"], photo["id"]);
    assert_eq!(fetch(&again["url"]).await.0, 200);
}

#[tokio::test]
async fn files_come_by_upload_by_address_and_by_id() {
    let harness = Harness::start().await;
    let body = json!({ "contentType": "text/plain", "filename": "n.txt", "file": format!("{}\n", BASE64_STANDARD.encode("bonjour")) });
    let (status, reply) =
        harness.post(&format!("{BASE}/recRennes/Photo/uploadAttachment"), body).await;
    assert_eq!(status, 200, "{reply}");
    let uploaded = &reply["fields"]["fldPhoto"][0];
    assert_eq!(fetch(&uploaded["url"]).await.2, b"bonjour");

    let path = format!("{BASE}/{TOWN}/recRennes");
    let cell = json!([
        { "id": uploaded["id"], "filename": "renamed.txt" },
        { "url": "data:text/plain;base64,c2FsdXQ=", "filename": "s.txt" },
        { "url": uploaded["url"] },
        { "url": "https://example.com/images/logo.png" },
    ]);
    let (status, reply) = harness.patch(&path, json!({ "fields": { "Photo": cell } })).await;
    assert_eq!(status, 200, "{reply}");
    let files = reply["fields"]["Photo"].as_array().unwrap();
    let names: Vec<_> = files.iter().map(|file| file["filename"].as_str().unwrap()).collect();
    assert_eq!(names, ["renamed.txt", "s.txt", "n.txt", "logo.png"]);
    assert_eq!(fetch(&files[1]["url"]).await.2, b"salut");
    assert_eq!(fetch(&files[2]["url"]).await.2, b"bonjour");
    assert_eq!(fetch(&files[3]["url"]).await.0, 404, "nobody outside is called");
    let bad = json!({ "fields": { "Photo": [{ "url": "nonsense" }] } });
    let (status, body) = harness.patch(&path, bad).await;
    assert_eq!((status, code(&body)), (422, "INVALID_ATTACHMENT_OBJECT"));
}

#[tokio::test]
async fn an_address_that_leads_elsewhere_or_to_too_much_gives_only_a_name() {
    let router = Router::new()
        .route("/moved.txt", get(async || Redirect::temporary("/here.txt")))
        .route("/here.txt", get(async || "bonjour"))
        .route("/huge.txt", get(async || vec![b'a'; 21 << 20]));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());

    let harness = Harness::start().await;
    let address = |name: &str| json!({ "url": format!("{root}/{name}") });
    let cell = json!([address("here.txt"), address("moved.txt"), address("huge.txt")]);
    let path = format!("{BASE}/{TOWN}/recRennes");
    let (status, reply) = harness.patch(&path, json!({ "fields": { "Photo": cell } })).await;
    assert_eq!(status, 200, "{reply}");
    let files = reply["fields"]["Photo"].as_array().unwrap();
    let told: Vec<_> = files
        .iter()
        .map(|file| (file["filename"].as_str().unwrap(), file["size"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("here.txt", 7), ("moved.txt", 0), ("huge.txt", 0)]);
}

#[tokio::test]
async fn a_lookup_of_files_gives_their_links() {
    let harness = Harness::start().await;
    let new = json!({ "name": "Photos", "type": "multipleLookupValues",
        "options": { "recordLinkFieldId": "fldVille", "fieldIdInLinkedTable": "fldPhoto" } });
    let (status, body) =
        harness.post(&format!("meta/bases/{BASE}/tables/{DEED}/fields"), new).await;
    assert_eq!(status, 200, "{body}");
    let (_, deed) = harness
        .patch(&format!("{BASE}/{DEED}/recActe1"), json!({ "fields": { "Ville": ["recHavre"] } }))
        .await;
    assert_eq!(fetch(&deed["fields"]["Photos"][0]["url"]).await.0, 200, "{deed}");
}

#[tokio::test]
async fn comments_are_written_changed_and_deleted() {
    let harness = Harness::start().await;
    let comments = format!("{BASE}/{TOWN}/recRennes/comments");
    let (_, made) = harness.post(&comments, json!({ "text": "Vu par @[usrSandbox0000001]" })).await;
    assert_eq!(made["author"]["id"], "usrSandbox0000001");
    assert_eq!(made["mentioned"]["usrSandbox0000001"]["type"], "user");
    let one = format!("{comments}/{}", made["id"].as_str().unwrap());
    let (_, changed) = harness.patch(&one, json!({ "text": "Revu" })).await;
    assert_eq!((&changed["text"], changed.get("mentioned")), (&json!("Revu"), None));
    let (_, list) = harness.get(&comments).await;
    assert_eq!(list["comments"].as_array().unwrap().len(), 1);
    let (_, records) = harness.get(&format!("{BASE}/{TOWN}?recordMetadata[]=commentCount")).await;
    assert_eq!(records["records"][0]["commentCount"], 1);
    assert_eq!(harness.delete(&one).await.1["deleted"], true);
    assert_eq!(harness.delete(&one).await.0, 403);
}
