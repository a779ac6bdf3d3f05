//! What each slip of an editor gives: which problem, where, and what the public still sees.

mod incremental;
mod last_good;
mod locate;
mod pictures;

use chrono::NaiveDate;

use super::{
    checks::{Memo, dated},
    fixture::{Base, links, select, text},
};
use crate::content::{
    cell::Cell,
    guide::{StepKind, Target},
    ids::Slug,
    problem::{Code, Problem, Severity},
    tables::{FieldKey as F, TableKey as T},
};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn errors(problems: &[Problem]) -> Vec<Code> {
    let errors = problems.iter().filter(|problem| problem.severity() == Severity::Error);
    errors.map(|problem| problem.code).collect()
}

#[test]
fn a_sound_base_has_no_problem() {
    let built = Base::sound().build(None);
    assert_eq!(built.problems, []);
    assert_eq!(dated(&built.release, date("2026-11-23"), Some(730), &mut Memo::default()), []);
    let guide = &built.release.content().guides[&slug("urbanisme")];
    let steps: Vec<_> = guide.steps.keys().map(Slug::as_str).collect();
    assert_eq!(
        steps,
        [
            "que-cherchez-vous",
            "quelle-commune",
            "bon-a-savoir",
            "nous-ne-savons-pas",
            "de-quand",
            "ou-le-consulter",
        ]
    );
}

