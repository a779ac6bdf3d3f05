//! What a change of the schema means for the rows that were read before it.

use std::collections::BTreeSet;

use crate::{
    airtable::schema::{BaseSchema, FieldSchema, FieldType},
    content::{ids::TableId, tables::TableKey},
    sync::mapping::{MappedTable, Mapping},
};

/// A base as it was seen in a round.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its tables and fields.
    pub schema: &'a BaseSchema,
    /// Which of them are the back office's.
    pub mapping: &'a Mapping,
}

/// The tables all of whose rows are to be read again, since their cells now come from other fields,
/// or are of another type. A rename asks for none; payloads don't name the rows that these touch.
pub fn tables_to_list(before: Seen<'_>, after: Seen<'_>) -> BTreeSet<TableKey> {
    let tables = after.mapping.tables.iter().filter(|(key, _)| **key != TableKey::Feedback);
    let changed = tables.filter(|(key, table)| {
        let earlier = before.mapping.tables.get(key);
        earlier.is_none_or(|earlier| {
            **table != *earlier || formats(after.schema, table) != formats(before.schema, earlier)
        })
    });
    changed.map(|(key, _)| *key).collect()
}

/// All that decides how the cells of a table's mapped fields read.
fn formats<'a>(schema: &'a BaseSchema, table: &MappedTable) -> Vec<Option<Format<'a>>> {
    let schema = schema.table(&table.id);
    let fields = table.fields.keys().map(|id| schema?.fields.get(id).map(Format::of));
    fields.collect()
}

#[derive(PartialEq)]
struct Format<'a> {
    field_type: &'a FieldType,
    result: Option<&'a FieldType>,
    linked_table: Option<TableId>,
    // Cells hold the options' names.
    choices: Vec<&'a str>,
}

impl<'a> Format<'a> {
    fn of(field: &'a FieldSchema) -> Self {
        Self {
            field_type: field.field_type(),
            result: field.result(),
            linked_table: field.linked_table(),
            choices: field.choices().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::sync::mapping::{Names, resolve};

    fn schema(fields: &Value) -> BaseSchema {
        let table = json!({
            "id": "tblG", "name": "Guides", "primaryFieldId": "fldTitre", "fields": fields,
        });
        serde_json::from_value(json!({ "tables": [table] })).unwrap()
    }

    fn fields(title: &str, theme: &str, options: &[&str]) -> Value {
        let choices: Vec<_> = options.iter().map(|name| json!({ "name": name })).collect();
        json!([
            { "id": "fldTitre", "name": title, "type": "singleLineText" },
            { "id": "fldTheme", "name": "Thématique", "type": theme, "options": { "choices": choices } },
            { "id": "fldNotes", "name": "Notes", "type": "singleLineText" },
        ])
    }

    #[test]
    fn rows_are_read_again_when_their_cells_read_differently() {
        let schema_before = schema(&fields("Titre", "singleSelect", &["Foncier"]));
        let names = Names::default();
        let mapping_before = resolve(&schema_before, &names, &Mapping::default()).mapping;
        let before = Seen { schema: &schema_before, mapping: &mapping_before };

        let mut unmapped_retyped = fields("Titre", "singleSelect", &["Foncier"]);
        unmapped_retyped[2]["type"] = "number".into();
        let mut with_slug = fields("Titre", "singleSelect", &["Foncier"]);
        let slug = json!({ "id": "fldSlug", "name": "Identifiant", "type": "singleLineText" });
        with_slug.as_array_mut().unwrap().push(slug);
        let mut without_theme = fields("Titre", "singleSelect", &["Foncier"]);
        without_theme.as_array_mut().unwrap().remove(1);
        for (fields, expected) in [
            (fields("Titre", "singleSelect", &["Foncier"]), false),
            (fields("Intitulé", "singleSelect", &["Foncier"]), false),
            (unmapped_retyped, false),
            (fields("Titre", "multipleSelects", &["Foncier"]), true),
            (fields("Titre", "singleSelect", &["Urbanisme"]), true),
            (with_slug, true),
            (without_theme, true),
        ] {
            let after = schema(&fields);
            let mapping = resolve(&after, &names, &mapping_before).mapping;
            let found = tables_to_list(before, Seen { schema: &after, mapping: &mapping });
            let expected = BTreeSet::from_iter(expected.then_some(TableKey::Guides));
            assert_eq!(found, expected, "{fields}");
        }
    }

    #[test]
    fn a_table_that_was_not_known_is_read_whole() {
        let after = schema(&fields("Titre", "singleSelect", &[]));
        let mapping = resolve(&after, &Names::default(), &Mapping::default()).mapping;
        let nothing = (BaseSchema::default(), Mapping::default());
        let before = Seen { schema: &nothing.0, mapping: &nothing.1 };
        let after = Seen { schema: &after, mapping: &mapping };
        assert_eq!(tables_to_list(before, after), BTreeSet::from([TableKey::Guides]));
        assert_eq!(tables_to_list(after, before), BTreeSet::new());
    }
}
