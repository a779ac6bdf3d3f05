//! `locadocs demo`: everything at once, on rows that one can change.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use secrecy::SecretString;
use tokio::net::TcpListener;
use url::Url;

use super::{
    logging, print,
    service::{Service, shutdown_signal},
};
use crate::{
    airtable, api,
    config::{Config, LogConfig, SyncConfig},
    sandbox::{self, Sandbox, config::DEFAULT_TOKEN, demo},
    sync::engine::{Engine, Follow},
};

/// Flags of `demo`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Address and port of the API.
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))]
    listen: SocketAddr,
    /// Address and port of the sandbox.
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)))]
    sandbox: SocketAddr,
}

/// How long an edit waits for the next round: short, since nobody else needs the calls.
const ROUND: Duration = Duration::from_secs(1);

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    logging::start(&LogConfig { filter: "warn".to_owned(), ..LogConfig::default() })?;
    let seed = demo::base()?;
    let base = seed.id.parse()?;
    let sandbox = Sandbox::start_with_files(sandbox_config(&options), &[seed], &demo::file).await?;

    let listen = options.listen;
    let listener =
        TcpListener::bind(listen).await.with_context(|| format!("can't listen on {listen}"))?;
    let mut config = Config::default();
    config.http.listen = listener.local_addr()?;
    // Whoever tries to break it should be able to.
    config.http.rate_limit_per_second = 0;
    config.sync =
        SyncConfig { every_seconds: ROUND.as_secs(), monthly_calls: 0, ..SyncConfig::default() };
    // Each demo starts afresh, as its sandbox does.
    config.store.data_dir = PathBuf::new();
    let token = SecretString::from(DEFAULT_TOKEN);
    let mut airtable = airtable::Settings::new(sandbox.url().clone(), base, token);
    // Both ends are ours: Airtable's limit would only make one wait for the first answer.
    airtable.requests_per_second = None;
    let pings = config.public_url().join(api::PING_PATH)?;
    let service = Service::new(&config, airtable, Follow::Pings(pings))?;
    service.engine().sync_once().await?;
    service.engine().fetch_media().await?;
    welcome(&config.public_url(), sandbox.url(), &pictures(service.engine()));
    service.run(listener, shutdown_signal()).await?;
    sandbox.stop().await;
    Ok(())
}

fn sandbox_config(options: &Options) -> sandbox::config::Config {
    sandbox::config::Config {
        listen: options.sandbox,
        per_second: None,
        per_second_user: None,
        ..sandbox::config::Config::default()
    }
}

/// The paths of what the first step or service with pictures shows.
fn pictures(engine: &Engine) -> Vec<String> {
    let Some(publication) = engine.live().publication() else { return Vec::new() };
    let galleries = publication.release.content().pictures.values();
    let pictures = galleries.take(1).flat_map(|gallery| &gallery.pictures);
    pictures.map(|picture| picture.path.clone()).collect()
}

fn welcome(api: &Url, sandbox: &Url, pictures: &[String]) {
    let address = |path: &String| format!("{api}{}", path.trim_start_matches('/'));
    let pictures: String =
        pictures.iter().map(|path| format!("\n  curl -O '{}'", address(path))).collect();
    print(format!(
        "API            {api}v1\n\
         Documentation  {api}docs\n\
         Sandbox        {sandbox}   change a cell there, and the API changes within {seconds} s\n\
         \n\
         Four requests to start with:\n\
         \n\
         Where are the building permits of Rennes from 1987?\n  \
         curl '{api}v1/locate?document=permis-de-construire&commune=35238&date=1987'\n\
         Which commune is it?\n  \
         curl '{api}v1/communes?q=renn'\n\
         What does the guide ask?\n  \
         curl '{api}v1/guides/urbanisme/walk?q.document-connu=oui'\n\
         What is in the file of a permit? A step and its image:\n  \
         curl '{api}v1/guides/urbanisme/steps/permis-contenu'{pictures}\n\
         \n\
         Ctrl-C stops everything.",
        seconds = ROUND.as_secs()
    ));
}
