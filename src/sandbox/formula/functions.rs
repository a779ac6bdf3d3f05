//! The functions that evaluate all of their arguments, in one table.

use chrono::{DateTime, Datelike, NaiveTime, Timelike, Utc};
use regex::Regex;

use super::{
    datetime::{self, Unit},
    eval::Record,
    value::{EvalError, Value, check_length},
};

type Outcome = Result<Value, EvalError>;

/// A function of the formula language.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) min: usize,
    pub(super) max: usize,
    /// Its result changes with time alone.
    pub(super) volatile: bool,
    pub(super) apply: fn(&Record<'_>, &[Value]) -> Outcome,
}

/// Finds a function by its name in capitals.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

const ANY: usize = usize::MAX;

const fn pure(
    name: &'static str,
    min: usize,
    max: usize,
    apply: fn(&Record<'_>, &[Value]) -> Outcome,
) -> Function {
    Function { name, min, max, volatile: false, apply }
}

const fn volatile(name: &'static str, apply: fn(&Record<'_>, &[Value]) -> Outcome) -> Function {
    Function { name, min: 0, max: 0, volatile: true, apply }
}

static FUNCTIONS: &[Function] = &[
    // Logic.
    pure("AND", 1, ANY, |_, a| Ok(Value::Bool(flatten(a).all(Value::is_truthy)))),
    pure("OR", 1, ANY, |_, a| Ok(Value::Bool(flatten(a).any(Value::is_truthy)))),
    pure("XOR", 1, ANY, |_, a| {
        Ok(Value::Bool(flatten(a).filter(|v| v.is_truthy()).count() % 2 == 1))
    }),
    pure("NOT", 1, 1, |_, a| Ok(Value::Bool(!arg(a, 0).is_truthy()))),
    pure("TRUE", 0, 0, |_, _| Ok(Value::Bool(true))),
    pure("FALSE", 0, 0, |_, _| Ok(Value::Bool(false))),
    pure("BLANK", 0, 0, |_, _| Ok(Value::Blank)),
    pure("ERROR", 0, 1, |_, _| Err(EvalError("ERROR()".into()))),
    // Text.
    pure("FIND", 2, 3, |_, a| position(&text(a, 0), &text(a, 1), start(a, 2)?)),
    pure("SEARCH", 2, 3, |_, a| {
        position(&text(a, 0).to_lowercase(), &text(a, 1).to_lowercase(), start(a, 2)?)
    }),
    pure("LEN", 1, 1, |_, a| count(text(a, 0).chars().count())),
    pure("LOWER", 1, 1, |_, a| Ok(Value::Text(text(a, 0).to_lowercase()))),
    pure("UPPER", 1, 1, |_, a| Ok(Value::Text(text(a, 0).to_uppercase()))),
    pure("TRIM", 1, 1, |_, a| Ok(Value::text(text(a, 0).trim()))),
    pure("CONCATENATE", 1, ANY, |_, a| Ok(Value::Text(a.iter().map(Value::to_text).collect()))),
    pure("LEFT", 1, 2, |_, a| Ok(slice(&text(a, 0), 0, length(a, 1, 1)?))),
    pure("RIGHT", 1, 2, |_, a| {
        let (text, wanted) = (text(a, 0), length(a, 1, 1)?);
        let skipped = text.chars().count().saturating_sub(wanted);
        Ok(slice(&text, skipped, wanted))
    }),
    pure("MID", 3, 3, |_, a| {
        Ok(slice(&text(a, 0), length(a, 1, 1)?.saturating_sub(1), length(a, 2, 0)?))
    }),
    pure("REPLACE", 4, 4, |_, a| {
        let (whole, from) = (text(a, 0), length(a, 1, 1)?.saturating_sub(1));
        let removed = length(a, 2, 0)?;
        let before: String = whole.chars().take(from).collect();
        let after: String = whole.chars().skip(from.saturating_add(removed)).collect();
        Ok(Value::Text(before + &text(a, 3) + &after))
    }),
    pure("SUBSTITUTE", 3, 4, |_, a| substitute(a)),
    pure("REPT", 2, 2, |_, a| {
        let (text, times) = (text(a, 0), length(a, 1, 0)?);
        check_length(text.len().saturating_mul(times))?;
        Ok(Value::Text(text.repeat(times)))
    }),
    pure("EXACT", 2, 2, |_, a| Ok(Value::Bool(text(a, 0) == text(a, 1)))),
    pure("T", 1, 1, |_, a| {
        Ok(if let Value::Text(_) = arg(a, 0) { arg(a, 0).clone() } else { Value::Blank })
    }),
    pure("N", 1, 1, |_, a| Ok(Value::Number(arg(a, 0).to_number().unwrap_or(0.0)))),
    pure("VALUE", 1, 1, |_, a| value(&text(a, 0))),
    pure("ENCODE_URL_COMPONENT", 1, 1, |_, a| {
        let encoded: String = url::form_urlencoded::byte_serialize(text(a, 0).as_bytes()).collect();
        Ok(Value::Text(encoded.replace('+', "%20")))
    }),
    pure("REGEX_MATCH", 2, 2, |_, a| Ok(Value::Bool(regex(a)?.is_match(&text(a, 0))))),
    pure("REGEX_EXTRACT", 2, 2, |_, a| {
        Ok(regex(a)?.find(&text(a, 0)).map_or(Value::Blank, |found| Value::text(found.as_str())))
    }),
    pure("REGEX_REPLACE", 3, 3, |_, a| regex_replace(a)),
    // Lists.
    pure("ARRAYJOIN", 1, 2, |_, a| {
        let separator = a.get(1).map_or_else(|| ", ".to_owned(), Value::to_text);
        let items: Vec<_> = flatten(a.get(..1).unwrap_or_default()).map(Value::to_text).collect();
        let separators = separator.len().saturating_mul(items.len().saturating_sub(1));
        check_length(separators.saturating_add(items.iter().map(String::len).sum()))?;
        Ok(Value::Text(items.join(&separator)))
    }),
    pure("ARRAYUNIQUE", 1, 1, |_, a| {
        let mut unique: Vec<Value> = Vec::new();
        for item in flatten(a) {
            if !unique.contains(item) {
                unique.push(item.clone());
            }
        }
        Ok(Value::List(unique))
    }),
    pure("ARRAYCOMPACT", 1, 1, |_, a| Ok(Value::List(filled(a).cloned().collect()))),
    pure("ARRAYFLATTEN", 1, ANY, |_, a| Ok(Value::List(flatten(a).cloned().collect()))),
    // Numbers.
    pure("ROUND", 1, 2, |_, a| rounded(a, f64::round)),
    pure("ROUNDUP", 1, 2, |_, a| rounded(a, |x| x.abs().ceil().copysign(x))),
    pure("ROUNDDOWN", 1, 2, |_, a| rounded(a, f64::trunc)),
    pure("INT", 1, 1, |_, a| number(a, f64::floor)),
    pure("CEILING", 1, 2, |_, a| stepped(a, f64::ceil)),
    pure("FLOOR", 1, 2, |_, a| stepped(a, f64::floor)),
    pure("ABS", 1, 1, |_, a| number(a, f64::abs)),
    pure("SQRT", 1, 1, |_, a| number(a, f64::sqrt)),
    pure("EXP", 1, 1, |_, a| number(a, f64::exp)),
    pure("EVEN", 1, 1, |_, a| number(a, |x| ((x.abs() / 2.0).ceil() * 2.0).copysign(x))),
    pure("LOG", 1, 2, |_, a| {
        let base = a.get(1).map_or(Ok(10.0), Value::to_number)?;
        Ok(Value::Number(arg(a, 0).to_number()?.log(base)))
    }),
    pure("POWER", 2, 2, |_, a| {
        Ok(Value::Number(arg(a, 0).to_number()?.powf(arg(a, 1).to_number()?)))
    }),
    pure("MOD", 2, 2, |_, a| {
        let (n, d) = (arg(a, 0).to_number()?, arg(a, 1).to_number()?);
        Ok(Value::Number(n - d * (n / d).floor()))
    }),
    pure("SUM", 1, ANY, |_, a| Ok(Value::Number(numbers(a)?.iter().sum()))),
    pure("AVERAGE", 1, ANY, |_, a| {
        let numbers = numbers(a)?;
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 values")]
        let count = numbers.len() as f64;
        Ok(Value::Number(numbers.iter().sum::<f64>() / count))
    }),
    pure("MAX", 1, ANY, |_, a| {
        Ok(Value::Number(numbers(a)?.into_iter().reduce(f64::max).unwrap_or(0.0)))
    }),
    pure("MIN", 1, ANY, |_, a| {
        Ok(Value::Number(numbers(a)?.into_iter().reduce(f64::min).unwrap_or(0.0)))
    }),
    pure("COUNT", 1, ANY, |_, a| {
        count(flatten(a).filter(|v| matches!(v, Value::Number(_))).count())
    }),
    pure("COUNTA", 1, ANY, |_, a| count(filled(a).count())),
    pure("COUNTALL", 1, ANY, |_, a| count(flatten(a).count())),
    // The record and time.
    pure("RECORD_ID", 0, 0, |record, _| Ok(Value::text(record.id))),
    pure("CREATED_TIME", 0, 0, |record, _| Ok(Value::Date(record.created))),
    pure("LAST_MODIFIED_TIME", 0, ANY, |record, _| Ok(Value::Date(record.modified))),
    volatile("NOW", |record, _| Ok(Value::Date(record.now))),
    volatile("TODAY", |record, _| Ok(Value::Date(midnight(record.now)))),
    pure("IS_SAME", 2, 3, |_, a| {
        let unit = a.get(2).map_or(Ok(Unit::Milliseconds), |unit| Unit::parse(&unit.to_text()))?;
        Ok(Value::Bool(datetime::floor(date(a, 0)?, unit) == datetime::floor(date(a, 1)?, unit)))
    }),
    pure("IS_BEFORE", 2, 2, |_, a| ordered(a, std::cmp::Ordering::Less)),
    pure("IS_AFTER", 2, 2, |_, a| ordered(a, std::cmp::Ordering::Greater)),
    pure("DATETIME_FORMAT", 1, 2, |_, a| {
        let format = a.get(1).map_or_else(|| "YYYY-MM-DDTHH:mm:ssZ".to_owned(), Value::to_text);
        Ok(Value::Text(datetime::format(date(a, 0)?, &format)))
    }),
    pure("DATETIME_PARSE", 1, 2, |_, a| match a.get(1) {
        None => date(a, 0).map(Value::Date),
        Some(format) => datetime::parse(&text(a, 0), &format.to_text())
            .map(Value::Date)
            .ok_or_else(|| EvalError("the date does not fit its format".into())),
    }),
    pure("DATETIME_DIFF", 2, 3, |_, a| {
        let unit = a.get(2).map_or(Ok(Unit::Seconds), |unit| Unit::parse(&unit.to_text()))?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of a calendar date fit in 2^53"
        )]
        let difference = datetime::difference(date(a, 0)?, date(a, 1)?, unit) as f64;
        Ok(Value::Number(difference))
    }),
    pure("DATEADD", 3, 3, |_, a| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates; DATEADD counts whole units"
        )]
        let step = arg(a, 1).to_number()? as i64;
        datetime::add(date(a, 0)?, step, Unit::parse(&text(a, 2))?)
            .map(Value::Date)
            .ok_or_else(|| EvalError("the date is out of range".into()))
    }),
    pure("DATESTR", 1, 1, |_, a| Ok(Value::Text(datetime::format(date(a, 0)?, "YYYY-MM-DD")))),
    pure("TIMESTR", 1, 1, |_, a| Ok(Value::Text(datetime::format(date(a, 0)?, "HH:mm:ss")))),
    pure("YEAR", 1, 1, |_, a| Ok(Value::Number(date(a, 0)?.year().into()))),
    pure("MONTH", 1, 1, |_, a| Ok(Value::Number(date(a, 0)?.month().into()))),
    pure("DAY", 1, 1, |_, a| Ok(Value::Number(date(a, 0)?.day().into()))),
    pure("HOUR", 1, 1, |_, a| Ok(Value::Number(date(a, 0)?.hour().into()))),
    pure("MINUTE", 1, 1, |_, a| Ok(Value::Number(date(a, 0)?.minute().into()))),
    pure("SECOND", 1, 1, |_, a| Ok(Value::Number(date(a, 0)?.second().into()))),
    pure("WEEKDAY", 1, 1, |_, a| {
        Ok(Value::Number(date(a, 0)?.weekday().num_days_from_sunday().into()))
    }),
];

