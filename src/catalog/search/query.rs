//! From what someone typed to a query of the engine.
//!
//! The rank of an entry follows from how many of the words it has, then from where it has the best
//! of each and how well: in its title before its synonyms before what is said of it; as it is typed
//! before another form, the start of a longer word, or a slip. Rare words count for more. No rank
//! depends on how often a word stands in a text, so that it can be told from the entry and the query.

use std::collections::BTreeSet;

use tantivy::{
    Searcher, SegmentReader, TantivyError, Term,
    query::{
        BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query,
        TermQuery, TermSetQuery,
    },
    schema::{Field, IndexRecordOption},
};

use super::{
    Asked, Scope,
    index::{Fields, Zone, kind_term},
    words::{Word, Words, every_word},
};

/// Words that are looked for; the rest of a longer query is left out.
const MOST_WORDS: usize = 16;

/// Added for each word, so that none can outweigh another word.
const EACH_WORD: f32 = 256.0;

/// What a place is worth.
const TITLE: f32 = 8.0;
const KEYWORDS: f32 = 5.0;
const LEADS: f32 = 2.0;
const BODY: f32 = 1.0;

/// What is left of it by how well a word fits.
const AS_TYPED: f32 = 1.0;
const OTHER_FORM: f32 = 0.9;
const STARTS: f32 = 0.6;
const SLIP: f32 = 0.3;

/// Added when the query is, or begins, all of a title or a synonym.
const WHOLE_TITLE: f32 = 4.0;
const WHOLE_SYNONYM: f32 = 2.0;
const STARTS_WHOLE: f32 = 0.5;

/// Slips are looked for in words that fewer entries than this have as they are typed.
const FEW: u32 = 5;

/// Shorter words, in letters, are too near to others for that.
const SHORTEST_SLIP: usize = 4;

/// Most words of the index that are taken for a slip of one.
const MOST_NEAR: usize = 50;

/// A word of a query, and what else it may stand for.
#[derive(Debug)]
pub(super) struct Wanted {
    folded: String,
    stem: String,
    /// Whether it may be the start of a word.
    is_open: bool,
    /// Words at one slip from it.
    near: BTreeSet<String>,
    /// Stems at one slip from its stem.
    near_stems: BTreeSet<String>,
    /// From 1, for one that every entry has, to 2.
    rarity: f32,
}

impl Wanted {
    fn new(word: Word, is_open: bool) -> Self {
        Self {
            folded: word.folded,
            stem: word.stem,
            is_open,
            near: BTreeSet::new(),
            near_stems: BTreeSet::new(),
            rarity: 1.0,
        }
    }

    /// Whether a word of a text is one that is wanted.
    pub fn is(&self, word: &Word) -> bool {
        word.folded == self.folded
            || (!self.stem.is_empty() && word.stem == self.stem)
            || (self.is_open && word.folded.starts_with(&self.folded))
            || self.near.contains(&word.folded)
            || self.near_stems.contains(&word.stem)
    }
}

#[cfg(test)]
impl Wanted {
    /// The words of a text, each the start of one, as if there were no index.
    pub fn each_of(text: &str) -> Vec<Self> {
        Words::new().of(text).into_iter().map(|word| Self::new(word, true)).collect()
    }
}

/// The words that someone typed, each once.
pub(super) fn wanted(
    text: &str,
    searcher: &Searcher,
    fields: &Fields,
) -> Result<Vec<Wanted>, TantivyError> {
    let mut words = Words::new().of(text);
    // The end of what is being typed, unless something follows it.
    let end = text.trim_end().len();
    if words.is_empty() {
        words.extend(start_of_word(text, end));
    }
    let mut wanted: Vec<Wanted> = Vec::new();
    for word in words {
        let is_open = word.place.end == end && end == text.len();
        match wanted.iter_mut().find(|wanted| wanted.folded == word.folded) {
            Some(wanted) => wanted.is_open |= is_open,
            None => wanted.push(Wanted::new(word, is_open)),
        }
    }
    wanted.truncate(MOST_WORDS);
    if let Some(segment) = searcher.segment_readers().first() {
        for word in &mut wanted {
            look_up(word, segment, fields)?;
        }
    }
    Ok(wanted)
}

/// The last word of a text whose words say nothing: *le* may become *Le Havre* or *lecture*.
fn start_of_word(text: &str, end: usize) -> Option<Word> {
    let mut last = None;
    every_word().token_stream(text).process(&mut |token| {
        let place = token.offset_from..token.offset_to;
        last = Some(Word { folded: token.text.clone(), stem: String::new(), place });
    });
    last.filter(|word| word.place.end == end && end == text.len())
}

/// Learns how rare a word is and, if it is very much so, what it may be a slip of.
fn look_up(
    word: &mut Wanted,
    segment: &SegmentReader,
    fields: &Fields,
) -> Result<(), TantivyError> {
    let mut holders = 0;
    let mut most = 0;
    for zone in fields.zones() {
        let index = segment.inverted_index(zone.stems)?;
        let with_stem = index.doc_freq(&Term::from_field_text(zone.stems, &word.stem))?;
        most = most.max(with_stem);
        holders += with_stem;
        if word.is_open && holders < FEW {
            let index = segment.inverted_index(zone.folded)?;
            let mut terms = index.terms().range().ge(&word.folded).into_stream()?;
            while holders < FEW
                && terms.advance()
                && terms.key().starts_with(word.folded.as_bytes())
            {
                holders += terms.value().doc_freq;
            }
        }
    }
    if most > 0 {
        word.rarity = rarity(most, segment.max_doc());
    }
    if holders < FEW && word.folded.chars().count() >= SHORTEST_SLIP {
        for zone in fields.zones() {
            near(&word.folded, zone.folded, word.is_open, segment, &mut word.near)?;
            if word.stem.chars().count() >= SHORTEST_SLIP {
                near(&word.stem, zone.stems, false, segment, &mut word.near_stems)?;
            }
        }
    }
    Ok(())
}

