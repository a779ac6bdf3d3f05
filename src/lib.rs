//! Locadocs finds which public body in France keeps a document.
//!
//! It syncs an Airtable base that archivists keep, checks and normalizes it, holds it in memory and
//! publishes it as a versioned JSON API. `ARCHITECTURE.md` is the map.

pub mod airtable;
pub mod api;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod content;
pub mod export;
pub mod media;
pub mod paris;
pub mod position;
pub mod purge;
pub mod reference;
pub mod sandbox;
pub mod stonly;
pub mod store;
pub mod sync;
