//! Names that are one slip of the finger away from a query: a letter left out, added, changed, or
//! swapped with the next.
//!
//! Every text one slip away is tried by binary search, in the range of names that share its
//! beginning: some two hundred searches in small ranges. `fst`'s Levenshtein automaton was weighed
//! against it: building one for a query takes as long as the whole search here (50 µs for *le
//! harve*), and it does not know swaps.

use super::index::{END, Entry, SearchIndex};

/// Entries that begin with a text one slip away from a query, and how long that text is.
pub(super) struct Slip<'a> {
    pub(super) entries: &'a [Entry],
    pub(super) len: usize,
}

/// All entries that begin with a text one slip away from `query`. An entry may come several times.
pub(super) fn one_slip_away<'a>(index: &'a SearchIndex, query: &str) -> Vec<Slip<'a>> {
    let query = query.as_bytes();
    let mut slips = Vec::new();
    let mut shared = index.entries();
    for (at, typed) in query.iter().enumerate() {
        let after = query.get(at + 1..).unwrap_or_default();
        let mut try_at = |entries: &'a [Entry], depth, rest: &[u8]| {
            let entries = index.narrow(entries, depth, rest);
            if !entries.is_empty() {
                slips.push(Slip { entries, len: depth + rest.len() });
            }
        };
        try_at(shared, at, after);
        if let Some((next, rest)) = after.split_first() {
            try_at(shared, at, &[&[*next, *typed], rest].concat());
        }
        for (letter, entries) in children(index, shared, at) {
            if letter != *typed {
                try_at(entries, at + 1, after);
                try_at(entries, at + 1, query.get(at..).unwrap_or_default());
            }
        }
        shared = index.narrow(shared, at, &[*typed]);
    }
    slips
}

/// Entries that agree up to `depth`, by the letter that they go on with.
fn children<'a>(
    index: &'a SearchIndex,
    mut entries: &'a [Entry],
    depth: usize,
) -> impl Iterator<Item = (u8, &'a [Entry])> {
    std::iter::from_fn(move || {
        let letter = index.byte(*entries.first()?, depth);
        let end = entries.partition_point(|entry| index.byte(*entry, depth) <= letter);
        let (child, rest) = entries.split_at_checked(end)?;
        entries = rest;
        Some((letter, child))
    })
    .filter(|(letter, _)| *letter != END)
}
