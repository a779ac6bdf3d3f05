//! Telling caches what to drop: receivers that are slow, that fail, or that are not there.

use std::{sync::Arc, time::Duration};

use locadocs::{
    purge::{Couriers, Kept, PurgeMetrics, Settings, message::SigningKey, metrics::Attempt},
    sync::live::{Live, Publication},
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    airtable::server::{Received, Reply, Server},
    api::harness::noon,
    fixture::{self, Edit},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Couriers on a live publication.
struct Round {
    live: Arc<Live>,
    metrics: Arc<PurgeMetrics>,
    saved: Arc<Mutex<Option<String>>>,
    stopping: CancellationToken,
    running: JoinHandle<()>,
}

impl Round {
    /// Starts with the fixture public, and what an earlier run saved.
    fn start(urls: &[&Url], saved: Option<&str>) -> Self {
        let live = Arc::new(Live::default());
        publish(&live, &[]);
        let settings = Settings {
            timeout: Duration::from_millis(500),
            backoff_min: Duration::from_millis(2),
            backoff_max: Duration::from_millis(20),
            ..Settings::new(
                urls.iter().map(|url| (*url).clone()).collect(),
                SigningKey::new(SECRET.into()).unwrap(),
            )
        };
        let metrics = Arc::new(PurgeMetrics::default());
        let kept_text = Arc::new(Mutex::new(saved.map(str::to_owned)));
        let sink = Arc::clone(&kept_text);
        let save = move |text: &str| {
            *sink.lock() = Some(text.to_owned());
            Ok(())
        };
        let kept = Kept::new(saved, Box::new(save));
        let couriers = Couriers::new(settings, kept, Arc::clone(&metrics), noon).unwrap();
        let stopping = CancellationToken::new();
        let running = tokio::spawn(couriers.run(Arc::clone(&live), stopping.clone()));
        Self { live, metrics, saved: kept_text, stopping, running }
    }

    async fn until_delivered(&self, count: u64) {
        until(|| self.metrics.count(Attempt::Delivered) >= count).await;
    }

    /// Ends the couriers, and gives what they saved.
    async fn stop(self) -> Option<String> {
        self.stopping.cancel();
        self.running.await.unwrap();
        self.saved.lock().clone()
    }
}

/// Waits until something is so, for a while.
async fn until(is_so: impl Fn() -> bool) {
    let poll = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), poll).await.expect("it never is");
}

fn publish(live: &Live, edits: &[(usize, Edit)]) {
    live.publish(Publication { release: fixture::edited(edits), published_at: noon() });
}

fn name(live: &Live) -> String {
    live.publication().unwrap().release.id().to_string()
}

fn took() -> Reply {
    Reply::new(204, "", "")
}

fn header<'a>(received: &'a Received, name: &str) -> &'a str {
    let lines = received.head.lines();
    lines.filter_map(|line| line.split_once(": ")).find(|(found, _)| *found == name).unwrap().1
}

/// The tags of all messages that were taken, as a cache would drop them.
fn tags(message: &Received) -> Vec<String> {
    serde_json::from_value(message.json()["tags"].clone()).unwrap()
}

#[tokio::test]
async fn a_release_is_told_signed_and_by_its_tags() {
    let server = Server::in_turn([took()]).await;
    let round = Round::start(&[&server.url], None);
    round.until_delivered(1).await;
    let first = name(&round.live);
    publish(&round.live, &[(0, Edit::Reword(1))]);
    round.until_delivered(2).await;
    let [everything, changed] = server.received().try_into().unwrap();
    assert_eq!(
        everything.json(),
        json!({
            "type": "purge", "release": first, "previous": null,
            "publishedAt": "2026-11-23T12:00:00Z", "tags": ["content"],
        })
    );
    assert_eq!(changed.json()["previous"], first);
    assert_eq!(changed.json()["release"], name(&round.live));
    assert!(tags(&changed).contains(&"release".to_owned()));
    assert!(!tags(&changed).contains(&"content".to_owned()));
    for message in [&everything, &changed] {
        assert_eq!(message.method, "POST");
        assert_eq!(header(message, "content-type"), "application/json");
        let timestamp: i64 = header(message, "webhook-timestamp").parse().unwrap();
        assert_eq!(timestamp, noon().timestamp());
        let key = SigningKey::new(SECRET.into()).unwrap();
        let signature = key.sign(header(message, "webhook-id"), timestamp, &message.body);
        // The server's log is in lower case.
        assert_eq!(header(message, "webhook-signature"), signature.to_lowercase());
    }
    assert_ne!(header(&everything, "webhook-id"), header(&changed, "webhook-id"));
}

