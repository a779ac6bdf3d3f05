//! Fields of a table: what they hold and how the metadata API shows them
//! (<https://airtable.com/developers/web/api/field-model>).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    formula::{self, Formula},
    ids::IdKind,
};

/// A field's number within its table. It outlives renames and is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldKey(pub(super) u16);

impl FieldKey {
    /// In a rollup's formula: the values looked up.
    pub(super) const VALUES: Self = Self(u16::MAX);
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Field {
    /// Number within the table.
    pub key: FieldKey,
    /// `fld…`
    pub id: String,
    /// Name, unique in the table.
    pub name: String,
    /// Text for people.
    pub description: Option<String>,
    /// Airtable's name of the type, such as `singleLineText`.
    pub type_name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Options as given, but for the choices of selects, which are in `kind`.
    pub options: Map<String, Value>,
}

/// An option of a select field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// `sel…`
    #[serde(default = "fresh_choice_id")]
    pub id: String,
    /// The name that cells hold.
    pub name: String,
    /// Colour, such as `blueLight2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

fn fresh_choice_id() -> String {
    IdKind::Choice.fresh()
}

impl Choice {
    /// A new option of that name.
    pub fn named(name: &str) -> Self {
        Self { id: fresh_choice_id(), name: name.to_owned(), color: Some("blueLight2".into()) }
    }
}

/// What a field holds, as far as the sandbox treats fields differently.
#[derive(Debug, Clone)]
pub enum FieldKind {
    /// Any kind of text.
    Text,
    /// Any kind of number.
    Number {
        /// Lowest value accepted.
        min: f64,
        /// Highest value accepted.
        max: f64,
    },
    /// `true` or empty.
    Checkbox,
    /// One of the options.
    SingleSelect(Vec<Choice>),
    /// Several of the options.
    MultipleSelects(Vec<Choice>),
    /// A day.
    Date,
    /// An instant.
    DateTime,
    /// Links to records.
    Links(LinkOptions),
    /// Files.
    Attachments,
    /// A person.
    Collaborator,
    /// Several people.
    Collaborators,
    /// A bar code.
    Barcode,
    /// A computation on the record; `None` when its text is no formula.
    Formula(Option<Formula<FieldKey>>),
    /// Values of the linked records.
    Lookup(Through),
    /// A computation on the values of the linked records.
    Rollup(Through, Option<Formula<FieldKey>>),
    /// Number of linked records.
    Count {
        /// Field that links.
        link: String,
    },
    /// When the record was created.
    CreatedTime,
    /// When the record last changed.
    LastModifiedTime,
    /// Who created the record.
    CreatedBy,
    /// Who last changed the record.
    LastModifiedBy,
    /// A number that grows with each record.
    AutoNumber,
    /// A button that opens an address.
    Button {
        /// Text on the button.
        label: String,
        /// Its address.
        url: Option<Formula<FieldKey>>,
    },
    /// A type that the sandbox does not know: any JSON.
    Opaque,
}

/// Options of a link field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkOptions {
    /// Table linked to.
    pub table: String,
    /// Field of that table that shows the same links from there.
    pub inverse: Option<String>,
}

/// The way that a lookup or rollup takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Through {
    /// Field that links, in the same table.
    pub link: String,
    /// Field looked up, in the linked table.
    pub target: String,
}

impl FieldKind {
    /// Whether Airtable fills the field by itself.
    pub fn is_computed(&self) -> bool {
        matches!(
            self,
            Self::Formula(_)
                | Self::Lookup(_)
                | Self::Rollup(..)
                | Self::Count { .. }
                | Self::CreatedTime
                | Self::LastModifiedTime
                | Self::CreatedBy
                | Self::LastModifiedBy
                | Self::AutoNumber
                | Self::Button { .. }
        )
    }

    /// The formulas that it evaluates.
    pub(super) fn formula(&self) -> Option<&Formula<FieldKey>> {
        match self {
            Self::Formula(formula)
            | Self::Rollup(_, formula)
            | Self::Button { url: formula, .. } => formula.as_ref(),
            _ => None,
        }
    }

    /// The link field that it looks through.
    pub(super) fn looks_through(&self) -> Option<&str> {
        match self {
            Self::Lookup(through) | Self::Rollup(through, _) => Some(&through.link),
            Self::Count { link } => Some(link),
            _ => None,
        }
    }

