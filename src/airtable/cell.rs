//! Airtable's cell formats, turned into the typed cells of the domain and back.
//!
//! Formats: <https://airtable.com/developers/web/api/field-model>. Three habits of Airtable shape
//! this module. An empty cell is absent. A computed cell that fails holds `{"error": …}` or
//! `{"specialValue": …}` in place of its value. And the value of a computed field has the type that
//! its schema tells, except when it hasn't: what doesn't fit is kept as it came.

mod encode;

use std::{borrow::Cow, fmt};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{
    Deserialize, Deserializer as _,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

pub(super) use self::encode::encode;
use super::{
    record::Record,
    schema::{FieldSchema, FieldType, TableSchema},
};
use crate::content::{
    cell::{Attachment, Cell},
    ids::{AttachmentId, FieldId, RecordId},
};

/// The cells of a row that aren't empty, in the order in which Airtable sent them.
///
/// A field that the schema doesn't have (it is younger than the schema) gives [`Cell::Opaque`]. A key
/// that isn't a field id gives nothing.
pub fn decode(record: &Record, table: &TableSchema) -> Vec<(FieldId, Cell)> {
    let mut cells = Vec::new();
    let mut json = serde_json::Deserializer::from_str(record.fields_json());
    // The text was read as an object when it came. All that can be wrong with it now is a key that
    // no field id can be (a lone surrogate, escaped); the row then ends there.
    if let Err(error) = json.deserialize_map(RowVisitor { table, cells: &mut cells }) {
        tracing::debug!(record = %record.id, %error, "the rest of a row is unreadable");
    }
    cells
}

struct RowVisitor<'a> {
    table: &'a TableSchema,
    cells: &'a mut Vec<(FieldId, Cell)>,
}

impl<'de> Visitor<'de> for RowVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cells by field id")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            let cell = match self.table.fields.get(&*key) {
                Some(field) => {
                    decode_cell(field, value.get()).map(|cell| (field.id().clone(), cell))
                }
                None => key.parse().ok().map(|id| (id, Cell::Opaque(value.get().to_owned()))),
            };
            self.cells.extend(cell);
        }
        Ok(())
    }
}

/// A key of the row, borrowed unless it is escaped.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// One cell from its JSON text; `None` when it is empty.
fn decode_cell(field: &FieldSchema, json: &str) -> Option<Cell> {
    match (field.field_type(), field.result()) {
        (FieldType::MultipleLookupValues | FieldType::Formula | FieldType::Rollup, result) => {
            computed(result, json)
        }
        (field_type, _) => value(field_type, json),
    }
}

/// The value of a lookup, a formula or a rollup. The last two may hold lists too, whatever the
/// schema says.
fn computed(result: Option<&FieldType>, json: &str) -> Option<Cell> {
    let element = |json| match result {
        Some(result) => value(result, json),
        None => by_shape(json),
    };
    if !json.starts_with('[') || result.is_some_and(is_list) {
        return element(json);
    }
    match serde_json::from_str::<Vec<&RawValue>>(json) {
        Ok(elements) => {
            let cells: Vec<_> = elements.into_iter().filter_map(|e| element(e.get())).collect();
            (!cells.is_empty()).then_some(Cell::List(cells))
        }
        Err(_) => Some(Cell::Opaque(json.to_owned())),
    }
}

/// A lookup of such fields holds one flat list: it reads like the field itself.
fn is_list(field_type: &FieldType) -> bool {
    matches!(
        field_type,
        FieldType::MultipleAttachments
            | FieldType::MultipleCollaborators
            | FieldType::MultipleRecordLinks
            | FieldType::MultipleSelects
    )
}

/// A value of a given type; `None` when it is empty.
fn value(field_type: &FieldType, json: &str) -> Option<Cell> {
    if json == "null" {
        return None;
    }
    if let Some(marker) = failure(json) {
        return Some(Cell::Failed(marker));
    }
    fit(field_type, json).unwrap_or_else(|_misfit| Some(Cell::Opaque(json.to_owned())))
}

