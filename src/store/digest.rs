//! Checks of what is kept: SQLite has none of its own, so that a bit that flips on the disk would be
//! read as if it had been written.
//!
//! Each row, item, value and header has a [`Digest`] of its bytes. A whole, such as a release, has a
//! [`Tally`](super::tally::Tally) of its parts.

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef},
};

/// The first eight bytes of a BLAKE3 hash: enough against accidents, the only thing it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest(pub(super) i64);

impl Digest {
    /// Of these parts in this order; moving a byte from one to the next changes it.
    pub(super) fn of<const N: usize>(parts: [&[u8]; N]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&part.len().to_le_bytes());
            hasher.update(part);
        }
        let hash = hasher.finalize();
        Self(hash.as_bytes().first_chunk().copied().map_or(0, i64::from_le_bytes))
    }
}

impl ToSql for Digest {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for Digest {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_where_one_part_ends_and_the_next_begins() {
        let parts = [[&b"ab"[..], b"c"], [b"a", b"bc"], [b"abc", b""], [b"", b"abc"]];
        for (i, one) in parts.into_iter().enumerate() {
            for (j, other) in parts.into_iter().enumerate() {
                assert_eq!(Digest::of(one) == Digest::of(other), i == j);
            }
        }
    }
}
