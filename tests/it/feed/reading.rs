//! What the feed tells, and what that costs.

use std::collections::BTreeSet;

use locadocs::{
    airtable::meta::{FieldFormat, NewField},
    content::tables::TableKey,
    sync::{feed::read, reread::Pending},
};

use super::harness::{World, ids};

#[tokio::test]
async fn an_idle_round_costs_one_call() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    let (changes, calls) = world.counting(read(&world.client, &feed)).await;
    let changes = changes.unwrap();
    assert_eq!((changes.is_empty(), changes.cursor, changes.payloads, calls), (true, 1, 0, 1));
}

#[tokio::test]
async fn edits_creations_and_deletions_are_told_and_read_again() {
    let world = World::start().await;
    let mut feed = world.fresh(None).await;
    let guides = world.rows(TableKey::Guides);
    world.retitle(TableKey::Guides, &guides[0], "Un autre titre");
    let made = world.make(TableKey::Guides, "Un guide");
    world.delete(TableKey::Guides, &guides[1]);
    let dropped = world.make(TableKey::Guides, "Pour rien");
    world.delete(TableKey::Guides, &dropped);

    let ((changes, relevant), calls) = world.counting(world.changes(&feed)).await;
    assert_eq!((changes.payloads, calls), (5, 1));
    assert!(!relevant.is_schema_changed);
    let (rows, calls) = world.counting(world.reread(&relevant, &Pending::default())).await;
    // The rows that linked to the deleted one changed as well: one call for each table.
    assert_eq!(calls, rows.tables.values().filter(|rows| !rows.found.is_empty()).count());
    let guide_rows = &rows.tables[&TableKey::Guides];
    assert_eq!(ids(&guide_rows.found), ids_of(&[&guides[0], &made]));
    assert!(guide_rows.found.iter().any(|row| row.fields_json().contains("Un autre titre")));
    assert_eq!(guide_rows.gone, BTreeSet::from([guides[1].clone(), dropped]));
    assert!(rows.pending.is_empty());

    feed.cursor = changes.cursor;
    let (changes, _) = world.changes(&feed).await;
    assert!(changes.is_empty(), "{changes:?}");
}

fn ids_of<T: Clone + Ord>(ids: &[&T]) -> Vec<T> {
    let mut ids: Vec<_> = ids.iter().map(|id| (*id).clone()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn one_edited_row_costs_two_calls() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    world.retitle(TableKey::Steps, &world.rows(TableKey::Steps)[3], "Une autre question");
    let round = async {
        let (_, relevant) = world.changes(&feed).await;
        world.reread(&relevant, &Pending::default()).await
    };
    let (rows, calls) = world.counting(round).await;
    assert_eq!(rows.tables[&TableKey::Steps].found.len(), 1);
    assert_eq!((rows.tables.len(), calls), (1, 2));
}

#[tokio::test]
async fn only_changes_of_what_is_mapped_touch_the_schema() {
    let world = World::start().await;
    let mut feed = world.fresh(None).await;
    let (base, table) = (world.base(), world.table(TableKey::Steps).clone());
    let field = |name: &str| NewField {
        name: name.into(),
        description: String::new(),
        format: FieldFormat::SingleLineText,
    };
    let expect = async |feed: &mut _, expected: bool| {
        let (changes, relevant) = world.changes(feed).await;
        assert!(!changes.is_empty());
        assert_eq!(relevant.is_schema_changed, expected, "{changes:?}");
        feed.cursor = changes.cursor;
    };
    world.client.create_field(&table, &field("Notes internes")).await.unwrap();
    expect(&mut feed, false).await;
    world.sandbox.rename_field(base, table.as_str(), "Notes internes", "Notes").unwrap();
    expect(&mut feed, false).await;
    world.sandbox.rename_field(base, table.as_str(), "Titre", "Intitulé").unwrap();
    expect(&mut feed, true).await;
    world.sandbox.delete_field(base, table.as_str(), "Contenu").unwrap();
    expect(&mut feed, true).await;
    world.sandbox.rename_table(base, table.as_str(), "Questions").unwrap();
    expect(&mut feed, true).await;
}

#[tokio::test]
async fn many_payloads_are_read_to_the_end() {
    let world = World::start().await;
    let feed = world.fresh(None).await;
    let steps = world.rows(TableKey::Steps);
    for n in 0..120 {
        world.retitle(TableKey::Steps, &steps[n % 30], &format!("Question {n}"));
    }
    let ((changes, relevant), calls) = world.counting(world.changes(&feed)).await;
    assert_eq!((changes.payloads, changes.cursor, calls), (120, 121, 3));
    assert_eq!(relevant.rows[&TableKey::Steps].reread, steps[..30].iter().cloned().collect());
}
