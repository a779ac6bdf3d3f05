//! Listings: paged to the end, started again, without duplicates.

use std::sync::Arc;

use futures::TryStreamExt as _;
use locadocs::{
    airtable::{Client, Error, ListOptions, Settings},
    content::ids::FieldId,
};

use tokio::sync::Barrier;

use super::{client, error, page, pairs, server::Server, settings, table, versions};

fn options() -> ListOptions {
    ListOptions::fields(["fldV".parse().unwrap()])
}

#[tokio::test]
async fn pages_are_read_to_the_end_with_only_the_fields_asked_for() {
    let server = Server::in_turn([
        page(&[("rec1", 1), ("rec2", 1)], Some("itr1/rec2")),
        page(&[], Some("itr1/rec3")),
        page(&[("rec3", 1)], None),
    ])
    .await;
    let records = client(&server).list(&table(), &options()).await.unwrap();
    assert_eq!(versions(&records), pairs(&[("rec1", "1"), ("rec2", "1"), ("rec3", "1")]));

    let requests = server.received();
    let offsets: Vec<_> = requests.iter().map(|request| request.query("offset")).collect();
    assert_eq!(offsets, [vec![], vec!["itr1/rec2".to_owned()], vec!["itr1/rec3".to_owned()]]);
    for request in requests {
        assert_eq!((request.method.as_str(), request.url.path()), ("GET", "/v0/appTest/tblGuides"));
        assert_eq!(request.query("fields[]"), ["fldV"]);
        assert_eq!(request.query("returnFieldsByFieldId"), ["true"]);
    }
}

#[tokio::test]
async fn pages_are_handed_over_as_they_arrive() {
    let server = Server::in_turn([page(&[("rec1", 1)], Some("o")), error(403, "X")]).await;
    let (client, table, options) = (client(&server), table(), options());
    let mut pages = std::pin::pin!(client.pages(&table, &options));
    let first = pages.try_next().await.unwrap().unwrap();
    assert_eq!(versions(&first.records), pairs(&[("rec1", "1")]));
    assert_eq!(server.received().len(), 1);
    assert!(matches!(pages.try_next().await, Err(Error::Forbidden { table: Some(_), .. })));
}

#[tokio::test]
async fn a_row_met_twice_is_given_once_as_last_seen() {
    let server = Server::in_turn([
        page(&[("rec1", 1), ("rec2", 1)], Some("o")),
        page(&[("rec1", 2), ("rec3", 1)], None),
    ])
    .await;
    let records = client(&server).list(&table(), &options()).await.unwrap();
    assert_eq!(versions(&records), pairs(&[("rec1", "2"), ("rec2", "1"), ("rec3", "1")]));
}

#[tokio::test]
async fn a_lost_place_starts_the_table_again_without_duplicates() {
    let server = Server::in_turn([
        page(&[("rec1", 1), ("rec2", 1)], Some("o")),
        error(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"),
        page(&[("rec1", 2), ("rec2", 2)], Some("p")),
        page(&[("rec3", 2)], None),
    ])
    .await;
    let records = client(&server).list(&table(), &options()).await.unwrap();
    assert_eq!(versions(&records), pairs(&[("rec1", "2"), ("rec2", "2"), ("rec3", "2")]));
    assert_eq!(server.received()[2].query("offset"), [""; 0]);
}

#[tokio::test]
async fn a_place_lost_too_often_is_an_error() {
    let server = Server::start(|_, request| match request.query("offset").is_empty() {
        true => page(&[("rec1", 1)], Some("o")),
        false => error(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"),
    })
    .await;
    let client = Client::new(Settings { max_restarts: 2, ..settings(&server) }).unwrap();
    let error = client.list(&table(), &options()).await.unwrap_err();
    assert!(matches!(error, Error::OffsetExpired { .. }), "{error:?}");
    assert_eq!(server.received().len(), 6);
}

#[tokio::test]
async fn a_listing_that_turns_in_circles_ends() {
    let server = Server::in_turn([page(&[("rec1", 1)], Some("o"))]).await;
    let error = client(&server).list(&table(), &options()).await.unwrap_err();
    assert!(matches!(error, Error::Endless { pages: 2, .. }), "{error:?}");
}

#[tokio::test]
async fn no_field_asked_for_gives_no_cell() {
    let server = Server::in_turn([page(&[("rec1", 1)], None)]).await;
    let records = client(&server).list(&table(), &ListOptions::default()).await.unwrap();
    assert_eq!(records[0].fields_json(), "{}");
}

#[test]
fn none_of_the_rows_is_not_all_of_them() {
    assert_eq!(options().only(&[]).filter.as_deref(), Some("FALSE()"));
}

#[tokio::test]
async fn a_long_question_is_posted() {
    let server = Server::in_turn([page(&[], None)]).await;
    let ids: Vec<_> = (0..700).map(|n| format!("rec{n:014}").parse().unwrap()).collect();
    for (count, method, path) in
        [(300, "GET", "/v0/appTest/tblGuides"), (700, "POST", "/v0/appTest/tblGuides/listRecords")]
    {
        let options = ListOptions { max_records: Some(9), ..options().only(&ids[..count]) };
        client(&server).list(&table(), &options).await.unwrap();
        let request = server.received().pop().unwrap();
        assert_eq!((request.method.as_str(), request.url.path()), (method, path));
        let filter = match method {
            "GET" => request.query("filterByFormula").remove(0),
            _ => {
                let body = request.json();
                assert_eq!(body["fields"], serde_json::json!(["fldV"]));
                assert_eq!(body["returnFieldsByFieldId"], true);
                assert_eq!(body["maxRecords"], 9);
                assert_eq!(body.get("offset"), None);
                body["filterByFormula"].as_str().unwrap().to_owned()
            }
        };
        assert!(filter.starts_with("OR(RECORD_ID()='rec00000000000000',RECORD_ID()="), "{filter}");
        assert_eq!(filter.matches("RECORD_ID()").count(), count);
    }
}

#[tokio::test]
async fn tables_are_fetched_side_by_side_and_one_that_fails_leaves_the_others_be() {
    // Nobody is answered before all three have asked.
    let all_have_asked = Arc::new(Barrier::new(3));
    let server = Server::start(move |_, request| match request.url.path() {
        "/v0/appTest/tblB" => error(403, "INVALID_PERMISSIONS").together(&all_have_asked),
        _ => page(&[("rec1", 1)], None).together(&all_have_asked),
    })
    .await;
    let fields: Vec<FieldId> = vec!["fldV".parse().unwrap()];
    let tables = ["tblA", "tblB", "tblC"].map(|id| (id.parse().unwrap(), fields.clone()));
    // As the sync does it: on a task of its own.
    let client = client(&server);
    let results = tokio::spawn(async move { client.all_tables(&tables).await }).await.unwrap();

    let ids: Vec<_> = results.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["tblA", "tblB", "tblC"]);
    assert!(results[0].1.is_ok() && results[2].1.is_ok());
    assert!(
        matches!(&results[1].1, Err(Error::Forbidden { table: Some(id), .. }) if id.as_str() == "tblB")
    );
    assert_eq!(server.received().len(), 3);
}
