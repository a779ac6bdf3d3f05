//! Examples: answers that the service really gave, recorded by its tests in `openapi/examples/`.
//!
//! Each is the example of its operation, and its parts are the examples of the schemas that they
//! have. A test compares them with what the service answers, so that they can't grow old.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::{OpenApi, RefOr, Schema, schema::ArrayItems};

macro_rules! recorded {
    ($($operation:literal),* $(,)?) => {
        /// The recorded answers, by operation.
        const RECORDED: &[(&str, &str)] = &[$((
            $operation,
            include_str!(concat!("../../../openapi/examples/", $operation, ".json")),
        )),*];
    };
}

recorded! {
    "get_root",
    "list_guides",
    "get_guide",
    "get_step",
    "walk_guide",
    "list_documents",
    "get_document",
    "list_services",
    "get_service",
    "suggest_communes",
    "get_commune",
    "locate",
    "search_content",
    "suggest_content",
    "flat_locate",
    "flat_walk",
    "list_releases",
    "get_release",
    "list_changes",
    "get_health",
    "get_readiness",
}

/// Adds the recorded answers to a document.
pub(super) fn add(document: &mut OpenApi) {
    let components = document.components.clone().unwrap_or_default();
    let mut parts = BTreeMap::new();
    for item in document.paths.paths.values_mut() {
        let Some(operation) = &mut item.get else { continue };
        let Some(example) = operation.operation_id.as_deref().and_then(recorded) else { continue };
        let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") else {
            continue;
        };
        for content in response.content.values_mut() {
            let RefOr::T(content) = content else { continue };
            if let Some(schema) = &content.schema {
                gather(schema, &example, &components.schemas, &mut parts);
            }
            content.example = Some(example.clone());
        }
    }
    let schemas = document.components.iter_mut().flat_map(|components| &mut components.schemas);
    for (name, schema) in schemas {
        let RefOr::T(schema) = schema else { continue };
        if let Some(example) = parts.remove(name).or_else(|| first_value(schema)) {
            set(schema, example);
        }
    }
}

/// The recorded answer of an operation.
fn recorded(operation: &str) -> Option<Value> {
    let (_, text) = RECORDED.iter().find(|(name, _)| *name == operation)?;
    serde_json::from_str(text).ok()
}

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Follows a schema and a value that has it side by side, and keeps for each named schema the first
/// value that it meets.
fn gather(
    schema: &RefOr<Schema>,
    value: &Value,
    schemas: &Schemas,
    parts: &mut BTreeMap<String, Value>,
) {
    if value.is_null() {
        return;
    }
    match schema {
        RefOr::Ref(reference) => {
            let Some(name) = reference.ref_location.strip_prefix("#/components/schemas/") else {
                return;
            };
            let Some(schema) = schemas.get(name) else { return };
            parts.entry(name.to_owned()).or_insert_with(|| value.clone());
            gather(schema, value, schemas, parts);
        }
        RefOr::T(Schema::Object(object)) => {
            for (name, schema) in &object.properties {
                if let Some(value) = value.get(name) {
                    gather(schema, value, schemas, parts);
                }
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(schema) = &array.items {
                for item in value.as_array().into_iter().flatten() {
                    gather(schema, item, schemas, parts);
                }
            }
        }
        RefOr::T(Schema::AllOf(all)) => {
            for schema in &all.items {
                gather(schema, value, schemas, parts);
            }
        }
        RefOr::T(Schema::OneOf(one)) => {
            for schema in &one.items {
                gather(schema, value, schemas, parts);
            }
        }
        RefOr::T(_) => {}
    }
}

/// The first value of an enumeration, for one that no recorded answer has.
fn first_value(schema: &Schema) -> Option<Value> {
    match schema {
        Schema::Object(object) => object.enum_values.as_ref()?.first().cloned(),
        _ => None,
    }
}

fn set(schema: &mut Schema, example: Value) {
    match schema {
        Schema::Object(object) => object.examples = vec![example],
        Schema::OneOf(one) => one.examples = vec![example],
        Schema::AllOf(all) => all.examples = vec![example],
        Schema::AnyOf(any) => any.examples = vec![example],
        _ => {}
    }
}
