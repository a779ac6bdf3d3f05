//! The sync: the only writer of the mirror and of the current release.

pub mod budget;
pub mod engine;
mod guards;
pub mod jobs;
pub mod live;
pub mod mapping;
pub mod metrics;
pub mod mirror;
pub mod setup;
