//! Keeping the webhook alive and its pings coming.

use std::time::Duration;

use axum::http::StatusCode;
use chrono::{TimeDelta, Utc};
use locadocs::{
    content::tables::TableKey,
    sandbox::{
        config::Config,
        faults::{Fault, FaultRule},
    },
    sync::{
        changes::Changes,
        feed::{FeedError, Loss, Pings, upkeep},
    },
};
use serde_json::json;
use tokio::net::TcpListener;

use super::harness::{World, client, now};
use crate::airtable::server::{Reply, Server};

#[tokio::test]
async fn a_webhook_that_is_refreshed_daily_lives_on() {
    let world = World::start().await;
    let mut feed = world.fresh(None).await;
    let start = now();
    for day in 1..=20 {
        let day = TimeDelta::days(day);
        world.sandbox.advance_clock(TimeDelta::days(1).to_std().unwrap());
        assert!(feed.is_upkeep_due(&Changes::since(feed.cursor), None, start + day));
        let (kept, calls) = world.counting(upkeep(&world.client, feed, start + day)).await;
        let kept = kept.unwrap();
        assert_eq!((kept.pings, calls), (Pings::Unused, 2));
        feed = kept.state;
        assert!(!feed.is_upkeep_due(&Changes::since(feed.cursor), None, start + day));
    }
    world.make(TableKey::Guides, "Après trois semaines");
    assert_eq!(world.changes(&feed).await.0.payloads, 1);
    assert!(feed.expires_at.unwrap() > start + TimeDelta::days(26));
}

#[tokio::test]
async fn pings_that_airtable_turned_off_are_turned_on_again() {
    let config = Config { ping_backoff: Duration::from_micros(1), ..Config::default() };
    let world = World::start_with(config, 0).await;
    // A port where no one listens any more.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/airtable", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let feed = world.fresh(Some(&url)).await;
    world.make(TableKey::Guides, "Un guide");
    while world.webhooks().await[0].are_notifications_enabled {
        tokio::task::yield_now().await;
    }

    let (changes, _) = world.changes(&feed).await;
    assert_eq!(changes.payloads, 1, "payloads are made nevertheless");
    let later = Utc::now() + TimeDelta::hours(2);
    assert!(feed.is_upkeep_due(&changes, None, later), "no ping announced it");
    let kept = upkeep(&world.client, feed, later).await.unwrap();
    assert_eq!(kept.pings, Pings::TurnedOn);
    assert!(world.webhooks().await[0].are_notifications_enabled);
    let kept = upkeep(&world.client, kept.state, later).await.unwrap();
    assert_eq!(kept.pings, Pings::On);
}

#[tokio::test]
async fn pings_that_airtable_does_not_turn_on_are_told() {
    let world = World::start().await;
    let url = "http://127.0.0.1:9/hooks/airtable".parse().unwrap();
    let feed = world.fresh(Some(&url)).await;
    turn_off(&world, &feed.webhook.0).await;
    let refused = Fault::status(StatusCode::UNPROCESSABLE_ENTITY, "NOTIFICATION_URL_UNREACHABLE");
    world.sandbox.faults().add(FaultRule::new(refused).on_path("*/enableNotifications"));
    let kept = upkeep(&world.client, feed, now()).await.unwrap();
    assert!(matches!(kept.pings, Pings::StayOff { .. }), "{:?}", kept.pings);
}

async fn turn_off(world: &World, webhook: &str) {
    let path = format!("v0/bases/{}/webhooks/{webhook}/enableNotifications", world.base());
    let request = reqwest::Client::new()
        .post(world.sandbox.url().join(&path).unwrap())
        .bearer_auth(locadocs::sandbox::config::DEFAULT_TOKEN)
        .json(&json!({ "enable": false }));
    assert!(request.send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn a_webhook_that_is_gone_expired_or_disabled_is_lost() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    let webhook = |id: &str, is_enabled: bool, expires: &str| {
        json!({
            "id": id, "specification": {}, "notificationUrl": null, "cursorForNextPayload": 1,
            "areNotificationsEnabled": true, "isHookEnabled": is_enabled, "expirationTime": expires,
        })
    };
    let later = "2126-01-01T00:00:00.000Z";
    for (webhook, expected) in [
        (webhook("achOther", true, later), "it is not there any more"),
        (webhook(&feed.webhook.0, false, later), "Airtable disabled it"),
        (webhook(&feed.webhook.0, true, "2026-01-01T00:00:00.000Z"), "it expired"),
    ] {
        let body = json!({ "webhooks": [webhook] }).to_string();
        let server = Server::in_turn([Reply::json(200, body)]).await;
        let client = client(&server.url, world.base(), "pat");
        match upkeep(&client, feed.clone(), now()).await {
            Err(FeedError::Lost { loss, .. }) => assert_eq!(loss.to_string(), expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
    // Expired for Airtable, whose clock is ahead of ours.
    world.sandbox.advance_clock(TimeDelta::days(8).to_std().unwrap());
    let error = upkeep(&world.client, feed, now()).await.unwrap_err();
    assert!(matches!(error, FeedError::Lost { loss: Loss::Refused(_), .. }), "{error:?}");
}
