//! Writes: by tens, and never twice.

use locadocs::{
    airtable::{Error, MAX_BATCH, NewRow, RowUpdate, attachments::NewAttachment},
    content::{cell::Cell, ids::FieldId},
};
use serde_json::json;

use super::{
    client, error,
    server::{Received, Reply, Server},
    table,
};

fn field() -> FieldId {
    "fldV".parse().unwrap()
}

fn rows(count: usize) -> Vec<NewRow> {
    (0..count).map(|n| vec![(field(), Cell::Text(format!("ligne {n}")))]).collect()
}

/// Answers a write as Airtable does, with the rows that it holds.
fn written(request: &Received) -> Reply {
    let body = request.json();
    let rows = body["records"].as_array().unwrap();
    let rows: Vec<_> = rows
        .iter()
        .enumerate()
        .map(|(n, row)| {
            let id = row["id"].as_str().map_or(format!("recNew{n}"), str::to_owned);
            json!({"id": id, "createdTime": "2026-01-01T00:00:00.000Z", "fields": row["fields"]})
        })
        .collect();
    Reply::json(200, json!({ "records": rows }).to_string())
}

#[tokio::test]
async fn rows_are_created_by_tens_in_order() {
    let server = Server::start(|_, request| written(request)).await;
    let records = client(&server).create(&table(), &rows(25)).await.unwrap();
    let texts: Vec<_> = records.iter().map(|record| record.fields_json().to_owned()).collect();
    let expected: Vec<_> = (0..25).map(|n| format!(r#"{{"fldV":"ligne {n}"}}"#)).collect();
    assert_eq!(texts, expected);

    let requests = server.received();
    let sizes: Vec<_> =
        requests.iter().map(|r| r.json()["records"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [MAX_BATCH, MAX_BATCH, 5]);
    assert!(
        requests.iter().all(|r| r.method == "POST" && r.json()["returnFieldsByFieldId"] == true)
    );
}

#[tokio::test]
async fn an_interrupted_write_tells_what_was_written() {
    let server = Server::start(|n, request| match n {
        0 => written(request),
        _ => error(422, "INVALID_VALUE_FOR_COLUMN"),
    })
    .await;
    let interrupted = client(&server).create(&table(), &rows(25)).await.unwrap_err();
    assert_eq!(interrupted.written.len(), MAX_BATCH);
    assert!(matches!(interrupted.source, Error::Invalid { status: 422, .. }));
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_creation_is_sent_again_only_when_it_was_certainly_not_applied() {
    for (what, failure, attempts) in [
        ("too many requests", error(429, "RATE_LIMIT_REACHED"), 2),
        ("a failing server", error(503, "X"), 1),
        ("a lost answer", Reply::dropped(), 1),
        ("a silent server", Reply::Hang(Vec::new()), 1),
        ("a cut answer", Reply::truncated(r#"{"records":[]}"#), 1),
        ("a page", Reply::json(200, "<html>"), 1),
    ] {
        let server = Server::start(move |n, request| match n {
            0 => failure.clone(),
            _ => written(request),
        })
        .await;
        let result = client(&server).create(&table(), &rows(1)).await;
        assert_eq!(server.received().len(), attempts, "{what}");
        assert_eq!(result.is_ok(), attempts == 2, "{what}");
    }
}

#[tokio::test]
async fn a_file_is_sent_as_base64_and_never_twice() {
    let file = NewAttachment {
        filename: "plan.png".into(),
        media_type: "image/png".into(),
        content: vec![0xff, 0x00].into(),
    };
    let done = || Reply::json(200, r#"{"id":"rec1","fields":{"fldV":[]}}"#);
    for (what, failure, attempts) in [
        ("too many requests", error(429, "RATE_LIMIT_REACHED"), 2),
        ("a lost answer", Reply::dropped(), 1),
        ("a cut answer", Reply::truncated(r#"{"id":"rec1"}"#), 1),
    ] {
        let server = Server::in_turn([failure, done()]).await;
        let result =
            client(&server).upload_attachment(&"rec1".parse().unwrap(), &field(), &file).await;
        assert_eq!(result.is_ok(), attempts == 2, "{what}");
        let received = server.received();
        assert_eq!(received.len(), attempts, "{what}");
        assert_eq!(received[0].url.path(), "/v0/appTest/rec1/fldV/uploadAttachment");
        assert_eq!(
            received[0].json(),
            json!({"contentType": "image/png", "filename": "plan.png", "file": "/wA="})
        );
    }
}

#[tokio::test]
async fn a_change_by_id_is_sent_again() {
    let server = Server::start(|n, request| match n {
        0 => error(503, "X"),
        1 => Reply::dropped(),
        _ => written(request),
    })
    .await;
    let update = RowUpdate {
        id: "rec1".parse().unwrap(),
        cells: vec![
            (field(), Some(Cell::Checked)),
            ("fldEmptied".parse().unwrap(), None),
            ("fldComputed".parse().unwrap(), Some(Cell::Failed("NaN".into()))),
        ],
    };
    client(&server).update(&table(), &[update]).await.unwrap();
    let request = server.received().pop().unwrap();
    assert_eq!(request.method, "PATCH");
    assert_eq!(
        request.json()["records"],
        json!([{"id": "rec1", "fields": {"fldV": true, "fldEmptied": null}}])
    );
}

#[tokio::test]
async fn rows_are_deleted_by_tens_and_their_ids_told() {
    let server = Server::start(|_, request| {
        let gone: Vec<_> = request
            .query("records[]")
            .into_iter()
            .map(|id| json!({"id": id, "deleted": true}))
            .collect();
        Reply::json(200, json!({ "records": gone }).to_string())
    })
    .await;
    let ids: Vec<_> = (0..12).map(|n| format!("rec{n}").parse().unwrap()).collect();
    assert_eq!(client(&server).delete(&table(), &ids).await.unwrap(), ids);
    assert_eq!(server.received().len(), 2);
    assert!(server.received().iter().all(|request| request.method == "DELETE"));
}

#[tokio::test]
async fn nothing_to_write_is_no_call() {
    let server = Server::in_turn([error(500, "X")]).await;
    assert!(client(&server).create(&table(), &[]).await.unwrap().is_empty());
    assert!(server.received().is_empty());
}
