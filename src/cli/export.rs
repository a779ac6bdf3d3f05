//! `locadocs export`: what is published, as files for web servers and for re-users, or in the forms
//! of other tools.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::print;
use crate::{
    export::{
        folder::{Folder, Kind, Outcome},
        open_data::{self, Licence},
        site,
    },
    reference::Reference,
};
use source::{Media, Source};

mod source;
mod stonly;

/// Flags of `export`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// What it is exported for.
    #[arg(long, value_enum, default_value_t = Format::Static)]
    format: Format,
    /// The folder to write: missing, empty, or an earlier export. It is replaced at once, when
    /// everything is written; a file that says the same stays the same file.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Of which communes `static` writes the pages.
    #[arg(long, value_enum, default_value_t = Communes::Used)]
    communes: Communes,
    /// The licence that `open-data` tells: etalab-2.0, ODbL-1.0, CC-BY-4.0 or CC0-1.0.
    #[arg(long, value_name = "SPDX", default_value_t)]
    licence: Licence,
    #[command(flatten)]
    source: source::Options,
    #[command(flatten)]
    stonly: stonly::Options,
}

/// What it is exported for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The API as files that any web server gives under the same paths. What depends on a question
    /// (locate, walk, search, autocomplete, filters) can't be among them.
    Static,
    /// All that is published, one JSON object a line, with schemas and hashes.
    OpenData,
    /// Guides as the calls of Stonly's public API that build them, one in JSON a line.
    Stonly,
}

/// Communes to write the pages of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Communes {
    /// None.
    None,
    /// Those in which a service sits, or that a territory names: the others say what the official
    /// division says.
    Used,
    /// All, with the list: some 37,000, each with its compressed forms.
    All,
}

impl From<Communes> for site::Communes {
    fn from(communes: Communes) -> Self {
        match communes {
            Communes::None => Self::None,
            Communes::Used => Self::Used,
            Communes::All => Self::All,
        }
    }
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    match options.format {
        Format::Stonly => {
            stonly::run(options.stonly, &options.source.read(Media::Left).await?).await
        }
        Format::Static => {
            let mut folder = open(options.out, Kind::Static)?;
            let source = options.source.read(Media::Read).await?;
            let release = &source.publication.release;
            let communes = options.communes.into();
            let resources = site::resources(release, communes, Reference::embedded()?);
            site::write(&source.service()?, resources, &mut folder).await?;
            publish(folder, &source)
        }
        Format::OpenData => {
            let mut folder = open(options.out, Kind::OpenData)?;
            let source = options.source.read(Media::Read).await?;
            let release = &source.publication.release;
            open_data::write(&source.service()?, release, options.licence, &mut folder).await?;
            publish(folder, &source)
        }
    }
}

/// Before anything is read, so that a folder of something else is told at once.
fn open(out: Option<PathBuf>, kind: Kind) -> anyhow::Result<Folder> {
    Ok(Folder::open(&out.context("--out is missing: the folder to write")?, kind)?)
}

fn publish(folder: Folder, source: &Source) -> anyhow::Result<()> {
    let release = source.publication.release.id();
    let Outcome { files, bytes, written, removed } = folder.publish(release)?;
    print(format!(
        "release {release}: {files} files of {bytes} bytes, {written} written, {removed} removed"
    ));
    Ok(())
}