fn arg(args: &[Value], index: usize) -> &Value {
    args.get(index).unwrap_or(&Value::Blank)
}

fn text(args: &[Value], index: usize) -> String {
    arg(args, index).to_text()
}

fn date(args: &[Value], index: usize) -> Result<DateTime<Utc>, EvalError> {
    arg(args, index).to_date()
}

/// A length or a position, never below 0.
fn length(args: &[Value], index: usize, default: usize) -> Result<usize, EvalError> {
    match args.get(index) {
        None => Ok(default),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        Some(value) => Ok(value.to_number()? as usize),
    }
}

fn start(args: &[Value], index: usize) -> Result<usize, EvalError> {
    Ok(length(args, index, 0)?.saturating_sub(1))
}

fn flatten(args: &[Value]) -> Box<dyn Iterator<Item = &Value> + '_> {
    Box::new(args.iter().flat_map(|arg| match arg {
        Value::List(items) => flatten(items),
        one => Box::new(std::iter::once(one)),
    }))
}

fn filled(args: &[Value]) -> impl Iterator<Item = &Value> {
    flatten(args).filter(|value| !matches!(value, Value::Blank) && !value.to_text().is_empty())
}

fn numbers(args: &[Value]) -> Result<Vec<f64>, EvalError> {
    flatten(args).filter(|value| !matches!(value, Value::Blank)).map(Value::to_number).collect()
}