fn fit(field_type: &FieldType, json: &str) -> Result<Option<Cell>, serde_json::Error> {
    Ok(match field_type {
        FieldType::SingleLineText
        | FieldType::MultilineText
        | FieldType::Email
        | FieldType::Url
        | FieldType::PhoneNumber => text(json)?.map(Cell::Text),
        FieldType::RichText => text(json)?.map(Cell::RichText),
        FieldType::SingleSelect | FieldType::ExternalSyncSource => text(json)?.map(Cell::Select),
        FieldType::MultipleSelects => list(json)?.map(Cell::MultiSelect),
        FieldType::MultipleRecordLinks => list::<RecordId>(json)?.map(Cell::Links),
        FieldType::MultipleAttachments => list::<WireAttachment<'_>>(json)?
            .map(|files| Cell::Attachments(files.into_iter().map(Attachment::from).collect())),
        FieldType::Number
        | FieldType::Currency
        | FieldType::Percent
        | FieldType::Duration
        | FieldType::Rating
        | FieldType::AutoNumber
        | FieldType::Count => Some(Cell::Number(serde_json::from_str(json)?)),
        FieldType::Checkbox => serde_json::from_str::<bool>(json)?.then_some(Cell::Checked),
        FieldType::Date
        | FieldType::DateTime
        | FieldType::CreatedTime
        | FieldType::LastModifiedTime => Some(moment(json)?),
        // Not even looked at: nothing of a person is to stay.
        FieldType::SingleCollaborator
        | FieldType::MultipleCollaborators
        | FieldType::CreatedBy
        | FieldType::LastModifiedBy => Some(Cell::Collaborator),
        FieldType::Barcode => serde_json::from_str::<Barcode>(json)?.text.map(Cell::Text),
        FieldType::Button => serde_json::from_str::<Button>(json)?.url.map(Cell::Text),
        FieldType::AiText => ai_text(serde_json::from_str(json)?),
        FieldType::Formula | FieldType::Rollup | FieldType::MultipleLookupValues => by_shape(json),
        FieldType::Other(_) => Some(Cell::Opaque(json.to_owned())),
    })
}

/// A value whose type nobody tells.
fn by_shape(json: &str) -> Option<Cell> {
    let like = match json.as_bytes().first() {
        Some(b'"') => FieldType::SingleLineText,
        Some(b'0'..=b'9' | b'-') => FieldType::Number,
        Some(b't' | b'f') => FieldType::Checkbox,
        _ => FieldType::Other(String::new()),
    };
    value(&like, json)
}

/// What a computed field holds when it failed.
fn failure(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(untagged, deny_unknown_fields)]
    enum Failure {
        Error {
            error: String,
        },
        Special {
            #[serde(rename = "specialValue")]
            special_value: String,
        },
    }
    if !json.starts_with('{') {
        return None;
    }
    match serde_json::from_str(json).ok()? {
        Failure::Error { error: marker } | Failure::Special { special_value: marker } => {
            Some(marker)
        }
    }
}

fn text(json: &str) -> Result<Option<String>, serde_json::Error> {
    serde_json::from_str(json).map(|text: String| (!text.is_empty()).then_some(text))
}

/// Lookups put `null` for a linked row whose cell is empty.
fn list<'a, T: Deserialize<'a>>(json: &'a str) -> Result<Option<Vec<T>>, serde_json::Error> {
    let elements: Vec<Option<T>> = serde_json::from_str(json)?;
    let elements: Vec<T> = elements.into_iter().flatten().collect();
    Ok((!elements.is_empty()).then_some(elements))
}

/// A day or an instant: creation times and formulas may be either, as their field is formatted.
fn moment(json: &str) -> Result<Cell, serde_json::Error> {
    serde_json::from_str::<NaiveDate>(json)
        .map(Cell::Date)
        .or_else(|_not_a_day| serde_json::from_str::<DateTime<Utc>>(json).map(Cell::DateTime))
}

#[derive(Deserialize)]
struct Barcode {
    text: Option<String>,
}

#[derive(Deserialize)]
struct Button {
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AiText {
    state: String,
    value: Option<String>,
    error_type: Option<String>,
}

fn ai_text(AiText { state, value, error_type }: AiText) -> Option<Cell> {
    match state.as_str() {
        "error" => Some(Cell::Failed(error_type.unwrap_or(state))),
        _ => value.filter(|text| !text.is_empty()).map(Cell::Text),
    }
}

#[derive(Deserialize)]
struct WireAttachment<'a> {
    id: AttachmentId,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(default)]
    filename: String,
    #[serde(rename = "type")]
    media_type: Option<String>,
    size: Option<u64>,
    width: Option<u32>,
    height: Option<u32>,
}

impl From<WireAttachment<'_>> for Attachment {
    fn from(wire: WireAttachment<'_>) -> Self {
        Self {
            id: wire.id,
            filename: wire.filename,
            media_type: wire.media_type,
            size: wire.size,
            dimensions: wire.width.zip(wire.height),
            url: wire.url.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