/// The logarithm of how few entries have a word, between 1 and 2.
#[expect(clippy::cast_precision_loss, reason = "a logarithm of at most millions of entries")]
fn rarity(holders: u32, entries: u32) -> f32 {
    let (holders, entries) = (holders as f32, entries as f32);
    1.0 + (((1.0 + entries) / (1.0 + holders)).ln() / (1.0 + entries).ln()).clamp(0.0, 1.0)
}

/// Adds the terms of a field that are a slip away from a word, or start so if it is open.
fn near(
    word: &str,
    field: Field,
    is_open: bool,
    segment: &SegmentReader,
    found: &mut BTreeSet<String>,
) -> Result<(), TantivyError> {
    let term = Term::from_field_text(field, word);
    let slip = match is_open {
        true => FuzzyTermQuery::new_prefix(term, 1, true),
        false => FuzzyTermQuery::new(term, 1, true),
    };
    let index = segment.inverted_index(field)?;
    let mut terms = index.terms().search(slip.automaton()?).into_stream()?;
    while found.len() < MOST_NEAR && terms.advance() {
        found.extend(std::str::from_utf8(terms.key()).ok().map(str::to_owned));
    }
    Ok(())
}

/// The query for some words: any of them where everything is searched, all where it is names.
pub(super) fn query(wanted: &[Wanted], asked: &Asked<'_>, fields: &Fields) -> BooleanQuery {
    let (occur, zones) = match asked.scope {
        Scope::Everything => (
            Occur::Should,
            &[
                (fields.title, TITLE),
                (fields.keywords, KEYWORDS),
                (fields.leads, LEADS),
                (fields.body, BODY),
            ][..],
        ),
        Scope::Names => (Occur::Must, &[(fields.title, TITLE), (fields.keywords, KEYWORDS)][..]),
    };
    let words = wanted.iter().map(|word| (occur, word_query(word, zones)));
    let words: Box<dyn Query> = Box::new(BooleanQuery::new(words.collect()));
    let mut clauses = vec![(Occur::Must, words)];
    clauses.extend(whole(wanted, fields).map(|query| (Occur::Should, query)));
    if !asked.kinds.is_empty() {
        let kinds = asked.kinds.iter().map(|kind| term(fields.kind, kind_term(*kind)));
        clauses.push((Occur::Must, filter(kinds)));
    }
    let language = asked.language.map(|language| term(fields.language, language.tag()));
    clauses.extend(language.map(|term| (Occur::Must, filter([term]))));
    BooleanQuery::new(clauses)
}

fn word_query(word: &Wanted, zones: &[(Zone, f32)]) -> Box<dyn Query> {
    let mut options: Vec<Box<dyn Query>> = Vec::new();
    for (zone, worth) in zones {
        let mut add = |query: Box<dyn Query>, fit: f32| {
            options.push(scored(query, EACH_WORD + word.rarity * worth * fit));
        };
        let folded = term(zone.folded, &word.folded);
        if word.is_open {
            add(Box::new(FuzzyTermQuery::new_prefix(folded.clone(), 0, true)), STARTS);
        }
        add(exactly(folded), AS_TYPED);
        add(exactly(term(zone.stems, &word.stem)), OTHER_FORM);
        for (field, near) in [(zone.folded, &word.near), (zone.stems, &word.near_stems)] {
            if !near.is_empty() {
                let near = near.iter().map(|word| term(field, word));
                add(Box::new(TermSetQuery::new(near)), SLIP);
            }
        }
    }
    Box::new(DisjunctionMaxQuery::new(options))
}

/// What is added where the query is a whole title or synonym, or the start of one.
fn whole(wanted: &[Wanted], fields: &Fields) -> impl Iterator<Item = Box<dyn Query>> {
    let text = wanted.iter().map(|word| word.folded.as_str()).collect::<Vec<_>>().join(" ");
    let is_open = wanted.last().is_some_and(|word| word.is_open);
    let fields = [(fields.whole_title, WHOLE_TITLE), (fields.whole_synonym, WHOLE_SYNONYM)];
    fields.into_iter().flat_map(move |(field, worth)| {
        let text = term(field, &text);
        let starts = || -> Box<dyn Query> {
            let starts = FuzzyTermQuery::new_prefix(text.clone(), 0, true);
            scored(Box::new(starts), worth * STARTS_WHOLE)
        };
        let starts = is_open.then(starts);
        starts.into_iter().chain([scored(exactly(text), worth)])
    })
}

fn term(field: Field, text: &str) -> Term {
    Term::from_field_text(field, text)
}

fn exactly(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn scored(query: Box<dyn Query>, score: f32) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, score))
}

/// Lets through what has one of some terms, and adds nothing to its rank.
fn filter(terms: impl IntoIterator<Item = Term>) -> Box<dyn Query> {
    scored(Box::new(TermSetQuery::new(terms)), 0.0)
}
