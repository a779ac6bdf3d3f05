//! What rounds tell of themselves: how changes are heard of, the calls, what is kept.

use std::{path::Path, sync::Arc};

use locadocs::{
    airtable::Client,
    sandbox::config::{DEFAULT_TOKEN, Scope, TokenGrant},
    store::Store,
    sync::{
        budget::{Budget, Meter},
        engine::{Engine, Follow, Settings},
        live::{Hearing, Live, SyncStatus},
        metrics::SyncMetrics,
    },
};
use rusqlite::Connection;

use crate::{
    api::harness::noon,
    fixture,
    harmless::harness::{World, demo_base},
};

fn engine(client: Client, follow: Follow, folder: &Path) -> Engine {
    let settings = Settings { follow, ..Settings::default() };
    let budget = Budget { monthly_calls: Some(1_000), ..Budget::default() };
    let meter = Arc::new(Meter::forgetful(budget, noon));
    Engine::new(client, settings, fixture::reference(), Arc::new(Live::default()), noon)
        .measured(Arc::new(SyncMetrics::default()), meter)
        .keeping(Store::open(folder).unwrap().store)
}

fn status(engine: &Engine) -> Arc<SyncStatus> {
    engine.live().status()
}

#[tokio::test]
async fn a_round_tells_how_it_hears_of_changes() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let polling = engine(world.client.clone(), Follow::Polling, folder.path());
    assert_eq!(status(&polling).hearing, Hearing::Unknown);
    polling.look().await.unwrap();
    let found = status(&polling);
    assert_eq!(found.hearing, Hearing::Polling { why: None });
    assert_eq!((found.last_full, found.drift), (Some(noon()), 0));
    assert_eq!(found.budget.as_ref().unwrap().limit, Some(1_000));
    assert_eq!(found.store_failure, None);
    drop(polling);

    let url = "http://127.0.0.1:9/hooks/airtable".parse().unwrap();
    let pinged = engine(world.client.clone(), Follow::Pings(url), folder.path());
    pinged.look().await.unwrap();
    assert_eq!(status(&pinged).hearing, Hearing::Pings);
    drop(pinged);

    let scopes = Scope::ALL.into_iter().filter(|scope| *scope != Scope::WebhookManage).collect();
    world.sandbox().revoke_token(DEFAULT_TOKEN);
    world.sandbox().grant(TokenGrant { scopes, ..TokenGrant::full(DEFAULT_TOKEN) });
    let folder = tempfile::tempdir().unwrap();
    let refused = engine(world.client.clone(), Follow::Polling, folder.path());
    refused.look().await.unwrap();
    match &status(&refused).hearing {
        Hearing::Listing { why: Some(why) } => assert!(why.contains("webhook:manage"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_round_that_cannot_be_kept_is_told_until_one_is() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(world.client.clone(), Follow::Polling, folder.path());
    engine.look().await.unwrap();
    let beside = Connection::open(folder.path().join("locadocs.sqlite")).unwrap();
    let trigger = "CREATE TRIGGER t BEFORE INSERT ON items BEGIN SELECT RAISE(ABORT, 'worn'); END";
    beside.execute_batch(trigger).unwrap();

    let base = demo_base();
    let guides = base.tables.iter().find(|table| table.name == "Guides").unwrap();
    let row = &guides.records[0].id;
    world.sandbox().set_cell(&base.id, "Guides", row, "Titre", &"Autre".into()).unwrap();
    engine.look().await.unwrap();
    let failure = status(&engine).store_failure.clone().unwrap();
    assert!(failure.contains("worn"), "{failure}");

    beside.execute_batch("DROP TRIGGER t").unwrap();
    // The whole base is kept again once it is read.
    engine.sync_once().await.unwrap();
    assert_eq!(status(&engine).store_failure, None);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_told() {
    let world = World::start().await;
    // No one may make a folder here, not even root.
    let engine = engine(world.client.clone(), Follow::Polling, Path::new("/proc/locadocs"));
    engine.look().await.unwrap();
    let failure = status(&engine).store_failure.clone().unwrap();
    assert!(
        failure.contains("/proc/locadocs") && failure.contains("nothing outlives"),
        "{failure}"
    );
}