fn number(args: &[Value], apply: fn(f64) -> f64) -> Outcome {
    Ok(Value::Number(apply(arg(args, 0).to_number()?)))
}

fn count(count: usize) -> Outcome {
    #[expect(clippy::cast_precision_loss, reason = "counts of values in memory are below 2^53")]
    Ok(Value::Number(count as f64))
}

/// Rounds at a decimal place. The nudge makes 2.345 round as people read it, not as binary has it.
fn rounded(args: &[Value], round: fn(f64) -> f64) -> Outcome {
    let places = args.get(1).map_or(Ok(0.0), Value::to_number)?;
    let scale = 10_f64.powf(places.clamp(-15.0, 15.0).trunc());
    let scaled = arg(args, 0).to_number()? * scale;
    let nudged = (scaled * 1e6).round() / 1e6;
    let scaled = if nudged.is_finite() { nudged } else { scaled };
    Ok(Value::Number(round(scaled) / scale))
}

fn stepped(args: &[Value], round: fn(f64) -> f64) -> Outcome {
    let step = args.get(1).map_or(Ok(1.0), Value::to_number)?;
    Ok(Value::Number(round(arg(args, 0).to_number()? / step) * step))
}

fn slice(text: &str, skip: usize, take: usize) -> Value {
    Value::Text(text.chars().skip(skip).take(take).collect())
}

