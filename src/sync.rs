//! The sync: the only writer of the mirror and of the current release.

pub mod archive;
pub mod budget;
pub mod changes;
pub mod engine;
mod failure;
pub mod feed;
mod guards;
pub mod jobs;
pub mod live;
pub mod mapping;
pub mod metrics;
pub mod mirror;
pub mod plan;
pub mod reread;
pub mod setup;
pub mod wake;
