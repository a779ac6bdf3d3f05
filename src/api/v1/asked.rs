//! What the public asks with: a slug, a commune, a date. Read once, at the edge.

use chrono::{Datelike as _, NaiveDate};
use utoipa::openapi::{
    KnownFormat, Object, ObjectBuilder, Required, Schema, SchemaFormat, Type, path::Parameter,
    schema::AnyOfBuilder,
};

use crate::{
    api::{
        params::{self, Params},
        problem::{Code, Problem},
    },
    content::{ids::Slug, period::Days},
    reference::{Commune, CommuneKind, Found, InseeCode, Reference},
};

/// A date as the public gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedDate {
    /// The person said that they don't know.
    Unknown,
    /// A year, a month or a day.
    Within(Days),
}

impl AskedDate {
    /// What is accepted.
    pub const EXPECTED: &'static str =
        "a year, a month or a day such as 1987, 1987-05, 1987-05-12 or 12/05/1987, or \"inconnue\"";

    /// Reads `1987`, `1987-05`, `1987-05-12`, `12/05/1987`, `inconnue` or `unknown`.
    pub fn parse(text: &str) -> Option<Self> {
        if matches!(text, "inconnue" | "unknown") {
            return Some(Self::Unknown);
        }
        let (separator, lengths): (char, &[usize]) = match text.contains('/') {
            true => ('/', &[2, 2, 4]),
            false => ('-', &[4, 2, 2]),
        };
        let parts: Vec<&str> = text.split(separator).collect();
        let is_well_formed = |(part, length): (&&str, &usize)| {
            part.len() == *length && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if parts.len() > lengths.len() || !parts.iter().zip(lengths).all(is_well_formed) {
            return None;
        }
        let (first, last) = match (parts.as_slice(), separator) {
            ([year], '-') => (date(year, "01", "01")?, date(year, "12", "31")?),
            ([year, month], '-') => {
                let first = date(year, month, "01")?;
                (first, first.with_day(u32::from(first.num_days_in_month()))?)
            }
            ([year, month, day], '-') | ([day, month, year], '/') => {
                let day = date(year, month, day)?;
                (day, day)
            }
            _ => return None,
        };
        Days::new(Some(first), Some(last)).map(Self::Within)
    }

    /// The days that it names; all of them when it is not known.
    pub fn days(self) -> Days {
        match self {
            Self::Unknown => Days::ALL,
            Self::Within(days) => days,
        }
    }
}

fn date(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The commune that someone asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedCommune {
    /// Its code, which may be an old one.
    pub code: InseeCode,
    /// Its kind, when the code names several.
    pub kind: Option<CommuneKind>,
}

/// A commune that was found.
#[derive(Debug, Clone, Copy)]
pub struct FoundCommune<'a> {
    /// The commune.
    pub commune: &'a Commune,
    /// The old code by which it was asked for.
    pub redirected_from: Option<InseeCode>,
}

/// The values of a `kind` parameter.
pub const KINDS: &[(&str, CommuneKind)] = &[
    ("current", CommuneKind::Current),
    ("delegated", CommuneKind::Delegated),
    ("associated", CommuneKind::Associated),
    ("district", CommuneKind::District),
];

const EXPECTED_CODE: &str = "an INSEE code such as 35238 or 2A004";

impl AskedCommune {
    /// Reads `commune` and `kind`.
    ///
    /// # Errors
    /// When one is repeated or malformed.
    pub fn read(params: &Params) -> Result<Option<Self>, Problem> {
        let kind = params.one_of("kind", KINDS)?;
        let code = params.parsed("commune", |text| text.parse().ok(), EXPECTED_CODE)?;
        Ok(code.map(|code| Self { code, kind }))
    }

    /// Reads a code from a path.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn new(code: &str, kind: Option<CommuneKind>) -> Result<Self, Problem> {
        match code.parse() {
            Ok(code) => Ok(Self { code, kind }),
            Err(_) => Err(Problem::invalid("insee", code, EXPECTED_CODE)),
        }
    }

    /// Looks the commune up.
    ///
    /// # Errors
    /// When no commune has, or had, this code and kind.
    pub fn find(self, reference: &Reference) -> Result<FoundCommune<'_>, Problem> {
        let found = match self.kind {
            Some(kind) => reference.commune(kind, self.code).map(Found::Exact),
            None => reference.find(self.code),
        };
        match found {
            Some(Found::Exact(commune)) => Ok(FoundCommune { commune, redirected_from: None }),
            Some(Found::Redirected { from, to }) => {
                Ok(FoundCommune { commune: to, redirected_from: Some(from) })
            }
            None => Err(Problem::not_found(Code::CommuneNotFound, self.code.as_str())),
        }
    }
}

/// Reads a slug.
///
/// # Errors
/// When it is not one.
pub fn slug(name: &str, text: &str) -> Result<Slug, Problem> {
    let expected = "a slug such as permis-de-construire";
    text.parse().map_err(|_| Problem::invalid(name, text, expected))
}

