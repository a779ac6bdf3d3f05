//! Images of what is published: from a cell of the base to the public, whatever happens between.

mod coming;
mod failing;
mod harness;
mod keeping;
