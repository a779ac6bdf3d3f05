//! Coming to a webhook: made, kept, adopted, replaced, or refused.

use chrono::TimeDelta;
use locadocs::{
    airtable::webhooks::DataType,
    content::tables::TableKey,
    sandbox::config::{Scope, TokenGrant},
    sync::feed::{Ensured, FeedState, Origin, Refusal, ensure, replace},
};
use url::Url;

use super::harness::{World, fresh, now};

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

async fn ensured(world: &World, kept: Option<FeedState>, url: Option<&Url>) -> Ensured {
    ensure(&world.client, kept, url, now()).await.unwrap()
}

fn refusal(ensured: Ensured) -> Refusal {
    match ensured {
        Ensured::Unavailable(refusal) => refusal,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

#[tokio::test]
async fn a_webhook_is_made_once_and_then_kept_without_a_call() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    let text = serde_json::to_string(&feed).unwrap();
    let again = serde_json::from_str(&text).unwrap();
    let (kept, calls) = world.counting(ensured(&world, Some(again), None)).await;
    assert!(matches!(kept, Ensured::Kept(state) if state.webhook == feed.webhook));
    assert_eq!(calls, 0);
}

#[tokio::test]
async fn a_service_that_forgot_its_webhook_adopts_it() {
    let world = World::start().await;
    let first = world.fresh(None).await;
    world.retitle(TableKey::Guides, &world.rows(TableKey::Guides)[0], "Pendant l'arrêt");
    for _ in 0..12 {
        let feed = fresh(ensured(&world, None, None).await, Origin::Adopted);
        assert_eq!(feed.webhook, first.webhook);
        assert_eq!(feed.cursor, 2, "what came before is for the full round");
        assert!(world.changes(&feed).await.0.is_empty());
    }
    assert_eq!(world.webhook_ids().await.len(), 1);
}

#[tokio::test]
async fn webhooks_that_watch_less_or_ping_elsewhere_are_left_alone() {
    let world = World::start().await;
    world.client.create_webhook(&[DataType::TableData], None).await.unwrap();
    let elsewhere = url("http://127.0.0.1:9/theirs");
    world.client.create_webhook(&DataType::ALL, Some(&elsewhere)).await.unwrap();
    world.fresh(None).await;
    assert_eq!(world.webhook_ids().await.len(), 3);
    world.fresh(Some(&url("http://127.0.0.1:9/ours"))).await;
    assert_eq!(world.webhook_ids().await.len(), 4);
}

#[tokio::test]
async fn a_webhook_whose_key_was_lost_is_made_anew() {
    let world = World::start().await;
    let ours = url("http://127.0.0.1:9/hooks/airtable");
    let first = world.fresh(Some(&ours)).await;
    let second = world.fresh(Some(&ours)).await;
    assert_ne!(first.webhook, second.webhook);
    assert!(second.secret.is_some());
    assert_eq!(world.webhook_ids().await, [second.webhook.0]);
}

#[tokio::test]
async fn a_webhook_follows_the_service_to_another_address() {
    let world = World::start().await;
    let mut feed = world.fresh(None).await;
    for url in [Some(url("http://127.0.0.1:9/a")), Some(url("http://127.0.0.1:9/b")), None] {
        feed = fresh(ensured(&world, Some(feed), url.as_ref()).await, Origin::Created);
        assert_eq!(feed.notification_url, url);
        assert_eq!(world.webhook_ids().await, [feed.webhook.0.as_str()]);
    }
}

#[tokio::test]
async fn a_webhook_near_its_end_is_replaced() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    let later = now() + TimeDelta::days(8);
    world.sandbox.advance_clock(TimeDelta::days(8).to_std().unwrap());
    let found = ensure(&world.client, Some(feed.clone()), None, later).await.unwrap();
    let other = fresh(found, Origin::Created);
    assert_eq!(world.webhook_ids().await, [other.webhook.0.as_str()]);
    assert_ne!(other.webhook, feed.webhook);
}

#[tokio::test]
async fn a_webhook_that_was_adopted_is_left_to_whoever_made_it() {
    let world = World::start().await;
    let first = world.fresh(None).await;
    let adopted = fresh(ensured(&world, None, None).await, Origin::Adopted);
    let other = replace(&world.client, &adopted, None, now()).await.unwrap();
    let other = fresh(other, Origin::Created);
    let mut expected = [first.webhook.0, other.webhook.0];
    let mut found = world.webhook_ids().await;
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_token_without_the_scope_is_told_apart() {
    let world = World::start().await;
    for missing in [Scope::WebhookManage, Scope::RecordsRead] {
        let token = format!("pat{}", missing.name().replace([':', '.'], ""));
        let scopes = Scope::ALL.into_iter().filter(|scope| *scope != missing).collect();
        world.sandbox.grant(TokenGrant { scopes, ..TokenGrant::full(&token) });
        let found = ensure(&world.client_with(&token), None, None, now()).await.unwrap();
        assert_eq!(refusal(found), Refusal::Scope, "{missing:?}");
    }
}

#[tokio::test]
async fn a_base_with_ten_webhooks_gives_no_other() {
    let world = World::start().await;
    for _ in 0..10 {
        world.client.create_webhook(&[DataType::TableData], None).await.unwrap();
    }
    assert_eq!(refusal(ensured(&world, None, None).await), Refusal::Full);
    let address = url("ftp://127.0.0.1/");
    world.client.delete_webhook(&world.webhooks().await[0].id).await.unwrap();
    let found = refusal(ensured(&world, None, Some(&address)).await);
    assert!(matches!(found, Refusal::Other { message: Some(_) }), "{found:?}");
    world.fresh(None).await;
}
