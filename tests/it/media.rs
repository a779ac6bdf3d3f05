//! Files of the back office: downloaded with care, kept, and served.

mod downloads;
pub mod harness;
mod keeping;
mod serving;
mod smaller;
