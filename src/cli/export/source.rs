//! Where the exported release comes from: what the service keeps, else the base, else the demo.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;
use secrecy::SecretString;
use url::Url;

use crate::{
    airtable::{self, Client},
    catalog::Release,
    cli::{ConfigOption, logging},
    config::{Config, LogConfig},
    reference::Reference,
    sandbox::{self, Sandbox, config::DEFAULT_TOKEN, demo},
    store::Store,
    sync::{
        engine::{self, Engine},
        live::{Live, Publication},
    },
};

/// Flags that say what is exported.
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct Options {
    #[command(flatten)]
    config: ConfigOption,
    /// Export the embedded demo base, rather than that of the configuration.
    #[arg(long)]
    demo: bool,
}

/// What is exported.
pub(super) struct Source {
    /// The release.
    pub(super) publication: Arc<Publication>,
    /// Where the public reaches the service.
    pub(super) public_url: Option<Url>,
}

impl Options {
    /// Takes the last release that the service keeps, whether it runs or not; where none is kept,
    /// reads the base once.
    pub(super) async fn read(&self) -> anyhow::Result<Source> {
        if self.demo {
            logging::start(&LogConfig { filter: "warn".to_owned(), ..LogConfig::default() })?;
            return Ok(Source { publication: read_demo().await?, public_url: None });
        }
        let config = self.config.load()?;
        logging::start(&config.log)?;
        let publication = match kept(&config)? {
            Some(kept) => kept,
            None => read_base(config.airtable()?, config.engine()).await?,
        };
        Ok(Source { publication, public_url: config.http.public_url })
    }
}

fn kept(config: &Config) -> anyhow::Result<Option<Arc<Publication>>> {
    let Some(dir) = config.data_dir().filter(|dir| dir.exists()) else { return Ok(None) };
    let store = Store::open_beside(dir).context("store.data_dir")?;
    let Some(kept) = store.current_release()?.release else { return Ok(None) };
    let items = kept.items.iter().map(|it| (it.kind, it.key.as_str(), it.body.as_slice()));
    let release = Release::restore(&kept.id, items, Reference::embedded()?)?;
    Ok(Some(Arc::new(Publication { release, published_at: kept.published_at })))
}

async fn read_demo() -> anyhow::Result<Arc<Publication>> {
    let seed = demo::base()?;
    let base = seed.id.parse()?;
    let config = sandbox::config::Config {
        per_second: None,
        per_second_user: None,
        ..sandbox::config::Config::default()
    };
    let sandbox = Sandbox::start_with_files(config, &[seed], &demo::file).await?;
    let token = SecretString::from(DEFAULT_TOKEN);
    let mut airtable = airtable::Settings::new(sandbox.url().clone(), base, token);
    airtable.requests_per_second = None;
    let publication = read_base(airtable, engine::Settings::default()).await;
    sandbox.stop().await;
    publication
}

async fn read_base(
    airtable: airtable::Settings,
    settings: engine::Settings,
) -> anyhow::Result<Arc<Publication>> {
    let live = Arc::new(Live::default());
    let reference = Reference::embedded()?;
    let client = Client::new(airtable)?;
    let engine = Engine::new(client, settings, reference, Arc::clone(&live), Utc::now);
    engine.sync_once().await?;
    live.publication().context("the base has nothing to publish")
}
