//! Guides for Stonly: a guide as the calls of Stonly's public API that build it there.
//!
//! [`plan()`] is pure: from a guide to [`Call`]s, in an order in which each names only what an
//! earlier one made. [`push()`] sends them, and [`Journal`] keeps what was answered, so that a push
//! that stopped goes on where it did.
//!
//! What is known of that API, and how: `docs/stonly.md`.

mod call;
mod client;
mod journal;
mod plan;
mod push;

pub use call::{Call, Key, Line, Placeholder, Repeat, Screen};
pub use client::{CallError, Client, Settings, SetupError};
pub use journal::{Journal, JournalError};
pub use plan::{Context, Plan, Publication, plan};
pub use push::{Doubt, PushError, Pushed, fingerprint, push};
