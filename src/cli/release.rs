//! `locadocs release`: the releases that are kept, and the one that is held.

use std::fmt::Write as _;

use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::{ConfigOption, print};
use crate::{
    config::Config,
    store::{ItemKind, ReleaseHeader, Store},
    sync::{
        engine::acceptance::{accept, held},
        jobs::Schedule,
        live::Held,
    },
};

/// Flags of `release`.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the releases that are kept, newest first, and the one that is held.
    List {
        #[command(flatten)]
        config: ConfigOption,
        /// How they are printed.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Let the held release out.
    Accept {
        #[command(flatten)]
        config: ConfigOption,
        /// Its id: nothing is let out should another one be held by now.
        id: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// One release a line, for people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

pub(super) fn run(options: Options) -> anyhow::Result<()> {
    match options.action {
        Action::List { config, format } => {
            let store = open(&config.load()?)?;
            let (kept, held) = (store.releases()?, held(&store)?);
            print(match format {
                Format::Text => text(&kept, held.as_ref()),
                Format::Json => serde_json::to_string_pretty(&Found::new(&kept, held.as_ref()))?,
            });
        }
        Action::Accept { config, id } => {
            let config = config.load()?;
            let held = accept(&open(&config)?, id.as_deref())?;
            let next = next_round(&config.schedule());
            print(format!("release {} is accepted: it goes out at {next}", held.release));
        }
    }
    Ok(())
}

/// The store that a service keeps, or kept, whether it runs or not.
fn open(config: &Config) -> anyhow::Result<Store> {
    let dir = config.data_dir().context("store.data_dir is empty: no release is kept")?;
    Store::open_beside(dir).context("store.data_dir")
}

fn next_round(schedule: &Schedule) -> String {
    match schedule {
        Schedule::Every(period) => format!(
            "the service's next round, within {} s unless the month's budget spaces rounds out",
            period.as_secs()
        ),
        Schedule::Cron(expression) => {
            format!("the service's next round, as sync.cron asks for it ({expression}, in UTC)")
        }
    }
}

fn text(kept: &[ReleaseHeader], held: Option<&Held>) -> String {
    let mut text = String::new();
    if let Some(Held { release, since, doubt }) = held {
        let since = day_and_time(*since);
        // Writing to a string can't fail.
        let _ = writeln!(text, "{release}  {since}  held ({}): {doubt}", doubt.code());
    }
    for (n, release) in kept.iter().enumerate() {
        let ReleaseHeader { id, published_at, .. } = release;
        let counts: Vec<_> =
            counts(release).map(|(kind, count)| format!("{count} {kind}")).collect();
        let state = if n == 0 { "current: " } else { "" };
        let _ =
            writeln!(text, "{id}  {}  {state}{}", day_and_time(*published_at), counts.join(", "));
    }
    match text.trim_end() {
        "" => "no release is kept yet".to_owned(),
        text => text.to_owned(),
    }
}

fn day_and_time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// How many there are of each kind that readers see, by its plural.
fn counts(release: &ReleaseHeader) -> impl Iterator<Item = (&'static str, u64)> {
    const KINDS: [(ItemKind, &str); 5] = [
        (ItemKind::Guide, "guides"),
        (ItemKind::Document, "documents"),
        (ItemKind::Service, "services"),
        (ItemKind::Territory, "territories"),
        (ItemKind::Holding, "holdings"),
    ];
    KINDS
        .into_iter()
        .map(|(kind, plural)| (plural, release.counts.get(&kind).copied().unwrap_or_default()))
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Found<'a> {
    held: Option<FoundHeld<'a>>,
    releases: Vec<FoundRelease<'a>>,
}

#[derive(Serialize)]
struct FoundHeld<'a> {
    release: &'a str,
    since: DateTime<Utc>,
    code: &'static str,
    reason: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundRelease<'a> {
    id: &'a str,
    published_at: DateTime<Utc>,
    counts: serde_json::Map<String, serde_json::Value>,
}

impl<'a> Found<'a> {
    fn new(kept: &'a [ReleaseHeader], held: Option<&'a Held>) -> Self {
        let held = held.map(|Held { release, since, doubt }| FoundHeld {
            release,
            since: *since,
            code: doubt.code(),
            reason: doubt.to_string(),
        });
        let releases = kept.iter().map(|release| FoundRelease {
            id: &release.id,
            published_at: release.published_at,
            counts: counts(release).map(|(kind, count)| (kind.to_owned(), count.into())).collect(),
        });
        Self { held, releases: releases.collect() }
    }
}
