//! Prints a base of 50,000 rows, in the sandbox's seed format:
//! `cargo run --release --example large_base > target/large.json`, then
//! `locadocs sandbox --seed target/large.json`.

use std::io::Write as _;

#[path = "../benches/support/large_base.rs"]
mod large_base;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &large_base::large_base()?)?;
    Ok(out.flush()?)
}
