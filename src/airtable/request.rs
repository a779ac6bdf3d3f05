//! One call to be made, before any network: its address, its body, and whether it may be repeated.

use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::{calls::CallKind, error::Call};
use crate::content::ids::TableId;

/// What a second sending of the same call would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// The same as one: it reads, or it sets, clears or deletes things that it names by id.
    Harmless,
    /// Perhaps the same thing again: it creates.
    Duplicates,
}

/// A call.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Value>,
    pub(super) kind: CallKind,
    pub(super) repeat: Repeat,
    /// The table that a refusal is about.
    pub(super) table: Option<TableId>,
}

impl Request {
    /// A call without body whose repetition is harmless.
    pub(super) fn new(kind: CallKind, method: Method, url: Url) -> Self {
        Self { method, url, body: None, kind, repeat: Repeat::Harmless, table: None }
    }

    pub(super) fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    pub(super) fn table(self, table: &TableId) -> Self {
        Self { table: Some(table.clone()), ..self }
    }

    pub(super) fn creates(self) -> Self {
        Self { repeat: Repeat::Duplicates, ..self }
    }

    /// The call as errors and logs name it.
    pub(super) fn call(&self) -> Call {
        Call { method: self.method.clone(), path: self.url.path().into() }
    }
}
