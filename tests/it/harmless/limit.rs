//! The limit of calls, exceeded by somebody else.

use std::{num::NonZeroU32, time::Duration};

use locadocs::{
    airtable::{self, Client},
    api,
    sandbox::config::{Config, DEFAULT_TOKEN},
};
use tokio::time::Instant;

use super::harness::{address, client_settings, demo_base, engine, sandbox};
use crate::api::harness::{Service as Api, noon};

const LOCKOUT: Duration = Duration::from_millis(600);

/// What the other client asks for, and ours never does.
const THEIRS: &str = "maxRecords=1";

#[tokio::test]
async fn a_round_succeeds_in_the_end_and_keeps_silent_while_it_is_locked_out() {
    let base = demo_base();
    let config = Config { lockout: LOCKOUT, ..Config::default() };
    let sandbox = sandbox(config, &base).await;
    let api = Api::empty(noon, api::Settings::default());
    let settings = airtable::Settings {
        requests_per_second: NonZeroU32::new(4),
        rate_limit_pause: LOCKOUT,
        max_retries: 8,
        ..client_settings(address(&sandbox), &base)
    };
    let engine = engine(Client::new(settings).unwrap(), &api);

    // They take the whole second that our round begins in, and more.
    let url = sandbox.url().join(&format!("v0/{}/Guides?{THEIRS}", base.id)).unwrap();
    let other = reqwest::Client::new();
    let hammer = async {
        for _ in 0..30 {
            let call = other.get(url.clone()).bearer_auth(DEFAULT_TOKEN).send();
            call.await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let (round, ()) = tokio::join!(engine.sync_once(), hammer);
    round.unwrap();
    assert!(api.live.publication().is_some());
    assert!(api.live.status().failure.is_none());

    let calls = sandbox.calls().all();
    let is_theirs = |query: &Option<String>| query.as_deref() == Some(THEIRS);
    let ours: Vec<_> = calls.iter().filter(|call| !is_theirs(&call.query)).collect();
    let refused: Vec<Instant> =
        ours.iter().filter(|call| call.status == Some(429)).map(|call| call.at).collect();
    assert!(!refused.is_empty(), "the other client never got in the way");
    for at in refused {
        // Those already on their way can't be called back; nothing else is sent until the end.
        let flying = Duration::from_millis(100);
        let meanwhile = |call: &&&_| -> bool {
            let call: &locadocs::sandbox::calls::Call = call;
            call.at > at + flying && call.at < at + LOCKOUT
        };
        assert_eq!(ours.iter().filter(meanwhile).count(), 0);
    }
}
