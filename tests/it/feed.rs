//! The feed against the sandbox: what changed, at what price, and what happens when it is lost.

mod coming;
pub mod harness;
mod losing;
mod pings;
mod reading;
mod rereading;
mod upkeep;
