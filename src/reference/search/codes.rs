//! Suggestions for post codes and INSEE codes.

use super::{Keep, Matched, Reference, Suggestion, ranking::Ranking};
use crate::reference::{Found, InseeCode, Postcode};

/// A query made of digits alone, at most five, perhaps parted by spaces (*35 000*).
pub(super) struct Digits(String);

impl Digits {
    pub(super) fn read(query: &str) -> Option<Self> {
        let digits: String = query.chars().filter(|c| !c.is_whitespace()).collect();
        let is_code = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        is_code.then_some(Self(digits))
    }
}

/// The communes whose post code begins with these digits, then the one whose INSEE code they are,
/// which always has its place.
pub(super) fn suggest<'a>(
    reference: &'a Reference,
    Digits(digits): Digits,
    limit: usize,
    keep: Option<Keep<'_>>,
) -> Vec<Suggestion<'a>> {
    let by_insee = suggest_by_insee(reference, &digits, keep);
    let mut ranking = Ranking::new(limit);
    for (postcode, index) in postcodes_starting_with(reference, &digits) {
        let is_kept =
            keep.is_none_or(|keep| reference.communes.get(*index as usize).is_some_and(keep));
        if let Some(rank) = reference.search.rank_of(*index).filter(|_| is_kept) {
            ranking.offer((), rank, *postcode);
        }
    }
    let mut suggestions: Vec<_> = ranking
        .into_best()
        .filter_map(|(rank, postcode)| {
            Some(reference.suggestion(reference.ranked(rank)?, Matched::Postcode(postcode)))
        })
        .collect();
    let is_new = |found: &Suggestion<'_>| {
        !suggestions.iter().any(|other| std::ptr::eq(other.commune, found.commune))
    };
    if let Some(found) = by_insee.filter(is_new) {
        suggestions.truncate(limit.saturating_sub(1));
        suggestions.push(found);
    }
    suggestions
}

/// The pairs of a post code that begins with these digits and the index of a commune it serves.
fn postcodes_starting_with<'a>(reference: &'a Reference, digits: &str) -> &'a [(Postcode, u32)] {
    reference.by_postcode.range(|code| {
        let start = code.as_str().get(..digits.len()).unwrap_or(code.as_str());
        start.cmp(digits)
    })
}

/// The commune that an INSEE code, written in full, names or leads to.
pub(super) fn suggest_by_insee<'a>(
    reference: &'a Reference,
    query: &str,
    keep: Option<Keep<'_>>,
) -> Option<Suggestion<'a>> {
    let code: InseeCode = query.trim().parse().ok()?;
    let commune = reference.find(code).map(Found::commune);
    let commune = commune.filter(|commune| keep.is_none_or(|keep| keep(commune)))?;
    Some(reference.suggestion(commune, Matched::Insee(code)))
}
