//! The API: the real router, in-process, on a small release.

mod caching;
mod connections;
mod content;
mod document;
mod errors;
mod events;
mod flat;
pub mod harness;
mod limits;
mod local_answer;
mod metrics;
mod near;
mod releases;
mod search;
mod service;
mod shaping;
mod tags;
mod tracing;
mod validate;
mod walk;
