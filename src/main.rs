//! The `locadocs` command.
fn main() {}
