//! Walks through the sound guide, and properties over random answers.

use proptest::prelude::*;

use super::{Known, Outcome, WalkError, walk};
use crate::{
    catalog::fixture::Base,
    content::{
        guide::{Condition, Guide},
        ids::Slug,
    },
};

fn guide() -> Guide {
    let release = Base::sound().build(None).release;
    Guide::clone(&release.content().guides["urbanisme"])
}

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn known(answers: &[(&str, &str)], has_commune: bool, has_date: bool) -> Known {
    let answers = answers.iter().map(|(step, choice)| (slug(step), slug(choice))).collect();
    Known { answers, has_commune, has_date }
}

fn check(known: &Known, path: &[&str], current: &str, outcome: Outcome<'_>) {
    let guide = guide();
    let walk = walk(&guide, known).unwrap();
    let passed: Vec<_> = walk.path.iter().map(|passed| passed.step.slug.as_str()).collect();
    assert_eq!(passed, path);
    assert_eq!(walk.current.slug.as_str(), current);
    assert_eq!(walk.outcome, outcome);
}

const QUESTION: &str = "que-cherchez-vous";
const PERMIT: (&str, &str) = (QUESTION, "un-permis");

#[test]
fn answers_lead_from_step_to_step() {
    check(&known(&[], false, false), &[], QUESTION, Outcome::NeedsChoice);
    check(&known(&[PERMIT], false, false), &[QUESTION], "quelle-commune", Outcome::NeedsCommune);
    check(
        &known(&[PERMIT], true, false),
        &[QUESTION, "quelle-commune"],
        "de-quand",
        Outcome::NeedsDate,
    );
    check(
        &known(&[PERMIT], true, true),
        &[QUESTION, "quelle-commune", "de-quand"],
        "ou-le-consulter",
        Outcome::Result,
    );
    check(&known(&[PERMIT], false, true), &[QUESTION], "quelle-commune", Outcome::NeedsCommune);
    check(
        &known(&[(QUESTION, "autre-chose")], true, true),
        &[QUESTION],
        "nous-ne-savons-pas",
        Outcome::DeadEnd,
    );
}

#[test]
fn branches_rejoin() {
    let through_information =
        [(QUESTION, "une-information"), ("bon-a-savoir", "trouver-un-permis")];
    check(
        &known(&through_information, true, true),
        &[QUESTION, "bon-a-savoir", "quelle-commune", "de-quand"],
        "ou-le-consulter",
        Outcome::Result,
    );
}

#[test]
fn a_step_of_a_commune_or_date_may_be_answered_by_its_choice() {
    check(
        &known(&[PERMIT, ("quelle-commune", "continuer")], false, false),
        &[QUESTION, "quelle-commune"],
        "de-quand",
        Outcome::NeedsDate,
    );
}

#[test]
fn answers_that_do_not_fit_are_errors_that_name_the_step() {
    let guide = guide();
    let fails = |answers: &[(&str, &str)]| walk(&guide, &known(answers, false, false)).unwrap_err();
    assert_eq!(
        fails(&[("disparue", "oui")]),
        WalkError::UnknownStep {
            step: slug("disparue"),
            valid: guide.steps.keys().cloned().collect(),
        }
    );
    assert_eq!(
        fails(&[(QUESTION, "peut-etre")]),
        WalkError::UnknownChoice {
            step: slug(QUESTION),
            found: slug("peut-etre"),
            valid: vec![slug("un-permis"), slug("une-information"), slug("autre-chose")],
        }
    );
    assert_eq!(
        fails(&[PERMIT, ("bon-a-savoir", "trouver-un-permis")]),
        WalkError::OffPath {
            step: slug("bon-a-savoir"),
            valid: vec![slug(QUESTION), slug("quelle-commune")],
        }
    );
}

#[test]
fn going_back_to_a_step_asks_it_again() {
    let mut guide = guide();
    let back = guide.steps[QUESTION].choices[1].clone();
    let choice = &mut guide.steps.get_mut("bon-a-savoir").unwrap().choices[0];
    choice.target = super::Target::Step(slug(QUESTION));
    let (step, answer) = ("bon-a-savoir", choice.slug.to_string());
    let answers = [(QUESTION, back.slug.as_str()), (step, answer.as_str())];
    let walk = walk(&guide, &known(&answers, false, false)).unwrap();
    assert_eq!(walk.path, []);
    assert_eq!(walk.current.slug, slug(QUESTION));
    assert_eq!(walk.outcome, Outcome::NeedsChoice);
}

#[test]
fn a_condition_hides_a_choice() {
    let mut guide = guide();
    guide.steps.get_mut(QUESTION).unwrap().choices[0].condition = Some(Condition::CommuneKnown);
    let error = walk(&guide, &known(&[PERMIT], false, false)).unwrap_err();
    assert!(matches!(error, WalkError::UnknownChoice { valid, .. } if valid.len() == 2));
    assert!(walk(&guide, &known(&[PERMIT], true, true)).is_ok());
}

fn answers(guide: &Guide) -> impl Strategy<Value = Vec<(Slug, Slug)>> + use<> {
    let all: Vec<_> = guide
        .steps
        .values()
        .flat_map(|step| step.choices.iter().map(|choice| (step.slug.clone(), choice.slug.clone())))
        .collect();
    let len = all.len();
    prop::sample::subsequence(all, 0..=len)
}

proptest! {
    #[test]
    fn a_walk_ends_and_uses_every_answer_or_says_which_it_can_not(
        answers in answers(&guide()),
        has_commune: bool,
        has_date: bool,
    ) {
        let guide = guide();
        let known = Known { answers: answers.into_iter().collect(), has_commune, has_date };
        match walk(&guide, &known) {
            Ok(walk) => {
                for (step, choice) in &known.answers {
                    let mut path = walk.path.iter();
                    let used = path.any(|p| p.step.slug == *step && p.choice.slug == *choice);
                    prop_assert!(used, "{step} is answered and not used");
                }
                let mut steps: Vec<_> = walk.path.iter().map(|passed| &passed.step.slug).collect();
                let len = steps.len();
                steps.sort();
                steps.dedup();
                prop_assert_eq!(steps.len(), len, "no step is passed twice");
            }
            Err(WalkError::UnknownStep { .. }) => prop_assert!(false, "all steps exist"),
            Err(WalkError::UnknownChoice { valid, .. } | WalkError::OffPath { valid, .. }) => prop_assert!(!valid.is_empty()),
        }
    }
}
