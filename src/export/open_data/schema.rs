//! JSON Schemas of the records (draft 2020-12), made of the components of the API's document: the
//! dialect of OpenAPI 3.1 is that of JSON Schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use utoipa::OpenApi as _;

use super::{kind::Kind, record::Schemas};
use crate::api;

/// Where a document of OpenAPI keeps its components, and where a JSON Schema does.
const FROM: &str = "#/components/schemas/";
const TO: &str = "#/$defs/";

/// Every schema by name: those of the API, and those of the records that are here alone.
///
/// # Errors
/// When a document can't be read as JSON, which its form excludes.
pub(super) fn components() -> serde_json::Result<BTreeMap<String, Value>> {
    let mut components = BTreeMap::new();
    for document in [Schemas::openapi(), api::openapi()] {
        let mut document = serde_json::to_value(document)?;
        let schemas = document.pointer_mut("/components/schemas").map(Value::take);
        if let Some(Value::Object(schemas)) = schemas {
            components.extend(schemas);
        }
    }
    Ok(components)
}

/// The schema of a record of a kind, with all that it names.
pub(super) fn of(kind: Kind, components: &BTreeMap<String, Value>) -> Value {
    let root = kind.component();
    let mut wanted = vec![root.to_owned()];
    let mut defs = Map::new();
    let mut seen = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        if let Some(schema) = components.get(&name) {
            let mut schema = schema.clone();
            redirect(&mut schema, &mut wanted);
            defs.insert(name, schema);
        }
    }
    // By name, however they were met.
    defs.sort_keys();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.title(),
        "description": kind.description(),
        "$ref": format!("{TO}{root}"),
        "$defs": defs,
    })
}

/// Leads references to the definitions beside them, and notes their names.
fn redirect(schema: &mut Value, named: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            for (key, member) in members {
                let name = member.as_str().and_then(|text| text.strip_prefix(FROM));
                match name.map(str::to_owned) {
                    Some(name) if key == "$ref" => {
                        *member = format!("{TO}{name}").into();
                        named.push(name);
                    }
                    _ => redirect(member, named),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redirect(item, named)),
        _ => {}
    }
}
