//! What a webhook watches, as Airtable repeats it
//! (<https://airtable.com/developers/web/api/model/webhooks-specification>).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::DataType;

#[derive(Deserialize)]
struct Specification {
    options: Options,
}

#[derive(Deserialize)]
struct Options {
    filters: Filters,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filters {
    // Others' webhooks may watch kinds that we don't know.
    data_types: BTreeSet<String>,
    /// Whatever else is said here restricts what is watched, also what we don't know of.
    #[serde(flatten)]
    restrictions: BTreeMap<String, Value>,
}

/// Whether a specification leaves nothing out. One of another shape is not ours, and no error.
pub(super) fn is_whole_base<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let Ok(specification) = serde_json::from_value(Value::deserialize(deserializer)?) else {
        return Ok(false);
    };
    let Specification { options: Options { filters } } = specification;
    let watches = |kind| match serde_json::to_value(kind) {
        Ok(Value::String(name)) => filters.data_types.contains(&name),
        _ => false,
    };
    Ok(DataType::ALL.into_iter().all(watches) && filters.restrictions.values().all(is_empty))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_webhook_watches_the_whole_base_only_if_nothing_restricts_it() {
        let all = json!(["tableData", "tableFields", "tableMetadata"]);
        for (filters, expected) in [
            (json!({ "dataTypes": all }), true),
            (json!({ "dataTypes": ["tableData", "tableFields", "tableMetadata", "new"] }), true),
            (json!({ "dataTypes": all, "changeTypes": [], "recordChangeScope": null }), true),
            (json!({ "dataTypes": ["tableData", "tableFields"] }), false),
            (json!({ "dataTypes": all, "recordChangeScope": "tbl1" }), false),
            (json!({ "dataTypes": all, "changeTypes": ["add"] }), false),
            (json!({ "dataTypes": all, "someNewFilter": { "a": 1 } }), false),
            (json!({}), false),
        ] {
            let specification = json!({ "options": { "filters": filters, "includes": {} } });
            assert_eq!(is_whole_base(specification).unwrap(), expected, "{filters}");
        }
        assert!(!is_whole_base(json!("another shape")).unwrap());
    }
}
