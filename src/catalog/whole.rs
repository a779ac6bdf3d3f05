//! Keeping the guides whole: no link in them leads to what is not published.
//!
//! The rows of a guide are linked and checked as it is built. Two links are only known afterwards: a
//! guide that is kept as it last was may name documents and guides that have gone since, and a guide
//! that could never be built may be the target of others.

use std::{collections::HashSet, sync::Arc};

use indexmap::IndexMap;

use super::{item::Shelf, links::Origin};
use crate::content::{
    document::Document,
    guide::{Choice, Guide, Step, StepKind, Target},
    ids::Slug,
    problem::{Code, Problem},
    tables::{FieldKey, TableKey},
};

/// Takes out of the guides what leads nowhere. A result without its document becomes a dead end: the
/// text alone is left.
pub(super) fn cut_dangling(
    guides: &mut IndexMap<Slug, Arc<Guide>>,
    documents: &Shelf<Document>,
    problems: &mut Vec<Problem>,
) {
    let published = Published { guides: guides.keys().cloned().collect(), documents };
    for guide in guides.values_mut() {
        if guide.steps.values().all(|step| published.holds(step)) {
            continue;
        }
        let guide = Arc::make_mut(guide);
        for step in guide.steps.values_mut() {
            // What an older version lost is told where it was lost.
            if !guide.is_stale {
                problems.extend(step.choices.iter().filter(|c| !published.leads(c)).map(lost));
            }
            step.choices.retain(|choice| published.leads(choice));
            step.document.take_if(|document| !published.documents.contains_key(document));
            if step.kind == StepKind::Result && step.document.is_none() {
                step.kind = StepKind::DeadEnd;
            }
        }
    }
}

struct Published<'a> {
    guides: HashSet<Slug>,
    documents: &'a Shelf<Document>,
}

impl Published<'_> {
    fn holds(&self, step: &Step) -> bool {
        let document = step.document.as_ref();
        document.is_none_or(|document| self.documents.contains_key(document))
            && step.choices.iter().all(|choice| self.leads(choice))
    }

    fn leads(&self, choice: &Choice) -> bool {
        match &choice.target {
            Target::Guide(guide) => self.guides.contains(guide),
            Target::Step(_) | Target::External(_) => true,
        }
    }
}

fn lost(choice: &Choice) -> Problem {
    let origin =
        Origin { table: TableKey::Choices, record: &choice.record, label: Some(&choice.label) };
    origin.problem(
        FieldKey::TargetGuide,
        Code::UnpublishedLink,
        "Ce lien mène à un guide qui ne peut pas être publié : il est ignoré en attendant.",
    )
}
