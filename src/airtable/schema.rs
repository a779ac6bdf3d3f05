//! The schema of a base: its tables, their fields, and the types of those.
//!
//! Airtable adds types and keys without notice
//! (<https://airtable.com/developers/web/api/field-model>), so everything that we don't know passes
//! through: a schema that is read and written again says the same.

mod field_type;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::field_type::FieldType;
use crate::content::ids::{FieldId, TableId};

/// All tables of a base.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BaseSchema {
    /// In the order in which archivists see them.
    pub tables: Vec<TableSchema>,
}

impl BaseSchema {
    /// One table.
    pub fn table(&self, id: &TableId) -> Option<&TableSchema> {
        self.tables.iter().find(|table| table.id == *id)
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableSchema {
    /// Stable id.
    pub id: TableId,
    /// Name, that archivists may change.
    pub name: String,
    /// The field that names the rows.
    pub primary_field_id: FieldId,
    /// Its fields, in their order in Airtable.
    #[serde(with = "fields_by_id")]
    pub fields: IndexMap<FieldId, FieldSchema>,
    /// Description, views, and whatever Airtable adds.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "WireField", into = "WireField")]
pub struct FieldSchema {
    wire: WireField,
    result: Option<FieldType>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct WireField {
    id: FieldId,
    name: String,
    #[serde(rename = "type")]
    field_type: FieldType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    options: Option<Value>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl From<WireField> for FieldSchema {
    fn from(wire: WireField) -> Self {
        let result = wire.options.as_ref().and_then(result_type);
        Self { wire, result }
    }
}

impl From<FieldSchema> for WireField {
    fn from(field: FieldSchema) -> Self {
        field.wire
    }
}

impl FieldSchema {
    /// Stable id.
    pub fn id(&self) -> &FieldId {
        &self.wire.id
    }

    /// Name, that archivists may change.
    pub fn name(&self) -> &str {
        &self.wire.name
    }

    /// Type as declared.
    pub fn field_type(&self) -> &FieldType {
        &self.wire.field_type
    }

    /// Type of the values of a computed field: lookup, rollup, formula, creation or change time.
    /// `None` for other fields, and for one that Airtable can't compute.
    pub fn result(&self) -> Option<&FieldType> {
        self.result.as_ref()
    }

    /// Whether Airtable can compute the field. True of fields that aren't computed.
    pub fn is_valid(&self) -> bool {
        self.option("isValid").and_then(Value::as_bool).unwrap_or(true)
    }

    /// The table that a link field leads to.
    pub fn linked_table(&self) -> Option<TableId> {
        self.option("linkedTableId")?.as_str()?.parse().ok()
    }

    /// The field of the linked table that shows a link field's links from there. `None` for other
    /// fields, and for a table that links to itself.
    pub fn opposite(&self) -> Option<FieldId> {
        self.option("inverseLinkFieldId")?.as_str()?.parse().ok()
    }

    /// The names of a select field's options, in their order.
    pub fn choices(&self) -> impl Iterator<Item = &str> {
        let choices = self.option("choices").and_then(Value::as_array).into_iter().flatten();
        choices.filter_map(|choice| choice.get("name")?.as_str())
    }

    fn option(&self, key: &str) -> Option<&Value> {
        self.wire.options.as_ref()?.get(key)
    }
}

/// The type at the end of `result`, which leads through other computed fields: a lookup of a formula
/// that gives a date holds dates.
fn result_type(options: &Value) -> Option<FieldType> {
    let result = options.get("result")?;
    let declared = FieldType::from(result.get("type")?.as_str()?.to_owned());
    if declared.is_computed() {
        result.get("options").and_then(result_type).or(Some(declared))
    } else {
        Some(declared)
    }
}

mod fields_by_id {
    use indexmap::IndexMap;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::{FieldId, FieldSchema};

    pub(super) fn serialize<S: Serializer>(
        fields: &IndexMap<FieldId, FieldSchema>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(fields.values())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<IndexMap<FieldId, FieldSchema>, D::Error> {
        let fields = Vec::<FieldSchema>::deserialize(deserializer)?;
        Ok(fields.into_iter().map(|field| (field.id().clone(), field)).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(json: Value) -> FieldSchema {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_is_unknown_survives_a_round_trip() {
        let json = json!({"tables": [{
            "id": "tbl1", "name": "Guides", "primaryFieldId": "fld1", "description": "…",
            "fields": [
                {"id": "fld2", "name": "Tri", "type": "manualSort"},
                {"id": "fld1", "name": "Titre", "type": "singleLineText", "description": "d", "new": [1]},
                {"id": "fld3", "name": "X", "type": "hologram", "options": {"depth": 3}},
            ],
            "views": [{"id": "viw1", "name": "Grille", "type": "grid"}],
            "dateDependencySettings": {"isEnabled": false},
        }]});
        let schema: BaseSchema = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&schema).unwrap(), json);

        let table = schema.table(&"tbl1".parse().unwrap()).unwrap();
        assert_eq!(
            table.fields.keys().map(FieldId::as_str).collect::<Vec<_>>(),
            ["fld2", "fld1", "fld3"]
        );
        assert_eq!(*table.fields["fld3"].field_type(), FieldType::Other("hologram".into()));
    }

    #[test]
    fn a_computed_field_tells_the_type_of_its_values() {
        for (field_type, options, result, valid) in [
            (
                "formula",
                json!({"isValid": true, "result": {"type": "number", "options": {}}}),
                Some(FieldType::Number),
                true,
            ),
            ("formula", json!({"isValid": false, "result": null}), None, false),
            (
                "rollup",
                json!({"result": {"type": "new"}}),
                Some(FieldType::Other("new".into())),
                true,
            ),
            (
                "multipleLookupValues",
                json!({"result": {"type": "formula", "options": {"result": {"type": "date"}}}}),
                Some(FieldType::Date),
                true,
            ),
            (
                "multipleLookupValues",
                json!({"result": {"type": "rollup"}}),
                Some(FieldType::Rollup),
                true,
            ),
            ("multilineText", Value::Null, None, true),
        ] {
            let field =
                field(json!({"id": "fld1", "name": "n", "type": field_type, "options": options}));
            assert_eq!(field.result(), result.as_ref(), "{field_type} {options}");
            assert_eq!(field.is_valid(), valid, "{field_type} {options}");
        }
    }

    #[test]
    fn links_and_choices_are_read_from_the_options() {
        let link = field(json!({"id": "fld1", "name": "n", "type": "multipleRecordLinks",
            "options": {"linkedTableId": "tbl2", "inverseLinkFieldId": "fld2", "isReversed": false}}));
        assert_eq!(link.linked_table(), "tbl2".parse().ok());
        assert_eq!(link.opposite(), "fld2".parse().ok());
        let select = field(json!({"id": "fld1", "name": "n", "type": "singleSelect",
            "options": {"choices": [{"id": "sel1", "name": "Publié"}, {"id": "sel2"}, {"name": "Brouillon"}]}}));
        assert_eq!(select.choices().collect::<Vec<_>>(), ["Publié", "Brouillon"]);
        assert_eq!(select.linked_table(), None);
    }
}
