//! Building guides: rows of *Guides*, *Étapes* and *Choix* become graphs that hold together.
//!
//! A broken choice or step is left out and told; what remains goes on. When what is lost would
//! break the guide for the public, the guide's earlier version is kept instead.

mod builder;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use indexmap::{IndexMap, map::Entry};

use self::builder::{Builder, Built};
use super::{
    links::{Origin, unique_slugs},
    release::Release,
    whole::cut_dangling,
};
use crate::content::{
    guide::Guide,
    ids::{RecordId, Slug},
    problem::{Code, Problem},
    rows::Rows,
    status::Status,
    tables::{FieldKey, TableKey},
};

/// The guides of a release.
pub(super) struct Guides {
    /// What the public sees.
    pub published: IndexMap<Slug, Arc<Guide>>,
    /// The last version of each that was sound, to fall back to.
    pub good: HashMap<RecordId, Arc<Guide>>,
}

/// Builds every published guide.
pub(super) fn build(
    rows: &Rows,
    documents: &HashMap<RecordId, Slug>,
    previous: Option<&Release>,
    problems: &mut Vec<Problem>,
) -> Guides {
    let published = || rows.guides.iter().filter(|guide| guide.status == Status::Published);
    let owner = |slug: &Slug| Some(&previous?.content().guides.get(slug)?.record);
    let wanted = published().map(|guide| (guide.origin(), &guide.slug));
    let slugs = unique_slugs(wanted, owner, problems);
    let mut builder = Builder::new(rows, documents, &slugs, problems);
    let mut guides = IndexMap::new();
    let mut good = HashMap::new();
    for row in published() {
        let Some(slug) = slugs.get(&row.record) else { continue };
        let earlier = previous.and_then(|release| release.content().good.get(&row.record));
        let mut built = builder.guide(row, slug, earlier.map(Arc::as_ref));
        built.is_broken |= earlier.is_some_and(|earlier| has_lost(earlier, &rows.lost));
        let guide = match built {
            Built { guide: Some(guide), is_broken: false } => {
                let guide = Arc::new(guide);
                good.insert(row.record.clone(), Arc::clone(&guide));
                Some(guide)
            }
            Built { guide, is_broken: _ } => {
                let kept = earlier.map(|earlier| Arc::new(stale(earlier, slug)));
                if let Some(earlier) = earlier {
                    good.insert(row.record.clone(), Arc::clone(earlier));
                    builder.problems.push(told_as_kept(row.origin()));
                }
                kept.or(guide.map(Arc::new))
            }
        };
        guides.extend(guide.map(|guide| (slug.clone(), guide)));
    }
    let mut guides = Guides { published: guides, good };
    if let Some(previous) = previous {
        guides.keep_lost(&previous.content().good, &rows.lost, problems);
    }
    guides.published.sort_unstable_keys();
    cut_dangling(&mut guides.published, documents, problems);
    guides
}

impl Guides {
    /// Keeps the guides whose own row can't be read now.
    fn keep_lost(
        &mut self,
        earlier: &HashMap<RecordId, Arc<Guide>>,
        lost: &HashSet<RecordId>,
        problems: &mut Vec<Problem>,
    ) {
        for earlier in earlier.values().filter(|guide| lost.contains(&guide.record)) {
            let Entry::Vacant(place) = self.published.entry(earlier.slug.clone()) else { continue };
            place.insert(Arc::new(stale(earlier, &earlier.slug)));
            self.good.insert(earlier.record.clone(), Arc::clone(earlier));
            problems.push(told_as_kept(Origin {
                table: TableKey::Guides,
                record: &earlier.record,
                label: Some(&earlier.title),
            }));
        }
    }
}

/// Whether a step or a choice of an earlier version can't be read now.
fn has_lost(earlier: &Guide, lost: &HashSet<RecordId>) -> bool {
    !lost.is_empty()
        && earlier.steps.values().any(|step| {
            lost.contains(&step.record)
                || step.choices.iter().any(|choice| lost.contains(&choice.record))
        })
}

fn told_as_kept(guide: Origin<'_>) -> Problem {
    guide.problem(
        FieldKey::Title,
        Code::KeptLastGood,
        "Le guide est incomplet : le public voit toujours sa dernière version valable. Corriger les \
         problèmes signalés pour le publier à nouveau.",
    )
}

/// An earlier version, to be published in place of a broken one.
fn stale(earlier: &Guide, slug: &Slug) -> Guide {
    Guide { is_stale: true, slug: slug.clone(), ..earlier.clone() }
}
