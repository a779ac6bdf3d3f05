//! A row as Airtable sent it, kept compact: its cells stay the JSON text that came.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::value::RawValue;

use crate::content::ids::RecordId;

/// A row, its cells by field id and not decoded yet. Written and read back as Airtable's own JSON.
///
/// It takes its JSON text and some 100 bytes, so that 50,000 rows of the back office fit in 40 MB.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Stable id.
    pub id: RecordId,
    /// When the row was made. `None` if the server doesn't say so intelligibly.
    #[serde(default, deserialize_with = "instant", skip_serializing_if = "Option::is_none")]
    pub created_time: Option<DateTime<Utc>>,
    /// `None` when all cells are empty.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    fields: Option<Box<RawValue>>,
}

impl Record {
    /// The cells as a JSON object: empty cells are absent, keys are field ids.
    pub fn fields_json(&self) -> &str {
        self.fields.as_ref().map_or("{}", |fields| fields.get())
    }

    /// The same row without cells.
    pub(super) fn without_cells(self) -> Self {
        Self { fields: None, ..self }
    }
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    let fields = Box::<RawValue>::deserialize(deserializer)?;
    match fields.get() {
        "{}" | "null" => Ok(None),
        text if text.starts_with('{') => Ok(Some(fields)),
        _ => Err(D::Error::custom("a record's fields are not an object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_from_airtable_and_back_from_where_it_was_kept() {
        for (json, created, fields) in [
            (
                r#"{"id":"rec1","createdTime":"2026-01-02T03:04:05.000Z","fields":{"fld1":"é"},"x":1}"#,
                true,
                r#"{"fld1":"é"}"#,
            ),
            (r#"{"id":"rec1","createdTime":"hier","fields":{}}"#, false, "{}"),
            (r#"{"id":"rec1"}"#, false, "{}"),
        ] {
            let record: Record = serde_json::from_str(json).unwrap();
            let kept = serde_json::to_string(&record).unwrap();
            let again: Record = serde_json::from_str(&kept).unwrap();
            assert_eq!(again.created_time, record.created_time);
            assert_eq!(again.created_time.is_some(), created, "{json}");
            assert_eq!(again.fields_json(), fields, "{json}");
        }
    }

    #[test]
    fn what_is_not_a_record_is_refused() {
        for json in
            [r#"{"id":"tbl1","fields":{}}"#, r#"{"id":"rec1","fields":[]}"#, r#"{"fields":{}}"#]
        {
            assert!(serde_json::from_str::<Record>(json).is_err(), "{json}");
        }
        let invalid_utf8 = b"{\"id\":\"rec1\",\"fields\":{\"fld1\":\"\xff\"}}";
        assert!(serde_json::from_slice::<Record>(invalid_utf8).is_err());
    }
}
