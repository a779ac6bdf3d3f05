//! The integration tests: one binary, one module a subject. No network but the loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod airtable;
mod api;
mod commands;
mod export;
mod feed;
mod fixture;
mod following;
mod harmless;
mod init;
mod matrix;
mod media;
mod model;
mod pictures;
mod purge;
mod readme;
mod release;
mod replicas;
mod sandbox;
mod search;
mod settings_file;
mod standing;
mod stonly;
mod store;
mod stored;
