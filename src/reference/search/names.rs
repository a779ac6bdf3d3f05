//! Suggestions for names.

use super::{
    Keep, Matched, Reference, Suggestion,
    index::{END, Entry, Place, SearchIndex},
    ranking::Ranking,
    slips::{Slip, one_slip_away},
};
use crate::reference::{
    Commune,
    fold::{fold_letters, spell_out},
};

/// How well a name fits a query; the lower, the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    spelling: Spelling,
    extent: Extent,
    age: Age,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spelling {
    AsTyped,
    OneSlip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    /// The whole name.
    Whole,
    /// The whole name but for its article.
    WholeButArticle,
    /// Its start, with or without its article.
    Start,
    /// A part that begins within it.
    Inner,
    /// Some of its words, in order.
    Words,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Living,
    Former,
}

/// Candidates, each with its name's number in the index.
type Names = Ranking<Fit, u32>;

/// Names one slip away are offered only when fewer than these fit as typed and none has the query
/// as whole words, so that someone who types well never sees them.
const FEW: usize = 5;

/// Shorter queries are one slip away from too much.
const MIN_LEN_FOR_SLIPS: usize = 4;

/// The communes whose name fits the query. When none does and the query holds a number, as in
/// *Rennes 35* or *35000 Rennes*, those where the number begins a post code or the INSEE code.
pub(super) fn suggest<'a>(
    reference: &'a Reference,
    query: &str,
    limit: usize,
    keep: Option<Keep<'_>>,
) -> Vec<Suggestion<'a>> {
    let letters = fold_letters(query);
    if letters.is_empty() {
        return Vec::new();
    }
    let index = &reference.search;
    let is_kept = |commune: &Commune| keep.is_none_or(|keep| keep(commune));
    let anywhere = |rank| keep.is_none() || reference.ranked(rank).is_some_and(is_kept);
    let mut found = Names::new(limit);
    offer_as_typed(&mut found, index, &letters, anywhere);
    match split_number(&letters).filter(|_| found.is_empty()) {
        None => offer_slips(&mut found, index, &letters, anywhere),
        Some((words, number)) => {
            let is_there = |commune: &Commune| is_in(commune, &number) && is_kept(commune);
            let there = |rank| reference.ranked(rank).is_some_and(is_there);
            offer_as_typed(&mut found, index, &words, there);
            offer_slips(&mut found, index, &words, there);
        }
    }
    suggestions(reference, found)
}

/// Parts the words from the only number of two digits or more, when there are both. `2A` and `2B`,
/// the départements of Corsica, are numbers too.
fn split_number(letters: &str) -> Option<(String, String)> {
    let is_number = |word: &&str| {
        matches!(*word, "2a" | "2b")
            || (word.len() >= 2 && word.bytes().all(|b| b.is_ascii_digit()))
    };
    let (numbers, words): (Vec<_>, Vec<_>) = letters.split(' ').partition(is_number);
    match numbers.as_slice() {
        [number] if !words.is_empty() => Some((words.join(" "), number.to_ascii_uppercase())),
        _ => None,
    }
}

fn is_in(commune: &Commune, number: &str) -> bool {
    commune.code.as_str().starts_with(number)
        || commune.postcodes.iter().any(|postcode| postcode.as_str().starts_with(number))
}

fn suggestions<'a>(reference: &'a Reference, found: Names) -> Vec<Suggestion<'a>> {
    found
        .into_best()
        .filter_map(|(rank, name)| {
            let commune = reference.ranked(rank)?;
            let former = reference.search.former(name);
            let matched = match former.and_then(|index| reference.former_names.get(index)) {
                Some(former) => Matched::OldName(&former.name),
                None => Matched::Name,
            };
            Some(reference.suggestion(commune, matched))
        })
        .collect()
}

/// Offers the names that begin, in whole or from some word on, with what was typed; when they are
/// too few, those that have its words.
fn offer_as_typed(
    found: &mut Names,
    index: &SearchIndex,
    letters: &str,
    keep: impl Fn(u32) -> bool,
) {
    let spelled_out = spell_out(letters.to_owned());
    // Whoever types *st* may be on the way to *Stains*: the last word is taken both ways.
    let forms = if spelled_out == letters { vec![letters] } else { vec![&spelled_out, letters] };
    for form in forms {
        let entries = index.starting_with(form);
        offer_entries(found, index, entries, form.len(), Spelling::AsTyped, &keep);
    }
    if !found.is_full() {
        offer_words_in_order(found, index, &spelled_out, keep);
    }
}

/// Offers the names that are one slip away, when what was typed seems wrong.
fn offer_slips(found: &mut Names, index: &SearchIndex, letters: &str, keep: impl Fn(u32) -> bool) {
    let query = spell_out(letters.to_owned());
    let seems_right = found.len() >= FEW || found.is_full() || has_whole_words(index, &query);
    if seems_right || letters.len() < MIN_LEN_FOR_SLIPS {
        return;
    }
    for Slip { entries, len } in one_slip_away(index, &query) {
        offer_entries(found, index, entries, len, Spelling::OneSlip, &keep);
    }
}

fn has_whole_words(index: &SearchIndex, query: &str) -> bool {
    [' ', char::from(END)]
        .into_iter()
        .any(|end| !index.starting_with(&format!("{query}{end}")).is_empty())
}

/// Offers entries that have their first `len` bytes in common with the query, or nearly.
fn offer_entries(
    found: &mut Names,
    index: &SearchIndex,
    entries: &[Entry],
    len: usize,
    spelling: Spelling,
    keep: impl Fn(u32) -> bool,
) {
    for entry in entries {
        let Some(name) = index.name(*entry) else { continue };
        let is_complete = index.byte(*entry, len) == END;
        let extent = match (index.place(*entry, name), is_complete) {
            (Place::Start, true) => Extent::Whole,
            (Place::AfterArticle, true) => Extent::WholeButArticle,
            (Place::Start | Place::AfterArticle, false) => Extent::Start,
            (Place::Inner, _) => Extent::Inner,
        };
        if keep(name.rank) {
            let age = age(index, entry.name);
            found.offer(Fit { spelling, extent, age }, name.rank, entry.name);
        }
    }
}

/// Offers the names that have all words of the query in its order, the last perhaps unfinished:
/// *jean luz* for *Saint-Jean-de-Luz*. Only names with the rarest of the words are read.
fn offer_words_in_order(
    found: &mut Names,
    index: &SearchIndex,
    query: &str,
    keep: impl Fn(u32) -> bool,
) {
    let Some((complete, last)) = query.rsplit_once(' ') else { return };
    let rarest = complete
        .split(' ')
        .map(|word| index.starting_with(&format!("{word} ")))
        .chain([index.starting_with(last)])
        .min_by_key(|entries| entries.len())
        .unwrap_or_default();
    for entry in rarest {
        let Some(name) = index.name(*entry) else { continue };
        if keep(name.rank) && has_words_in_order(index.text_of(name), complete, last) {
            let fit = Fit {
                spelling: Spelling::AsTyped,
                extent: Extent::Words,
                age: age(index, entry.name),
            };
            found.offer(fit, name.rank, entry.name);
        }
    }
}

fn has_words_in_order(name: &[u8], complete: &str, last: &str) -> bool {
    let mut words = name.split(|byte| *byte == b' ');
    complete.split(' ').all(|wanted| words.any(|word| word == wanted.as_bytes()))
        && words.any(|word| word.starts_with(last.as_bytes()))
}

fn age(index: &SearchIndex, name: u32) -> Age {
    match index.former(name) {
        Some(_) => Age::Former,
        None => Age::Living,
    }
}
