//! The value of one cell, typed and free of Airtable's wire format.
//!
//! `airtable` decodes its JSON into these; everything past it reads only these. A cell that the
//! archivist left empty is absent from its row.

use std::{
    hash::{Hash, Hasher},
    mem::discriminant,
};

use chrono::{DateTime, NaiveDate, Utc};

use super::ids::{AttachmentId, RecordId};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Plain text, an address, a telephone number, a link typed as text, a formula's text.
    Text(String),
    /// Airtable's Markdown.
    RichText(String),
    /// Any number. Percents are fractions (12.3 % is 0.123), durations are seconds.
    Number(f64),
    /// A checked box. An unchecked one is absent.
    Checked,
    /// The name of the chosen option.
    Select(String),
    /// The names of the chosen options.
    MultiSelect(Vec<String>),
    /// A day.
    Date(NaiveDate),
    /// An instant.
    DateTime(DateTime<Utc>),
    /// Links to rows of another table, in the archivist's order.
    Links(Vec<RecordId>),
    /// Files.
    Attachments(Vec<Attachment>),
    /// The values of a lookup, or of a formula or rollup that gives a list.
    List(Vec<Self>),
    /// A person. Never published, so that nothing of it is kept but its presence.
    Collaborator,
    /// A computed field failed: the marker that Airtable gives, such as `#ERROR!` or `NaN`.
    Failed(String),
    /// A value that does not fit its field's type, or a type that we don't know: kept as JSON text.
    Opaque(String),
}

/// So that a row can be told from its earlier version. Like equality, but for numbers that are none.
impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        discriminant(self).hash(state);
        match self {
            Self::Text(text)
            | Self::RichText(text)
            | Self::Select(text)
            | Self::Failed(text)
            | Self::Opaque(text) => text.hash(state),
            Self::Number(number) => number.to_bits().hash(state),
            Self::MultiSelect(names) => names.hash(state),
            Self::Date(day) => day.hash(state),
            Self::DateTime(instant) => instant.hash(state),
            Self::Links(ids) => ids.hash(state),
            Self::Attachments(files) => files.hash(state),
            Self::List(cells) => cells.hash(state),
            Self::Checked | Self::Collaborator => {}
        }
    }
}

/// A file in an attachment cell.
///
/// Its link dies two hours after the answer that carried it, so it takes no part in equality: the
/// same file read twice is the same value.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Stable id of this very file.
    pub id: AttachmentId,
    /// Name given by the archivist; may lack an extension.
    pub filename: String,
    /// Media type as declared, not to be believed.
    pub media_type: Option<String>,
    /// Size in bytes.
    pub size: Option<u64>,
    /// Pixels, for images.
    pub dimensions: Option<(u32, u32)>,
    /// Signed link, short-lived. Never published.
    pub url: String,
}

impl PartialEq for Attachment {
    fn eq(&self, other: &Self) -> bool {
        let Self { id, filename, media_type, size, dimensions, url: _ } = self;
        *id == other.id
            && *filename == other.filename
            && *media_type == other.media_type
            && *size == other.size
            && *dimensions == other.dimensions
    }
}

impl Hash for Attachment {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { id, filename, media_type, size, dimensions, url: _ } = self;
        (id, filename, media_type, size, dimensions).hash(state);
    }
}
