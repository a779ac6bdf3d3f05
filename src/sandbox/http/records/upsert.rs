//! Upserts: which record an entry without id changes.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::{
    base::{Base, Table},
    cell::{Input, LinkTarget},
    edit::Inputs,
    error::ApiError,
    ids::RecordId,
    schema::FieldKey,
};

/// Most fields that an upsert may match on.
const MAX_MERGE_FIELDS: usize = 3;

/// What an upsert asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PerformUpsert {
    fields_to_merge_on: Vec<String>,
}

impl PerformUpsert {
    /// The keys of the fields to match on.
    pub(super) fn keys(&self, base: &Base, at: usize) -> Result<Vec<FieldKey>, ApiError> {
        let names = &self.fields_to_merge_on;
        if names.is_empty() || names.len() > MAX_MERGE_FIELDS {
            return Err(ApiError::invalid_request("fieldsToMergeOn must name 1 to 3 fields"));
        }
        let table = base.tables.get(at).ok_or_else(ApiError::model_not_found)?;
        names.iter().map(|name| Ok(table.require_field(name)?.key)).collect()
    }
}

/// The one record whose cells equal the inputs in these fields; `None` when there is none.
pub(super) fn match_one(
    table: &Table,
    inputs: &Inputs,
    merge: &[FieldKey],
) -> Result<Option<RecordId>, ApiError> {
    let mut wanted = Vec::new();
    for key in merge {
        let input = inputs.iter().find(|(field, _)| field == key).map(|(_, input)| input);
        let input = input.ok_or_else(|| {
            ApiError::invalid_request("a record lacks one of the fields to merge on")
        })?;
        wanted.push((*key, cell_of(input)));
    }
    let mut matching = table.records.iter().filter(|(_, record)| {
        wanted.iter().all(|(key, cell)| record.cells.get(*key) == cell.as_ref())
    });
    match (matching.next(), matching.next()) {
        (found, None) => Ok(found.map(|(id, _)| id.clone())),
        (_, Some(_)) => Err(ApiError::unprocessable(
            "INVALID_REQUEST_UNKNOWN",
            "Cannot update more than one record with the same values in the merge fields",
        )),
    }
}

/// The cell that an input becomes, when it can be told without writing it.
fn cell_of(input: &Input) -> Option<Value> {
    match input {
        Input::Cell(cell) => cell.clone(),
        Input::Choices { cell, .. } => Some(cell.clone()),
        Input::Links(targets) => Some(
            targets
                .iter()
                .map(|target| match target {
                    LinkTarget::Existing(id) => json!(id),
                    LinkTarget::New(name) => json!({ "new": name }),
                })
                .collect(),
        ),
    }
}
