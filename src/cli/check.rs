//! `locadocs check`: what archivists should mend, for people and for pipelines.

use std::{process::ExitCode, sync::Arc};

use chrono::Utc;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{ConfigOption, logging, print};
use crate::{
    airtable::Client,
    content::{
        ids::{BaseId, RecordId},
        problem::{Counts, Problem, Severity},
        tables::TABLES,
    },
    reference::Reference,
    sync::{
        engine::{Engine, RoundError},
        live::{Live, SyncStatus},
    },
};

/// Flags of `check`.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    config: ConfigOption,
    /// How problems are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// By table, for people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// Exits with 1 when there are errors.
pub(super) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let config = options.config.load()?;
    logging::start(&config.log)?;
    let airtable = config.airtable()?;
    let base = airtable.base.clone();
    let live = Arc::new(Live::default());
    let client = Client::new(airtable)?;
    let reference = Reference::embedded()?;
    let engine = Engine::new(client, config.engine(), reference, Arc::clone(&live), Utc::now);
    match engine.sync_once().await {
        // What is missing from the base is told with the other problems.
        Ok(_) | Err(RoundError::Schema(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let status = live.status();
    match options.format {
        Format::Text => print(text(&status, &base)),
        Format::Json => print(serde_json::to_string_pretty(&Found::new(&status, &base))?),
    }
    let has_errors = status.problems.iter().any(|p| p.severity() == Severity::Error);
    Ok(ExitCode::from(u8::from(has_errors)))
}

/// The link that opens a problem's row in Airtable.
fn link(problem: &Problem, status: &SyncStatus, base: &BaseId) -> Option<String> {
    let table = status.tables.get(&problem.place.table)?;
    let row = problem.place.record.as_ref().map(|record| format!("/{record}")).unwrap_or_default();
    Some(format!("https://airtable.com/{base}/{table}{row}"))
}

fn text(status: &SyncStatus, base: &BaseId) -> String {
    let mut lines = Vec::new();
    for table in TABLES {
        let mut problems: Vec<_> =
            status.problems.iter().filter(|p| p.place.table == table.key).collect();
        if problems.is_empty() {
            continue;
        }
        problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity()));
        lines.push(format!("{} ({})", table.name, problems.len()));
        for problem in problems {
            let severity = match problem.severity() {
                Severity::Error => "erreur",
                Severity::Warning => "attention",
                Severity::Info => "remarque",
            };
            lines.push(format!("  {severity} · {} · {}", problem.code.as_str(), problem.place));
            lines.push(format!("    {}", problem.message));
            lines.extend(link(problem, status, base).map(|link| format!("    {link}")));
        }
        lines.push(String::new());
    }
    lines.push(match Counts::of(&status.problems) {
        Counts { errors: 0, warnings: 0, infos: 0 } => {
            format!("{} lignes lues, aucun problème.", status.rows)
        }
        Counts { errors, warnings, infos } => format!(
            "{} lignes lues ; erreurs : {errors}, avertissements : {warnings}, remarques : {infos}.",
            status.rows
        ),
    });
    lines.join("\n")
}

/// What `--format json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    rows: usize,
    counts: FoundCounts,
    problems: Vec<FoundProblem<'a>>,
}

#[derive(Serialize)]
struct FoundCounts {
    errors: usize,
    warnings: usize,
    infos: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundProblem<'a> {
    severity: &'static str,
    code: &'static str,
    table: &'static str,
    record: Option<&'a str>,
    label: Option<&'a str>,
    field: Option<&'static str>,
    message: &'a str,
    link: Option<String>,
}

impl From<Counts> for FoundCounts {
    fn from(Counts { errors, warnings, infos }: Counts) -> Self {
        Self { errors, warnings, infos }
    }
}

impl<'a> Found<'a> {
    fn new(status: &'a SyncStatus, base: &BaseId) -> Self {
        let problems = status.problems.iter().map(|problem| {
            let table = problem.place.table.def();
            FoundProblem {
                severity: problem.severity().as_str(),
                code: problem.code.as_str(),
                table: table.name,
                record: problem.place.record.as_ref().map(RecordId::as_str),
                label: problem.place.label.as_deref(),
                field: problem.place.field.and_then(|key| table.field(key)).map(|f| f.name),
                message: &problem.message,
                link: link(problem, status, base),
            }
        });
        Self {
            rows: status.rows,
            counts: Counts::of(&status.problems).into(),
            problems: problems.collect(),
        }
    }
}