    /// Reads type and options. Formulas stay empty until [`FieldKind::compile`].
    ///
    /// # Errors
    /// A sentence that names the option that is missing or wrong.
    pub fn parse(type_name: &str, options: &Map<String, Value>) -> Result<Self, String> {
        let text = |name: &str| {
            options
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| format!("options.{name} of {type_name} is missing"))
        };
        let through = || {
            Ok::<_, String>(Through {
                link: text("recordLinkFieldId")?,
                target: text("fieldIdInLinkedTable")?,
            })
        };
        let choices = || {
            let choices = options.get("choices").cloned().unwrap_or_else(|| json!([]));
            serde_json::from_value::<Vec<Choice>>(choices)
                .map_err(|error| format!("options.choices of {type_name}: {error}"))
        };
        Ok(match type_name {
            "singleLineText" | "multilineText" | "richText" | "email" | "url" | "phoneNumber" => {
                Self::Text
            }
            "number" | "currency" | "percent" | "duration" => {
                Self::Number { min: f64::MIN, max: f64::MAX }
            }
            "rating" => {
                let max = options.get("max").and_then(Value::as_f64).unwrap_or(5.0);
                Self::Number { min: 1.0, max }
            }
            "checkbox" => Self::Checkbox,
            "singleSelect" | "externalSyncSource" => Self::SingleSelect(choices()?),
            "multipleSelects" => Self::MultipleSelects(choices()?),
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "multipleRecordLinks" => Self::Links(LinkOptions {
                table: text("linkedTableId")?,
                inverse: text("inverseLinkFieldId").ok(),
            }),
            "multipleAttachments" => Self::Attachments,
            "singleCollaborator" => Self::Collaborator,
            "multipleCollaborators" => Self::Collaborators,
            "barcode" => Self::Barcode,
            "formula" => text("formula").map(|_| Self::Formula(None))?,
            "multipleLookupValues" => Self::Lookup(through()?),
            "rollup" => Self::Rollup(through()?, None),
            "count" => Self::Count { link: text("recordLinkFieldId")? },
            "createdTime" => Self::CreatedTime,
            "lastModifiedTime" => Self::LastModifiedTime,
            "createdBy" => Self::CreatedBy,
            "lastModifiedBy" => Self::LastModifiedBy,
            "autoNumber" => Self::AutoNumber,
            "button" => {
                Self::Button { label: text("label").unwrap_or_else(|_| "Open".into()), url: None }
            }
            _ => Self::Opaque,
        })
    }

    /// Reads the formulas again, now that every field of the table is known.
    pub(super) fn compile(
        &mut self,
        options: &Map<String, Value>,
        find: impl Fn(&str) -> Option<FieldKey>,
    ) {
        let compiled = |name: &str| {
            let text = options.get(name)?.as_str()?;
            formula::parse(text).ok()?.resolve(|field| find(&field).ok_or(())).ok()
        };
        match self {
            Self::Formula(formula) => *formula = compiled("formula"),
            Self::Rollup(_, formula) => *formula = compiled("formula"),
            Self::Button { url, .. } => *url = compiled("formula"),
            _ => {}
        }
    }
}

impl Field {
    /// How the metadata API shows the field.
    pub fn to_meta(&self) -> Value {
        let mut options = self.options.clone();
        match &self.kind {
            FieldKind::SingleSelect(choices) | FieldKind::MultipleSelects(choices) => {
                options.insert("choices".into(), json!(choices));
            }
            FieldKind::Links(link) => {
                options.entry("isReversed").or_insert(false.into());
                options.entry("prefersSingleRecordLink").or_insert(false.into());
                if let Some(inverse) = &link.inverse {
                    options.insert("inverseLinkFieldId".into(), json!(inverse));
                }
            }
            FieldKind::Formula(formula) => {
                options.insert("isValid".into(), formula.is_some().into());
                options.entry("referencedFieldIds").or_insert_with(|| json!([]));
                options.entry("result").or_insert(Value::Null);
            }
            FieldKind::Rollup(..) => {
                options.entry("isValid").or_insert(true.into());
                options.entry("referencedFieldIds").or_insert_with(|| json!([]));
                options.entry("result").or_insert(Value::Null);
                options.remove("formula");
            }
            FieldKind::Lookup(_) => {
                options.entry("isValid").or_insert(true.into());
                options.entry("result").or_insert(Value::Null);
            }
            FieldKind::Count { .. } => {
                options.entry("isValid").or_insert(true.into());
            }
            FieldKind::Button { .. } => options.clear(),
            _ => {}
        }
        let mut meta = json!({ "id": self.id, "name": self.name, "type": self.type_name });
        if let Some(object) = meta.as_object_mut() {
            if let Some(description) = &self.description {
                object.insert("description".into(), json!(description));
            }
            if !options.is_empty() {
                object.insert("options".into(), options.into());
            }
        }
        meta
    }

    /// How webhook payloads show the field.
    pub fn to_info(&self) -> Value {
        json!({ "name": self.name, "type": self.type_name })
    }
}
