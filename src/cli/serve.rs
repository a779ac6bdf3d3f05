//! `locadocs serve`: sync a base and serve the API.

use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;

use super::{
    ConfigOption, logging,
    service::{Service, shutdown_signal},
};

/// Flags of `serve`.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    config: ConfigOption,
    /// Address and port to listen on, instead of http.listen.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let mut config = options.config.load()?;
    config.http.listen = options.listen.unwrap_or(config.http.listen);
    logging::start(&config.log)?;
    let service = Service::new(&config, config.airtable()?, config.follow())?;
    let listen = config.http.listen;
    let listener =
        TcpListener::bind(listen).await.with_context(|| format!("can't listen on {listen}"))?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    service.run(listener, shutdown_signal()).await
}
