//! The API: the real router, in-process, on a small release.

mod caching;
mod content;
mod document;
mod errors;
pub mod harness;
mod limits;
mod local_answer;
mod metrics;
mod service;
mod tags;
mod tracing;
mod walk;
