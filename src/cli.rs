//! The commands. Wiring only: each takes settings, calls what does the work, and tells the result.

mod check;
mod demo;
mod export;
mod init;
mod logging;
mod openapi;
mod reference;
mod release;
mod sandbox;
mod serve;
mod service;
mod token;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::config::Config;

/// Finds which public body in France keeps a document.
#[derive(Debug, Parser)]
#[command(name = "locadocs", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sync a base and serve the API.
    Serve(serve::Options),
    /// Try everything at once: a sandbox with a demo base, and the service on it.
    Demo(demo::Options),
    /// Run an Airtable-compatible server.
    Sandbox(sandbox::Options),
    /// Read a base once and print what archivists should mend; fails on errors.
    Check(check::Options),
    /// Give a base the tables and fields that it lacks; nothing in it is changed or deleted.
    Init(init::Options),
    /// List the releases that are kept, and let the one that is held out.
    Release(release::Options),
    /// Write what is published in the form of another tool.
    Export(export::Options),
    /// Print the OpenAPI document.
    Openapi,
    /// The official division of France that is embedded.
    Reference(reference::Options),
}

/// Where the settings are.
#[derive(Debug, Args)]
struct ConfigOption {
    /// Configuration file (TOML). Variables named LOCADOCS_… win over it.
    #[arg(long, value_name = "FILE", env = "LOCADOCS_CONFIG")]
    config: Option<PathBuf>,
}

impl ConfigOption {
    fn load(&self) -> anyhow::Result<Config> {
        Ok(Config::load(self.config.as_deref())?)
    }
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            tell_error(&error);
            ExitCode::from(2)
        }
    }
}

#[tokio::main]
async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(options) => serve::run(options).await?,
        Command::Demo(options) => demo::run(options).await?,
        Command::Sandbox(options) => sandbox::run(options).await?,
        Command::Check(options) => return check::run(options).await,
        Command::Init(options) => init::run(options).await?,
        Command::Release(options) => release::run(options)?,
        Command::Export(options) => export::run(options).await?,
        Command::Openapi => openapi::run()?,
        Command::Reference(options) => reference::run(options)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Errors go to the standard error in one line, causes after their effects.
#[expect(clippy::print_stderr, reason = "this is where a command tells why it failed")]
fn tell_error(error: &anyhow::Error) {
    eprintln!("locadocs: {error:#}");
}

/// What a command prints for people and programs to read.
fn print(text: impl std::fmt::Display) {
    // A reader that has left, as `head` does, needs no error.
    let _ = writeln!(std::io::stdout(), "{text}");
}
