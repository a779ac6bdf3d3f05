//! Where the exported release comes from: what the service keeps, else the base, else the demo.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;
use secrecy::SecretString;
use url::Url;

use crate::{
    airtable::{self, Client, download::Downloader},
    api::{self, metrics::Sources},
    catalog::Release,
    cli::{ConfigOption, logging},
    config::{Config, LogConfig},
    media::Library,
    reference::Reference,
    sandbox::{self, Sandbox, config::DEFAULT_TOKEN, demo},
    store::Store,
    sync::{
        archive::Archive,
        engine::Engine,
        live::{Live, Publication},
        wake::Wake,
    },
};
use tokio_util::sync::CancellationToken;

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

/// Whether the files of the back office are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// What the release says of them is enough.
    Left,
    /// They are read: from where the service keeps them, else from the base.
    Read,
}

/// What is exported.
pub(super) struct Source {
    /// The release.
    pub(super) publication: Arc<Publication>,
    /// Where the public reaches the service.
    pub(super) public_url: Option<Url>,
    live: Arc<Live>,
    media: Library,
}

/// A release and its files.
struct Published {
    live: Arc<Live>,
    media: Library,
}

impl Options {
    /// Takes the last release that the service keeps, whether it runs or not; where none is kept,
    /// reads the base once.
    pub(super) async fn read(&self, media: Media) -> anyhow::Result<Source> {
        if self.demo {
            logging::start(&LogConfig { filter: "warn".to_owned(), ..LogConfig::default() })?;
            return read_demo(media).await?.source(None);
        }
        let config = self.config.load()?;
        logging::start(&config.log)?;
        let published = match kept(&config)? {
            Some(kept) => kept,
            None => read_base(config.airtable()?, &config, media).await?,
        };
        published.source(config.http.public_url)
    }
}

impl Published {
    fn source(self, public_url: Option<Url>) -> anyhow::Result<Source> {
        let Self { live, media } = self;
        let publication = live.publication().context("the base has nothing to publish")?;
        Ok(Source { publication, public_url, live, media })
    }
}

impl Source {
    /// The very service that answers the public, without a port and without a limit.
    pub(super) fn service(&self) -> anyhow::Result<api::Service> {
        let reference = Reference::embedded()?;
        let settings =
            api::Settings { public_url: self.public_url.clone(), ..api::Settings::default() };
        Ok(api::service(api::State {
            live: Arc::clone(&self.live),
            archive: Archive::new(Store::in_memory()?, reference),
            wake: Arc::new(Wake::default()),
            reference,
            media: self.media.clone(),
            clock: Utc::now,
            settings,
            metrics: Sources::default(),
            stopping: CancellationToken::new(),
        }))
    }
}

fn kept(config: &Config) -> anyhow::Result<Option<Published>> {
    let Some(dir) = config.data_dir().filter(|dir| dir.exists()) else { return Ok(None) };
    let store = Store::open_beside(dir).context("store.data_dir")?;
    let Some(kept) = store.current_release()?.release else { return Ok(None) };
    let items = kept.items.iter().map(|it| (it.kind, it.key.as_str(), it.body.as_slice()));
    let release = Release::restore(&kept.id, items, Reference::embedded()?)?;
    let live = Arc::new(Live::default());
    live.publish(Publication { release, published_at: kept.published_at });
    let media = match dir.join("media") {
        folder if folder.exists() => {
            let (library, damages) = Library::open(&folder, config.library())?;
            for damage in damages {
                tracing::warn!(%damage, "a kept file is left out");
            }
            library
        }
        _ => Library::in_memory(config.library()),
    };
    Ok(Some(Published { live, media }))
}

async fn read_demo(media: Media) -> anyhow::Result<Published> {
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
    let published = read_base(airtable, &Config::default(), media).await;
    sandbox.stop().await;
    published
}

async fn read_base(
    airtable: airtable::Settings,
    config: &Config,
    media: Media,
) -> anyhow::Result<Published> {
    let live = Arc::new(Live::default());
    let reference = Reference::embedded()?;
    let library = Library::in_memory(config.library());
    let downloader = Downloader::new(config.downloads(airtable.base_url.clone()))?;
    let client = Client::new(airtable)?;
    let engine = Engine::new(client, config.engine(), reference, Arc::clone(&live), Utc::now);
    match media {
        Media::Left => {
            engine.sync_once().await?;
        }
        Media::Read => {
            let engine = engine.illustrated(library.clone(), downloader);
            engine.sync_once().await?;
            engine.fetch_media().await?;
        }
    }
    Ok(Published { live, media: library })
}
