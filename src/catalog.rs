//! Releases: one immutable, validated and indexed publication of everything.

pub mod build;
pub(crate) mod changes;
pub mod checks;
#[cfg(test)]
pub(crate) mod fixture;
mod graph;
mod guides;
mod holdings;
mod index;
pub mod item;
pub mod kept;
mod links;
pub mod pictures;
pub mod release;
mod shelf;
#[cfg(test)]
mod tests;
mod whole;

pub use build::{Built, Memo, build};
pub use item::{Item, ItemHash, Shelf};
pub use kept::{ItemChange, ItemKind};
pub use pictures::{File, Files};
pub use release::{Release, ReleaseId};
