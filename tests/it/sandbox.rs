//! The sandbox, driven over HTTP as any client drives Airtable.

mod harness;
mod records;
