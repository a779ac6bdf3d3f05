//! What differs between two releases.

use std::{cmp::Ordering, iter, sync::Arc};

use super::item::{Item, Shelf};
use crate::content::{holding::Holding, ids::Slug};

/// The slugs under which two shelves hold other items, or only one of them an item.
pub(crate) fn differing<'a, T>(
    before: &'a Shelf<T>,
    now: &'a Shelf<T>,
) -> impl Iterator<Item = &'a Slug> {
    let (mut changed, mut gone) = (None, None);
    if !Arc::ptr_eq(before, now) {
        let is_other = |(slug, item): &(&Slug, &Item<T>)| before.get(*slug) != Some(*item);
        changed = Some(now.iter().filter(is_other).map(|(slug, _)| slug));
        gone = Some(before.keys().filter(|slug| !now.contains_key(*slug)));
    }
    changed.into_iter().flatten().chain(gone.into_iter().flatten())
}

/// The holdings that differ between two lists, each in the order of record ids: as they were and as
/// they are.
pub(crate) fn differing_holdings<'a>(
    before: &'a [Item<Holding>],
    now: &'a [Item<Holding>],
) -> impl Iterator<Item = (Option<&'a Item<Holding>>, Option<&'a Item<Holding>>)> {
    let (mut before, mut now) = (before.iter().peekable(), now.iter().peekable());
    let pairs = iter::from_fn(move || {
        let order = match (before.peek(), now.peek()) {
            (Some(before), Some(now)) => before.facts.record.cmp(&now.facts.record),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let was = if order.is_le() { before.next() } else { None };
        let is = if order.is_ge() { now.next() } else { None };
        Some((was, is))
    });
    pairs.filter(|(was, is)| was != is)
}
