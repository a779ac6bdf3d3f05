//! Search: guides, steps, documents and services by what people type, in French.
//!
//! Tantivy is the engine: it splits texts into words, folds and stems them, and finds those that a
//! query means. An index belongs to a release, is in memory, and never changes. The synonyms of a
//! document are written down with the guides and steps that lead to it, when the index is made:
//! synonyms of several words (*plan de masse*) then work as any other words do, and a query costs
//! nothing more.

mod entry;
mod index;
mod marks;
mod query;
mod words;

use std::sync::Arc;

use tantivy::{
    DocId, Searcher, TantivyError,
    collector::{Count, TopDocs},
};

pub use self::{
    entry::{Entry, Key, Kind},
    marks::Marked,
};
use self::{index::Fields, query::Wanted, words::Words};
use super::{item::Shelf, release::Content};
use crate::{
    content::{
        document::Document,
        guide::{Guide, Language},
        service::Service,
    },
    reference::Reference,
};

/// How many of the entries that fit a query can be seen, at most: who looks further should say more.
pub const DEEPEST: usize = 500;

/// Why nothing can be searched: the engine failed.
#[derive(Debug, thiserror::Error)]
#[error("the search engine failed")]
pub struct SearchError(#[from] TantivyError);

/// What is searched.
#[derive(Debug, Clone)]
struct Shelves {
    guides: Shelf<Guide>,
    documents: Shelf<Document>,
    services: Shelf<Service>,
}

/// The index of a release.
pub struct SearchIndex {
    shelves: Shelves,
    /// The entries, sorted, by their number in the engine.
    keys: Vec<Key>,
    /// What is added to the rank of each: less than any other difference, more for short titles.
    brevity: Arc<[f32]>,
    searcher: Searcher,
    fields: Fields,
}

/// What is searched for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What someone typed. Its last word may be the start of one.
    pub text: &'a str,
    /// Only these kinds; all when it is empty.
    pub kinds: &'a [Kind],
    /// Only guides in this language, and their steps.
    pub language: Option<Language>,
    /// Where it is looked for.
    pub scope: Scope,
}

/// Where words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In all texts; any word will do, more are better.
    Everything,
    /// In names, synonyms and labels, which must have all words.
    Names,
}

/// What was found.
#[derive(Debug)]
pub struct Results<'a> {
    /// The best ones, at most as many as were asked for.
    pub hits: Vec<Hit<'a>>,
    /// How many fit.
    pub total: usize,
    wanted: Vec<Wanted>,
}

/// An entry that fits.
#[derive(Debug, Clone)]
pub struct Hit<'a> {
    /// What it is.
    pub entry: Entry<'a>,
    /// Its place among the others.
    pub place: Place,
}

/// A place among hits: the higher scores first, then by key.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// How well it fits.
    pub score: f32,
    /// What is there.
    pub key: Key,
}

impl Place {
    /// Whether it comes after another one.
    pub fn is_after(&self, other: &Self) -> bool {
        let by_score = other.score.total_cmp(&self.score);
        by_score.then_with(|| self.key.cmp(&other.key)).is_gt()
    }
}

/// Whether an index of one content is one of another too.
pub(super) fn says_the_same(one: &Content, other: &Content) -> bool {
    Arc::ptr_eq(&one.guides, &other.guides)
        && Arc::ptr_eq(&one.documents, &other.documents)
        && Arc::ptr_eq(&one.services, &other.services)
}

impl SearchIndex {
    /// Indexes a content.
    ///
    /// # Errors
    /// When the engine fails.
    pub(super) fn new(content: &Content, reference: &Reference) -> Result<Self, SearchError> {
        let shelves = Shelves {
            guides: Arc::clone(&content.guides),
            documents: Arc::clone(&content.documents),
            services: Arc::clone(&content.services),
        };
        let entries = entry::entries(&shelves);
        let (searcher, fields) = index::index(&entries, &shelves, reference)?;
        let keys = entries.iter().map(Entry::key).collect();
        let brevity = entries.iter().map(|entry| brevity(entry.title())).collect();
        Ok(Self { keys, brevity, searcher, fields, shelves })
    }

    /// The entries that fit, the best ones first; those after a place, if one is given.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn search(
        &self,
        asked: &Asked<'_>,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Results<'_>, SearchError> {
        let wanted = query::wanted(asked.text, &self.searcher, &self.fields)?;
        let (best, total) = match wanted.as_slice() {
            [] => (Vec::new(), 0),
            wanted => {
                let query = query::query(wanted, asked, &self.fields);
                let brevity = Arc::clone(&self.brevity);
                let ranked = TopDocs::with_limit(DEEPEST).tweak_score(move |_: &_| {
                    let brevity = Arc::clone(&brevity);
                    move |entry: DocId, score: f32| {
                        score + brevity.get(entry as usize).copied().unwrap_or_default()
                    }
                });
                self.searcher.search(&query, &(ranked, Count))?
            }
        };
        let hits = best.into_iter().filter_map(|(score, address)| {
            let key = self.keys.get(address.doc_id as usize)?;
            let entry = self.shelves.entry(key)?;
            Some(Hit { entry, place: Place { score, key: key.clone() } })
        });
        let hits = hits.filter(|hit| after.is_none_or(|after| hit.place.is_after(after)));
        Ok(Results { hits: hits.take(limit).collect(), total, wanted })
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl std::fmt::Debug for SearchIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchIndex").field("entries", &self.keys.len()).finish_non_exhaustive()
    }
}

impl Shelves {
    fn entry(&self, key: &Key) -> Option<Entry<'_>> {
        match key.kind {
            Kind::Guide => self.guides.get(&key.slug).map(|guide| Entry::Guide(guide)),
            Kind::Document => self.documents.get(&key.slug).map(|it| Entry::Document(it)),
            Kind::Service => self.services.get(&key.slug).map(|it| Entry::Service(it)),
            Kind::Step => {
                let guide = self.guides.get(key.guide.as_ref()?)?;
                guide.steps.get(&key.slug).map(|step| Entry::Step(guide, step))
            }
        }
    }
}

impl Results<'_> {
    /// The title of an entry, with the words that were looked for.
    pub fn title(&self, entry: &Entry<'_>) -> Marked {
        Marked::whole(entry.title(), &self.wanted, &mut Words::new())
    }

    /// The part of what is said of an entry that has most of the words; its start where it has none;
    /// `None` where nothing is said.
    pub fn excerpt(&self, entry: &Entry<'_>) -> Option<Marked> {
        marks::excerpt(&entry.body(), &self.wanted, &mut Words::new())
    }

    /// The synonym by which an entry was found, where its title has none of the words.
    pub fn synonym<'e>(&self, entry: &Entry<'e>) -> Option<&'e str> {
        let mut words = Words::new();
        let mut has_any = |text: &str| {
            words.of(text).iter().any(|word| self.wanted.iter().any(|wanted| wanted.is(word)))
        };
        if has_any(entry.title()) {
            return None;
        }
        entry.synonyms().iter().map(String::as_str).find(|synonym| has_any(synonym))
    }
}

/// Between 0 and 0.05, and less for longer titles.
#[expect(clippy::cast_precision_loss, reason = "a title has few words")]
fn brevity(title: &str) -> f32 {
    0.1 / (2.0 + title.split_whitespace().count() as f32)
}
