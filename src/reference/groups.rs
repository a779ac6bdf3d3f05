//! Which records share a key, as one sorted array.

/// Pairs of a key and the index of a record, ordered by both.
#[derive(Debug)]
pub(super) struct Groups<K>(Box<[(K, u32)]>);

impl<K: Copy + Ord> Groups<K> {
    pub(super) fn new(pairs: impl Iterator<Item = (K, u32)>) -> Self {
        let mut pairs: Box<[_]> = pairs.collect();
        pairs.sort_unstable();
        Self(pairs)
    }

    /// The indexes of the records with this key, in order.
    pub(super) fn get(&self, key: K) -> &[(K, u32)] {
        self.range(|other| other.cmp(&key))
    }

    /// The pairs whose keys compare as equal; `compare` must agree with the order of the keys.
    pub(super) fn range(&self, compare: impl Fn(&K) -> std::cmp::Ordering) -> &[(K, u32)] {
        let start = self.0.partition_point(|(key, _)| compare(key).is_lt());
        let end = self.0.partition_point(|(key, _)| compare(key).is_le());
        self.0.get(start..end).unwrap_or_default()
    }
}
