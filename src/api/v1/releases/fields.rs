//! Which fields of something differ, in words short enough to be read.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Most fields told of one item; a guide may have thousands.
const MOST_FIELDS: usize = 50;
/// Most characters told of a text.
const MOST_CHARS: usize = 300;

/// A field that differs.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldChange {
    /// Its path: names of fields, and what is in a list by its slug or else by its number.
    #[schema(examples("steps.document-connu.title"))]
    field: String,
    /// What it said, cut to 300 characters; null where it said nothing.
    before: Option<String>,
    /// What it says, cut to 300 characters; null where it says nothing.
    after: Option<String>,
}

/// The fields that differ, by path: how many, and the first ones.
pub fn compare(was: Option<&Value>, is: Option<&Value>) -> (usize, Vec<FieldChange>) {
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    for (value, texts) in [(was, &mut before), (is, &mut after)] {
        if let Some(value) = value {
            flatten(String::new(), value, texts);
        }
    }
    let gone = before.iter().filter(|(field, _)| !after.contains_key(*field));
    let gone = gone.map(|(field, text)| (field, Some(text), None));
    let now = after.iter().map(|(field, text)| (field, before.get(field), Some(text)));
    let mut changed: Vec<_> = gone.chain(now.filter(|(_, was, is)| was != is)).collect();
    changed.sort_unstable();
    let count = changed.len();
    let told = changed.into_iter().take(MOST_FIELDS).map(|(field, before, after)| FieldChange {
        field: field.clone(),
        before: before.map(|text| cut(text)),
        after: after.map(|text| cut(text)),
    });
    (count, told.collect())
}

/// The texts of a value, by path. What is empty is not there.
fn flatten(path: String, value: &Value, texts: &mut BTreeMap<String, String>) {
    let join = |name: &str| match path.as_str() {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Null => {}
        Value::String(text) => drop(texts.insert(path, text.clone())),
        Value::Bool(_) | Value::Number(_) => drop(texts.insert(path, value.to_string())),
        Value::Object(fields) => match fields.get("markdown") {
            // The HTML of a text says the same again.
            Some(markdown) => flatten(path, markdown, texts),
            None => {
                for (name, value) in fields {
                    flatten(join(name), value, texts);
                }
            }
        },
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            if !items.is_empty() {
                texts.insert(path, items.join(", "));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let slug = item.get("slug").and_then(Value::as_str).map(str::to_owned);
                flatten(join(&slug.unwrap_or_else(|| (at + 1).to_string())), item, texts);
            }
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_field_that_differs_is_told_by_its_path() {
        let was = json!({
            "title": "Urbanisme",
            "summary": { "markdown": "Un **acte**.", "html": "<p>Un <strong>acte</strong>.</p>" },
            "keywords": ["permis"],
            "steps": [{ "slug": "a", "title": "A" }, { "slug": "b", "title": "B" }],
            "stale": false,
        });
        let is = json!({
            "title": "Urbanisme",
            "summary": { "markdown": "Un acte.", "html": "<p>Un acte.</p>" },
            "keywords": ["permis", "maison"],
            "steps": [{ "slug": "b", "title": "Bé" }],
            "stale": null,
            "photos": [{ "url": "/v1/media/1" }],
        });
        let (count, changed) = compare(Some(&was), Some(&is));
        let told: Vec<_> = changed
            .iter()
            .map(|it| (&*it.field, it.before.as_deref(), it.after.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("keywords", Some("permis"), Some("permis, maison")),
                ("photos.1.url", None, Some("/v1/media/1")),
                ("stale", Some("false"), None),
                ("steps.a.slug", Some("a"), None),
                ("steps.a.title", Some("A"), None),
                ("steps.b.title", Some("B"), Some("Bé")),
                ("summary", Some("Un **acte**."), Some("Un acte.")),
            ]
        );
        assert_eq!(count, told.len());
        assert_eq!(compare(Some(&was), Some(&was)), (0, vec![]));
    }

    #[test]
    fn what_is_long_is_cut() {
        let steps: Vec<_> = (0..1_000).map(|at| json!({ "title": at })).collect();
        let (count, changed) = compare(None, Some(&json!({ "steps": steps })));
        assert_eq!((count, changed.len()), (1_000, MOST_FIELDS));
        let (_, changed) = compare(Some(&json!({ "name": "é".repeat(301) })), None);
        assert_eq!(changed[0].before.as_ref().unwrap().chars().count(), MOST_CHARS + 1);
    }
}
