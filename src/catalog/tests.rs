//! What each slip of an editor gives: which problem, where, and what the public still sees.

use chrono::NaiveDate;

use super::{
    checks::dated,
    fixture::{Base, links, reference, select, text},
};
use crate::{
    content::{
        cell::Cell,
        guide::{StepKind, Target},
        ids::Slug,
        locate::Segment,
        period::Days,
        problem::{Code, Problem, Severity},
        tables::{FieldKey as F, TableKey as T},
    },
    reference::Found,
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
    assert_eq!(dated(&built.release, date("2026-11-23"), Some(730)), []);
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

fn located(base: &Base, code: &str) -> Vec<(Option<String>, Vec<String>, usize)> {
    let release = base.build(None).release;
    let Some(Found::Exact(commune)) = reference().find(code.parse().unwrap()) else {
        panic!("{code} is unknown")
    };
    let document = &release.content().documents[&slug("permis-de-construire")];
    let answer = release.locate(document, commune, Days::ALL, date("2026-11-23"), reference());
    let told = |segment: Segment<'_>| {
        let from = segment.days.from().map(|day| day.to_string());
        let chosen = segment.chosen.iter().map(|c| c.holding.record.to_string()).collect();
        (from, chosen, segment.superseded.len())
    };
    answer.segments.into_iter().map(told).collect()
}

#[test]
fn the_most_specific_territory_wins_in_its_own_period_and_place() {
    let base = Base::sound();
    let at = |day: &str| Some(day.to_owned());
    let only = |id: &str| vec![id.to_owned()];
    assert_eq!(
        located(&base, "35238"),
        [
            (None, only("recH1"), 0),
            (at("1908-01-01"), only("recH2"), 1),
            (at("2015-07-01"), only("recH1"), 0),
        ]
    );
    assert_eq!(located(&base, "76351"), [(None, only("recH1"), 0)]);
}

#[test]
fn every_level_is_more_specific_than_the_next() {
    // Lyon 3e, in its own arrondissement, commune, list, EPCI, département, région, France.
    let levels = [
        ("National", F::Code, ""),
        ("Région", F::Code, "84"),
        ("Département", F::Code, "69"),
        ("EPCI", F::Code, "200046977"),
        ("Ressort", F::Communes, "69123 01001"),
        ("Commune", F::Code, "69123"),
        ("Commune déléguée", F::Code, "69383"),
    ];
    let mut base = Base::sound().delete(T::Holdings, "recH1").delete(T::Holdings, "recH2");
    for (number, (level, field, value)) in levels.iter().enumerate() {
        let territory = format!("recT{number}");
        base = base
            .with(
                T::Territories,
                &territory,
                [(F::Name, text(level)), (F::Level, select(level)), (*field, text(value))],
            )
            .holding(&format!("recL{number}"), &territory, "recArch", "", "");
        let expected = vec![format!("recL{number}")];
        assert_eq!(located(&base, "69383"), [(None, expected, number)], "{level}");
    }
}

#[test]
fn contradictions_are_told_and_agreement_is_not() {
    let today = date("2026-11-23");
    let codes = |base: Base| {
        let problems = dated(&base.build(None).release, today, Some(730));
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
fn without_a_holding_the_likely_contacts_are_given() {
    let release = Base::sound().build(None).release;
    let contacts = |code: &str| {
        let commune = reference().find(code.parse().unwrap()).unwrap().commune();
        release.contacts(commune).iter().map(|service| service.slug.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(contacts("35238"), ["archives-de-rennes"]);
    assert_eq!(contacts("35001"), ["la-mairie-de-la-commune"]);
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
    let result = |release: &super::Release| {
        release.content().guides[&slug("urbanisme")].steps[&slug("ou-le-consulter")].kind
    };
    assert_eq!(result(&without_document), StepKind::DeadEnd);
    let back = slip().build(Some(&without_document)).release;
    assert_eq!(result(&back), StepKind::Result);
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