#[test]
fn each_slip_is_told_where_it_is() {
    let sound = Base::sound;
    let step = |base: Base, id, title, kind| {
        base.with(
            T::Steps,
            id,
            [
                (F::Title, text(title)),
                (F::Guide, links(&["recG"])),
                (F::Type, select(kind)),
                (F::Status, select("Publié")),
            ],
        )
    };
    let cases: Vec<(Base, Code, T, &str, F)> = vec![
        (
            sound().without(T::Guides, "recG", F::Title),
            Code::MissingCell,
            T::Guides,
            "recG",
            F::Title,
        ),
        (
            sound().without(T::Guides, "recG", F::FirstStep),
            Code::MissingCell,
            T::Guides,
            "recG",
            F::FirstStep,
        ),
        (
            sound().with(T::Guides, "recG", [(F::FirstStep, links(&["recQ", "recC"]))]),
            Code::SeveralFirstSteps,
            T::Guides,
            "recG",
            F::FirstStep,
        ),
        (
            sound().with(T::Guides, "recG", [(F::FirstStep, links(&["recGone"]))]),
            Code::BrokenLink,
            T::Guides,
            "recG",
            F::FirstStep,
        ),
        (
            sound().with(T::Guides, "recG", [(F::Slug, text("L'Urbanisme !"))]),
            Code::UnusableSlug,
            T::Guides,
            "recG",
            F::Slug,
        ),
        (
            sound().with(T::Guides, "recG", [(F::Summary, Cell::Failed("#ERROR!".into()))]),
            Code::ComputedFieldError,
            T::Guides,
            "recG",
            F::Summary,
        ),
        (
            sound().with(T::Guides, "recG", [(F::Summary, Cell::Number(1.0))]),
            Code::UnreadableCell,
            T::Guides,
            "recG",
            F::Summary,
        ),
        (
            sound().with(T::Steps, "recQ", [(F::Guide, links(&[]))]),
            Code::ForeignStep,
            T::Guides,
            "recG",
            F::FirstStep,
        ),
        (
            sound().without(T::Steps, "recX", F::Guide),
            Code::MissingCell,
            T::Steps,
            "recX",
            F::Guide,
        ),
        (sound().without(T::Steps, "recX", F::Type), Code::MissingCell, T::Steps, "recX", F::Type),
        (
            sound().with(T::Steps, "recX", [(F::Type, select("Quiz"))]),
            Code::UnknownOption,
            T::Steps,
            "recX",
            F::Type,
        ),
        (
            sound().with(T::Steps, "recX", [(F::Slug, text("de-quand"))]),
            Code::DuplicateSlug,
            T::Steps,
            "recX",
            F::Slug,
        ),
        (
            sound().with(T::Steps, "recX", [(F::Guide, links(&["recG", "recH"]))]),
            Code::SeveralLinks,
            T::Steps,
            "recX",
            F::Guide,
        ),
        (
            sound().without(T::Steps, "recR", F::Document),
            Code::ResultWithoutDocument,
            T::Steps,
            "recR",
            F::Document,
        ),
        (
            sound().with(T::Documents, "recDoc", [(F::Status, select("Brouillon"))]),
            Code::UnpublishedLink,
            T::Steps,
            "recR",
            F::Document,
        ),
        (sound().delete(T::Documents, "recDoc"), Code::BrokenLink, T::Steps, "recR", F::Document),
        (
            step(sound(), "recLost", "Perdue", "Impasse"),
            Code::UnreachableStep,
            T::Steps,
            "recLost",
            F::Title,
        ),
        (sound().delete(T::Choices, "recA6"), Code::UndeclaredDeadEnd, T::Steps, "recI", F::Type),
        (
            sound()
                .delete(T::Choices, "recA1")
                .delete(T::Choices, "recA2")
                .delete(T::Choices, "recA3"),
            Code::QuestionWithoutChoices,
            T::Steps,
            "recQ",
            F::Type,
        ),
        (
            sound().without(T::Choices, "recA3", F::TargetStep),
            Code::ChoiceWithoutTarget,
            T::Choices,
            "recA3",
            F::TargetStep,
        ),
        (
            sound().with(T::Choices, "recA3", [(F::TargetStep, links(&["recGone"]))]),
            Code::BrokenLink,
            T::Choices,
            "recA3",
            F::TargetStep,
        ),
        (
            sound().with(T::Steps, "recX", [(F::Status, select("Brouillon"))]),
            Code::UnpublishedLink,
            T::Choices,
            "recA3",
            F::TargetStep,
        ),
        (
            sound().without(T::Choices, "recA3", F::Step),
            Code::MissingCell,
            T::Choices,
            "recA3",
            F::Step,
        ),
        (
            sound().with(T::Choices, "recA5", [(F::TargetStep, links(&["recC"]))]),
            Code::CycleWithoutExit,
            T::Steps,
            "recC",
            F::Title,
        ),
        (
            sound().with(T::Documents, "recDoc", [(F::DelayYears, Cell::Number(-3.0))]),
            Code::UnreadableCell,
            T::Documents,
            "recDoc",
            F::DelayYears,
        ),
        (
            sound().with(T::Services, "recArch", [(F::Commune, text("35999"))]),
            Code::UnknownInseeCode,
            T::Services,
            "recArch",
            F::Commune,
        ),
        (
            sound().with(T::Services, "recArch", [(F::Commune, text("Rennes"))]),
            Code::UnknownInseeCode,
            T::Services,
            "recArch",
            F::Commune,
        ),
        (
            sound().with(T::Services, "recArch", [(F::Hours, text("du lundi au vendredi"))]),
            Code::UnreadableHours,
            T::Services,
            "recArch",
            F::Hours,
        ),
        (
            sound().with(T::Services, "recArch", [(F::Website, text("javascript:alert(1)"))]),
            Code::UnreadableAddress,
            T::Services,
            "recArch",
            F::Website,
        ),
        (
            sound().with(T::Services, "recArch", [(F::Email, text("archives"))]),
            Code::UnreadableAddress,
            T::Services,
            "recArch",
            F::Email,
        ),
        (
            sound().with(
                T::Services,
                "recArch",
                [(F::Latitude, text("1000")), (F::Longitude, text("2,5"))],
            ),
            Code::UnreadableCell,
            T::Services,
            "recArch",
            F::Latitude,
        ),
        (
            sound().without(T::Territories, "recRen", F::Code),
            Code::TerritoryWithoutCode,
            T::Territories,
            "recRen",
            F::Code,
        ),
        (
            sound().with(T::Territories, "recRen", [(F::Code, text("00000"))]),
            Code::UnknownInseeCode,
            T::Territories,
            "recRen",
            F::Code,
        ),
        (
            sound().with(T::Territories, "recRen", [(F::Level, select("EPCI"))]),
            Code::UnknownSirenCode,
            T::Territories,
            "recRen",
            F::Code,
        ),
        (
            sound().with(T::Territories, "recRen", [(F::Level, select("Ressort"))]),
            Code::TerritoryWithoutCode,
            T::Territories,
            "recRen",
            F::Communes,
        ),
        (
            sound().with(T::Territories, "recRen", [(F::Code, text("01126"))]),
            Code::FormerInseeCode,
            T::Territories,
            "recRen",
            F::Code,
        ),
        (
            sound().with(T::Holdings, "recH2", [(F::From, text("vers 1908"))]),
            Code::UnreadableDate,
            T::Holdings,
            "recH2",
            F::From,
        ),
        (
            sound().with(T::Holdings, "recH2", [(F::Until, text("1900"))]),
            Code::ReversedDates,
            T::Holdings,
            "recH2",
            F::Until,
        ),
        (
            sound().without(T::Holdings, "recH2", F::Service),
            Code::HoldingWithoutService,
            T::Holdings,
            "recH2",
            F::Service,
        ),
        (
            sound().without(T::Holdings, "recH2", F::Document),
            Code::MissingCell,
            T::Holdings,
            "recH2",
            F::Document,
        ),
        (
            sound().without(T::Holdings, "recH2", F::Territories),
            Code::MissingCell,
            T::Holdings,
            "recH2",
            F::Territories,
        ),
        (
            sound().with(T::Holdings, "recH2", [(F::State, select("Perdu"))]),
            Code::UnknownOption,
            T::Holdings,
            "recH2",
            F::State,
        ),
        (
            sound().with(
                T::Holdings,
                "recH2",
                [(F::Access, Cell::MultiSelect(vec!["Envoi".into(), "Pigeon".into()]))],
            ),
            Code::UnknownOption,
            T::Holdings,
            "recH2",
            F::Access,
        ),
        (
            sound().delete(T::Services, "recArch"),
            Code::BrokenLink,
            T::Holdings,
            "recH2",
            F::Service,
        ),
    ];
    for (base, code, table, record, field) in cases {
        let problems = base.build(None).problems;
        let found = problems.iter().any(|problem| {
            problem.code == code
                && problem.place.table == table
                && problem.place.record.as_ref().is_some_and(|id| id.as_str() == record)
                && problem.place.field == Some(field)
        });
        assert!(found, "{code:?} at {record}.{field:?} is not in {problems:#?}");
        assert!(problems.iter().all(|problem| !problem.message.is_empty()));
    }
}

