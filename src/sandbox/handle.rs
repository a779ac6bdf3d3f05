//! What a test or a demo does to a sandbox from within: an archivist's edits, and time.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Sandbox,
    cell::{Leniency, accept, accept_all},
    config::TokenGrant,
    edit::{Author, NewField, Renaming, Source, Transaction},
    error::ApiError,
    ids::RecordId,
    webhook::Webhook,
};

/// Who edits within the sandbox's own pages.
pub(super) fn editor() -> Author {
    Author { user: "usrArchivist00001".into(), source: Source::Client }
}

impl Sandbox {
    /// Writes a cell as a person does; `null` empties it. Texts are converted as Airtable's grid
    /// does.
    ///
    /// # Errors
    /// What Airtable would answer to the same write.
    pub fn set_cell(
        &self,
        base: &str,
        table: &str,
        record: &str,
        field: &str,
        value: &Value,
    ) -> Result<(), ApiError> {
        self.shared.set_cell(base, table, record, field, value)
    }

    /// Makes a record; gives its id.
    ///
    /// # Errors
    /// What Airtable would answer to the same write.
    pub fn create_record(
        &self,
        base: &str,
        table: &str,
        fields: &Map<String, Value>,
    ) -> Result<String, ApiError> {
        let id = self.shared.edit(base, editor(), |transaction, files| {
            let at = transaction.base.require_position(table)?;
            let inputs = accept_all(transaction.base, files, at, fields, Leniency::Typecast)?;
            Ok(transaction.create(at, inputs))
        })?;
        Ok(id.to_string())
    }

    /// Makes a record that was deleted come back under its id, as *undo* and the trash do.
    ///
    /// # Errors
    /// When it is there, or what Airtable would answer to its creation.
    pub fn restore_record(
        &self,
        base: &str,
        table: &str,
        record: &str,
        fields: &Map<String, Value>,
    ) -> Result<(), ApiError> {
        self.shared.edit(base, editor(), |transaction, files| {
            let at = transaction.base.require_position(table)?;
            if transaction.base.require_table(table)?.records.contains_key(record) {
                return Err(ApiError::invalid_request("the record was not deleted"));
            }
            let inputs = accept_all(transaction.base, files, at, fields, Leniency::Typecast)?;
            transaction.create_as(at, &RecordId::from(record), inputs);
            Ok(())
        })
    }

    /// Deletes a record.
    ///
    /// # Errors
    /// When there is none.
    pub fn delete_record(&self, base: &str, table: &str, record: &str) -> Result<(), ApiError> {
        self.change(base, table, |transaction, at| {
            let id = transaction.base.require_table(table)?.require_record(record)?.0.clone();
            transaction.delete(at, &id);
            Ok(())
        })
    }

    /// Makes a field; gives its id.
    ///
    /// # Errors
    /// What Airtable would answer to the same change.
    pub fn create_field(&self, base: &str, table: &str, new: NewField) -> Result<String, ApiError> {
        self.change(base, table, |transaction, at| transaction.create_field(at, new))
    }

    /// Renames a field.
    ///
    /// # Errors
    /// When there is none, or the name is in use.
    pub fn rename_field(
        &self,
        base: &str,
        table: &str,
        field: &str,
        name: &str,
    ) -> Result<(), ApiError> {
        let new = Renaming { name: Some(name.to_owned()), description: None };
        self.change(base, table, |transaction, at| transaction.update_field(at, field, new))
    }

    /// Gives a field another type, and empties its cells.
    ///
    /// # Errors
    /// When there is none, or it can't be of that type.
    pub fn retype_field(
        &self,
        base: &str,
        table: &str,
        field: &str,
        type_name: &str,
        options: &Map<String, Value>,
    ) -> Result<(), ApiError> {
        self.change(base, table, |transaction, at| {
            transaction.retype_field(at, field, type_name, options.clone())
        })
    }

