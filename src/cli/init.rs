//! `locadocs init`: a base that has what the service reads.

use clap::Args;

use super::{ConfigOption, logging, print};
use crate::{
    airtable::Client,
    sandbox::demo,
    sync::setup::{Event, SetupError, Step, apply::apply, demo as rows, plan},
};

/// Flags of `init`.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    config: ConfigOption,
    /// Also add the rows of the demo base that are missing.
    #[arg(long)]
    with_demo: bool,
    /// Print what would be added, and add nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(options: Options) -> anyhow::Result<()> {
    let config = options.config.load()?;
    logging::start(&config.log)?;
    let client = Client::new(config.airtable()?)?;
    let demo = match options.with_demo {
        true => Some(rows::Demo::read(&demo::base()?, &demo::file)?),
        false => None,
    };
    let names = &config.tables;
    let schema = client.schema().await.map_err(SetupError::from)?;
    let plan = plan(&schema, names);
    plan.notices.iter().for_each(|notice| print(format!("note: {notice}")));

    let mut additions = 0;
    if options.dry_run {
        let rows = match &demo {
            Some(demo) => rows::preview(&client, &schema, names, demo).await?,
            None => Vec::new(),
        };
        for addition in plan.steps.iter().map(Step::addition).chain(rows) {
            print(format!("would add {addition}"));
            additions += 1;
        }
    } else {
        let mut tell = |event| match event {
            Event::Added(addition) => {
                print(format!("added {addition}"));
                additions += 1;
            }
            Event::Noticed(notice) => print(format!("note: {notice}")),
        };
        let schema = apply(&client, &plan, schema, &mut tell).await?;
        if let Some(demo) = &demo {
            rows::add(&client, &schema, names, demo, &mut tell).await?;
        }
    }
    if additions == 0 {
        print("nothing to add");
    }
    Ok(())
}