#[test]
fn a_bad_row_never_takes_its_neighbours_along() {
    let broken = Base::sound()
        .without(T::Choices, "recA3", F::TargetStep)
        .with(T::Holdings, "recH1", [(F::From, text("jadis"))])
        .with(T::Services, "recArch", [(F::Hours, text("???"))]);
    let built = broken.build(None);
    let content = built.release.content();
    assert_eq!(
        content.guides[&slug("urbanisme")].steps[&slug("que-cherchez-vous")].choices.len(),
        2
    );
    assert_eq!(content.holdings.len(), 1);
    assert_eq!(content.services.len(), 2);
    assert_eq!(content.services[&slug("archives-de-rennes")].hours, None);
}

#[test]
fn a_draft_is_not_public_and_is_not_checked() {
    let draft = Base::sound()
        .with(T::Guides, "recG", [(F::Status, select("Brouillon")), (F::Slug, text("É"))])
        .with(
            T::Holdings,
            "recH2",
            [(F::Status, select("Archivé")), (F::Source, Cell::Failed("x".into()))],
        );
    let built = draft.build(None);
    assert!(built.release.content().guides.is_empty());
    assert_eq!(built.release.content().holdings.len(), 1);
    assert_eq!(built.problems, []);
}

#[test]
fn blank_rows_say_nothing() {
    let base = Base::sound().with(T::Guides, "recBlank", []).with(T::Choices, "recBlank2", []);
    assert_eq!(base.build(None).problems, []);
}

#[test]
fn the_same_content_has_the_same_name_in_any_order() {
    let base = Base::sound().with(T::Steps, "recX", [(F::Slug, text("de-quand"))]);
    let forwards = base.build(None);
    let backwards = base.build_backwards();
    assert_eq!(forwards.release.id(), backwards.release.id());
    assert_eq!(forwards.problems, backwards.problems);
    let edited = base.with(T::Guides, "recG", [(F::Title, text("Urbanisme et foncier"))]);
    assert_ne!(edited.build(None).release.id(), forwards.release.id());
}

