//! Locadocs finds which public body in France keeps a document.

pub mod airtable;
pub mod content;
pub mod reference;
