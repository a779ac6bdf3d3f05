//! The options of a list, from a query (`fields[]=…`) or a body.

use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::Value;

use crate::sandbox::{base::Direction, error::ApiError};

/// Most records of a page, and how many without `pageSize`.
const MAX_PAGE: usize = 100;

/// How cells are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CellFormat {
    /// By the type of their field.
    #[default]
    Json,
    /// As text for people.
    String,
}

/// One key of the order asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SortOption {
    /// Name or id of the field.
    pub field: String,
    /// Which end comes first.
    #[serde(default)]
    pub direction: Direction,
}

/// What a list asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListOptions {
    /// Fields shown; none: all.
    pub fields: Option<Vec<String>>,
    /// Keeps the records for which it is true.
    pub filter_by_formula: Option<String>,
    /// Most records over all pages.
    pub max_records: Option<usize>,
    /// Most records of one page; checked by [`ListOptions::page`].
    pub page_size: Option<i64>,
    /// Order.
    pub sort: Vec<SortOption>,
    /// Filter and order stored in the table.
    pub view: Option<String>,
    /// How cells are shown.
    pub cell_format: CellFormat,
    /// For text cells: zone of times.
    pub time_zone: Option<String>,
    /// For text cells: language.
    pub user_locale: Option<String>,
    /// Where the last page ended.
    pub offset: Option<String>,
    /// Whether fields are named by their ids.
    pub return_fields_by_field_id: bool,
    /// What else is told of each record: `commentCount`.
    pub record_metadata: Vec<String>,
}

impl ListOptions {
    /// Reads the options of a body, and `timeZone` and `userLocale` of its query.
    ///
    /// # Errors
    /// 422 for unknown keys and wrong types.
    pub fn from_body(body: Value, query: &[(String, String)]) -> Result<Self, ApiError> {
        let mut options: Self = serde_json::from_value(body).map_err(ApiError::invalid_request)?;
        for (name, value) in query {
            options.read_pair(name, value)?;
        }
        Ok(options)
    }

    /// Reads the options of a query.
    ///
    /// # Errors
    /// 422 for unknown names and wrong values.
    pub fn from_query(query: &[(String, String)]) -> Result<Self, ApiError> {
        Self::from_body(Value::Object(serde_json::Map::new()), query)
    }

    fn read_pair(&mut self, name: &str, value: &str) -> Result<(), ApiError> {
        let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
        match name {
            "filterByFormula" => self.filter_by_formula = text(),
            "view" => self.view = text(),
            "timeZone" => self.time_zone = text(),
            "userLocale" => self.user_locale = text(),
            "offset" => self.offset = text(),
            "maxRecords" => self.max_records = Some(number(name, value)?),
            "pageSize" => self.page_size = Some(number(name, value)?),
            "returnFieldsByFieldId" => self.return_fields_by_field_id = flag(value),
            "cellFormat" => {
                self.cell_format = match value {
                    "json" => CellFormat::Json,
                    "string" => CellFormat::String,
                    _ => return Err(ApiError::invalid_request("cellFormat is json or string")),
                }
            }
            _ => match keys(name).as_slice() {
                ["fields", _] => self.fields.get_or_insert_default().push(value.to_owned()),
                ["recordMetadata", _] => self.record_metadata.push(value.to_owned()),
                ["sort", index, part @ ("field" | "direction")] => {
                    self.read_sort(index, part, value)?;
                }
                _ => return Err(ApiError::invalid_request(format!("unknown parameter {name}"))),
            },
        }
        Ok(())
    }

