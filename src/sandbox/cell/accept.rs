//! What callers may write into a cell (<https://airtable.com/developers/web/api/field-model>).

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use crate::sandbox::{
    attachment::Files,
    base::{Base, Table},
    error::ApiError,
    formula::{iso, parse_iso},
    ids::IdKind,
    schema::{Choice, Field, FieldKey, FieldKind, LinkOptions},
};

/// Whether values of another type are converted, as `typecast` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leniency {
    /// Values must have the field's type, and options must exist.
    #[default]
    Strict,
    /// Texts are converted, and missing options and linked records made.
    Typecast,
}

/// A checked value, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The cell as lists show it; none empties it.
    Cell(Option<Value>),
    /// Options, of which some are to be made first.
    Choices {
        /// The cell.
        cell: Value,
        /// Names of the options that the field lacks.
        missing: Vec<String>,
    },
    /// Links, of which some lead to records that are to be made first.
    Links(Vec<LinkTarget>),
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget {
    /// To this record.
    Existing(String),
    /// To a new record of this name.
    New(String),
}

/// Checks one value for one field.
///
/// # Errors
/// The 422 that Airtable answers for it.
pub fn accept(
    base: &Base,
    files: &Files,
    field: &Field,
    value: &Value,
    leniency: Leniency,
) -> Result<Input, ApiError> {
    if field.kind.is_computed() {
        return Err(ApiError::unprocessable(
            "INVALID_VALUE_FOR_COLUMN",
            format!("Field \"{}\" cannot accept a value because the field is computed", field.name),
        ));
    }
    if is_empty(value) {
        return Ok(Input::Cell(None));
    }
    let refuse = |expected: &str| {
        ApiError::invalid_value(&field.name, format!("expected {expected}, found {}", brief(value)))
    };
    let lenient = leniency == Leniency::Typecast;
    let cell = match &field.kind {
        FieldKind::Text => match value {
            Value::String(text) => json!(text),
            Value::Number(_) | Value::Bool(_) if lenient => json!(value.to_string()),
            _ => return Err(refuse("text")),
        },
        FieldKind::Number { min, max } => {
            let number = match value {
                Value::Number(number) => number.as_f64(),
                Value::String(text) if lenient => text.trim().replace(',', ".").parse().ok(),
                _ => None,
            };
            let number = number.ok_or_else(|| refuse("a number"))?;
            if !(*min..=*max).contains(&number) {
                return Err(refuse(&format!("a number from {min} to {max}")));
            }
            crate::sandbox::formula::number_cell(number)
        }
        FieldKind::Checkbox => match value {
            Value::Bool(true) => json!(true),
            Value::String(text) if lenient => {
                let checked =
                    matches!(text.to_lowercase().as_str(), "true" | "1" | "checked" | "yes");
                return Ok(Input::Cell(checked.then_some(Value::Bool(true))));
            }
            Value::Number(number) if lenient => {
                return Ok(Input::Cell(
                    (number.as_f64() != Some(0.0)).then_some(Value::Bool(true)),
                ));
            }
            _ => return Err(refuse("true or false")),
        },
        FieldKind::SingleSelect(choices) => {
            let name = value.as_str().ok_or_else(|| refuse("the name of an option"))?;
            let (names, missing) = resolve_choices(choices, &[name], leniency)?;
            return Ok(Input::Choices { cell: json!(names.first()), missing });
        }
        FieldKind::MultipleSelects(choices) => {
            let names = texts(value, lenient).ok_or_else(|| refuse("an array of option names"))?;
            let (names, missing) = resolve_choices(choices, &names, leniency)?;
            return Ok(Input::Choices { cell: json!(names), missing });
        }
        FieldKind::Date => {
            let day = value.as_str().and_then(day_of).ok_or_else(|| refuse("YYYY-MM-DD"))?;
            json!(day.to_string())
        }
        FieldKind::DateTime => {
            let at = value.as_str().and_then(parse_iso).ok_or_else(|| refuse("ISO 8601"))?;
            json!(iso(at))
        }
        FieldKind::Links(link) => {
            return links(base, link, value, leniency, || refuse("an array of record ids"));
        }
        FieldKind::Attachments => {
            let items = value.as_array().ok_or_else(|| refuse("an array of attachments"))?;
            let cells = items.iter().map(|item| attachment(files, item));
            json!(cells.collect::<Result<Vec<_>, _>>()?)
        }
        FieldKind::Collaborator => {
            collaborator(value, lenient).ok_or_else(|| refuse("a collaborator"))?
        }
        FieldKind::Collaborators => {
            let items = value.as_array().ok_or_else(|| refuse("an array of collaborators"))?;
            let people: Option<Vec<_>> =
                items.iter().map(|item| collaborator(item, lenient)).collect();
            json!(people.ok_or_else(|| refuse("an array of collaborators"))?)
        }
        FieldKind::Barcode => match value {
            Value::Object(object) if object.get("text").is_some_and(Value::is_string) => {
                value.clone()
            }
            Value::String(text) if lenient => json!({ "text": text }),
            _ => return Err(refuse("{\"text\": …}")),
        },
        _ => value.clone(),
    };
    Ok(Input::Cell(Some(cell)))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A value as errors quote it.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { cut + "…" } else { cut }
}

