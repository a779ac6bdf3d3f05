//! What a webhook's payload says: which tables, fields and rows changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::{
    airtable::schema::FieldType,
    content::ids::{FieldId, RecordId, TableId},
};

/// One change of the base, or a part of one: Airtable splits large ones, and gives the parts the same
/// transaction number.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload {
    /// When it happened.
    pub timestamp: Option<DateTime<Utc>>,
    /// Number of the change in the base.
    pub base_transaction_number: Option<u64>,
    /// Tables changed.
    #[serde(default, rename = "changedTablesById")]
    pub changed_tables: BTreeMap<TableId, TableChanges>,
    /// Tables created.
    #[serde(default, rename = "createdTablesById", deserialize_with = "keys")]
    pub created_tables: BTreeSet<TableId>,
    /// Tables deleted.
    #[serde(default, rename = "destroyedTableIds")]
    pub destroyed_tables: BTreeSet<TableId>,
    /// Airtable can't tell what changed: all is to be read again.
    #[serde(default, rename = "error")]
    pub is_error: bool,
    /// Why, such as `INVALID_HOOK`.
    pub code: Option<String>,
}

/// What changed in a table.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TableChanges {
    /// Rows created.
    #[serde(rename = "createdRecordsById", deserialize_with = "keys")]
    pub created_records: BTreeSet<RecordId>,
    /// Rows of which a cell changed.
    #[serde(rename = "changedRecordsById", deserialize_with = "keys")]
    pub changed_records: BTreeSet<RecordId>,
    /// Rows deleted.
    #[serde(rename = "destroyedRecordIds")]
    pub destroyed_records: BTreeSet<RecordId>,
    /// Fields created.
    #[serde(rename = "createdFieldsById", deserialize_with = "keys")]
    pub created_fields: BTreeSet<FieldId>,
    /// Fields renamed, or of another type.
    #[serde(rename = "changedFieldsById")]
    pub changed_fields: BTreeMap<FieldId, FieldChange>,
    /// Fields deleted.
    #[serde(rename = "destroyedFieldIds")]
    pub destroyed_fields: BTreeSet<FieldId>,
    /// Present when the table's name or description changed.
    #[serde(rename = "changedMetadata", deserialize_with = "presence")]
    pub is_renamed: bool,
}

/// What changed about a field.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FieldChange {
    /// How it was after the change.
    pub current: FieldState,
}

/// How a field was, as far as it is told.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FieldState {
    /// Its type.
    #[serde(rename = "type")]
    pub field_type: Option<FieldType>,
}

impl TableChanges {
    /// Whether the schema of the table changed, so that it is to be read again.
    pub fn is_schema_change(&self) -> bool {
        self.is_renamed
            || !(self.created_fields.is_empty()
                && self.changed_fields.is_empty()
                && self.destroyed_fields.is_empty())
    }
}

fn keys<'de, D: Deserializer<'de>, K: Deserialize<'de> + Ord>(
    deserializer: D,
) -> Result<BTreeSet<K>, D::Error> {
    Ok(BTreeMap::<K, IgnoredAny>::deserialize(deserializer)?.into_keys().collect())
}

fn presence<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(deserializer)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_tells_what_to_read_again() {
        let payload: Payload = serde_json::from_str(
            r#"{
                "timestamp": "2026-02-01T21:25:05.663Z", "baseTransactionNumber": 4, "payloadFormat": "v0",
                "actionMetadata": {"source": "client", "sourceMetadata": {"user": {"email": "a@b.fr"}}},
                "changedTablesById": {"tbl1": {
                    "createdRecordsById": {"rec2": {"createdTime": "2026-02-01T21:25:05.663Z", "cellValuesByFieldId": {"fld1": "x"}}},
                    "changedRecordsById": {"rec1": {"current": {"cellValuesByFieldId": {"fld1": {"id": "sel1", "name": "a"}}}}},
                    "destroyedRecordIds": ["rec3"],
                    "changedFieldsById": {"fld1": {"current": {"name": "n"}}, "fld2": {"current": {"type": "date"}}},
                    "changedViewsById": {"viw1": {}}, "new": 1
                }},
                "createdTablesById": {"tbl2": {"metadata": {}, "fieldsById": {}, "recordsById": {}}},
                "destroyedTableIds": ["tbl3"]
            }"#,
        )
        .unwrap();
        let changes = &payload.changed_tables["tbl1"];
        let one = |id: &str| BTreeSet::from([id.parse().unwrap()]);
        assert_eq!(changes.created_records, one("rec2"));
        assert_eq!(changes.changed_records, one("rec1"));
        assert_eq!(changes.destroyed_records, one("rec3"));
        assert!(changes.is_schema_change());
        let types = changes.changed_fields.values().map(|field| field.current.field_type.clone());
        assert!(types.eq([None, Some(FieldType::Date)]));
        assert_eq!(payload.created_tables, BTreeSet::from(["tbl2".parse().unwrap()]));
        assert_eq!(payload.destroyed_tables, BTreeSet::from(["tbl3".parse().unwrap()]));
        assert!(!payload.is_error);
    }

    #[test]
    fn a_failed_payload_says_why_and_a_renamed_table_is_a_schema_change() {
        let payload: Payload = serde_json::from_str(
            r#"{"error": true, "code": "INVALID_HOOK", "payloadFormat": "v0"}"#,
        )
        .unwrap();
        assert!(payload.is_error);
        assert_eq!(payload.code.as_deref(), Some("INVALID_HOOK"));
        let changes: TableChanges =
            serde_json::from_str(r#"{"changedMetadata": {"current": {"name": "n"}}}"#).unwrap();
        assert!(changes.is_schema_change());
        assert!(!TableChanges::default().is_schema_change());
    }
}
