//! Bases written as JSON: what a sandbox starts with, and what its data file holds.
//!
//! ```json
//! { "id": "appX", "name": "Archives", "tables": [{
//!     "id": "tblX", "name": "Services", "primaryFieldId": "fldNom",
//!     "fields": [{ "id": "fldNom", "name": "Nom", "type": "singleLineText" }],
//!     "records": [{ "id": "recX", "fields": { "Nom": "Mairie" } }] }] }
//! ```
//! Cells are keyed by the field's name or id. An attachment is `{"filename", "path"}` or
//! `{"filename", "base64"}`; the caller says how paths are read.

mod dump;
mod load;

pub use dump::dump;
pub use load::load;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::base::Direction;

/// A base with its tables and rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaseSeed {
    /// `app…`
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Tables, in their order.
    pub tables: Vec<TableSeed>,
}

/// A table of a seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TableSeed {
    /// `tbl…`
    pub id: String,
    /// Name, unique in the base.
    pub name: String,
    /// Text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Field that names the records.
    pub primary_field_id: String,
    /// Fields, in their order.
    pub fields: Vec<FieldSeed>,
    /// Views; a grid of everything when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<ViewSeed>,
    /// Rows, in the order of their creation.
    #[serde(default)]
    pub records: Vec<RecordSeed>,
}

/// A field of a seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldSeed {
    /// `fld…`
    pub id: String,
    /// Name, unique in the table.
    pub name: String,
    /// Airtable's name of the type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Options as the metadata API has them; a rollup also has its `formula` here.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub options: Map<String, Value>,
}

/// A view of a seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ViewSeed {
    /// `viw…`
    pub id: String,
    /// Name.
    pub name: String,
    /// Airtable's name of the type, such as `grid`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Fields shown, by id; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_field_ids: Option<Vec<String>>,
    /// Formula that keeps the rows shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_by_formula: Option<String>,
    /// Order of the rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<SortSeed>,
}

/// One key of a view's order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SortSeed {
    /// Name or id of the field.
    pub field: String,
    /// Which end comes first.
    #[serde(default)]
    pub direction: Direction,
}

/// A row of a seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordSeed {
    /// `rec…`
    pub id: String,
    /// When it was created; the start of the sandbox if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_time: Option<DateTime<Utc>>,
    /// When it last changed; when it was created if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified_time: Option<DateTime<Utc>>,
    /// Who created it, `usr…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Who changed it last, `usr…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified_by: Option<String>,
    /// Its automatic number; its place if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_number: Option<u64>,
    /// Cells by the name or id of their field.
    pub fields: Map<String, Value>,
}

/// A file of a seed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentSeed {
    /// `att…`; a new one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name of the file.
    pub filename: String,
    /// Media type; told from the content if absent.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Where the content is, for the caller's lookup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The content itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// How the content of a seed's attachment is found by its path.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<Bytes>;

/// Why a seed can't be a base.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The text is not JSON, or not of a seed's form.
    #[error("the base is not readable at {place}")]
    Json {
        /// Path to the place, such as `tables[0].fields[2].type`.
        place: String,
        /// What is wrong there.
        source: serde_json::Error,
    },
    /// The form is right, the content is not.
    #[error("{place}: {problem}")]
    Content {
        /// Base, table, record and field.
        place: String,
        /// What is wrong there.
        problem: String,
    },
}

impl SeedError {
    fn at(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Content { place: place.into(), problem: problem.into() }
    }
}

impl BaseSeed {
    /// Reads a base.
    ///
    /// # Errors
    /// When the text is no JSON, or has unknown or missing keys; the error names the place.
    pub fn from_json(text: &str) -> Result<Self, SeedError> {
        from_json(text)
    }
}

pub(super) fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, SeedError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| SeedError::Json {
        place: error.path().to_string(),
        source: error.into_inner(),
    })
}
