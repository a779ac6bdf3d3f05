//! Airtable's web API: the only code that speaks to it, and the only one that knows its formats.
//!
//! A [`Client`] serves one base. It gives the base's [`BaseSchema`](schema::BaseSchema), and its
//! rows as raw [`Record`]s, kept compact; [`decode`](cell::decode) turns a row into typed cells.
//! Everything goes through one limiter and one rule of retries, so that callers see either an
//! answer or an [`Error`] that they can act on.
//!
//! Source of the formats and limits: <https://airtable.com/developers/web/api/introduction>.

pub mod attachments;
pub mod calls;
pub mod cell;
mod client;
pub mod download;
pub mod error;
pub mod gate;
mod limiter;
mod listing;
pub mod meta;
pub mod record;
mod request;
pub(crate) mod retry_after;
mod rows;
pub mod schema;
pub mod settings;
pub mod token;
pub mod webhooks;

pub use self::{
    client::Client,
    error::Error,
    listing::{ListOptions, Page},
    record::Record,
    rows::{Interrupted, MAX_BATCH, NewRow, RowUpdate},
    settings::Settings,
};
