//! Releases: one immutable, validated and indexed publication of everything.

pub mod build;
pub mod checks;
#[cfg(test)]
pub(crate) mod fixture;
mod graph;
mod guides;
mod links;
pub mod release;
#[cfg(test)]
mod tests;
mod whole;

pub use build::{Built, build};
pub use release::{Release, ReleaseId};
