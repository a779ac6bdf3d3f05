//! Bad input does no harm: whatever happens to the base or on the way to it, the service answers
//! from the last good release, says so, and recovers by itself.

mod attached;
pub mod cells;
pub mod damage;
pub mod harness;
mod limit;
mod links;
pub mod published;
mod random;
mod rounds;
mod schema;
mod size;
pub mod switch;
mod transport;
mod wire;
