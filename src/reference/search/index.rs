//! The sorted arrays that suggestions are read from.

use std::cmp::Reverse;

use crate::reference::{Commune, CommuneKind, DecodeError, FormerName, find_commune, fold};

/// Names, sorted. Communes are known here by rank: the order in which they are
/// suggested when a query fits them equally well.
pub(in crate::reference) struct SearchIndex {
    /// The folded names, each ended by [`END`].
    text: Box<[u8]>,
    /// The names of the communes in order of rank, then the former names in their own order.
    names: Box<[Name]>,
    /// One entry for each word of each name, in the order of what follows in the text.
    entries: Box<[Entry]>,
    /// The index of each commune in the reference, by rank.
    communes: Box<[u32]>,
    /// The rank of each commune, by index in the reference.
    ranks: Box<[u32]>,
}

/// Ends each name in the text. Sorts before all that names are made of.
pub(super) const END: u8 = b'\n';

/// A folded name in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    start: u32,
    /// Where its [`END`] is.
    end: u32,
    /// Where the name begins without its article.
    bare: u32,
    /// The rank of the commune that has the name.
    pub(super) rank: u32,
}

impl Name {
    /// What is left of the name from some place in it on.
    fn text_from(self, start: u32, text: &[u8]) -> &[u8] {
        text.get(start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A place in the text where a word begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    start: u32,
    pub(super) name: u32,
}

/// How the end of a name, from some word on, lies in the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the whole name.
    Start,
    /// It is the name without its article.
    AfterArticle,
    /// It begins within the name.
    Inner,
}

impl SearchIndex {
    pub(in crate::reference) fn new(
        communes: &[Commune],
        former_names: &[FormerName],
    ) -> Result<Self, DecodeError> {
        let order = order(communes);
        let mut ranks = vec![0; communes.len()];
        for (rank, index) in (0u32..).zip(&order) {
            if let Some(slot) = ranks.get_mut(*index as usize) {
                *slot = rank;
            }
        }
        let mut names = Names::default();
        for (rank, index) in (0u32..).zip(&order) {
            if let Some(commune) = communes.get(*index as usize) {
                names.push(&commune.name, rank);
            }
        }
        for former in former_names {
            names.push(&former.name, rank_of_current(communes, &ranks, former)?);
        }
        Ok(Self {
            entries: names.sorted_entries().into(),
            text: names.text.into(),
            names: names.names.into(),
            communes: order.into(),
            ranks: ranks.into(),
        })
    }

    /// The index in the reference of the commune of this rank.
    pub(in crate::reference) fn commune_at(&self, rank: u32) -> Option<usize> {
        self.communes.get(rank as usize).map(|index| *index as usize)
    }

    /// The rank of the commune of this index in the reference.
    pub(super) fn rank_of(&self, commune: u32) -> Option<u32> {
        self.ranks.get(commune as usize).copied()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn name(&self, entry: Entry) -> Option<Name> {
        self.names.get(entry.name as usize).copied()
    }

    /// The index, among the former names, of this entry's name when it is one.
    pub(super) fn former(&self, name: u32) -> Option<usize> {
        (name as usize).checked_sub(self.communes.len())
    }

    /// The folded text of a name.
    pub(super) fn text_of(&self, name: Name) -> &[u8] {
        name.text_from(name.start, &self.text)
    }

    /// The entries, among some that agree up to `depth`, that go on with `rest` there.
    pub(super) fn narrow<'a>(
        &self,
        entries: &'a [Entry],
        depth: usize,
        rest: &[u8],
    ) -> &'a [Entry] {
        let start = entries.partition_point(|entry| self.cut(*entry, depth, rest.len()) < rest);
        let entries = entries.get(start..).unwrap_or_default();
        let end = entries.partition_point(|entry| self.cut(*entry, depth, rest.len()) <= rest);
        entries.get(..end).unwrap_or_default()
    }

    /// The entries whose text begins with this folded text.
    pub(super) fn starting_with(&self, folded: &str) -> &[Entry] {
        self.narrow(&self.entries, 0, folded.as_bytes())
    }

