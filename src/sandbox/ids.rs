//! Airtable-style identifiers: three letters that tell the kind, then fourteen letters or digits.

use std::{borrow::Borrow, fmt, sync::Arc};

use rand::{RngExt as _, distr::Alphanumeric};
use serde::{Deserialize, Serialize};

/// What an identifier names; it decides the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// A base, `app…`.
    Base,
    /// A table, `tbl…`.
    Table,
    /// A field, `fld…`.
    Field,
    /// A view, `viw…`.
    View,
    /// A record, `rec…`.
    Record,
    /// An attachment, `att…`.
    Attachment,
    /// A webhook, `ach…`.
    Webhook,
    /// An option of a select field, `sel…`.
    Choice,
    /// A comment, `com…`.
    Comment,
    /// A walk through the pages of a list, `itr…`.
    Iterator,
}

impl IdKind {
    /// The three letters that such identifiers begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Base => "app",
            Self::Table => "tbl",
            Self::Field => "fld",
            Self::View => "viw",
            Self::Record => "rec",
            Self::Attachment => "att",
            Self::Webhook => "ach",
            Self::Choice => "sel",
            Self::Comment => "com",
            Self::Iterator => "itr",
        }
    }

    /// A new identifier, drawn at random.
    pub fn fresh(self) -> String {
        let tail = rand::rng().sample_iter(Alphanumeric).take(14).map(char::from);
        self.prefix().chars().chain(tail).collect()
    }

    /// Whether a text looks like an identifier of this kind.
    pub fn matches(self, text: &str) -> bool {
        text.strip_prefix(self.prefix())
            .is_some_and(|tail| tail.len() >= 3 && tail.bytes().all(|b| b.is_ascii_alphanumeric()))
    }
}

/// The identifier of a record. Cheap to copy, since lists and links repeat it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(Arc<str>);

impl RecordId {
    /// A new identifier, drawn at random.
    pub fn fresh() -> Self {
        Self(IdKind::Record.fresh().into())
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RecordId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Borrow<str> for RecordId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ids_have_airtable_s_shape_and_differ() {
        let id = IdKind::Field.fresh();
        assert_eq!(id.len(), 17);
        assert!(IdKind::Field.matches(&id) && !IdKind::Table.matches(&id), "{id}");
        assert_ne!(RecordId::fresh(), RecordId::fresh());
    }
}
