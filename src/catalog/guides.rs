//! Building guides: rows of *Guides*, *Étapes* and *Choix* become graphs that hold together.
//!
//! A broken choice or step is left out and told; what remains goes on. When what is lost would
//! break the guide for the public, the guide's earlier version is kept instead.

mod builder;

use std::{collections::BTreeMap, sync::Arc};

use indexmap::{IndexMap, map::Entry};

use self::builder::{Builder, Built};
use super::{
    item::{Item, Shelf},
    links::{Origin, unique_slugs},
    release::Content,
    shelf::Targets,
    whole::cut_dangling,
};
use crate::content::{
    document::Document,
    guide::Guide,
    ids::{RecordId, Slug},
    problem::{Code, Problem},
    rows::Rows,
    status::Status,
    tables::{FieldKey, TableKey},
};

/// The last sound version of each guide by its row: what a later build falls back to.
pub type Good = Arc<BTreeMap<RecordId, Item<Guide>>>;

/// The guides of a release, and what they were made of.
#[derive(Debug)]
pub(super) struct Guides {
    /// What the public sees.
    pub published: Shelf<Guide>,
    /// What it falls back to.
    pub good: Good,
    pub problems: Vec<Problem>,
    versions: [u64; 3],
    documents: Arc<Targets>,
    before: Option<(Shelf<Guide>, Good)>,
}

impl Guides {
    /// Builds every published guide. What an edit broke stays as it is in `before`, the previous
    /// release. `memo` is what an earlier call gave; it changes the time that it takes, and nothing
    /// else.
    pub fn new(
        rows: &Rows,
        documents: (&Shelf<Document>, &Arc<Targets>),
        before: Option<&Content>,
        memo: Option<Self>,
    ) -> Self {
        match memo {
            Some(memo) if memo.is_of(rows, documents.1, before) => memo,
            memo => {
                let known = memo.as_ref().map(|memo| &memo.published);
                Self::make(rows, documents, before, known)
            }
        }
    }

    /// Whether making them again would give the same: from what they are, they are made the same.
    fn is_of(&self, rows: &Rows, documents: &Arc<Targets>, before: Option<&Content>) -> bool {
        let is_same = |(guides, good): (&Shelf<Guide>, &Good)| {
            before.is_some_and(|before| {
                Arc::ptr_eq(&before.guides, guides) && Arc::ptr_eq(&before.good, good)
            })
        };
        let made_of = self.before.as_ref().map(|(guides, good)| (guides, good));
        self.versions == versions(rows)
            && Arc::ptr_eq(&self.documents, documents)
            && (is_same((&self.published, &self.good)) || made_of.map_or(before.is_none(), is_same))
    }

    fn make(
        rows: &Rows,
        (shelf, documents): (&Shelf<Document>, &Arc<Targets>),
        before: Option<&Content>,
        known: Option<&Shelf<Guide>>,
    ) -> Self {
        let mut problems = Vec::new();
        let Draft { mut published, good } = build(rows, documents, before, &mut problems);
        cut_dangling(&mut published, shelf, &mut problems);
        published.sort_unstable_keys();
        let items = published.into_iter().map(|(slug, guide)| {
            let item = Item::new(guide);
            // The one before has rendered its texts already.
            let known = known.and_then(|known| known.get(&slug));
            let item = known.filter(|known| **known == item).cloned().unwrap_or(item);
            (slug, item)
        });
        Self {
            published: Arc::new(items.collect()),
            good: Arc::new(good),
            problems,
            versions: versions(rows),
            documents: Arc::clone(documents),
            before: before.map(|before| (Arc::clone(&before.guides), Arc::clone(&before.good))),
        }
    }
}

fn versions(rows: &Rows) -> [u64; 3] {
    [rows.guides.version(), rows.steps.version(), rows.choices.version()]
}

/// Guides before they are cut to what is published.
#[derive(Default)]
struct Draft {
    published: IndexMap<Slug, Arc<Guide>>,
    good: BTreeMap<RecordId, Item<Guide>>,
}

fn build(
    rows: &Rows,
    documents: &Targets,
    before: Option<&Content>,
    problems: &mut Vec<Problem>,
) -> Draft {
    let published = || rows.guides.iter().filter(|guide| guide.status == Status::Published);
    let owner = |slug: &Slug| Some(&before?.guides.get(slug)?.record);
    let wanted = published().map(|guide| (guide.origin(), &guide.slug));
    let slugs = unique_slugs(wanted, owner, problems);
    let mut builder = Builder::new(rows, documents, &slugs, problems);
    let mut draft = Draft::default();
    for row in published() {
        let Some(slug) = slugs.get(&row.record) else { continue };
        let earlier = before.and_then(|before| before.good.get(&row.record));
        let mut built = builder.guide(row, slug, earlier.map(|earlier| &**earlier));
        built.is_broken |= earlier.is_some_and(|earlier| has_lost(earlier, rows));
        let guide = match built {
            Built { guide: Some(guide), is_broken: false } => {
                let guide = Arc::new(guide);
                draft.good.insert(row.record.clone(), Item::new(Arc::clone(&guide)));
                Some(guide)
            }
            Built { guide, is_broken: _ } => {
                let kept = earlier.map(|earlier| Arc::new(stale(earlier, slug)));
                if let Some(earlier) = earlier {
                    draft.good.insert(row.record.clone(), earlier.clone());
                    builder.problems.push(told_as_kept(row.origin()));
                }
                kept.or(guide.map(Arc::new))
            }
        };
        draft.published.extend(guide.map(|guide| (slug.clone(), guide)));
    }
    if let Some(before) = before {
        draft.keep_lost(&before.good, rows, problems);
    }
    draft
}

impl Draft {
    /// Keeps the guides whose own row can't be read now.
    fn keep_lost(&mut self, before: &Good, rows: &Rows, problems: &mut Vec<Problem>) {
        for record in rows.guides.lost() {
            let Some(earlier) = before.get(record) else { continue };
            let slug = earlier.slug.clone();
            let Entry::Vacant(place) = self.published.entry(slug) else { continue };
            place.insert(Arc::new(stale(earlier, &earlier.slug)));
            self.good.insert(record.clone(), earlier.clone());
            problems.push(told_as_kept(Origin {
                table: TableKey::Guides,
                record,
                label: Some(&earlier.title),
            }));
        }
    }
}

/// Whether a step or a choice of an earlier version can't be read now.
fn has_lost(earlier: &Guide, rows: &Rows) -> bool {
    let (steps, choices) = (rows.steps.lost(), rows.choices.lost());
    !(steps.is_empty() && choices.is_empty())
        && earlier.steps.values().any(|step| {
            steps.contains(&step.record)
                || step.choices.iter().any(|choice| choices.contains(&choice.record))
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
