//! Bases, their schema, and who the token speaks for.
//!
//! <https://airtable.com/developers/web/api/get-base-schema>

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    calls::CallKind,
    client::Client,
    error::Error,
    request::Request,
    schema::{BaseSchema, FieldSchema, TableSchema},
};
use crate::content::ids::{BaseId, FieldId, TableId};

/// Who a token speaks for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Whoami {
    /// The user's or the service account's id.
    pub id: String,
    /// What the token may do, such as `data.records:read`. Empty when Airtable doesn't tell.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// A base that the token can see.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BaseInfo {
    /// Stable id.
    pub id: BaseId,
    /// Name.
    pub name: String,
    /// `none`, `read`, `comment`, `edit` or `create`.
    #[serde(default)]
    pub permission_level: String,
}

/// A table to be created.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewTable {
    /// Name.
    pub name: String,
    /// What it is for, shown to archivists.
    pub description: String,
    /// Fields; the first one names the rows and can't be of every type. A link's table must exist.
    pub fields: Vec<NewField>,
}

/// A field to be created.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(into = "Value")]
pub struct NewField {
    /// Name.
    pub name: String,
    /// What it is for, shown to archivists. May be empty.
    pub description: String,
    /// Type and format.
    pub format: FieldFormat,
}

/// Type and format of a field to be created.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldFormat {
    /// One line of text.
    SingleLineText,
    /// Several lines of text.
    MultilineText,
    /// Markdown.
    RichText,
    /// An e-mail address.
    Email,
    /// A link.
    Url,
    /// A telephone number.
    PhoneNumber,
    /// A box to check.
    Checkbox,
    /// A number with so many decimals, 0 to 8.
    Number {
        /// Decimals.
        precision: u8,
    },
    /// A day, shown as `2015-07-01`.
    Date,
    /// An instant, shown in the time of this zone, such as `Europe/Paris`.
    DateTime {
        /// IANA name.
        time_zone: String,
    },
    /// One of these options.
    SingleSelect(Vec<String>),
    /// Some of these options.
    MultipleSelects(Vec<String>),
    /// Rows of another table. Airtable adds the opposite field there.
    MultipleRecordLinks(TableId),
    /// Files.
    MultipleAttachments,
}

impl FieldFormat {
    /// Airtable's name of the type.
    pub fn type_name(&self) -> &'static str {
        self.to_wire().0
    }

    /// Airtable's name of the type and its options, if it takes any.
    fn to_wire(&self) -> (&'static str, Option<Value>) {
        let choices = |names: &[String]| json!({ "choices": names.iter().map(|name| json!({ "name": name })).collect::<Value>() });
        match self {
            Self::SingleLineText => ("singleLineText", None),
            Self::MultilineText => ("multilineText", None),
            Self::RichText => ("richText", None),
            Self::Email => ("email", None),
            Self::Url => ("url", None),
            Self::PhoneNumber => ("phoneNumber", None),
            Self::Checkbox => {
                ("checkbox", Some(json!({ "icon": "check", "color": "greenBright" })))
            }
            Self::Number { precision } => ("number", Some(json!({ "precision": precision }))),
            Self::Date => ("date", Some(json!({ "dateFormat": { "name": "iso" } }))),
            Self::DateTime { time_zone } => (
                "dateTime",
                Some(json!({
                    "dateFormat": { "name": "iso" },
                    "timeFormat": { "name": "24hour" },
                    "timeZone": time_zone,
                })),
            ),
            Self::SingleSelect(names) => ("singleSelect", Some(choices(names))),
            Self::MultipleSelects(names) => ("multipleSelects", Some(choices(names))),
            Self::MultipleRecordLinks(table) => {
                ("multipleRecordLinks", Some(json!({ "linkedTableId": table })))
            }
            Self::MultipleAttachments => ("multipleAttachments", None),
        }
    }
}

impl From<NewField> for Value {
    fn from(NewField { name, description, format }: NewField) -> Self {
        let (field_type, options) = format.to_wire();
        let mut wire =
            Map::from_iter([("name".into(), json!(name)), ("type".into(), json!(field_type))]);
        if !description.is_empty() {
            wire.insert("description".into(), json!(description));
        }
        wire.extend(options.map(|options| ("options".to_owned(), options)));
        Self::Object(wire)
    }
}

