//! Locadocs finds which public body in France keeps a document.

pub mod content;
pub mod sandbox;
