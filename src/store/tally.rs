//! What the parts of a whole add up to, so that a part which is lost or left over shows.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::{digest::Digest, error::StoreError};

/// How many parts a whole has, and the sum of their digests: kept up to date part by part, in any
/// order, without reading the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub(super) count: i64,
    pub(super) sum: i64,
}

impl Tally {
    pub(super) fn add(&mut self, part: Digest) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(part.0);
    }

    pub(super) fn remove(&mut self, part: Digest) {
        self.count = self.count.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(part.0);
    }
}

/// A whole that has its tally in a table of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whole {
    /// All rows of the base.
    Mirror,
    /// All small values.
    Values,
}

impl Whole {
    fn name(self) -> &'static str {
        match self {
            Self::Mirror => "mirror",
            Self::Values => "values",
        }
    }

    /// What it was when it was last kept; `None` when it never was.
    pub(super) fn read(self, connection: &Connection) -> Result<Option<Tally>, StoreError> {
        let found = connection
            .prepare_cached("SELECT count, sum, digest FROM tallies WHERE whole = ?1")?
            .query_row([self.name()], |row| {
                Ok((Tally { count: row.get(0)?, sum: row.get(1)? }, row.get::<_, Digest>(2)?))
            })
            .optional()?;
        match found {
            Some((tally, digest)) if digest != self.digest(tally) => {
                Err(StoreError::damaged(format!("the tally of the {}", self.name())))
            }
            found => Ok(found.map(|(tally, _)| tally)),
        }
    }

    pub(super) fn write(self, connection: &Connection, tally: Tally) -> Result<(), StoreError> {
        let sql =
            "INSERT OR REPLACE INTO tallies (whole, count, sum, digest) VALUES (?1, ?2, ?3, ?4)";
        let values = params![self.name(), tally.count, tally.sum, self.digest(tally)];
        connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn digest(self, tally: Tally) -> Digest {
        let Tally { count, sum } = tally;
        Digest::of([self.name().as_bytes(), &count.to_le_bytes(), &sum.to_le_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_that_of_what_is_left_whatever_the_order() {
        let [a, b, c] = ["a", "b", "c"].map(|text| Digest::of([text.as_bytes()]));
        let mut one = Tally::default();
        for part in [a, b, c] {
            one.add(part);
        }
        one.remove(b);
        let mut other = Tally::default();
        for part in [c, a] {
            other.add(part);
        }
        assert_eq!(one, other);
        other.remove(a);
        assert_ne!(one, other);
    }
}
