//! Guides for Stonly: printed as calls, or pushed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::source::Source;
use crate::{
    cli::print,
    content::{guide::Guide, ids::Slug},
    stonly::{
        Client, Context, Doubt, Journal, Plan, Publication, PushError, Settings, fingerprint, plan,
        push,
    },
};

/// Flags of the format `stonly`.
#[derive(Debug, Args)]
#[group(skip)]
#[command(next_help_heading = "For Stonly")]
pub(super) struct Options {
    /// Only the guide of this slug.
    #[arg(long, value_name = "SLUG")]
    guide: Option<Slug>,
    /// Leave the guide a draft.
    #[arg(long)]
    draft: bool,
    /// Language of the texts, as Stonly calls it; by default, that of the guide: fr-FR or en-US.
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Send the calls. The team's API key is read from `LOCADOCS_STONLY_PASSWORD`.
    #[arg(long, requires_all = ["team", "folder"])]
    push: bool,
    /// Address of Stonly's API.
    #[arg(
        long = "stonly-url",
        value_name = "URL",
        env = "LOCADOCS_STONLY_URL",
        default_value = "https://public.stonly.com/api/v3/"
    )]
    url: Url,
    /// The team's id.
    #[arg(long, value_name = "ID", env = "LOCADOCS_STONLY_TEAM")]
    team: Option<u64>,
    /// The id of the folder that guides go to.
    #[arg(long, value_name = "ID", env = "LOCADOCS_STONLY_FOLDER")]
    folder: Option<u64>,
    /// The name given with the API key.
    #[arg(long, env = "LOCADOCS_STONLY_USER", default_value = "locadocs")]
    user: String,
    /// Where what was pushed is noted, to go on from there; stonly-SLUG.jsonl by default.
    #[arg(long, value_name = "FILE", requires = "guide")]
    journal: Option<PathBuf>,
    /// About a call whose answer was lost: it changed nothing, send it.
    #[arg(long, requires = "guide", conflicts_with = "done")]
    again: bool,
    /// About a call whose answer was lost: it went through, and made the step of this id; no id
    /// for a link.
    #[arg(long, value_name = "ID", requires = "guide", num_args = 0..=1)]
    done: Option<Option<String>>,
}

pub(super) async fn run(options: Options, source: &Source) -> anyhow::Result<()> {
    let release = &source.publication.release;
    let guides = release.content().guides.values();
    let wanted = |guide: &&Guide| options.guide.as_ref().is_none_or(|slug| guide.slug == *slug);
    let guides: Vec<&Guide> = guides.map(AsRef::as_ref).filter(wanted).collect();
    if let (true, Some(slug)) = (guides.is_empty(), &options.guide) {
        anyhow::bail!("no guide is published as {slug}");
    }
    let context = Context {
        release,
        public_url: source.public_url.as_ref(),
        language: options.language.as_deref(),
        publication: if options.draft { Publication::Draft } else { Publication::Published },
    };
    let plans: Vec<Plan> = guides.into_iter().map(|guide| plan(guide, &context)).collect();
    match options.push {
        true => push_all(&options, &plans).await,
        false => print_all(&plans),
    }
}

fn print_all(plans: &[Plan]) -> anyhow::Result<()> {
    for call in plans.iter().flat_map(|plan| &plan.calls) {
        print(serde_json::to_string(&call.line())?);
    }
    Ok(())
}

async fn push_all(options: &Options, plans: &[Plan]) -> anyhow::Result<()> {
    let team = options.team.context("--team is missing")?;
    let folder = options.folder.context("--folder is missing")?;
    let settings = Settings::new(options.url.clone(), team, options.user.clone(), password()?);
    let client = Client::new(settings)?;
    for plan in plans {
        let default = PathBuf::from(format!("stonly-{}.jsonl", plan.guide));
        let path = options.journal.as_deref().unwrap_or(&default);
        push_one(plan, &client, folder, path, options.doubt()).await?;
    }
    Ok(())
}

async fn push_one(
    plan: &Plan,
    client: &Client,
    folder: u64,
    path: &Path,
    doubt: Doubt,
) -> anyhow::Result<()> {
    let mut journal = Journal::open(path, &fingerprint(plan, client, folder))?;
    let result = push(plan, client, folder, &mut journal, doubt).await;
    let pushed = result.map_err(|error| {
        let advice = advice(&error, path);
        anyhow::Error::from(error).context(advice)
    })?;
    print(format!("{}: guide {} ({} calls)", plan.guide, pushed.guide_id, pushed.calls));
    for line in &plan.by_hand {
        print(format!("  à faire à la main : {line}"));
    }
    Ok(())
}

/// What to do about a push that stopped.
fn advice(error: &PushError, journal: &Path) -> String {
    let journal = journal.display();
    match error {
        PushError::Uncertain { .. } | PushError::InDoubt { .. } | PushError::NoId => format!(
            "look in Stonly whether it is there; then run this again with --again if it is not, or \
             with --done and its id if it is ({journal})"
        ),
        PushError::Failed { .. } => format!("run this again to go on from there ({journal})"),
        PushError::DoneGuide | PushError::Journal(_) => format!("the journal {journal}"),
    }
}

impl Options {
    fn doubt(&self) -> Doubt {
        match &self.done {
            _ if self.again => Doubt::Again,
            Some(id) => Doubt::Done(id.as_deref().map(id_of)),
            None => Doubt::Ask,
        }
    }
}

/// Ids of steps are numbers, as far as is known.
fn id_of(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| text.into(), Value::from)
}

/// The key comes from the environment alone: flags are seen by whoever lists processes.
fn password() -> anyhow::Result<SecretString> {
    let password = std::env::var("LOCADOCS_STONLY_PASSWORD").ok();
    let password = password.filter(|password| !password.trim().is_empty());
    let password = password.context("LOCADOCS_STONLY_PASSWORD is missing: the team's API key")?;
    Ok(SecretString::from(password.trim().to_owned()))
}
