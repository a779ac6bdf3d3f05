//! Reading rows again: its price, and what is made of those that are not found.

use chrono::TimeDelta;
use locadocs::{
    airtable::Error,
    content::tables::TableKey,
    sandbox::config::{Config, Scope, TokenGrant},
    sync::{
        changes::Relevant,
        reread::{Pending, Reread, reread},
    },
};

use super::harness::{World, now, rows, step};

fn changed(key: TableKey, ids: impl IntoIterator<Item = &'static str>) -> Relevant {
    let mut relevant = Relevant::default();
    let rows = relevant.rows.entry(key).or_default();
    rows.reread = ids.into_iter().map(|id| id.parse().unwrap()).collect();
    relevant
}

#[tokio::test]
async fn a_thousand_changed_rows_cost_twelve_calls() {
    let world = World::start_with(Config::default(), 1_000).await;
    let feed = world.fresh(None).await;
    let steps: Vec<_> = (0..1_000).map(step).collect();
    world.retitle_steps(&steps, "Une autre question").await;
    let ((_, relevant), reading) = world.counting(world.changes(&feed)).await;
    let (rows, rereading) = world.counting(world.reread(&relevant, &Pending::default())).await;
    // Airtable writes ten rows at a time: 100 payloads, 50 of which come in a call.
    assert_eq!((reading, rereading), (2, 10));
    let found = &rows.tables[&TableKey::Steps].found;
    assert_eq!(found.len(), 1_000);
    assert!(found.iter().all(|row| row.fields_json().contains("Une autre question")));
    assert!(rows.pending.is_empty());
}

#[tokio::test]
async fn a_row_that_is_not_found_is_asked_for_again_for_some_minutes() {
    let world = World::start().await;
    let relevant = changed(TableKey::Guides, ["recPasEncore00001"]);
    let read = async |relevant: &Relevant, pending: &Pending, minutes| {
        let at = now() + TimeDelta::minutes(minutes);
        rows(reread(&world.client, &world.mapping, relevant, pending, at).await.unwrap())
    };
    let first = read(&relevant, &Pending::default(), 0).await;
    assert_eq!(first.pending.len(), 1);
    assert!(first.tables[&TableKey::Guides].gone.is_empty());

    let quiet = Relevant::default();
    let (second, calls) = world.counting(read(&quiet, &first.pending, 2)).await;
    assert_eq!((second.pending.len(), calls), (1, 1));
    let last = read(&quiet, &second.pending, 6).await;
    assert!(last.pending.is_empty());
    assert_eq!(last.tables[&TableKey::Guides].gone, relevant.rows[&TableKey::Guides].reread);

    let (_, calls) = world.counting(read(&quiet, &last.pending, 7)).await;
    assert_eq!(calls, 0);
}

#[tokio::test]
async fn what_is_refused_is_gone_only_if_the_schema_says_so() {
    let world = World::start().await;
    let guides = world.rows(TableKey::Guides);
    let mut relevant = Relevant::default();
    relevant.rows.entry(TableKey::Guides).or_default().reread.insert(guides[0].clone());
    let read = async |client, mapping| {
        reread(client, mapping, &relevant, &Pending::default(), now()).await
    };

    let mut elsewhere = world.mapping.clone();
    elsewhere.tables.get_mut(&TableKey::Guides).unwrap().id = "tblGone0000000000".parse().unwrap();
    let found = read(&world.client, &elsewhere).await.unwrap();
    assert!(matches!(found, Reread::SchemaChanged(_)), "{found:?}");

    let scopes = vec![Scope::SchemaRead];
    world.sandbox.grant(TokenGrant { scopes, ..TokenGrant::full("patBlind") });
    let blind = world.client_with("patBlind");
    let error = read(&blind, &world.mapping).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");

    let table = world.table(TableKey::Guides).as_str();
    world.sandbox.delete_field(world.base(), table, "Résumé").unwrap();
    let found = read(&world.client, &world.mapping).await.unwrap();
    let Reread::SchemaChanged(schema) = found else { panic!("a field is gone: {found:?}") };
    assert!(schema.table(world.table(TableKey::Guides)).is_some());
}
