//! What stays public when an editor's slip takes something away.

use super::{errors, slug};
use crate::{
    catalog::fixture::{Base, links, select, text},
    content::{
        cell::Cell,
        guide::StepKind,
        problem::Code,
        tables::{FieldKey as F, TableKey as T},
    },
};

#[test]
fn a_broken_guide_stays_as_it_was_and_moves_on_when_mended() {
    let good = Base::sound().build(None).release;
    let slips = [
        Base::sound().without(T::Guides, "recG", F::FirstStep),
        Base::sound().delete(T::Steps, "recQ"),
        Base::sound().without(T::Choices, "recA1", F::TargetStep),
        Base::sound().delete(T::Steps, "recD"),
        Base::sound().without(T::Steps, "recR", F::Document),
        Base::sound().with(T::Choices, "recA5", [(F::TargetStep, links(&["recC"]))]),
    ];
    for slip in slips {
        let broken = slip.build(Some(&good));
        let kept = &broken.release.content().guides[&slug("urbanisme")];
        assert!(kept.is_stale);
        assert_eq!(kept.steps.len(), 6);
        assert!(errors(&broken.problems).contains(&Code::KeptLastGood), "{:#?}", broken.problems);
        let again = slip.build(Some(&broken.release));
        assert_eq!(again.release.id(), broken.release.id(), "still broken, still the same");
        let mended = Base::sound().build(Some(&again.release));
        assert_eq!(mended.release.id(), good.id());
        assert_eq!(mended.problems, []);
    }
}

#[test]
fn unpublishing_a_step_removes_its_choice_and_keeps_the_guide_current() {
    let good = Base::sound().build(None).release;
    let base = Base::sound().with(T::Steps, "recX", [(F::Status, select("Archivé"))]);
    let built = base.build(Some(&good));
    let guide = &built.release.content().guides[&slug("urbanisme")];
    assert!(!guide.is_stale);
    assert_eq!(guide.steps.len(), 5);
}

#[test]
fn a_row_that_can_not_be_read_stays_as_it_was() {
    let good = Base::sound().build(None).release;
    let slips = [
        (T::Holdings, "recH2", F::From, text("vers 1908")),
        (T::Holdings, "recH2", F::Until, text("1900")),
        (T::Holdings, "recH2", F::State, select("Perdu")),
        (T::Holdings, "recH2", F::Service, links(&[])),
        (T::Territories, "recRen", F::Code, text("3523")),
        (T::Territories, "recRen", F::Level, select("Ville")),
        (T::Services, "recArch", F::Name, Cell::Failed("#ERROR!".into())),
        (T::Services, "recArch", F::Status, select("Publiée")),
        (T::Documents, "recDoc", F::Status, select("En ligne")),
        (T::Guides, "recG", F::Title, Cell::Failed("#ERROR!".into())),
        (T::Choices, "recA1", F::Label, Cell::Failed("#ERROR!".into())),
        (T::Steps, "recR", F::Type, select("Fin")),
    ];
    for (table, record, field, cell) in slips {
        let slipped = Base::sound().with(table, record, [(field, cell)]);
        let built = slipped.build(Some(&good));
        let content = built.release.content();
        assert_eq!(content.holdings, good.content().holdings, "{record}.{field:?}");
        assert_eq!(content.documents, good.content().documents, "{record}.{field:?}");
        assert_eq!(content.services, good.content().services, "{record}.{field:?}");
        assert_eq!(content.territories, good.content().territories, "{record}.{field:?}");
        let guide = &content.guides[&slug("urbanisme")];
        assert_eq!(guide.steps, good.content().guides[&slug("urbanisme")].steps);
        assert!(errors(&built.problems).contains(&Code::KeptLastGood));
        let again = slipped.build(Some(&built.release));
        assert_eq!(again.release.id(), built.release.id(), "{record}.{field:?}: it lasts");
        let mended = Base::sound().build(Some(&again.release));
        assert_eq!(mended.release.id(), good.id(), "{record}.{field:?}: it moves on");
    }
}

#[test]
fn a_guide_that_was_never_sound_is_no_last_good_version() {
    let slip = Base::sound().without(T::Choices, "recA1", F::TargetStep);
    let first = slip.build(None).release;
    let second = slip.build(Some(&first)).release;
    assert_eq!(second.id(), first.id());
    assert!(!second.content().guides[&slug("urbanisme")].is_stale);
}

#[test]
fn a_kept_guide_gets_back_what_it_names() {
    let good = Base::sound().build(None).release;
    let slip = || Base::sound().without(T::Choices, "recA3", F::TargetStep);
    let draft = [(F::Status, select("Brouillon"))];
    let without_document = slip().with(T::Documents, "recDoc", draft).build(Some(&good)).release;
    let result = |release: &crate::catalog::Release| {
        release.content().guides[&slug("urbanisme")].steps[&slug("ou-le-consulter")].kind
    };
    assert_eq!(result(&without_document), StepKind::DeadEnd);
    let back = slip().build(Some(&without_document)).release;
    assert_eq!(result(&back), StepKind::Result);
}

#[test]
fn a_contested_slug_stays_with_the_row_that_has_it() {
    let good = Base::sound().build(None).release;
    // Each row comes before the one whose slug it takes, by record id.
    let taken = Base::sound()
        .with(T::Choices, "recA1", [(F::Slug, text("une-information"))])
        .with(T::Steps, "recC", [(F::Slug, text("de-quand"))])
        .with(T::Services, "recArch", [(F::Slug, text("la-mairie-de-la-commune"))])
        .build(Some(&good));
    let content = taken.release.content();
    let guide = &content.guides[&slug("urbanisme")];
    assert_eq!(guide.steps[&slug("de-quand")].record.as_str(), "recD");
    assert_eq!(guide.steps[&slug("de-quand-2")].record.as_str(), "recC");
    let choices: Vec<_> = guide.steps[0].choices.iter().map(|c| c.slug.as_str()).collect();
    assert_eq!(choices, ["une-information-2", "une-information", "autre-chose"]);
    let kept = &content.services[&slug("la-mairie-de-la-commune")];
    assert_eq!(kept.record.as_str(), "recMairie");
    assert_eq!(errors(&taken.problems), [Code::DuplicateSlug; 3]);
}
