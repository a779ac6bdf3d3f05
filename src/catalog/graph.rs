//! The shape of a guide: which steps can be reached, and from which a way out exists.

use std::collections::{HashSet, VecDeque};

use crate::content::{
    guide::{Step, Target},
    ids::Slug,
};
use indexmap::IndexMap;

/// The steps that some path from the first one meets, in the order in which it meets them.
pub(super) fn reachable(steps: &IndexMap<Slug, Step>, first: &Slug) -> Vec<Slug> {
    let mut met: HashSet<&Slug> = HashSet::new();
    let mut order = Vec::new();
    let mut queue = VecDeque::from([first]);
    while let Some(slug) = queue.pop_front() {
        let Some(step) = steps.get(slug) else { continue };
        if !met.insert(slug) {
            continue;
        }
        order.push(slug.clone());
        queue.extend(next_steps(step));
    }
    order
}

/// The steps from which no path ends: they lead to each other for ever.
pub(super) fn trapped(steps: &IndexMap<Slug, Step>) -> Vec<Slug> {
    let mut leading_to: IndexMap<&Slug, Vec<&Slug>> = IndexMap::new();
    for step in steps.values() {
        for next in next_steps(step) {
            leading_to.entry(next).or_default().push(&step.slug);
        }
    }
    let mut free: HashSet<&Slug> = HashSet::new();
    let mut queue: VecDeque<&Slug> =
        steps.values().filter(|step| is_way_out(step)).map(|step| &step.slug).collect();
    while let Some(slug) = queue.pop_front() {
        if free.insert(slug) {
            queue.extend(leading_to.get(slug).into_iter().flatten());
        }
    }
    steps.keys().filter(|slug| !free.contains(slug)).cloned().collect()
}

/// Whether a guide may end at a step, or leave it for elsewhere.
fn is_way_out(step: &Step) -> bool {
    step.kind.is_final()
        || step.choices.is_empty()
        || step.choices.iter().any(|choice| !matches!(choice.target, Target::Step(_)))
}

fn next_steps(step: &Step) -> impl Iterator<Item = &Slug> {
    step.choices.iter().filter_map(|choice| match &choice.target {
        Target::Step(slug) => Some(slug),
        Target::Guide(_) | Target::External(_) => None,
    })
}
