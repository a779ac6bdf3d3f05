//! The API: the real router, in-process, on a small release.

mod caching;
mod content;
mod document;
mod errors;
mod flat;
pub mod harness;
mod local_answer;
mod metrics;
mod service;
mod walk;
