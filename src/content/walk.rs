//! Walk: from a guide and the answers given to the step that comes next.
//!
//! Answers are keyed by step, never by position, so that an address keeps its meaning when a guide
//! is edited. Pure; the local answer on a result step is the caller's to add.

use std::collections::{BTreeMap, HashSet};

use indexmap::IndexMap;
use url::Url;

use super::{
    guide::{Choice, Condition, Guide, Step, StepKind, Target},
    ids::Slug,
};

/// What is known of the person's case.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The choice made at each step.
    pub answers: BTreeMap<Slug, Slug>,
    /// Whether the commune is known.
    pub has_commune: bool,
    /// Whether the date was given, or said to be unknown.
    pub has_date: bool,
}

/// Where the answers lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk<'a> {
    /// The steps gone through, in order, each with the choice that left it.
    pub path: Vec<Passed<'a>>,
    /// Where one is.
    pub current: &'a Step,
    /// What happens there.
    pub outcome: Outcome<'a>,
}

/// A step gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed<'a> {
    /// The step.
    pub step: &'a Step,
    /// The way on.
    pub choice: &'a Choice,
}

/// What happens at the current step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// One must choose.
    NeedsChoice,
    /// A commune must be given.
    NeedsCommune,
    /// A date must be given, or said to be unknown.
    NeedsDate,
    /// The end: the local answer for the step's document.
    Result,
    /// The end: advice.
    DeadEnd,
    /// On to another guide.
    Guide(&'a Slug),
    /// On to another site.
    External(&'a Url),
}

/// Answers that do not fit the guide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// An answer to a step that the guide does not have.
    #[error("the guide has no step {step}")]
    UnknownStep {
        /// The step named.
        step: Slug,
        /// The steps of the guide.
        valid: Vec<Slug>,
    },
    /// An answer that the step does not offer.
    #[error("step {step} offers no choice {found}")]
    UnknownChoice {
        /// The step.
        step: Slug,
        /// The choice named.
        found: Slug,
        /// The choices that the step offers.
        valid: Vec<Slug>,
    },
    /// An answer to a step that the other answers do not lead to.
    #[error("the other answers do not lead to step {step}")]
    OffPath {
        /// The step.
        step: Slug,
        /// The steps that the answers do lead through, the current one last.
        valid: Vec<Slug>,
    },
}

/// Follows the answers as far as they lead. Answers that lead back to a step already answered undo
/// what came after it: one is there again, and chooses anew.
///
/// # Errors
/// When an answer names a step or a choice that does not exist or is not on the way.
pub fn walk<'a>(guide: &'a Guide, known: &Known) -> Result<Walk<'a>, WalkError> {
    let unknown_step = |step: &Slug| WalkError::UnknownStep {
        step: step.clone(),
        valid: guide.steps.keys().cloned().collect(),
    };
    if let Some(step) = known.answers.keys().find(|step| !guide.steps.contains_key(*step)) {
        return Err(unknown_step(step));
    }
    let first = &guide.first_step;
    let mut current = guide.steps.get(first).ok_or_else(|| unknown_step(first))?;
    let mut passed: IndexMap<&Slug, Passed<'a>> = IndexMap::new();
    let mut undone: HashSet<&Slug> = HashSet::new();
    let outcome = loop {
        if let Some(at) = passed.get_index_of(&current.slug) {
            // Led back to a step: it is to be answered anew, and what came after is undone.
            undone.extend(passed.split_off(at).into_keys());
            break rest(current);
        }
        let Some(choice) = way_on(current, known)? else { break rest(current) };
        passed.insert(&current.slug, Passed { step: current, choice });
        match &choice.target {
            Target::Step(slug) => match guide.steps.get(slug) {
                Some(step) => current = step,
                None => break Outcome::DeadEnd,
            },
            Target::Guide(slug) => break Outcome::Guide(slug),
            Target::External(url) => break Outcome::External(url),
        }
    };
    let is_off_path = |step: &&Slug| !passed.contains_key(*step) && !undone.contains(*step);
    if let Some(step) = known.answers.keys().find(is_off_path) {
        let valid = passed.keys().copied().chain([&current.slug]).cloned().collect();
        return Err(WalkError::OffPath { step: step.clone(), valid });
    }
    Ok(Walk { path: passed.into_values().collect(), current, outcome })
}

/// The choices that a step offers to this person.
pub fn offered<'a>(step: &'a Step, known: &Known) -> impl Iterator<Item = &'a Choice> {
    let has_commune = known.has_commune;
    step.choices.iter().filter(move |choice| {
        choice.condition.is_none_or(|condition: Condition| condition.holds(has_commune))
    })
}

/// The choice by which one leaves a step, if it is known.
fn way_on<'a>(step: &'a Step, known: &Known) -> Result<Option<&'a Choice>, WalkError> {
    if let Some(answer) = known.answers.get(&step.slug) {
        return match offered(step, known).find(|choice| choice.slug == *answer) {
            Some(choice) => Ok(Some(choice)),
            None => Err(WalkError::UnknownChoice {
                step: step.slug.clone(),
                found: answer.clone(),
                valid: offered(step, known).map(|choice| choice.slug.clone()).collect(),
            }),
        };
    }
    let is_answered_otherwise = match step.kind {
        StepKind::Commune => known.has_commune,
        StepKind::Date => known.has_date,
        _ => false,
    };
    Ok(offered(step, known).next().filter(|_| is_answered_otherwise))
}

/// What happens at a step that one does not leave.
fn rest(step: &Step) -> Outcome<'_> {
    match step.kind {
        StepKind::Result => Outcome::Result,
        StepKind::DeadEnd => Outcome::DeadEnd,
        _ if step.choices.is_empty() => Outcome::DeadEnd,
        StepKind::Commune => Outcome::NeedsCommune,
        StepKind::Date => Outcome::NeedsDate,
        StepKind::Question | StepKind::Information => Outcome::NeedsChoice,
    }
}

#[cfg(test)]
mod tests;
