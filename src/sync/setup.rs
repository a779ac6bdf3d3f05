//! Setting up a base: what it lacks to be a back office, and how it gets it.
//!
//! [`plan`](plan::plan) is a pure function of the schema, and [`apply`](apply::apply) carries its
//! plan out; [`demo`] fills the tables with rows, by the rules of [`rows`]. All of it only ever
//! adds: nothing in the base is changed or deleted, and a base that has everything gets nothing.
//! What adding can't mend is told as a [`Notice`].

pub mod apply;
pub mod demo;
pub mod plan;
pub mod rows;

use std::fmt;

use crate::airtable;

/// Something that was or would be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addition {
    /// A table with fields.
    Table {
        /// Its name.
        name: String,
        /// Names of its fields.
        fields: Vec<String>,
    },
    /// A field.
    Field {
        /// Name of its table.
        table: String,
        /// Its name.
        name: String,
        /// Name of the table that it links to.
        target: Option<String>,
    },
    /// Rows.
    Rows {
        /// Name of their table.
        table: String,
        /// How many.
        count: usize,
    },
    /// Links, in cells that were empty.
    Links {
        /// Name of the table.
        table: String,
        /// In how many rows.
        rows: usize,
    },
    /// A file, in a cell that was empty.
    File {
        /// Name of the table.
        table: String,
        /// Name of the file.
        filename: String,
    },
}

/// Something that adding can't mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The settings give an id, and nothing in the base has it.
    UnknownId {
        /// What they name so.
        place: String,
        /// The id.
        id: String,
    },
    /// A field has a type that can't hold what it is for.
    WrongType {
        /// Table and field.
        place: String,
        /// Its type.
        found: String,
        /// The type that `init` would give it.
        expected: &'static str,
    },
    /// A link field leads to another table than expected.
    WrongTarget {
        /// Table and field.
        place: String,
        /// The table that it should lead to.
        expected: String,
    },
    /// A select field lacks options: Airtable's API can't add any.
    MissingOptions {
        /// Table and field.
        place: String,
        /// Their names.
        options: Vec<&'static str>,
    },
    /// The opposite of a new link keeps the name that Airtable gave it.
    NotRenamed {
        /// Table and link field.
        place: String,
        /// The name that it should have.
        name: &'static str,
    },
    /// Cells of new rows were left empty, since their field can't hold the values.
    LeftOut {
        /// Table and field.
        place: String,
        /// In how many rows.
        rows: usize,
    },
}

/// What is told while a base is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Something was added.
    Added(Addition),
    /// A person has to look at something.
    Noticed(Notice),
}

/// Why a base could not be set up to the end. Doing it again adds what is still missing.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// 403.
    #[error(
        "not allowed: the token needs the scopes schema.bases:read, schema.bases:write, \
         data.records:read and data.records:write on this base, and its owner the right to create \
         tables there"
    )]
    NotAllowed(#[source] airtable::Error),
    /// Any other failure of a call.
    #[error("the base could not be set up to the end")]
    Airtable(#[source] airtable::Error),
    /// Rows need tables or fields that have another type, or that the settings name by a wrong id.
    #[error("rows can't be added to this base, see the notices: {0}")]
    Unfit(String),
}

impl From<airtable::Error> for SetupError {
    fn from(error: airtable::Error) -> Self {
        match error {
            airtable::Error::Forbidden { .. } => Self::NotAllowed(error),
            error => Self::Airtable(error),
        }
    }
}

impl fmt::Display for Addition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table { name, fields } => write!(f, "table {name}: {}", fields.join(", ")),
            Self::Field { table, name, target: None } => write!(f, "field {table}.{name}"),
            Self::Field { table, name, target: Some(target) } => {
                write!(f, "field {table}.{name}, links to {target}")
            }
            Self::Rows { table, count } => write!(f, "{count} rows to {table}"),
            Self::Links { table, rows } => write!(f, "links to {rows} rows of {table}"),
            Self::File { table, filename } => write!(f, "file {filename} to a row of {table}"),
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownId { place, id } => {
                write!(
                    f,
                    "{place}: the settings name it by the id {id}, which the base doesn't have"
                )
            }
            Self::WrongType { place, found, expected } => write!(
                f,
                "{place} is of type {found} and stays so: change it to {expected} in Airtable"
            ),
            Self::WrongTarget { place, expected } => {
                write!(f, "{place} links to another table than {expected}, and stays so")
            }
            Self::MissingOptions { place, options } => write!(
                f,
                "{place} lacks options, which only a person can add in Airtable: {}",
                options.join(", ")
            ),
            Self::NotRenamed { place, name } => write!(
                f,
                "{place}: the field that shows its links from the other side could not be renamed \
                 to {name}"
            ),
            Self::LeftOut { place, rows } => {
                write!(f, "{place} stays empty in {rows} rows: it can't hold their values")
            }
        }
    }
}