#[derive(Deserialize)]
struct WireBases {
    bases: Vec<BaseInfo>,
    offset: Option<String>,
}

impl Client {
    /// The whole schema of the base, in one call.
    ///
    /// # Errors
    /// Any; [`Error::Forbidden`] also when the base is gone.
    pub async fn schema(&self) -> Result<BaseSchema, Error> {
        self.fetch(&self.schema_request(Method::GET, &["tables"])).await
    }

    /// Creates a table with its fields.
    ///
    /// # Errors
    /// Any; [`Error::Invalid`] when the name is taken or a field can't be made.
    pub async fn create_table(&self, table: &NewTable) -> Result<TableSchema, Error> {
        let request = self.schema_request(Method::POST, &["tables"]);
        self.fetch(&request.body(json!(table)).creates()).await
    }

    /// Adds a field to a table.
    ///
    /// # Errors
    /// Any; [`Error::Invalid`] when the name is taken or the field can't be made.
    pub async fn create_field(
        &self,
        table: &TableId,
        field: &NewField,
    ) -> Result<FieldSchema, Error> {
        let request = self.schema_request(Method::POST, &["tables", table.as_str(), "fields"]);
        self.fetch(&request.table(table).body(json!(field)).creates()).await
    }

    /// Gives a field another name: that of the opposite of a new link field, which Airtable chose.
    ///
    /// # Errors
    /// Any; [`Error::Invalid`] when the name is taken.
    pub async fn rename_field(
        &self,
        table: &TableId,
        field: &FieldId,
        name: &str,
    ) -> Result<FieldSchema, Error> {
        let path = ["tables", table.as_str(), "fields", field.as_str()];
        let request = self.schema_request(Method::PATCH, &path);
        self.fetch(&request.table(table).body(json!({ "name": name }))).await
    }

    /// Who the token speaks for. Any token may ask.
    ///
    /// # Errors
    /// Any; [`Error::Unauthorized`] for a token that isn't one.
    pub async fn whoami(&self) -> Result<Whoami, Error> {
        let url = self.url(&["meta", "whoami"]);
        self.fetch(&Request::new(CallKind::Schema, Method::GET, url)).await
    }

    /// All bases that the token can see.
    ///
    /// # Errors
    /// Any.
    pub async fn bases(&self) -> Result<Vec<BaseInfo>, Error> {
        let mut bases = Vec::new();
        let mut offset: Option<String> = None;
        loop {
            let mut url = self.url(&["meta", "bases"]);
            if let Some(offset) = &offset {
                url.query_pairs_mut().append_pair("offset", offset);
            }
            let request = Request::new(CallKind::Schema, Method::GET, url);
            let page: WireBases = self.fetch(&request).await?;
            bases.extend(page.bases);
            if page.offset.is_none() {
                return Ok(bases);
            }
            if page.offset == offset {
                return Err(Error::Endless { call: request.call(), pages: 2 });
            }
            offset = page.offset;
        }
    }

    fn schema_request(&self, method: Method, path: &[&str]) -> Request {
        let segments = [&["meta", "bases", self.settings().base.as_str()], path].concat();
        Request::new(CallKind::Schema, method, self.url(&segments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_field_says_what_airtable_needs_to_make_it() {
        let wire = |format| {
            json!(NewField { name: "N".into(), description: "D".into(), format }).to_string()
        };
        assert_eq!(
            wire(FieldFormat::SingleSelect(vec!["Publié".into(), "Brouillon".into()])),
            r#"{"description":"D","name":"N","options":{"choices":[{"name":"Publié"},{"name":"Brouillon"}]},"type":"singleSelect"}"#
        );
        assert_eq!(
            wire(FieldFormat::RichText),
            r#"{"description":"D","name":"N","type":"richText"}"#
        );
        assert_eq!(
            wire(FieldFormat::MultipleRecordLinks("tbl1".parse().unwrap())),
            r#"{"description":"D","name":"N","options":{"linkedTableId":"tbl1"},"type":"multipleRecordLinks"}"#
        );
    }
}
