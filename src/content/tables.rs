//! The back office: its tables and fields, under the names that archivists read.
//!
//! The one list that the parser, the settings, `locadocs init` and the demo base agree on. Names
//! are defaults that the settings may change; keys (`guides`, `first_step`) never change.

use serde::{Deserialize, Serialize};

mod back_office;

pub use back_office::TABLES;

/// A table of the back office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKey {
    /// Guides, each a tree of steps.
    Guides,
    /// Steps of the guides.
    Steps,
    /// Choices offered by a question, each leading somewhere.
    Choices,
    /// Kinds of document that people look for.
    Documents,
    /// Bodies that keep documents.
    Services,
    /// Territories over which a holding is valid.
    Territories,
    /// Local records: which service keeps which document, where, and from when to when.
    Holdings,
    /// Votes and remarks of the public, written by the service.
    Feedback,
}

/// A field of the back office. Several tables share one: each row has a slug and a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "FIELDS gives each its French name, type and meaning")]
pub enum FieldKey {
    Access,
    Address,
    AppointmentOnly,
    CallNumber,
    Choice,
    Code,
    Comment,
    Commune,
    Communes,
    Condition,
    ContactFirst,
    Content,
    DelayYears,
    Description,
    Document,
    Email,
    ExternalLink,
    FirstStep,
    Form,
    From,
    Generic,
    Guide,
    Hours,
    HoursNote,
    Illustrations,
    Keywords,
    Label,
    Language,
    Latitude,
    Level,
    Longitude,
    Name,
    Notes,
    OnlineLink,
    Order,
    Page,
    Phone,
    Photo,
    Postcode,
    ReceivedAt,
    Score,
    Service,
    Slug,
    Source,
    State,
    Status,
    Step,
    Summary,
    Synonyms,
    TargetGuide,
    TargetStep,
    TerritorialRule,
    Territories,
    Theme,
    Title,
    Type,
    Until,
    VerifiedOn,
    Version,
    Website,
    WhoMayRead,
}

/// What an archivist types into a field, and so the type that the parser expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line of text.
    Line,
    /// Several lines of plain text.
    Lines,
    /// Airtable's Markdown.
    RichText,
    /// A web address.
    Url,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A number, with so many decimals.
    Number(u8),
    /// A box to check.
    Checkbox,
    /// One of these options.
    Select(&'static [&'static str]),
    /// Some of these options.
    MultiSelect(&'static [&'static str]),
    /// A day.
    Day,
    /// An instant.
    Instant,
    /// Links to rows of a table.
    Links(TableKey),
    /// Files.
    Attachments,
}

/// What happens when a field is missing from the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing can be published without it: the last good release stays.
    Required,
    /// Content goes on without it, and a problem says so.
    Optional,
}

/// A field as the back office has it by default.
#[derive(Debug, Clone, Copy)]
pub struct FieldDef {
    /// How settings and problems name it.
    pub key: FieldKey,
    /// Its French name.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// What happens without it.
    pub need: Need,
    /// What the archivist should type, in French.
    pub help: &'static str,
}

/// A table as the back office has it by default.
#[derive(Debug, Clone, Copy)]
pub struct TableDef {
    /// How settings and problems name it.
    pub key: TableKey,
    /// Its French name.
    pub name: &'static str,
    /// What happens without it.
    pub need: Need,
    /// What it is for, in French.
    pub help: &'static str,
    /// Its fields. The first is Airtable's primary field.
    pub fields: &'static [FieldDef],
}

impl TableKey {
    /// Every table, in the order of [`TABLES`].
    pub fn all() -> impl Iterator<Item = Self> {
        TABLES.iter().map(|table| table.key)
    }

    /// The table's definition.
    pub fn def(self) -> &'static TableDef {
        &TABLES[self as usize]
    }
}

impl TableDef {
    /// The definition of one of its fields.
    pub fn field(&self, key: FieldKey) -> Option<&'static FieldDef> {
        self.fields.iter().find(|field| field.key == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_in_the_order_of_their_keys() {
        for table in TABLES {
            assert_eq!(table.key.def().name, table.name);
        }
    }

    #[test]
    fn keys_and_names_are_unique_within_a_table() {
        for table in TABLES {
            for (i, field) in table.fields.iter().enumerate() {
                for other in &table.fields[..i] {
                    assert_ne!(field.key, other.key, "{}", table.name);
                    assert_ne!(field.name, other.name, "{}", table.name);
                }
            }
        }
    }
}
