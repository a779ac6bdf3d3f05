//! The domain, pure: guides, steps, documents, services, territories, holdings, and the answers
//! drawn from them. Nothing here does IO, reads a clock or knows Airtable's JSON.

pub mod cell;
pub mod ids;
pub mod period;
pub mod problem;
pub mod rich_text;
pub mod row;
pub mod tables;