#[test]
fn a_draft_edit_makes_no_new_release() {
    let base = Base::sound().with(T::Documents, "recDraft", [(F::Name, text("Brouillon"))]);
    assert_eq!(base.build(None).release.id(), Base::sound().build(None).release.id());
}

#[test]
fn a_result_without_a_document_is_shown_as_a_dead_end_at_first_sight() {
    let built = Base::sound().without(T::Steps, "recR", F::Document).build(None);
    let guide = &built.release.content().guides[&slug("urbanisme")];
    assert_eq!(guide.steps[&slug("ou-le-consulter")].kind, StepKind::DeadEnd);
}

#[test]
fn a_choice_may_lead_to_another_guide_or_site() {
    let base = Base::sound()
        .with(
            T::Guides,
            "recG2",
            [
                (F::Title, text("Généalogie")),
                (F::FirstStep, links(&["recS"])),
                (F::Status, select("Publié")),
            ],
        )
        .with(
            T::Steps,
            "recS",
            [
                (F::Title, text("Départ")),
                (F::Guide, links(&["recG2"])),
                (F::Type, select("Impasse")),
                (F::Status, select("Publié")),
            ],
        )
        .without(T::Choices, "recA2", F::TargetStep)
        .with(T::Choices, "recA2", [(F::TargetGuide, links(&["recG2"]))])
        .with(T::Choices, "recA3", [(F::TargetStep, links(&["recS"]))])
        .without(T::Choices, "recA6", F::TargetStep)
        .with(T::Choices, "recA6", [(F::ExternalLink, text("https://www.cada.fr/"))]);
    let built = base.build(None);
    let question = &built.release.content().guides[&slug("urbanisme")].steps[0];
    assert_eq!(question.choices[1].target, Target::Guide(slug("genealogie")));
    assert_eq!(question.choices[2].target, Target::Guide(slug("genealogie")), "its first step");
}

#[test]
fn ten_thousand_choices_on_a_step_are_only_many() {
    let mut base = Base::sound();
    for number in 0..10_000 {
        base = base.with(
            T::Choices,
            &format!("recMany{number}"),
            [
                (F::Label, text("Encore")),
                (F::Step, links(&["recQ"])),
                (F::TargetStep, links(&["recX"])),
            ],
        );
    }
    let built = base.build(None);
    let question = &built.release.content().guides[&slug("urbanisme")].steps[0];
    assert_eq!(question.choices.len(), 10_003);
    let slugs: std::collections::HashSet<_> = question.choices.iter().map(|c| &c.slug).collect();
    assert_eq!(slugs.len(), 10_003);
}

#[test]
fn contradictions_are_told_and_agreement_is_not() {
    let today = date("2026-11-23");
    let codes = |base: Base| {
        let problems = dated(&base.build(None).release, today, Some(730), &mut Memo::default());
        problems.into_iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    let same_place =
        |from, until| Base::sound().holding("recH3", "recRen", "recMairie", from, until);
    assert_eq!(codes(same_place("2000", "")), [Code::ContradictoryHoldings]);
    assert_eq!(codes(same_place("01/07/2015", "")), []);
    assert_eq!(codes(Base::sound().holding("recH3", "recRen", "recArch", "2000", "")), []);
    let old = [(F::VerifiedOn, Cell::Date(date("2020-01-01")))];
    assert_eq!(codes(Base::sound().with(T::Holdings, "recH2", old)), [Code::StaleVerification]);
}

#[test]
fn drafts_that_can_not_be_read_are_no_problem() {
    let draft = || (F::Status, select("Brouillon"));
    let base = Base::sound()
        .with(T::Steps, "recDraft1", [(F::Title, text("À écrire")), draft()])
        .with(T::Holdings, "recDraft2", [(F::Title, text("À compléter")), draft()])
        .with(T::Guides, "recDraft3", [draft()]);
    assert_eq!(base.build(None).problems, []);
}
