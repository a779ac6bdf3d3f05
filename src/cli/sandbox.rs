//! `locadocs sandbox`: an Airtable-compatible server.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;

use super::{logging, print, service::shutdown_signal};
use crate::{
    config::LogConfig,
    sandbox::{
        Sandbox,
        config::{Config, DEFAULT_TOKEN, TokenGrant},
        demo,
        seed::BaseSeed,
    },
};

/// Flags of `sandbox`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)))]
    listen: SocketAddr,
    /// File that keeps rows over restarts; without it they live in memory.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Bases to start with (JSON), instead of the demo base. May be repeated.
    #[arg(long, value_name = "FILE")]
    seed: Vec<PathBuf>,
    /// A token to accept, with every scope. May be repeated.
    #[arg(long, value_name = "TOKEN", default_value = DEFAULT_TOKEN)]
    token: Vec<String>,
    /// Requests in any second to one base; 0 is without limit.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rate: u32,
    /// Seconds of refusal after the rate was exceeded.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    lockout: u64,
    /// Milliseconds added to every answer.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Calls before the monthly quota is spent.
    #[arg(long, value_name = "N")]
    monthly_calls: Option<u64>,
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    logging::start(&LogConfig::default())?;
    let is_limited = options.rate > 0;
    let defaults = Config::default();
    let config = Config {
        listen: options.listen,
        data: options.data,
        tokens: options.token.iter().map(|token| TokenGrant::full(token)).collect(),
        per_second: is_limited.then_some(options.rate),
        per_second_user: defaults.per_second_user.filter(|_| is_limited),
        lockout: Duration::from_secs(options.lockout),
        latency: Duration::from_millis(options.latency),
        monthly_calls: options.monthly_calls,
        ..defaults
    };
    let seeds = match options.seed.as_slice() {
        [] => vec![demo::base()?],
        files => files.iter().map(read).collect::<anyhow::Result<_>>()?,
    };
    let sandbox = Sandbox::start_with_files(config, &seeds, &demo::file).await?;
    print(format!("Grids          {}", sandbox.url()));
    print(format!("Airtable API   {}v0/", sandbox.url()));
    for seed in &seeds {
        print(format!("Base           {} ({})", seed.id, seed.name));
    }
    shutdown_signal().await;
    sandbox.stop().await;
    Ok(())
}

fn read(path: &PathBuf) -> anyhow::Result<BaseSeed> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} can't be read", path.display()))?;
    BaseSeed::from_json(&text).with_context(|| format!("{} is not a base", path.display()))
}