#[tokio::test]
async fn a_message_that_is_not_taken_comes_again_under_its_name() {
    let refusals = [
        Reply::new(500, "", "oops"),
        Reply::new(429, "retry-after: 1\r\n", ""),
        Reply::new(307, "location: /elsewhere\r\n", ""),
        Reply::dropped(),
        Reply::Hang(Vec::new()),
        Reply::new(404, "", ""),
        took(),
    ];
    let failures = refusals.len() as u64 - 1;
    let server = Server::in_turn(refusals).await;
    let round = Round::start(&[&server.url], None);
    round.until_delivered(1).await;
    assert_eq!(round.metrics.count(Attempt::Failed), failures);
    let received = server.received();
    assert!(received.iter().all(|message| message.url.path() == "/"), "redirects are not followed");
    let ids: Vec<_> = received.iter().map(|message| header(message, "webhook-id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert!(received.iter().all(|message| message.body == received[0].body));
}

#[tokio::test]
async fn a_receiver_that_is_away_keeps_no_other_waiting() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let away: Url = format!("http://{}", gone.local_addr().unwrap()).parse().unwrap();
    drop(gone);
    let here = Server::in_turn([took()]).await;
    let round = Round::start(&[&away, &here.url], None);
    let mut releases = vec![name(&round.live)];
    for number in 1..4 {
        round.until_delivered(number).await;
        publish(&round.live, &[(0, Edit::Reword(number as u8))]);
        releases.push(name(&round.live));
    }
    round.until_delivered(4).await;
    assert!(round.metrics.count(Attempt::Failed) > 0);
    let told: Vec<_> =
        here.received().iter().map(|message| message.json()["release"].clone()).collect();
    assert_eq!(told, releases);
    round.stop().await;
}

#[tokio::test]
async fn later_purges_join_the_one_that_waits() {
    let gate = Arc::new(tokio::sync::Barrier::new(2));
    // The first attempt is held until two more releases have come, and then fails.
    let server = Server::in_turn([Reply::new(500, "", "").together(&gate), took()]).await;
    let round = Round::start(&[&server.url], None);
    until(|| server.received().len() == 1).await;
    publish(&round.live, &[(0, Edit::Reword(1))]);
    publish(&round.live, &[(0, Edit::Reword(2))]);
    let last = name(&round.live);
    gate.wait().await;
    until(|| server.received().iter().any(|message| message.json()["release"] == last)).await;
    let received = server.received();
    let message = received.last().unwrap();
    assert_eq!(message.json()["previous"], Value::Null, "as far back as the first that waited");
    let tags = tags(message);
    assert!(
        tags.contains(&"content".to_owned()) && tags.contains(&"release".to_owned()),
        "{tags:?}"
    );
    assert_ne!(header(message, "webhook-id"), header(&received[0], "webhook-id"));
}

#[tokio::test]
async fn a_receiver_that_wants_no_more_is_left_alone() {
    let server = Server::in_turn([Reply::new(410, "", ""), took()]).await;
    let round = Round::start(&[&server.url], None);
    until(|| round.metrics.count(Attempt::Gone) == 1).await;
    publish(&round.live, &[(0, Edit::Reword(1))]);
    round.stop().await;
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_restart_tells_only_those_who_were_not_told_all() {
    let server = Server::in_turn([took()]).await;
    let round = Round::start(&[&server.url], None);
    round.until_delivered(1).await;
    let saved = round.stop().await;
    assert!(!saved.as_ref().unwrap().contains("127.0.0.1"), "an address may hold a token");

    // The same release: nothing to say. The other receiver knows of none.
    let other = Server::in_turn([took()]).await;
    let round = Round::start(&[&server.url, &other.url], saved.as_deref());
    round.until_delivered(1).await;
    assert_eq!((server.received().len(), other.received().len()), (1, 1));
    round.stop().await;

    // A run that ends before a receiver has taken a message owes it all.
    let failing = Server::in_turn([Reply::new(500, "", "")]).await;
    let round = Round::start(&[&failing.url], None);
    until(|| round.metrics.count(Attempt::Failed) > 0).await;
    let saved = round.stop().await;
    let round = Round::start(&[&failing.url], saved.as_deref());
    until(|| round.metrics.count(Attempt::Failed) > 0).await;
    assert_eq!(tags(failing.received().last().unwrap()), ["content"]);
}
