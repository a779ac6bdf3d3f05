//! `locadocs export`: what is published, in the forms of other tools.

use clap::{Args, ValueEnum};

mod source;
mod stonly;

/// Flags of `export`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// What it is exported for.
    #[arg(long, value_enum)]
    format: Format,
    #[command(flatten)]
    source: source::Options,
    #[command(flatten)]
    stonly: stonly::Options,
}

/// What it is exported for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Guides as the calls of Stonly's public API that build them, one in JSON a line.
    Stonly,
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let source = options.source.read().await?;
    match options.format {
        Format::Stonly => stonly::run(options.stonly, &source).await,
    }
}
