//! Times the store on a large base: 50,000 rows, and a release of 45,000 items of 300 bytes.
//!
//! `cargo run --release --example store_speed -- FOLDER`: the disk of the folder decides how long a
//! commit takes; on a tmpfs, what is left is the processor's part.

use std::{
    error::Error,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use locadocs::{
    content::tables::TableKey,
    store::{
        Commit, Item, ItemChanges, ItemKind, ReleaseChange, RowChanges, Store, StoredRow, ValueKey,
    },
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: usize = 50_000;
const ITEMS: usize = 45_000;
const EDITS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("expected a folder")?;
    let folder = Path::new(&folder);
    let store = Store::open(folder)?.store;
    let everything = Commit {
        rows: RowChanges::Replace((0..ROWS).map(|n| row(n, 0)).collect::<Result<_, _>>()?),
        values: Vec::new(),
        release: Some(release(0, ItemChanges::Replace((0..ITEMS).map(|n| item(n, 0)).collect()))),
    };
    timed("keep everything", || Ok(store.commit(&everything)?))?;
    timed("keep everything once more", || Ok(store.commit(&everything)?))?;
    let mut edits = Vec::new();
    for edit in 1..=EDITS {
        let commit = one_edit(edit)?;
        let started = Instant::now();
        store.commit(&commit)?;
        edits.push(started.elapsed());
    }
    edits.sort();
    for (name, at) in [("median", EDITS / 2), ("p95", EDITS * 95 / 100)] {
        say(&format!("keep one edit, {name}"), edits.get(at).copied().unwrap_or_default())?;
    }
    drop(store);
    let store = timed("open", || Ok(Store::open(folder)?.store))?;
    for _ in 0..3 {
        let current = timed("read the release", || Ok(store.current_release()?))?;
        assert_eq!(current.release.map(|release| release.items.len()), Some(ITEMS));
    }
    let mut bytes = 0;
    timed("read the mirror", || Ok(store.rows(|_, _, json| bytes += json.len())?))?;
    writeln!(std::io::stdout(), "{bytes} bytes of rows")?;
    Ok(())
}

fn timed<T>(
    what: &str,
    work: impl FnOnce() -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    let started = Instant::now();
    let done = work()?;
    say(what, started.elapsed())?;
    Ok(done)
}

fn say(what: &str, took: Duration) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{what:>26} {:8.2} ms", took.as_secs_f64() * 1000.0)
}

/// One row, one value, one item.
fn one_edit(edit: usize) -> Result<Commit, Box<dyn Error>> {
    let (row, item) = (row(edit * 211 % ROWS, edit)?, item(edit * 211 % ITEMS, edit));
    let from = (edit - 1).to_string();
    Ok(Commit {
        rows: RowChanges::Change { put: vec![row], gone: Vec::new() },
        values: vec![(ValueKey::new("feed"), Some(format!("{{\"cursor\":{edit}}}")))],
        release: Some(release(
            edit,
            ItemChanges::Change { from, put: vec![item], gone: Vec::new() },
        )),
    })
}

fn release(number: usize, items: ItemChanges) -> ReleaseChange {
    ReleaseChange { id: number.to_string(), published_at: chrono::DateTime::UNIX_EPOCH, items }
}

fn row(number: usize, version: usize) -> Result<StoredRow, Box<dyn Error>> {
    let json = format!("{{\"version\":{version},\"text\":\"{}\"}}", "x".repeat(700));
    Ok(StoredRow {
        table: TableKey::Holdings,
        id: format!("rec{number:014}").parse()?,
        json: json.into(),
    })
}

fn item(number: usize, version: usize) -> Item {
    let body = format!("{version} {number} {}", "y".repeat(300)).into_bytes();
    Item { kind: ItemKind::Holding, key: format!("rec{number:014}"), body }
}
