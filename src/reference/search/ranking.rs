//! The best few of many candidates.

use std::collections::BTreeSet;

/// Keeps the best candidates offered, at most `limit`, one for each commune.
///
/// `S` says how well a candidate fits, the lower the better; among equals the lower rank wins.
pub(super) struct Ranking<S, T> {
    limit: usize,
    best: BTreeSet<(S, u32, T)>,
}

impl<S: Ord + Copy, T: Ord + Copy> Ranking<S, T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, best: BTreeSet::new() }
    }

    pub(super) fn offer(&mut self, fit: S, rank: u32, what: T) {
        let candidate = (fit, rank, what);
        if self.is_full() && self.best.last().is_none_or(|worst| *worst <= candidate) {
            return;
        }
        // Few candidates come this far, and the set is small.
        let same = self.best.iter().find(|(_, other, _)| *other == rank).copied();
        match same {
            Some(same) if same <= candidate => return,
            Some(same) => {
                self.best.remove(&same);
            }
            None => {}
        }
        self.best.insert(candidate);
        if self.best.len() > self.limit {
            self.best.pop_last();
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.best.len() >= self.limit
    }

    pub(super) fn is_empty(&self) -> bool {
        self.best.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.best.len()
    }

    /// The rank of each of the best candidates and what was offered with it, the best first.
    pub(super) fn into_best(self) -> impl Iterator<Item = (u32, T)> {
        self.best.into_iter().map(|(_, rank, what)| (rank, what))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keeps_what_sorting_everything_would(
            offers in proptest::collection::vec((0u8..4, 0u32..12, 0u8..3), 0..60),
            limit in 0usize..8,
        ) {
            let mut ranking = Ranking::new(limit);
            for (fit, rank, what) in &offers {
                ranking.offer(*fit, *rank, *what);
            }
            let mut sorted = offers;
            sorted.sort_unstable();
            let mut seen = BTreeSet::new();
            sorted.retain(|(_, rank, _)| seen.insert(*rank));
            sorted.truncate(limit);
            let expected: Vec<_> = sorted.into_iter().map(|(_, rank, what)| (rank, what)).collect();
            prop_assert_eq!(ranking.into_best().collect::<Vec<_>>(), expected);
        }
    }
}
