//! What formulas compute with, and how it turns into text, numbers and answers.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::datetime;

/// A value within a formula.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// An empty cell.
    Blank,
    /// Text.
    Text(String),
    /// A number; may be NaN or infinite.
    Number(f64),
    /// The result of a comparison, or a checkbox.
    Bool(bool),
    /// An instant.
    Date(DateTime<Utc>),
    /// The values of a lookup, of links or of several options.
    List(Vec<Self>),
}

/// Why a formula has no value. Airtable shows it as `#ERROR!`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvalError(pub String);

/// Longest text that a formula may make, in bytes.
const MAX_TEXT: usize = 1_000_000;

/// Refuses a text of this many bytes if it is too long. Asked before it is made.
pub(super) fn check_length(bytes: usize) -> Result<(), EvalError> {
    if bytes > MAX_TEXT {
        return Err(EvalError(format!("a text of more than {MAX_TEXT} bytes")));
    }
    Ok(())
}

impl Value {
    /// Bytes of the text in it.
    pub(super) fn text_length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(Self::text_length).sum(),
            Self::Blank | Self::Number(_) | Self::Bool(_) | Self::Date(_) => 0,
        }
    }

    /// Text, or a blank when it is empty.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The value as text, as `&` joins it.
    pub fn to_text(&self) -> String {
        match self {
            Self::Blank => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Bool(bool) => u8::from(*bool).to_string(),
            Self::Date(date) => iso(*date),
            Self::List(items) => items.iter().map(Self::to_text).collect::<Vec<_>>().join(", "),
        }
    }

    /// The value as a number. A blank counts as 0; a list of one as its value.
    ///
    /// # Errors
    /// For text and dates.
    pub fn to_number(&self) -> Result<f64, EvalError> {
        match self {
            Self::Blank => Ok(0.0),
            Self::Number(number) => Ok(*number),
            Self::Bool(bool) => Ok(f64::from(u8::from(*bool))),
            Self::List(items) => match items.as_slice() {
                [] => Ok(0.0),
                [one] => one.to_number(),
                _ => Err(EvalError("a list is not a number".into())),
            },
            Self::Text(text) => Err(EvalError(format!("{text:?} is not a number"))),
            Self::Date(_) => Err(EvalError("a date is not a number".into())),
        }
    }

    /// The value as an instant; text is read as ISO 8601.
    ///
    /// # Errors
    /// When it is none.
    pub fn to_date(&self) -> Result<DateTime<Utc>, EvalError> {
        match self {
            Self::Date(date) => Ok(*date),
            Self::Text(text) => datetime::parse_iso(text)
                .ok_or_else(|| EvalError(format!("{text:?} is not a date"))),
            Self::List(items) => match items.as_slice() {
                [one] => one.to_date(),
                _ => Err(EvalError("a list is not a date".into())),
            },
            Self::Blank | Self::Number(_) | Self::Bool(_) => {
                Err(EvalError("expected a date".into()))
            }
        }
    }

    /// Whether a condition holds, and so whether a filter keeps its row.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Blank => false,
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Bool(bool) => *bool,
            Self::Date(_) => true,
            Self::List(items) => items.iter().any(Self::is_truthy),
        }
    }

    fn is_blank(&self) -> bool {
        match self {
            Self::Blank => true,
            Self::Text(text) => text.is_empty(),
            Self::Number(number) => *number == 0.0,
            Self::Bool(bool) => !bool,
            Self::Date(_) => false,
            Self::List(items) => items.is_empty(),
        }
    }

    /// Airtable's `=`: a blank equals empty text, 0 and false; other kinds compare as text, and
    /// dates with text as instants.
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Blank, any) | (any, Self::Blank) => any.is_blank(),
            (Self::Date(a), b) | (b, Self::Date(a)) => b.to_date().is_ok_and(|b| *a == b),
            (Self::Number(_) | Self::Bool(_), Self::Number(_) | Self::Bool(_)) => {
                self.to_number() == other.to_number()
            }
            _ => self.to_text() == other.to_text(),
        }
    }

    /// How the cell of a formula or rollup field shows the value; `None` for an empty one.
    pub fn into_cell(self) -> Option<serde_json::Value> {
        match self {
            Self::Blank => None,
            Self::Text(text) => (!text.is_empty()).then(|| text.into()),
            Self::Number(number) => Some(number_cell(number)),
            Self::Bool(bool) => Some(u8::from(bool).into()),
            Self::Date(date) => Some(iso(date).into()),
            Self::List(items) => {
                let items: Vec<_> = items.into_iter().filter_map(Self::into_cell).collect();
                (!items.is_empty()).then(|| items.into())
            }
        }
    }
}

/// A number as JSON: whole ones without a fraction, and Airtable's marks for what JSON lacks.
pub(crate) fn number_cell(number: f64) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.is_nan() {
        json!({ "specialValue": "NaN" })
    } else if number.is_infinite() {
        json!({ "specialValue": if number > 0.0 { "Infinity" } else { "-Infinity" } })
    } else if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
        let whole = number as i64;
        whole.into()
    } else {
        number.into()
    }
}

/// An instant as Airtable writes it: milliseconds and a `Z`.
pub(crate) fn iso(date: DateTime<Utc>) -> String {
    date.to_rfc3339_opts(SecondsFormat::Millis, true)
}
