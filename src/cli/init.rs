//! `locadocs init`: a base that has what the service reads.

use clap::Args;

use super::{ConfigOption, logging, print};
use crate::{
    airtable::{Client, schema::BaseSchema},
    sandbox::demo,
    sync::{
        mapping::Names,
        setup::{
            Event, SetupError,
            apply::apply,
            demo::{Demo, add, preview},
            plan::{Plan, Step, plan},
        },
    },
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
    let demo =
        if options.with_demo { Some(Demo::read(&demo::base()?, &demo::file)?) } else { None };
    let names = &config.tables;
    let schema = client.schema().await.map_err(SetupError::from)?;
    let plan = plan(&schema, names);
    for notice in &plan.notices {
        print(format!("note: {notice}"));
    }
    let additions = if options.dry_run {
        tell_plan(&client, &plan, &schema, names, demo.as_ref()).await?
    } else {
        carry_out(&client, &plan, schema, names, demo.as_ref()).await?
    };
    if additions == 0 {
        print("nothing to add");
    }
    Ok(())
}

/// Prints what would be added; gives how many things.
async fn tell_plan(
    client: &Client,
    plan: &Plan,
    schema: &BaseSchema,
    names: &Names,
    demo: Option<&Demo>,
) -> Result<usize, SetupError> {
    let mut additions: Vec<_> = plan.steps.iter().map(Step::addition).collect();
    if let Some(demo) = demo {
        additions.extend(preview(client, schema, names, demo).await?);
    }
    for addition in &additions {
        print(format!("would add {addition}"));
    }
    Ok(additions.len())
}

/// Adds, and prints what was added as it goes; gives how many things.
async fn carry_out(
    client: &Client,
    plan: &Plan,
    schema: BaseSchema,
    names: &Names,
    demo: Option<&Demo>,
) -> Result<usize, SetupError> {
    let mut additions = 0;
    let mut tell = |event| match event {
        Event::Added(addition) => {
            print(format!("added {addition}"));
            additions += 1;
        }
        Event::Noticed(notice) => print(format!("note: {notice}")),
    };
    let schema = apply(client, plan, schema, &mut tell).await?;
    if let Some(demo) = demo {
        add(client, &schema, names, demo, &mut tell).await?;
    }
    Ok(additions)
}
