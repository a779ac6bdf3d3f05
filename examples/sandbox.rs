//! Runs a sandbox by hand: `cargo run --example sandbox -- base.json [address]`.
#![expect(clippy::print_stdout, reason = "tells its address")]

use locadocs::sandbox::{Sandbox, config::Config, seed::BaseSeed};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = std::env::args().skip(1);
    let mut seeds = Vec::new();
    // The limits are for clients under test, which don't wait half a minute.
    let mut config = Config {
        listen: ([127, 0, 0, 1], 8765).into(),
        lockout: std::time::Duration::ZERO,
        per_second: Some(40),
        ..Config::default()
    };
    for arg in args {
        match arg.parse() {
            Ok(address) => config.listen = address,
            Err(_) => seeds.push(BaseSeed::from_json(&std::fs::read_to_string(&arg)?)?),
        }
    }
    let sandbox = Sandbox::start(config, &seeds).await?;
    println!("{}", sandbox.url());
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
