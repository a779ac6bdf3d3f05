//! The limit of calls, as the server sees it.

use std::{num::NonZeroU32, time::Duration};

use futures::future::join_all;
use locadocs::airtable::{
    Client, Error, Settings,
    calls::{CallKind, Outcome},
};

use super::{
    client, error,
    server::{Reply, Server},
    settings,
};

fn whoami() -> Reply {
    Reply::json(200, r#"{"id":"usr1"}"#)
}

#[tokio::test]
async fn the_server_never_sees_more_than_five_calls_in_any_second() {
    // Latencies that come in no order, the same at each run.
    let server = Server::start(|n, _| {
        whoami().after(Duration::from_millis(u64::try_from(n * 7919 % 300).unwrap()))
    })
    .await;
    let settings = Settings { requests_per_second: NonZeroU32::new(50), ..settings(&server) };
    let client = Client::new(settings).unwrap();
    let answers = join_all((0..16).map(|_| client.whoami())).await;
    assert!(answers.iter().all(Result::is_ok));

    let times: Vec<_> = server.received().iter().map(|request| request.at).collect();
    for window in times.windows(6) {
        assert!(window[5] - window[0] >= Duration::from_secs(1), "{:?}", window[5] - window[0]);
    }
}

#[tokio::test]
async fn a_rate_429_silences_all_callers_for_the_pause() {
    let server = Server::in_turn([error(429, "RATE_LIMIT_REACHED"), whoami()]).await;
    let client = client(&server);
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.whoami().await }
    });
    while client.calls().get(CallKind::Schema, Outcome::RateLimited) == 0 {
        tokio::task::yield_now().await;
    }
    join_all((0..5).map(|_| client.whoami())).await;
    first.await.unwrap().unwrap();

    let requests = server.received();
    assert_eq!(requests.len(), 7);
    for later in &requests[1..] {
        let silence = later.at - requests[0].at;
        assert!(silence >= Duration::from_millis(150), "{silence:?}");
    }
}

#[tokio::test]
async fn a_longer_retry_after_is_honoured_and_bounded() {
    // The test would take an hour if it weren't bounded.
    for (status, header, at_least) in [
        (429, "retry-after: 3600\r\n", 400),
        (429, "retry-after: 0\r\n", 150),
        (503, "retry-after: 3600\r\n", 400),
    ] {
        let server = Server::in_turn([Reply::new(status, header, ""), whoami()]).await;
        client(&server).whoami().await.unwrap();
        let requests = server.received();
        let wait = requests[1].at - requests[0].at;
        assert!(wait >= Duration::from_millis(at_least), "{status} {header}: {wait:?}");
    }
}

#[tokio::test]
async fn a_rate_exceeded_for_ever_is_an_error_in_the_end() {
    let server = Server::in_turn([error(429, "RATE_LIMIT_REACHED")]).await;
    let settings = Settings { rate_limit_pause: Duration::from_millis(5), ..settings(&server) };
    let error = Client::new(settings).unwrap().whoami().await.unwrap_err();
    assert!(matches!(error, Error::RateLimited { .. }), "{error:?}");
    assert_eq!(server.received().len(), 3);
}