/// Reads a slug that may be left out.
///
/// # Errors
/// When it is repeated, or is not one.
pub fn optional_slug(params: &Params, name: &str) -> Result<Option<Slug>, Problem> {
    params.optional(name)?.map(|text| slug(name, text)).transpose()
}

/// The schema of a slug.
pub fn slug_schema() -> Object {
    patterned(r"^[a-z0-9]+(-[a-z0-9]+)*$").max_length(Some(100)).build()
}

/// The schema of an INSEE code.
pub fn insee_schema() -> Object {
    patterned("^(0[1-9]|[1-8][0-9]|9[0-578]|2[ABab])[0-9]{3}$").build()
}

/// The schema of a département's code.
pub fn departement_schema() -> Object {
    patterned("^(0[1-9]|[1-8][0-9]|9[0-5]|2[ABab]|97[1-9]|98[0-9])$").build()
}

/// The schema of a région's code.
pub fn region_schema() -> Object {
    patterned("^([0-9][1-9]|[1-9]0|97[1-9]|98[0-9])$").build()
}

/// The schema of a post code.
pub fn postcode_schema() -> Object {
    patterned("^(0[1-9]|[1-8][0-9]|9[0-8])[0-9]{3}$").build()
}

/// The schema of a SIREN number, but for its check digit.
pub fn siren_schema() -> Object {
    patterned("^[0-9]{9}$").build()
}

/// The schema of one of a few values.
pub fn options_schema<T>(options: &[(&str, T)]) -> Object {
    let names = options.iter().map(|(name, _)| *name);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

/// The name of an option.
pub fn name_in<T: Copy + PartialEq>(
    options: &[(&'static str, T)],
    wanted: T,
) -> Option<&'static str> {
    options.iter().find(|(_, option)| *option == wanted).map(|(name, _)| *name)
}

/// Declares `commune` and `kind`.
pub fn commune_parameters(required: Required) -> [Parameter; 2] {
    let mut commune = params::optional(
        "commune",
        "INSEE code of the commune, or of a part of one. An old code leads to the commune of today.",
        insee_schema(),
        "35238",
    );
    commune.required = required;
    [commune, kind_parameter()]
}

/// Declares `kind`.
pub fn kind_parameter() -> Parameter {
    params::optional(
        "kind",
        "Which one, where a code names both a commune and a part of it. By default the commune.",
        options_schema(KINDS),
        "current",
    )
}

/// Declares `date`.
pub fn date_parameter() -> Parameter {
    params::optional(
        "date",
        "Date of the document: a year, a month, a day, or `inconnue`. By default all dates.",
        date_schema(),
        "1987",
    )
}

/// The schema of a date as the public gives it: exactly what [`AskedDate::parse`] reads.
fn date_schema() -> Schema {
    const LEAP_YEAR: &str =
        "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
    let french = format!(
        "^((0[1-9]|1[0-9]|2[0-8])/(0[1-9]|1[0-2])|(29|30)/(0[13-9]|1[0-2])|31/(0[13578]|1[02]))\
         /[0-9]{{4}}$|^29/02/{LEAP_YEAR}$"
    );
    let day = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
        .description(Some("A day"));
    let words = ["inconnue", "unknown"];
    let unknown = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
    let schema = AnyOfBuilder::new()
        .item(patterned("^[0-9]{4}$").description(Some("A year")))
        .item(patterned("^[0-9]{4}-(0[1-9]|1[0-2])$").description(Some("A month")))
        .item(day)
        .item(patterned(&french).description(Some("A day, as it is written in French")))
        .item(unknown.description(Some("The date is not known")));
    Schema::AnyOf(schema.build())
}

fn patterned(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_year_a_month_a_day_or_unknown() {
        for (text, expected) in [
            ("1987", Some("1987-01-01 1987-12-31")),
            ("1987-02", Some("1987-02-01 1987-02-28")),
            ("1988-02", Some("1988-02-01 1988-02-29")),
            ("1987-05-12", Some("1987-05-12 1987-05-12")),
            ("12/05/1987", Some("1987-05-12 1987-05-12")),
            ("29/02/2000", Some("2000-02-29 2000-02-29")),
            ("0001", Some("0001-01-01 0001-12-31")),
            ("29/02/1900", None),
            ("1987-02-30", None),
            ("1987-13", None),
            ("1987-5", None),
            ("05/1987", None),
            ("12-05-1987", None),
            ("1987/05/12", None),
            ("1987-05-12-01", None),
            ("75 ans", None),
            ("+987", None),
            (" 1987", None),
            ("1987\n", None),
            ("19é", None),
            ("", None),
        ] {
            let days = AskedDate::parse(text).map(AskedDate::days);
            let found =
                days.map(|days| format!("{} {}", days.from().unwrap(), days.until().unwrap()));
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
        for text in ["inconnue", "unknown"] {
            assert_eq!(AskedDate::parse(text), Some(AskedDate::Unknown));
        }
    }
}
