//! Cells as Airtable accepts them when it is written to.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use crate::content::cell::Cell;

/// The JSON that sets a cell to this value. `None` for what can't be written: a failure, or a
/// person.
///
/// Attachments are given by their link and name: Airtable fetches each and makes it its own.
pub(in crate::airtable) fn encode(cell: &Cell) -> Option<Value> {
    Some(match cell {
        Cell::Text(text) | Cell::RichText(text) | Cell::Select(text) => json!(text),
        Cell::MultiSelect(names) => json!(names),
        Cell::Number(number) => json!(number),
        Cell::Checked => json!(true),
        Cell::Date(day) => json!(day),
        Cell::DateTime(instant) => json!(instant.to_rfc3339_opts(SecondsFormat::Millis, true)),
        Cell::Links(records) => json!(records),
        Cell::Attachments(files) => {
            files.iter().map(|file| json!({ "url": file.url, "filename": file.filename })).collect()
        }
        Cell::List(cells) => cells.iter().filter_map(encode).collect(),
        Cell::Opaque(json) => serde_json::from_str(json).ok()?,
        Cell::Failed(_) | Cell::Collaborator => return None,
    })
}
