//! How cells read elsewhere than in lists: as text, in formulas, in orders and in webhook payloads.

use std::cmp::Ordering;

use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use crate::sandbox::{
    base::{Base, Table},
    formula::{self, EvalError, parse_iso},
    schema::{Field, FieldKind, Through},
};

/// A cell as text, without knowing its field.
pub(crate) fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "checked".into(),
        Value::Null | Value::Bool(false) => String::new(),
        Value::Array(items) => items.iter().map(plain_text).collect::<Vec<_>>().join(", "),
        Value::Object(object) => ["name", "text", "filename", "value", "label", "email", "error"]
            .iter()
            .find_map(|key| object.get(*key)?.as_str())
            .or_else(|| object.get("specialValue")?.as_str())
            .unwrap_or_default()
            .to_owned(),
    }
}

/// A cell as `cellFormat=string` shows it: names for links, times in the caller's zone.
pub(crate) fn display(base: &Base, field: &Field, value: &Value, zone: Tz) -> String {
    match (&field.kind, value) {
        (FieldKind::Links(link), Value::Array(ids)) => base
            .table(&link.table)
            .map(|table| link_names(table, ids).collect::<Vec<_>>().join(", "))
            .unwrap_or_default(),
        (
            FieldKind::DateTime | FieldKind::CreatedTime | FieldKind::LastModifiedTime,
            Value::String(text),
        ) => parse_iso(text).map_or_else(String::new, |at| {
            at.with_timezone(&zone).format("%-m/%-d/%Y %-I:%M%P").to_string()
        }),
        (FieldKind::Date, Value::String(text)) => {
            parse_iso(text).map_or_else(String::new, |at| at.format("%-m/%-d/%Y").to_string())
        }
        _ => plain_text(value),
    }
}

fn link_names<'a>(table: &'a Table, ids: &'a [Value]) -> impl Iterator<Item = String> + 'a {
    ids.iter()
        .filter_map(Value::as_str)
        .map(|id| table.records.get(id).map(|record| table.name_of(record)).unwrap_or_default())
}

/// A cell as formulas read it.
pub(crate) fn formula_value(
    base: &Base,
    field: &Field,
    cell: Option<&Value>,
) -> Result<formula::Value, EvalError> {
    use formula::Value as V;
    let Some(cell) = cell else {
        return Ok(if matches!(field.kind, FieldKind::Checkbox) {
            V::Bool(false)
        } else {
            V::Blank
        });
    };
    match (&field.kind, cell) {
        (FieldKind::Links(link), Value::Array(ids)) => Ok(V::List(
            base.table(&link.table)
                .map(|table| link_names(table, ids).map(V::Text).collect())
                .unwrap_or_default(),
        )),
        (
            FieldKind::Date
            | FieldKind::DateTime
            | FieldKind::CreatedTime
            | FieldKind::LastModifiedTime,
            Value::String(text),
        ) => Ok(parse_iso(text).map_or(V::Blank, V::Date)),
        _ => generic_value(cell),
    }
}

/// A cell as formulas read it, without knowing its field.
pub(crate) fn generic_value(cell: &Value) -> Result<formula::Value, EvalError> {
    use formula::Value as V;
    Ok(match cell {
        Value::Null => V::Blank,
        Value::Bool(checked) => V::Bool(*checked),
        Value::Number(number) => V::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => V::Text(text.clone()),
        Value::Array(items) => V::List(items.iter().map(generic_value).collect::<Result<_, _>>()?),
        Value::Object(object) => match (object.get("error"), object.get("specialValue")) {
            (Some(error), _) => return Err(EvalError(plain_text(error))),
            (_, Some(Value::String(special))) => V::Number(match special.as_str() {
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                _ => f64::NAN,
            }),
            _ => V::Text(plain_text(cell)),
        },
    })
}

/// Compares two cells of a field as an order does: empty ones first, options in their own order,
/// numbers by size, text without regard to case.
pub(crate) fn compare(field: &Field, a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let (a, b) = match (a, b) {
        (None, None) => return Ordering::Equal,
        (None, Some(_)) => return Ordering::Less,
        (Some(_), None) => return Ordering::Greater,
        (Some(a), Some(b)) => (a, b),
    };
    if let (FieldKind::SingleSelect(choices), Some(a), Some(b)) =
        (&field.kind, a.as_str(), b.as_str())
    {
        let rank = |name: &str| choices.iter().position(|choice| choice.name == name);
        return rank(a).cmp(&rank(b));
    }
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => plain_text(a).to_lowercase().cmp(&plain_text(b).to_lowercase()),
    }
}

/// A cell as webhook payloads show it: the "V2" format
/// (<https://airtable.com/developers/web/api/model/cellvalue-v2>).
pub(crate) fn webhook_value(
    base: &Base,
    table: &Table,
    field: &Field,
    cells: RecordCells<'_>,
) -> Value {
    let Some(cell) = cells(field) else { return Value::Null };
    match (&field.kind, cell) {
        (FieldKind::SingleSelect(choices), Value::String(name)) => choice(choices, name),
        (FieldKind::MultipleSelects(choices), Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).map(|name| choice(choices, name)).collect()
        }
        (FieldKind::Links(link), Value::Array(ids)) => {
            let target = base.table(&link.table);
            ids.iter()
                .filter_map(Value::as_str)
                .map(|id| {
                    let record = target.and_then(|table| Some((table, table.records.get(id)?)));
                    let name = record.map(|(table, record)| table.name_of(record));
                    json!({ "id": id, "name": name.unwrap_or_default() })
                })
                .collect()
        }
        (FieldKind::Lookup(through), _) => lookup(base, table, through, cells),
        _ => cell.clone(),
    }
}

/// Gives the cell of a field of the record at hand.
pub(crate) type RecordCells<'a> = &'a dyn Fn(&Field) -> Option<&'a Value>;

fn choice(choices: &[crate::sandbox::schema::Choice], name: &str) -> Value {
    choices
        .iter()
        .find(|choice| choice.name == name)
        .map_or_else(|| json!({ "name": name }), |choice| json!(choice))
}

fn lookup(base: &Base, table: &Table, through: &Through, cells: RecordCells<'_>) -> Value {
    let ids = table.field(&through.link).and_then(cells).and_then(Value::as_array);
    let (Some(ids), Some((linked, target))) = (ids, base.target_of(table, through)) else {
        return Value::Null;
    };
    let mut values = Map::new();
    for id in ids.iter().filter_map(Value::as_str) {
        let cell = linked.records.get(id).and_then(|record| record.cells.get(target.key));
        let list = match cell {
            None => json!([]),
            Some(Value::Array(items)) => json!(items),
            Some(one) => json!([one]),
        };
        values.insert(id.to_owned(), list);
    }
    json!({ "linkedRecordIds": ids, "valuesByLinkedRecordId": values })
}
