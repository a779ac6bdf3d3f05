//! Reads every row of a base and counts them, as a client that does no more would: the counterpart
//! of pyairtable's `Table.all()` in `benches/sync/compare.py`. Takes its settings from the
//! environment, like `locadocs check`.

use std::io::Write as _;

use locadocs::{airtable::Client, config::Config};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::new(Config::load(None)?.airtable()?)?;
    let schema = client.schema().await?;
    let tables: Vec<_> = schema
        .tables
        .iter()
        .filter(|table| table.name != "Retours")
        .map(|table| (table.id.clone(), table.fields.keys().cloned().collect()))
        .collect();
    let mut rows = 0;
    for (_, records) in client.all_tables(&tables).await {
        rows += records?.len();
    }
    Ok(writeln!(std::io::stdout(), "{rows}")?)
}
