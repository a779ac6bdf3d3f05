//! Much more than anyone expected: in a cell, or on a step.

use std::{collections::BTreeMap, sync::Arc};

use axum::http::StatusCode;
use locadocs::content::{
    problem::Code,
    tables::{FieldKey as F, FieldKind, TableKey as T},
};

use super::{
    harness::{GUIDE, LOCATE},
    published::{Public, assert_whole},
    wire::{Wire, WireRow, published_tables},
};
use crate::api::harness::{Service as Api, noon};

/// Repeated, each is hard on some parser: deeply nested, never closed, or cut into many.
const UNITS: [&str; 4] = ["à ", "> ", "<airtable:mention>", "2A004,"];

fn megabyte(unit: &str) -> String {
    unit.repeat(1_000_000 / unit.len())
}

fn is_text(kind: FieldKind) -> bool {
    !matches!(kind, FieldKind::Links(_) | FieldKind::Attachments)
}

#[tokio::test]
async fn a_megabyte_in_a_cell_is_cut_and_told_and_the_rest_is_published() {
    let public = Public::new(Wire::demo().ids());
    for unit in UNITS {
        let json: Arc<str> = serde_json::to_string(&megabyte(unit)).unwrap().into();
        let mut wire = Wire::demo();
        for table in published_tables() {
            let fields = table.def().fields.iter().filter(|field| is_text(field.kind));
            for (row, field) in wire.rows(table).iter_mut().zip(fields) {
                row.cells.insert(field.key, Arc::clone(&json));
            }
        }
        let built = wire.build(None);
        assert!(built.problems.iter().any(|p| p.code == Code::TextTooLong), "{unit}");
        assert!(built.problems.len() < 1_000, "{unit}: {}", built.problems.len());
        assert!(built.problems.iter().all(|p| p.message.len() < 1_000), "{unit}");
        assert_whole(&built.release);
        public.assert_harmless(built.release).await;
    }
}

#[tokio::test]
async fn a_guide_with_a_megabyte_of_text_is_still_served() {
    let mut wire = Wire::demo();
    let text = megabyte("Un paragraphe de plus, avec **du gras**.\n\n");
    wire.row(T::Steps, "recEtPermisCont01").text(F::Content, &text);
    let api = Api::empty(noon, locadocs::api::Settings::default());
    publish(&api, &wire);
    assert_eq!(api.get(LOCATE).await.status, StatusCode::OK);
    let answer = api.get(GUIDE).await;
    assert_eq!(answer.status, StatusCode::OK);
    eprintln!("a megabyte in a cell: {} bytes of guide", answer.body.len());
}

#[tokio::test]
async fn a_step_with_ten_thousand_choices_is_still_served() {
    let mut wire = Wire::demo();
    for number in 0..10_000 {
        // A thousand labels, and so a thousand slugs for ten choices each.
        let label = format!("Choix {}", number % 1_000);
        let mut row = WireRow { id: format!("recChoice{number:08}"), cells: BTreeMap::new() };
        row.text(F::Label, &label).link(F::Step, "recEtConnu0000001");
        row.link(F::TargetStep, "recEtQueDoc000001");
        wire.rows(T::Choices).push(row);
    }
    let api = Api::empty(noon, locadocs::api::Settings::default());
    let told = publish(&api, &wire);
    assert!(told >= 9_000, "{told}");
    let guide = api.get(GUIDE).await;
    let first_step = &guide.json()["steps"][0];
    assert_eq!(first_step["choices"].as_array().unwrap().len(), 10_002);
    let walk = api.get(&format!("{GUIDE}/walk?q.document-connu=choix-999-10")).await;
    assert_eq!(walk.status, StatusCode::OK, "{}", walk.text());
    let unknown = api.get(&format!("{GUIDE}/walk?q.document-connu=autre")).await;
    assert_eq!(unknown.problem()["code"], "unknown-choice");
    eprintln!(
        "ten thousand choices: {} bytes of guide, {} of walk, {} of problem",
        guide.body.len(),
        walk.body.len(),
        unknown.body.len()
    );
}

/// Publishes what a base gives; how many problems there are.
fn publish(api: &Api, wire: &Wire) -> usize {
    let built = wire.build(None);
    assert_whole(&built.release);
    api.publish(built.release);
    built.problems.len()
}