/// Place of `needle`, from 1; 0 when absent.
fn position(needle: &str, haystack: &str, skip: usize) -> Outcome {
    let from = haystack.char_indices().nth(skip).map_or(haystack.len(), |(at, _)| at);
    let found = haystack[from..].find(needle);
    count(found.map_or(0, |at| skip + haystack[from..from + at].chars().count() + 1))
}

fn substitute(args: &[Value]) -> Outcome {
    let (whole, old, new) = (text(args, 0), text(args, 1), text(args, 2));
    if old.is_empty() {
        return Ok(Value::Text(whole));
    }
    let nth = length(args, 3, 0)?;
    let Some(skipped) = nth.checked_sub(1) else {
        let found = whole.matches(&old).count();
        let kept = whole.len() - found * old.len();
        check_length(kept.saturating_add(found.saturating_mul(new.len())))?;
        return Ok(Value::Text(whole.replace(&old, &new)));
    };
    let found = whole.match_indices(&old).nth(skipped).map(|(at, _)| at);
    Ok(Value::Text(match found {
        None => whole,
        Some(at) => format!("{}{new}{}", &whole[..at], &whole[at + old.len()..]),
    }))
}

/// Reads a number out of text, past currency signs, separators and percent signs.
fn value(text: &str) -> Outcome {
    let digits: String =
        text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | 'e' | 'E')).collect();
    digits.parse().map(Value::Number).map_err(|_| EvalError(format!("{text:?} holds no number")))
}

fn regex(args: &[Value]) -> Result<Regex, EvalError> {
    Regex::new(&text(args, 1)).map_err(|error| EvalError(error.to_string()))
}

/// Refused by the most that the text could become: a `$` of the replacement may stand for all of
/// a match.
fn regex_replace(args: &[Value]) -> Outcome {
    let (whole, regex, new) = (text(args, 0), regex(args)?, text(args, 2));
    let written = regex.find_iter(&whole).count().saturating_mul(new.len());
    let references = new.matches('$').count();
    check_length(whole.len().saturating_mul(1 + references).saturating_add(written))?;
    Ok(Value::Text(regex.replace_all(&whole, new).into_owned()))
}

fn ordered(args: &[Value], wanted: std::cmp::Ordering) -> Outcome {
    Ok(Value::Bool(date(args, 0)?.cmp(&date(args, 1)?) == wanted))
}

fn midnight(date: DateTime<Utc>) -> DateTime<Utc> {
    date.date_naive().and_time(NaiveTime::MIN).and_utc()
}
