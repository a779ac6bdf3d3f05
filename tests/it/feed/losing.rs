//! A webhook that can't be relied on any more is replaced; trouble on the way is only trouble.

use std::time::Duration;

use axum::http::StatusCode;
use chrono::TimeDelta;
use locadocs::{
    airtable::Error,
    content::tables::TableKey,
    sandbox::{
        config::{Scope, TokenGrant},
        faults::{Fault, FaultRule},
    },
    sync::{
        changes::Gap,
        feed::{Ensured, FeedError, FeedState, Loss, Origin, Refusal, read, replace},
    },
};
use serde_json::{Value, json};

use super::harness::{World, client, fresh, now};
use crate::airtable::server::{Reply, Server};

fn loss<T: std::fmt::Debug>(result: Result<T, FeedError>) -> Loss {
    match result {
        Err(FeedError::Lost { loss, .. }) => loss,
        other => panic!("expected a loss, found {other:?}"),
    }
}

/// Another webhook takes its place, and tells what changes from then on.
async fn assert_replaced(world: &World, lost: &FeedState) {
    let other = replace(&world.client, lost, None, now()).await.unwrap();
    let other = fresh(other, Origin::Created);
    assert_eq!(world.webhook_ids().await, [other.webhook.0.as_str()]);
    world.make(TableKey::Guides, "Après");
    assert_eq!(world.changes(&other).await.0.payloads, 1);
}

#[tokio::test]
async fn one_that_was_deleted_is_replaced() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    world.client.delete_webhook(&feed.webhook).await.unwrap();
    assert!(matches!(loss(read(&world.client, &feed).await), Loss::Refused(_)));
    assert_replaced(&world, &feed).await;
}

#[tokio::test]
async fn one_whose_payloads_are_gone_is_replaced() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    for _ in 0..3 {
        world.make(TableKey::Guides, "Avant");
    }
    let week = TimeDelta::days(7).to_std().unwrap();
    world.sandbox.advance_clock(week - Duration::from_secs(1));
    world.client.webhook_payloads(&feed.webhook, 4).await.unwrap();
    world.sandbox.advance_clock(Duration::from_secs(1));
    world.make(TableKey::Guides, "Après une semaine");
    let found = loss(read(&world.client, &feed).await);
    assert!(matches!(found, Loss::Gap(Gap::Missing { expected: 1, found: 4 })), "{found:?}");
    assert_replaced(&world, &feed).await;
}

#[tokio::test]
async fn one_that_never_reached_the_cursor_is_replaced() {
    let world = World::start().await;
    let feed = FeedState { cursor: 70, ..world.fresh(None).await };
    assert!(matches!(loss(read(&world.client, &feed).await), Loss::Refused(_)));
    assert_replaced(&world, &feed).await;
}

#[tokio::test]
async fn one_that_airtable_refuses_to_speak_of_is_lost() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    for (status, kind) in [
        (StatusCode::FORBIDDEN, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"),
        (StatusCode::NOT_FOUND, "NOT_FOUND"),
        (StatusCode::UNPROCESSABLE_ENTITY, "INVALID_REQUEST_UNKNOWN"),
    ] {
        let rule = FaultRule::new(Fault::status(status, kind)).on_path("*/payloads");
        world.sandbox.faults().add(rule.times(1));
        let found = loss(read(&world.client, &feed).await);
        assert!(matches!(found, Loss::Refused(_)), "{status}: {found:?}");
    }
}

#[tokio::test]
async fn a_token_that_lost_the_scope_gets_no_other() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    let scopes = Scope::ALL.into_iter().filter(|scope| *scope != Scope::WebhookManage).collect();
    let token = TokenGrant { scopes, ..TokenGrant::full("patWithoutHooks") };
    world.sandbox.grant(token);
    let client = world.client_with("patWithoutHooks");
    assert!(matches!(loss(read(&client, &feed).await), Loss::Refused(_)));
    let found = replace(&client, &feed, None, now()).await.unwrap();
    assert!(matches!(found, Ensured::Unavailable(Refusal::Scope)), "{found:?}");
}

#[tokio::test]
async fn a_base_that_is_refused_whole_is_no_lack_of_the_scope() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    let refused = Fault::status(StatusCode::FORBIDDEN, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND");
    world.sandbox.faults().add(FaultRule::new(refused));
    let error = replace(&world.client, &feed, None, now()).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
}

#[tokio::test]
async fn trouble_on_the_way_loses_nothing() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    world.make(TableKey::Guides, "Un guide");
    for fault in [
        Fault::status(StatusCode::SERVICE_UNAVAILABLE, "X"),
        Fault::status(StatusCode::UNAUTHORIZED, "AUTHENTICATION_REQUIRED"),
        Fault::Html { status: 200 },
        Fault::Truncate { bytes: 40 },
        Fault::Drop,
    ] {
        world.sandbox.faults().add(FaultRule::new(fault.clone()).on_path("/v0/bases/*"));
        let error = read(&world.client, &feed).await.unwrap_err();
        assert!(matches!(error, FeedError::Airtable(_)), "{fault:?}: {error:?}");
        world.sandbox.faults().clear();
        assert_eq!(world.changes(&feed).await.0.payloads, 1, "{fault:?}");
    }
}

/// What is lost with an Airtable that answers this to a reading from cursor 1.
async fn loss_with(pages: &[Value]) -> Loss {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    let replies: Vec<_> = pages.iter().map(|page| Reply::json(200, page.to_string())).collect();
    let server = Server::in_turn(replies).await;
    loss(read(&client(&server.url, world.base(), "pat"), &feed).await)
}

#[tokio::test]
async fn answers_that_do_not_tell_all_are_a_loss() {
    let failed = json!({ "error": true, "code": "INVALID_HOOK", "payloadFormat": "v0" });
    let page = |payloads, cursor, more| json!({ "payloads": payloads, "cursor": cursor, "mightHaveMore": more });
    let found = loss_with(&[page(json!([{}]), 2, true), page(json!([failed]), 3, false)]).await;
    assert!(matches!(found, Loss::Gap(Gap::Failed { code: Some(_) })), "{found:?}");
    let found = loss_with(&[page(json!([]), 1, true)]).await;
    assert!(matches!(found, Loss::Gap(Gap::Missing { .. })), "{found:?}");
    let found = loss_with(&[json!({ "payloads": "something else" })]).await;
    assert!(matches!(found, Loss::Unreadable(_)), "{found:?}");
    let endless: Vec<_> = (2..=300).map(|cursor| page(json!([{}]), cursor, true)).collect();
    let found = loss_with(&endless).await;
    assert!(matches!(found, Loss::Backlog), "{found:?}");
}

#[tokio::test]
async fn webhooks_that_are_lost_again_and_again_are_done_without_for_a_day() {
    let world = World::start().await;
    let mut feed = world.fresh(None).await;
    for _ in 0..10 {
        world.client.delete_webhook(&feed.webhook).await.unwrap();
        feed = fresh(replace(&world.client, &feed, None, now()).await.unwrap(), Origin::Created);
    }
    let (found, calls) = world.counting(replace(&world.client, &feed, None, now())).await;
    assert!(matches!(found.unwrap(), Ensured::Unavailable(Refusal::Unreliable)));
    assert_eq!(calls, 0);
    let tomorrow = now() + TimeDelta::days(1);
    fresh(replace(&world.client, &feed, None, tomorrow).await.unwrap(), Origin::Created);
}
