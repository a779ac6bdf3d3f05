//! The domain, pure: guides, steps, documents, services, territories, holdings, and the answers
//! drawn from them. Nothing here does IO, reads a clock or knows Airtable's JSON.

pub mod cell;
pub mod document;
pub mod guide;
pub mod holding;
pub mod ids;
pub mod locate;
pub mod mentions;
pub mod opening;
pub mod period;
pub mod picture;
pub mod problem;
pub mod rich_text;
pub mod row;
pub mod rows;
pub mod service;
pub mod status;
pub mod stored;
pub mod tables;
pub mod territory;
pub mod walk;
