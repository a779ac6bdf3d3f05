//! The API: the real router, in-process, on a small release.

mod caching;
mod content;
mod document;
mod errors;
mod events;
pub mod harness;
mod local_answer;
mod metrics;
mod releases;
mod service;
mod walk;
