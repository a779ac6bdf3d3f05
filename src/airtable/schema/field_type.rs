//! Types of fields, by the names that Airtable gives them.

use serde::{Deserialize, Serialize};

macro_rules! field_types {
    ($($variant:ident = $name:literal,)*) => {
        /// The type of a field. See <https://airtable.com/developers/web/api/field-model>.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        #[expect(missing_docs, reason = "each variant is the type of that name in Airtable")]
        pub enum FieldType {
            $($variant,)*
            /// A type that we don't know, under Airtable's name.
            Other(String),
        }

        impl FieldType {
            /// Airtable's name.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }
        }

        impl From<String> for FieldType {
            fn from(name: String) -> Self {
                match name.as_str() {
                    $($name => Self::$variant,)*
                    _ => Self::Other(name),
                }
            }
        }
    };
}

field_types! {
    AiText = "aiText",
    AutoNumber = "autoNumber",
    Barcode = "barcode",
    Button = "button",
    Checkbox = "checkbox",
    Count = "count",
    CreatedBy = "createdBy",
    CreatedTime = "createdTime",
    Currency = "currency",
    Date = "date",
    DateTime = "dateTime",
    Duration = "duration",
    Email = "email",
    ExternalSyncSource = "externalSyncSource",
    Formula = "formula",
    LastModifiedBy = "lastModifiedBy",
    LastModifiedTime = "lastModifiedTime",
    MultilineText = "multilineText",
    MultipleAttachments = "multipleAttachments",
    MultipleCollaborators = "multipleCollaborators",
    MultipleLookupValues = "multipleLookupValues",
    MultipleRecordLinks = "multipleRecordLinks",
    MultipleSelects = "multipleSelects",
    Number = "number",
    Percent = "percent",
    PhoneNumber = "phoneNumber",
    Rating = "rating",
    RichText = "richText",
    Rollup = "rollup",
    SingleCollaborator = "singleCollaborator",
    SingleLineText = "singleLineText",
    SingleSelect = "singleSelect",
    Url = "url",
}

impl From<FieldType> for String {
    fn from(field_type: FieldType) -> Self {
        match field_type {
            FieldType::Other(name) => name,
            known => known.as_str().to_owned(),
        }
    }
}

impl FieldType {
    /// Whether the values have another type, told by the field's options.
    pub fn is_computed(&self) -> bool {
        matches!(
            self,
            Self::CreatedTime
                | Self::Formula
                | Self::LastModifiedTime
                | Self::MultipleLookupValues
                | Self::Rollup
        )
    }
}
