//! Autocomplete of communes: from what someone types to the communes that they may mean.
//!
//! Pure and in memory. All names, folded, lie in one text; one array sorts every place in it where
//! a word begins, so that *malo* finds *Saint-Malo* by the same binary search as *saint m*. No
//! query scans more than the entries that share its first word.

use super::{Commune, InseeCode, Postcode, Reference};
use codes::Digits;

mod codes;
mod index;
mod names;
mod ranking;
mod slips;

pub(super) use index::SearchIndex;

/// The most suggestions that one query gets.
pub const MAX_SUGGESTIONS: usize = 100;

/// What follows is not read: no name is half as long.
const MAX_QUERY_CHARS: usize = 200;

/// A commune that someone may mean.
#[derive(Debug, Clone)]
pub struct Suggestion<'a> {
    /// The commune, or part of one.
    pub commune: &'a Commune,
    /// The current commune that it is a part of.
    pub parent: Option<&'a Commune>,
    /// What the query matched.
    pub matched: Matched<'a>,
}

/// What a query matched of a commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched<'a> {
    /// Its name.
    Name,
    /// A name that it, or a commune now within it, had in the past.
    OldName(&'a str),
    /// One of its post codes.
    Postcode(Postcode),
    /// Its INSEE code, or an old one that leads to it.
    Insee(InseeCode),
}

/// Which communes are looked for.
pub(super) type Keep<'a> = &'a dyn Fn(&Commune) -> bool;

/// See [`Reference::suggest`]; all communes are looked for unless `keep` says which.
pub(super) fn suggest<'a>(
    reference: &'a Reference,
    query: &str,
    limit: usize,
    keep: Option<Keep<'_>>,
) -> Vec<Suggestion<'a>> {
    let limit = limit.min(MAX_SUGGESTIONS);
    if limit == 0 {
        return Vec::new();
    }
    let query: String = query.chars().take(MAX_QUERY_CHARS).collect();
    let by_code = match Digits::read(&query) {
        Some(digits) => codes::suggest(reference, digits, limit, keep),
        None => codes::suggest_by_insee(reference, &query, keep).into_iter().collect(),
    };
    if by_code.is_empty() { names::suggest(reference, &query, limit, keep) } else { by_code }
}

impl Reference {
    fn suggestion<'a>(&'a self, commune: &'a Commune, matched: Matched<'a>) -> Suggestion<'a> {
        let parent = commune.parent.map(|_| self.current(commune));
        Suggestion { commune, parent, matched }
    }

    fn ranked(&self, rank: u32) -> Option<&Commune> {
        self.communes.get(self.search.commune_at(rank)?)
    }
}

#[cfg(test)]
mod tests;
