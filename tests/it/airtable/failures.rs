//! What is tried again, what isn't, and what the caller gets to know.

use std::{error::Error as _, io::Write as _, time::Duration};

use locadocs::airtable::{
    Client, Error, Settings,
    calls::{CallKind, Outcome},
};

use super::{
    TOKEN, client, error,
    server::{Reply, Server, head},
    settings,
};

fn whoami() -> Reply {
    Reply::json(200, r#"{"id":"usr1"}"#)
}

#[tokio::test]
async fn passing_failures_are_tried_again() {
    for (what, failure) in [
        ("500", error(500, "X")),
        ("502 with a page", Reply::new(502, "content-type: text/html\r\n", "<html>")),
        ("503", Reply::json(503, "")),
        ("408", Reply::json(408, "")),
        ("200 with a page", Reply::new(200, "content-type: text/html\r\n", "<html>maintenance")),
        ("200 with nothing", Reply::json(200, "")),
        ("a cut body", Reply::truncated(r#"{"id":"usr1","scopes":[]}"#)),
        ("cut JSON", Reply::json(200, r#"{"id":"usr"#)),
        ("JSON and more", Reply::json(200, r#"{"id":"usr1"} <!-- cached -->"#)),
        ("invalid UTF-8", Reply::json(200, b"{\"id\":\"\xff\"}")),
        ("a dropped connection", Reply::dropped()),
        ("no HTTP", Reply::Bytes(b"SSH-2.0-OpenSSH\r\n".to_vec())),
        ("silence", Reply::Hang(Vec::new())),
        ("silence within the body", Reply::Hang(head(200, "content-length: 100\r\n"))),
    ] {
        let server = Server::in_turn([failure, whoami()]).await;
        let answer = client(&server).whoami().await;
        assert!(answer.is_ok(), "{what}: {answer:?}");
        assert_eq!(server.received().len(), 2, "{what}");
    }
}

#[tokio::test]
async fn lasting_failures_are_not_tried_again() {
    let elsewhere = Server::in_turn([whoami()]).await;
    let redirect = format!("location: {}\r\n", elsewhere.url);
    let over_quota = r#"{"errors":[{"error":"PUBLIC_API_BILLING_LIMIT_EXCEEDED","message":"m"}]}"#;
    for (failure, expected) in [
        (error(401, "AUTHENTICATION_REQUIRED"), "Unauthorized"),
        (error(403, "INVALID_PERMISSIONS"), "Forbidden"),
        (Reply::json(404, r#"{"error":"NOT_FOUND"}"#), "NotFound"),
        (error(422, "UNKNOWN_FIELD_NAME"), "UnknownField"),
        (error(422, "FAILED_STATE_CHECK"), "Invalid"),
        (error(413, "X"), "Invalid"),
        (Reply::json(429, over_quota), "BillingLimit"),
        (Reply::new(302, &redirect, ""), "Invalid"),
        (Reply::new(307, &redirect, ""), "Invalid"),
        (Reply::json(200, r#"{"name":"no id"}"#), "Unexpected"),
    ] {
        let server = Server::in_turn([failure, whoami()]).await;
        let error = client(&server).whoami().await.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{error:?} is not {expected}");
        assert_eq!(server.received().len(), 1, "{expected}");
    }
    assert_eq!(elsewhere.received().len(), 0, "the token followed a redirection");
}

#[tokio::test]
async fn attempts_are_bounded_and_counted() {
    let server = Server::in_turn([error(503, "X")]).await;
    let client = client(&server);
    let error = client.whoami().await.unwrap_err();
    assert!(matches!(error, Error::Server { status: 503, .. }), "{error:?}");
    assert_eq!(server.received().len(), 3);
    assert_eq!(client.calls().get(CallKind::Schema, Outcome::ServerError), 3);
    assert_eq!(client.calls().total(), 3);
}

#[tokio::test]
async fn a_call_given_up_is_counted_all_the_same() {
    let server = Server::in_turn([Reply::Hang(Vec::new())]).await;
    let client = client(&server);
    tokio::select! {
        answer = client.whoami() => panic!("{answer:?}"),
        () = async { while server.received().is_empty() { tokio::task::yield_now().await } } => {}
    }
    assert_eq!(client.calls().get(CallKind::Schema, Outcome::Abandoned), 1);
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_never_held() {
    let spaces = vec![b' '; 64_000];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![b' '; 10_000_000]).unwrap();
    for (what, reply) in [
        ("announced", Reply::Hang(head(200, "content-length: 5000000000\r\n"))),
        ("endless", Reply::Endless(head(200, ""), spaces.clone(), Duration::ZERO)),
        ("compressed", Reply::new(200, "content-encoding: gzip\r\n", gzip.finish().unwrap())),
    ] {
        let server = Server::in_turn([reply]).await;
        let error = client(&server).whoami().await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 100_000, .. }), "{what}: {error:?}");
        assert_eq!(server.received().len(), 1, "{what}");
    }
}

#[tokio::test]
async fn a_trickle_does_not_outlast_the_whole_timeout() {
    let trickle = Reply::Endless(head(200, ""), b" ".to_vec(), Duration::from_millis(50));
    let server = Server::in_turn([trickle]).await;
    let client = Client::new(Settings { max_retries: 0, ..settings(&server) }).unwrap();
    let error = client.whoami().await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn silence_ends_an_attempt_long_before_the_whole_timeout() {
    let server = Server::in_turn([Reply::Hang(head(200, "content-length: 100\r\n"))]).await;
    let patient = Settings {
        request_timeout: Duration::from_secs(3_600),
        idle_timeout: Duration::from_millis(100),
        max_retries: 0,
        ..settings(&server)
    };
    let error = Client::new(patient).unwrap().whoami().await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn nobody_listening_is_told_as_such() {
    let server = Server::in_turn([whoami()]).await;
    let client = client(&server);
    drop(server);
    let error = client.whoami().await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn compressed_answers_are_asked_for_and_read() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(br#"{"id":"usr1"}"#).unwrap();
    let reply = Reply::new(200, "content-encoding: gzip\r\n", gzip.finish().unwrap());
    let server = Server::in_turn([reply]).await;
    assert_eq!(client(&server).whoami().await.unwrap().id, "usr1");
    assert!(server.received()[0].head.contains("accept-encoding: gzip"));
}

#[tokio::test]
async fn the_token_is_sent_replaced_and_never_shown() {
    let server = Server::in_turn([error(401, "AUTHENTICATION_REQUIRED"), whoami()]).await;
    let client = client(&server);
    let error = client.clone().whoami().await.unwrap_err();
    client.set_token(&"patNEW.1".into()).unwrap();
    client.whoami().await.unwrap();

    let sent: Vec<_> = server.received().into_iter().map(|request| request.head).collect();
    assert!(sent[0].contains(&format!("authorization: Bearer {TOKEN}\r\n")), "{}", sent[0]);
    assert!(sent[1].contains("authorization: Bearer patNEW.1\r\n"), "{}", sent[1]);
    let shown = format!("{error} {error:?} {client:?} {:?}", settings(&server));
    assert!(!shown.contains("SECRET"), "{shown}");
    assert!(matches!(client.set_token(&"pat\n".into()), Err(Error::UnusableToken)));
}

#[tokio::test]
async fn errors_name_the_call_and_what_was_found_but_no_query() {
    let server = Server::in_turn([Reply::new(200, "", "<!DOCTYPE html>\n<title>Oops")]).await;
    let error = client(&server).bases().await.unwrap_err();
    let expected = r#"GET /v0/meta/bases: expected JSON, found "<!DOCTYPE html> <title>Oops""#;
    assert_eq!(error.to_string(), expected);

    let server = Server::in_turn([Reply::dropped()]).await;
    let webhook = locadocs::airtable::webhooks::WebhookId("ach/../x y".into());
    let error = client(&server).webhook_payloads(&webhook, 7).await.unwrap_err();
    let path = "GET /v0/bases/appTest/webhooks/ach%2F..%2Fx%20y/payloads: the connection broke";
    assert_eq!(error.to_string(), path);
    let chain = format!("{error:?} {:?}", error.source());
    assert!(!chain.contains("cursor"), "{chain}");
}

#[test]
fn an_address_that_is_not_the_webs_is_refused() {
    let settings = Settings::new(
        "ftp://user:pass@airtable.com".parse().unwrap(),
        "appTest".parse().unwrap(),
        TOKEN.into(),
    );
    let error = Client::new(settings).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"the address of Airtable must be an http or https URL, found "ftp""#
    );
}