    fn read_sort(&mut self, index: &str, part: &str, value: &str) -> Result<(), ApiError> {
        const MAX_KEYS: usize = 50;
        let index: usize = number("sort", index)?;
        if index >= MAX_KEYS {
            return Err(ApiError::invalid_request("too many sort keys"));
        }
        while self.sort.len() <= index {
            self.sort.push(SortOption { field: String::new(), direction: Direction::Asc });
        }
        let Some(key) = self.sort.get_mut(index) else { return Ok(()) };
        match (part, value) {
            ("field", field) => field.clone_into(&mut key.field),
            (_, "asc") => key.direction = Direction::Asc,
            (_, "desc") => key.direction = Direction::Desc,
            _ => return Err(ApiError::invalid_request("direction is asc or desc")),
        }
        Ok(())
    }

    /// How many records a page holds.
    ///
    /// # Errors
    /// 422 outside 1 to 100.
    pub fn page(&self) -> Result<usize, ApiError> {
        let size = self.page_size.map_or(Some(MAX_PAGE), |size| usize::try_from(size).ok());
        match size {
            Some(0) => Ok(MAX_PAGE),
            Some(size) if size <= MAX_PAGE => Ok(size),
            _ => Err(ApiError::unprocessable(
                "INVALID_PAGE_SIZE_ARGUMENT",
                "Page size must be between 1 and 100",
            )),
        }
    }

    /// The zone for text cells; `None` when cells are JSON.
    ///
    /// # Errors
    /// 422 for text cells without zone and language, or with an unknown zone.
    pub fn text_zone(&self) -> Result<Option<Tz>, ApiError> {
        match (self.cell_format, &self.time_zone, &self.user_locale) {
            (CellFormat::Json, ..) => Ok(None),
            (CellFormat::String, Some(zone), Some(_)) => zone
                .parse()
                .map(Some)
                .map_err(|_| ApiError::invalid_request(format!("unknown time zone {zone}"))),
            (CellFormat::String, ..) => Err(ApiError::invalid_request(
                "cellFormat string needs both timeZone and userLocale",
            )),
        }
    }
}

/// Whether a flag of a query is set: `true` and `1` are.
pub(in crate::sandbox) fn flag(value: &str) -> bool {
    matches!(value, "true" | "1")
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, ApiError> {
    value.parse().map_err(|_| ApiError::invalid_request(format!("{name} is not a number")))
}

/// `sort[0][field]` gives `sort`, `0`, `field`.
fn keys(name: &str) -> Vec<&str> {
    name.split('[').map(|part| part.strip_suffix(']').unwrap_or(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Result<ListOptions, ApiError> {
        let pairs: Vec<_> = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        ListOptions::from_query(&pairs)
    }

    #[test]
    fn array_parameters_are_read_with_and_without_indexes() {
        let options = query(
            "fields[]=Nom&fields[1]=Type&sort[0][field]=Nom&sort[0][direction]=desc&pageSize=3",
        )
        .unwrap();
        assert_eq!(options.fields, Some(vec!["Nom".to_owned(), "Type".to_owned()]));
        assert_eq!(options.sort, [SortOption { field: "Nom".into(), direction: Direction::Desc }]);
        assert_eq!(options.page(), Ok(3));
    }

    #[test]
    fn what_airtable_refuses_is_refused() {
        for text in [
            "fields=Nom",
            "nope=1",
            "maxRecords=x",
            "sort[0][direction]=up",
            "sort[99999999][field]=a",
        ] {
            assert_eq!(query(text).unwrap_err().code, "INVALID_REQUEST_UNKNOWN", "{text}");
        }
        for text in ["pageSize=101", "pageSize=-1"] {
            let error = query(text).unwrap().page().unwrap_err();
            assert_eq!(error.code, "INVALID_PAGE_SIZE_ARGUMENT", "{text}");
        }
    }

    #[test]
    fn text_cells_need_zone_and_language() {
        assert!(query("cellFormat=string").unwrap().text_zone().is_err());
        let options = query("cellFormat=string&timeZone=Europe/Paris&userLocale=fr").unwrap();
        assert_eq!(options.text_zone(), Ok(Some(chrono_tz::Europe::Paris)));
        assert_eq!(query("timeZone=utc").unwrap().text_zone(), Ok(None));
    }
}