    /// Deletes a field and its cells.
    ///
    /// # Errors
    /// When there is none, or it is the primary one.
    pub fn delete_field(&self, base: &str, table: &str, field: &str) -> Result<(), ApiError> {
        self.change(base, table, |transaction, at| transaction.delete_field(at, field))
    }

    /// Renames a table.
    ///
    /// # Errors
    /// When there is none, or the name is in use.
    pub fn rename_table(&self, base: &str, table: &str, name: &str) -> Result<(), ApiError> {
        let new = Renaming { name: Some(name.to_owned()), description: None };
        self.change(base, table, |transaction, at| transaction.update_table(at, new))
    }

    /// The filled cells of a record by the names of their fields, without links to files.
    pub fn record(&self, base: &str, table: &str, record: &str) -> Option<Map<String, Value>> {
        let world = self.shared.world.read();
        let (_, table) = world.table(base, table).ok()?;
        let record = table.records.get(&RecordId::from(record))?;
        let cells = table
            .fields
            .iter()
            .filter_map(|field| Some((field.name.clone(), record.cells.get(field.key)?.clone())));
        Some(cells.collect())
    }

    /// Accepts one more token.
    pub fn grant(&self, grant: TokenGrant) {
        self.shared.tokens.write().push(grant);
    }

    /// Makes a token unknown from now on.
    pub fn revoke_token(&self, token: &str) {
        self.shared.revoke(token);
    }

    /// Makes every offset given so far expire, as a restart of Airtable does.
    pub fn expire_offsets(&self) {
        self.shared.iterators.lock().clear();
    }

    /// Stops the webhooks of a base, as Airtable does with those whose specification broke.
    pub fn disable_webhooks(&self, base: &str) {
        self.shared.each_webhook(base, Webhook::disable);
    }

    /// Loses the payloads that the webhooks of a base made so far, as age does.
    pub fn forget_payloads(&self, base: &str) {
        self.shared.each_webhook(base, Webhook::forget);
    }

    /// Moves the time of day ahead: links, offsets and webhooks age. Rate limits don't.
    pub fn advance_clock(&self, by: Duration) {
        self.shared.advance(by);
    }

    fn change<T>(
        &self,
        base: &str,
        table: &str,
        act: impl FnOnce(&mut Transaction<'_>, usize) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.shared.edit(base, editor(), |transaction, _| {
            let at = transaction.base.require_position(table)?;
            act(transaction, at)
        })
    }
}

impl super::state::Shared {
    /// The bases and their tables, with their numbers of rows.
    pub(super) fn summary(&self) -> Value {
        let world = self.world.read();
        let bases = world.bases.values().map(|base| {
            let tables = base.tables.iter().map(|table| {
                json!({ "id": table.id, "name": table.name, "records": table.records.len() })
            });
            json!({ "id": base.id, "name": base.name, "tables": tables.collect::<Vec<_>>() })
        });
        json!({ "bases": bases.collect::<Vec<_>>() })
    }

    fn each_webhook(&self, base: &str, act: fn(&mut Webhook)) {
        let mut world = self.world.write();
        let base = world.bases.get_mut(base);
        base.into_iter().flat_map(|base| &mut base.webhooks).for_each(act);
    }

    /// Writes a cell as a person does at the page.
    pub(super) fn set_cell(
        self: &std::sync::Arc<Self>,
        base: &str,
        table: &str,
        record: &str,
        field: &str,
        value: &Value,
    ) -> Result<(), ApiError> {
        self.edit(base, editor(), |transaction, files| {
            let at = transaction.base.require_position(table)?;
            let target = transaction.base.require_table(table)?;
            let id = target.require_record(record)?.0.clone();
            let field = target.require_field(field)?;
            let input = accept(transaction.base, files, field, value, Leniency::Typecast)?;
            let inputs = vec![(field.key, input)];
            transaction.fill(at, &id, inputs);
            Ok(())
        })
    }
}
