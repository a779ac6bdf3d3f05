//! Bad input does no harm: whatever happens to the base or on the way to it, the service answers
//! from the last good release, says so, and recovers by itself.

mod attached;
mod cells;
mod damage;
pub mod harness;
mod limit;
mod links;
mod published;
mod random;
mod rounds;
mod schema;
mod size;
mod switch;
mod transport;
mod wire;
