//! Releases: one immutable, validated and indexed publication of everything.

pub mod build;
pub mod checks;
mod graph;
mod guides;
mod links;
pub mod release;

pub use build::{Built, build};
pub use release::{Release, ReleaseId};