fn day_of(text: &str) -> Option<NaiveDate> {
    parse_iso(text).map(|at| at.date_naive())
}

/// Texts of an array; with `typecast`, also those of one text with commas.
fn texts(value: &Value, lenient: bool) -> Option<Vec<&str>> {
    match value {
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        Value::String(text) if lenient => {
            Some(text.split(',').map(str::trim).filter(|text| !text.is_empty()).collect())
        }
        _ => None,
    }
}

/// The names of options, each once, and those that the field lacks.
fn resolve_choices(
    choices: &[Choice],
    asked: &[&str],
    leniency: Leniency,
) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let (mut names, mut missing) = (Vec::new(), Vec::new());
    for asked in asked {
        let known = choices.iter().find(|choice| choice.name == *asked || choice.id == *asked);
        let name = match (known, leniency) {
            (Some(choice), _) => choice.name.clone(),
            (None, Leniency::Typecast) => {
                missing.push((*asked).to_owned());
                (*asked).to_owned()
            }
            (None, Leniency::Strict) => {
                return Err(ApiError::unprocessable(
                    "INVALID_MULTIPLE_CHOICE_OPTIONS",
                    format!("Insufficient permissions to create new select option \"{asked}\""),
                ));
            }
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok((names, missing))
}

fn links(
    base: &Base,
    link: &LinkOptions,
    value: &Value,
    leniency: Leniency,
    refuse: impl Fn() -> ApiError,
) -> Result<Input, ApiError> {
    let lenient = leniency == Leniency::Typecast;
    let target = base.table(&link.table).ok_or_else(ApiError::model_not_found)?;
    let asked: Vec<&str> = match value {
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().or_else(|| item.get("id")?.as_str()))
            .collect::<Option<_>>()
            .ok_or_else(&refuse)?,
        _ => texts(value, lenient).ok_or_else(&refuse)?,
    };
    let mut targets = Vec::new();
    for asked in asked {
        let found = if target.records.contains_key(asked) {
            LinkTarget::Existing(asked.to_owned())
        } else if lenient && !IdKind::Record.matches(asked) {
            by_name(target, asked)
        } else if IdKind::Record.matches(asked) {
            return Err(ApiError::unprocessable(
                "ROW_DOES_NOT_EXIST",
                format!("Record ID {asked} does not exist"),
            ));
        } else {
            return Err(ApiError::unprocessable(
                "INVALID_RECORD_ID",
                format!("Value \"{asked}\" is not a valid record ID."),
            ));
        };
        if !targets.contains(&found) {
            targets.push(found);
        }
    }
    Ok(Input::Links(targets))
}

fn by_name(table: &Table, name: &str) -> LinkTarget {
    let found = table.records.iter().find(|(_, record)| table.name_of(record) == name);
    found.map_or_else(
        || LinkTarget::New(name.to_owned()),
        |(id, _)| LinkTarget::Existing(id.to_string()),
    )
}

/// Checks the fields of one record of the table at a position.
///
/// # Errors
/// 422 for an unknown field or the first value that does not fit.
pub(crate) fn accept_all(
    base: &Base,
    files: &Files,
    at: usize,
    fields: &Map<String, Value>,
    leniency: Leniency,
) -> Result<Vec<(FieldKey, Input)>, ApiError> {
    let table = base.tables.get(at).ok_or_else(ApiError::model_not_found)?;
    fields
        .iter()
        .map(|(name, value)| {
            let field = table.require_field(name)?;
            Ok((field.key, accept(base, files, field, value, leniency)?))
        })
        .collect()
}

/// An attachment that the sandbox already holds, maybe under another name. Those given by address
/// were fetched, and so replaced by their id, before.
fn attachment(files: &Files, item: &Value) -> Result<Value, ApiError> {
    let known = item.get("id").and_then(Value::as_str).and_then(|id| files.describe(id));
    let mut cell = known.ok_or_else(|| {
        ApiError::unprocessable(
            "INVALID_ATTACHMENT_OBJECT",
            format!("Invalid attachment object: {}", brief(item)),
        )
    })?;
    if let (Some(name), Some(object)) =
        (item.get("filename").filter(|n| n.is_string()), cell.as_object_mut())
    {
        object.insert("filename".into(), name.clone());
    }
    Ok(cell)
}

fn collaborator(value: &Value, lenient: bool) -> Option<Value> {
    match value {
        Value::Object(person) if person.get("id").or(person.get("email"))?.is_string() => {
            let mut person = person.clone();
            person.entry("id").or_insert_with(|| json!("usrUnknown0000001"));
            Some(person.into())
        }
        Value::String(text) if lenient && text.contains('@') => {
            Some(json!({ "id": "usrUnknown0000001", "email": text }))
        }
        Value::String(text) if lenient => Some(json!({ "id": text })),
        _ => None,
    }
}
