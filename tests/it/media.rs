//! Files of the back office: downloaded with care, kept, and served.

mod downloads;
mod harness;
mod keeping;
mod serving;
mod smaller;
