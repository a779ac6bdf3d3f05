//! Locadocs finds which public body in France keeps a document.

pub mod api;
pub mod catalog;
pub mod content;
pub mod reference;
pub mod sync;
