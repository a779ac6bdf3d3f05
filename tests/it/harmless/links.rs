//! Links that go round, lead nowhere or are typed wrong, and names that no address could hold.

use axum::http::StatusCode;
use locadocs::{
    catalog::Release,
    content::{
        guide::StepKind,
        problem::Code,
        tables::{FieldKey as F, TableKey as T},
    },
};

use super::{
    published::{Public, assert_whole},
    wire::{Wire, WireRow},
};
use crate::api::harness::{Service as Api, noon};

const FIRST: &str = "recEtConnu0000001";
const SECOND: &str = "recEtQueDoc000001";

fn row(id: &str) -> WireRow {
    WireRow { id: id.to_owned(), cells: Default::default() }
}

/// Two steps that lead to each other, and to nothing else.
fn with_loop(mut wire: Wire) -> Wire {
    let choices = wire.rows(T::Choices);
    choices.retain(|choice| {
        let step = choice.cells.get(&F::Step);
        !step.is_some_and(|json| json.contains(FIRST) || json.contains(SECOND))
    });
    for (id, from, to) in [("recLoop000000001", FIRST, SECOND), ("recLoop000000002", SECOND, FIRST)]
    {
        let mut choice = row(id);
        choice.text(F::Label, "Tourner").link(F::Step, from).link(F::TargetStep, to);
        choices.push(choice);
    }
    wire
}

fn codes(problems: &[locadocs::content::problem::Problem]) -> Vec<Code> {
    problems.iter().map(|problem| problem.code).collect()
}

#[tokio::test]
async fn a_loop_keeps_the_last_good_guide_and_at_first_sight_leads_back_where_it_began() {
    let healthy = Wire::demo().build(None).release;
    let warm = with_loop(Wire::demo()).build(Some(&healthy));
    assert!(codes(&warm.problems).contains(&Code::CycleWithoutExit));
    assert!(codes(&warm.problems).contains(&Code::KeptLastGood));
    let kept = &warm.release.content().guides["urbanisme"];
    assert!(kept.is_stale);
    assert_eq!(kept.steps, healthy.content().guides["urbanisme"].steps);

    let cold = with_loop(Wire::demo()).build(None).release;
    assert_whole(&cold);
    let api = Api::empty(noon, locadocs::api::Settings::default());
    api.publish(cold);
    let round = "/v1/guides/urbanisme/walk?q.document-connu=tourner&q.que-cherchez-vous=tourner";
    assert_eq!(api.get(round).await.json()["current"]["slug"], "document-connu");

    let mended = Wire::demo().build(Some(&warm.release)).release;
    assert_eq!(mended.id(), healthy.id());
}

/// A second guide, and a choice of the first one that leads to it.
fn with_second_guide() -> Wire {
    let mut wire = Wire::demo();
    let mut guide = row("recSecond00000001");
    guide
        .text(F::Title, "Deuxième")
        .text(F::Status, "Publié")
        .link(F::FirstStep, "recSecondStep0001");
    wire.rows(T::Guides).push(guide);
    let mut step = row("recSecondStep0001");
    step.text(F::Title, "Fin").text(F::Status, "Publié").text(F::Type, "Impasse");
    step.link(F::Guide, "recSecond00000001");
    wire.rows(T::Steps).push(step);
    let mut choice = row("recToSecond000001");
    choice
        .text(F::Label, "Ailleurs")
        .link(F::Step, FIRST)
        .link(F::TargetGuide, "recSecond00000001");
    wire.rows(T::Choices).push(choice);
    wire
}

fn leads_to_second(release: &Release) -> bool {
    let first = &release.content().guides["urbanisme"].steps["document-connu"];
    first.choices.iter().any(|choice| choice.slug.as_str() == "ailleurs")
}

#[test]
fn a_choice_that_leads_to_a_guide_that_cannot_be_published_is_left_out_and_told() {
    let whole = with_second_guide().build(None);
    assert!(leads_to_second(&whole.release));

    let mut broken = with_second_guide();
    broken.row(T::Guides, "recSecond00000001").cells.remove(&F::FirstStep);
    let cold = broken.build(None);
    assert_whole(&cold.release);
    assert!(!leads_to_second(&cold.release));
    let told = cold.problems.iter().any(|problem| {
        problem.code == Code::UnpublishedLink
            && problem.place.field == Some(F::TargetGuide)
            && problem.place.record.as_ref().is_some_and(|id| id.as_str() == "recToSecond000001")
    });
    assert!(told, "{:?}", cold.problems);

    // The second guide stays as it last was, and so does the way to it.
    let warm = broken.build(Some(&whole.release));
    assert_whole(&warm.release);
    assert!(leads_to_second(&warm.release));
}

#[tokio::test]
async fn a_guide_kept_as_it_was_loses_the_document_that_was_deleted() {
    let healthy = Wire::demo().build(None).release;
    let mut wire = Wire::demo();
    wire.rows(T::Documents).retain(|document| document.id != "recDocPermis00001");
    let built = wire.build(Some(&healthy));
    assert!(codes(&built.problems).contains(&Code::KeptLastGood));
    assert_whole(&built.release);
    let guide = &built.release.content().guides["urbanisme"];
    assert!(guide.is_stale);
    assert_eq!(guide.steps["permis-resultat"].kind, StepKind::DeadEnd);
    Public::new(Wire::demo().ids()).assert_harmless(built.release).await;

    let mended = Wire::demo().build(Some(&healthy)).release;
    assert_eq!(mended.id(), healthy.id());
}

#[tokio::test]
async fn names_that_no_address_could_hold_are_replaced_and_told() {
    let names = [
        "a/b",
        "../..",
        "l'acte \"notarié\"",
        "?q=1#x",
        "%2e%2e%2f",
        "Été\n",
        "a\\b",
        "\u{202e}abc",
    ];
    for name in names {
        let mut wire = Wire::demo();
        for table in [T::Guides, T::Steps, T::Choices, T::Documents, T::Services, T::Territories] {
            for row in wire.rows(table) {
                row.text(F::Slug, name);
            }
        }
        let built = wire.build(None);
        assert!(codes(&built.problems).contains(&Code::UnusableSlug), "{name}");
        assert!(codes(&built.problems).contains(&Code::DuplicateSlug), "{name}");
        assert_whole(&built.release);
        let content = built.release.content();
        let expected = Wire::demo().build(None).release;
        assert_eq!(content.documents.len(), expected.content().documents.len(), "{name}");
        assert_eq!(content.holdings.len(), expected.content().holdings.len(), "{name}");
        Public::new(Wire::demo().ids()).assert_harmless(built.release).await;
    }
}

#[tokio::test]
async fn an_address_of_quotes_and_slashes_finds_nothing_and_breaks_nothing() {
    let api = Api::empty(noon, locadocs::api::Settings::default());
    api.publish(Wire::demo().build(None).release);
    for odd in
        ["%22", "a%2Fb", "..%2f..", "%27%20OR%201%3D1", "%00", "%FF", "%E2%80%AE", "<script>"]
    {
        for target in ["/v1/guides/", "/v1/documents/", "/v1/services/", "/v1/communes/"] {
            let uri = format!("{target}{}", odd.replace('<', "%3C").replace('>', "%3E"));
            let status = api.get(&uri).await.status;
            assert!(status.is_client_error(), "{uri}: {status}");
        }
        let locate =
            format!("/v1/locate?document={}&commune=35238", odd.replace(['<', '>'], "%3C"));
        assert_ne!(api.get(&locate).await.status, StatusCode::INTERNAL_SERVER_ERROR, "{locate}");
    }
}