    /// The byte of an entry's text at some depth; [`END`] past the whole text.
    pub(super) fn byte(&self, entry: Entry, depth: usize) -> u8 {
        self.text.get(entry.start as usize + depth).copied().unwrap_or(END)
    }

    /// At most `len` bytes of an entry's text from some depth on. They may run past its name's end:
    /// a query holds [`END`] only as its last byte, so that such bytes change no comparison.
    fn cut(&self, entry: Entry, depth: usize, len: usize) -> &[u8] {
        let start = (entry.start as usize + depth).min(self.text.len());
        let end = (start + len).min(self.text.len());
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn place(&self, entry: Entry, name: Name) -> Place {
        if entry.start == name.start {
            Place::Start
        } else if entry.start == name.bare {
            Place::AfterArticle
        } else {
            Place::Inner
        }
    }
}

/// The indexes of the communes in the order of suggestion: current ones first, then the most
/// populous. Parts of communes count for as many inhabitants as their commune when they have no
/// count of their own.
fn order(communes: &[Commune]) -> Vec<u32> {
    let population = |commune: &Commune| {
        let parent = || find_commune(communes, CommuneKind::Current, commune.parent?);
        commune.population.or_else(|| parent()?.population).unwrap_or(0)
    };
    let mut order: Vec<_> = (0u32..)
        .zip(communes)
        .map(|(index, commune)| (commune.kind, Reverse(population(commune)), commune.code, index))
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, _, index)| index).collect()
}

fn rank_of_current(
    communes: &[Commune],
    ranks: &[u32],
    former: &FormerName,
) -> Result<u32, DecodeError> {
    communes
        .binary_search_by_key(&(former.current, CommuneKind::Current), |c| (c.code, c.kind))
        .ok()
        .and_then(|index| ranks.get(index).copied())
        .ok_or_else(|| DecodeError::Link {
            expected: "current commune",
            found: former.current.to_string(),
            from: former.code.to_string(),
        })
}

/// Names as they are gathered.
#[derive(Default)]
struct Names {
    text: Vec<u8>,
    names: Vec<Name>,
}

/// The articles that names begin with, folded.
const ARTICLES: [&str; 7] = ["le ", "la ", "les ", "l ", "las ", "los ", "aux "];

impl Names {
    fn push(&mut self, name: &str, rank: u32) {
        let folded = fold(name);
        let article = ARTICLES.iter().find(|article| folded.starts_with(**article));
        let start = offset(self.text.len());
        let bare = start + offset(article.map_or(0, |article| article.len()));
        self.text.extend_from_slice(folded.as_bytes());
        self.names.push(Name { start, end: offset(self.text.len()), bare, rank });
        self.text.push(END);
    }

    /// An entry for each word of each name, sorted by what follows in the text.
    fn sorted_entries(&self) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(self.names.len() * 3);
        for (number, name) in (0u32..).zip(&self.names) {
            for word in word_starts(name.text_from(name.start, &self.text)) {
                let start = name.start + offset(word);
                let key = sort_key(name.text_from(start, &self.text));
                entries.push((key, Entry { start, name: number }));
            }
        }
        entries.sort_unstable_by(|(key, entry), (other_key, other)| {
            key.cmp(other_key)
                .then_with(|| self.text_of(*entry).cmp(self.text_of(*other)))
                .then_with(|| entry.start.cmp(&other.start))
        });
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    fn text_of(&self, entry: Entry) -> &[u8] {
        let name = self.names.get(entry.name as usize);
        name.map(|name| name.text_from(entry.start, &self.text)).unwrap_or_default()
    }
}

/// The first 16 bytes, as one number of the same order: sorting rarely needs more.
fn sort_key(text: &[u8]) -> u128 {
    let padded = text.iter().copied().chain(std::iter::repeat(0)).take(16);
    padded.fold(0, |key, byte| key << 8 | u128::from(byte))
}

fn word_starts(name: &[u8]) -> impl Iterator<Item = usize> {
    let after_spaces = name.iter().enumerate().filter(|(_, byte)| **byte == b' ');
    std::iter::once(0).chain(after_spaces.map(|(at, _)| at + 1))
}

/// The text has some 700,000 bytes.
fn offset(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
