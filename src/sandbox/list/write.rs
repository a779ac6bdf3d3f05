//! Records as JSON, written straight into the answer.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use url::Url;

use crate::sandbox::{
    attachment::LinkSigner,
    base::{Base, Record, Table},
    cell::display,
    error::ApiError,
    formula::iso,
    ids::RecordId,
    schema::{Field, FieldKey},
};

/// How records are shown in an answer.
#[derive(Debug)]
pub struct RecordShape<'a> {
    base: &'a Base,
    table: &'a Table,
    fields: Vec<&'a Field>,
    /// Fields whose cells need links to files.
    files: Vec<FieldKey>,
    by_id: bool,
    text_zone: Option<Tz>,
    comments: bool,
    links: Links<'a>,
}

/// What makes the links of attachments.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// Signs them.
    pub signer: &'a LinkSigner,
    /// Address of the sandbox.
    pub root: &'a Url,
    /// When they end.
    pub expires: DateTime<Utc>,
}

impl<'a> RecordShape<'a> {
    /// Every field, by name, as JSON.
    pub fn plain(base: &'a Base, table: &'a Table, links: Links<'a>) -> Self {
        let fields: Vec<&Field> = table.fields.iter().collect();
        let files = fields.iter().filter(|field| base.holds_files(table, field));
        let files = files.map(|field| field.key).collect();
        Self { base, table, fields, files, by_id: false, text_zone: None, comments: false, links }
    }

    /// Names fields by their ids, if asked.
    pub fn by_field_id(mut self, by_id: bool) -> Self {
        self.by_id = by_id;
        self
    }

    /// What a list asks for.
    ///
    /// # Errors
    /// 422 for an unknown field or unknown metadata.
    pub fn with_options(mut self, options: &super::ListOptions) -> Result<Self, ApiError> {
        if let Some(names) = &options.fields {
            let asked = names
                .iter()
                .map(|name| self.table.require_field(name))
                .collect::<Result<Vec<_>, _>>()?;
            self.fields.retain(|field| asked.iter().any(|asked| asked.key == field.key));
        }
        for name in &options.record_metadata {
            if name != "commentCount" {
                return Err(ApiError::invalid_request(format!("unknown metadata {name}")));
            }
            self.comments = true;
        }
        self.by_id = options.return_fields_by_field_id;
        self.text_zone = options.text_zone()?;
        Ok(self)
    }

    fn cell<S: SerializeMap>(
        &self,
        map: &mut S,
        field: &Field,
        cell: &Value,
    ) -> Result<(), S::Error> {
        let name = if self.by_id { &field.id } else { &field.name };
        match self.text_zone {
            Some(zone) => map.serialize_entry(name, &display(self.base, field, cell, zone)),
            None if self.files.contains(&field.key) => {
                let Links { signer, root, expires } = self.links;
                let linked: Vec<Value> = cell
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|item| signer.link(item, root, expires))
                    .collect();
                map.serialize_entry(name, &linked)
            }
            None => map.serialize_entry(name, cell),
        }
    }
}

/// A record, ready to be written.
pub fn write_record<'a>(
    shape: &'a RecordShape<'a>,
    id: &'a RecordId,
    record: &'a Record,
) -> impl Serialize + 'a {
    Shown { shape, id, record }
}

struct Shown<'a> {
    shape: &'a RecordShape<'a>,
    id: &'a RecordId,
    record: &'a Record,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { shape, id, record } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", id)?;
        map.serialize_entry("createdTime", &iso(record.created))?;
        if shape.comments {
            let count = shape.base.comments.get(*id).map_or(0, Vec::len);
            map.serialize_entry("commentCount", &count)?;
        }
        map.serialize_entry("fields", &ShownCells(self))?;
        map.end()
    }
}

struct ShownCells<'a>(&'a Shown<'a>);

impl Serialize for ShownCells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Shown { shape, record, .. } = self.0;
        let mut map = serializer.serialize_map(None)?;
        for field in &shape.fields {
            if let Some(cell) = record.cells.get(field.key) {
                shape.cell(&mut map, field, cell)?;
            }
        }
        map.end()
    }
}
