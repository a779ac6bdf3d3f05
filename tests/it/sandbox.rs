//! The sandbox, driven over HTTP as any client drives Airtable.

mod attachments;
mod failures;
pub mod harness;
mod keeping;
mod metadata;
mod records;
mod webhooks;
