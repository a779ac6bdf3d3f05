//! What an answer is made of, in words that caches understand.

use std::{collections::BTreeSet, fmt};

/// What an answer is made of. An answer has every tag that holds for it, so that caches can be told
/// of one thing, of all things of a kind, or of everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag {
    /// Anything that is published.
    Content,
    /// The release as a whole: such an answer may change with any other.
    Release,
    /// The program alone.
    Program,
    /// Any answer about a kind of thing.
    Kind(Kind),
    /// Those that list them.
    List(Kind),
    /// Those about one of them.
    One(Kind, Box<str>),
}

/// A kind of thing that answers are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Guides, with their steps.
    Guide,
    /// Walks through a guide, which may end in a local answer.
    Walk,
    /// Documents.
    Document,
    /// Services.
    Service,
    /// Communes, with the services in each.
    Commune,
    /// Local answers, by document.
    LocalAnswer,
    /// Files.
    Media,
}

/// Tags in order, each once.
pub type Tags = BTreeSet<Tag>;

impl Kind {
    fn one(self) -> &'static str {
        match self {
            Self::Guide => "guide",
            Self::Walk => "walk",
            Self::Document => "document",
            Self::Service => "service",
            Self::Commune => "commune",
            Self::LocalAnswer => "local-answer",
            Self::Media => "medium",
        }
    }

    fn all(self) -> &'static str {
        match self {
            Self::Guide => "guides",
            Self::Walk => "walks",
            Self::Document => "documents",
            Self::Service => "services",
            Self::Commune => "communes",
            Self::LocalAnswer => "local-answers",
            Self::Media => "media",
        }
    }
}

/// Neither a space, which parts surrogate keys, nor a comma, which parts cache tags.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content => f.write_str("content"),
            Self::Release => f.write_str("release"),
            Self::Program => f.write_str("program"),
            Self::Kind(kind) => f.write_str(kind.all()),
            Self::List(kind) => write!(f, "{}-list", kind.one()),
            Self::One(kind, name) => write!(f, "{}/{name}", kind.one()),
        }
    }
}

/// Tags as a header has them.
pub fn joined(tags: &Tags, separator: &str) -> String {
    let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
    tags.join(separator)
}
