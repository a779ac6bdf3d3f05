//! Letting a held release out: a command beside the running service, on the same folder.

use std::{
    path::Path,
    process::{Command, Output},
    sync::Arc,
};

use locadocs::{
    sandbox::seed::BaseSeed,
    store::Store,
    sync::{
        engine::{
            Engine, Follow, Outcome, RoundError, Settings,
            acceptance::{AcceptError, accept, held},
        },
        live::{Held, Live},
    },
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    api::harness::noon,
    fixture,
    harmless::harness::{World, demo_base},
};

/// A service that follows the demo base by a webhook, and keeps what it does in a folder.
struct Bench {
    world: World,
    engine: Engine,
    folder: TempDir,
    base: BaseSeed,
}

impl Bench {
    /// After its first round.
    async fn start() -> Self {
        let world = World::start().await;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap().store;
        let settings = Settings { follow: Follow::Polling, ..Settings::default() };
        let (client, live) = (world.client.clone(), Arc::new(Live::default()));
        let engine = Engine::new(client, settings, fixture::reference(), live, noon).keeping(store);
        assert_eq!(engine.look().await.unwrap().outcome, Outcome::Published);
        Self { world, engine, folder, base: demo_base() }
    }

    /// The store, as a command beside the service opens it.
    fn beside(&self) -> Store {
        Store::open_beside(self.folder.path()).unwrap()
    }

    fn holdings(&self) -> Vec<String> {
        let table = self.base.tables.iter().find(|table| table.name == "Données locales").unwrap();
        table.records.iter().map(|row| row.id.clone()).collect()
    }

    fn set_status(&self, row: &str, status: &str) {
        let (base, status) = (&self.base.id, json!(status));
        self.world.sandbox().set_cell(base, "Données locales", row, "Statut", &status).unwrap();
    }

    /// At one click, every local record but so many becomes a draft.
    fn hide_all_but(&self, kept: usize) {
        for row in self.holdings().iter().skip(kept) {
            self.set_status(row, "Brouillon");
        }
    }

    async fn held(&self) -> Held {
        match self.engine.look().await {
            Err(RoundError::Held(held)) => held,
            other => panic!("{other:?}"),
        }
    }

    fn public(&self) -> String {
        self.engine.live().publication().unwrap().release.id().to_string()
    }
}

#[tokio::test]
async fn an_accepted_release_goes_out_at_the_next_look() {
    let bench = Bench::start().await;
    let before = bench.public();
    bench.hide_all_but(1);
    let waiting = bench.held().await;
    assert_eq!(held(&bench.beside()).unwrap().as_ref(), Some(&waiting));
    bench.held().await;
    assert_eq!(bench.public(), before);

    assert_eq!(accept(&bench.beside(), Some(&waiting.release)).unwrap(), waiting);
    assert_eq!(bench.engine.look().await.unwrap().outcome, Outcome::Published);
    assert_eq!(bench.public(), waiting.release);
    assert_eq!(held(&bench.beside()).unwrap(), None);
    assert!(matches!(accept(&bench.beside(), None), Err(AcceptError::NothingHeld)));
}

#[tokio::test]
async fn the_acceptance_of_what_is_no_longer_held_lets_nothing_out() {
    let bench = Bench::start().await;
    let before = bench.public();
    bench.hide_all_but(2);
    let first = bench.held().await;
    accept(&bench.beside(), None).unwrap();
    // Meanwhile, one more is hidden: nobody accepted that.
    bench.hide_all_but(1);
    let second = bench.held().await;
    assert_ne!(first.release, second.release);
    match accept(&bench.beside(), Some(&first.release)) {
        Err(AcceptError::OtherHeld { asked, held }) => {
            assert_eq!((asked, held), (first.release.clone(), second.release));
        }
        other => panic!("{other:?}"),
    }
    // Nor does it come back with what it was about.
    bench.set_status(&bench.holdings()[1], "Publié");
    assert_eq!(bench.held().await.release, first.release);
    bench.held().await;
    assert_eq!(bench.public(), before);
}

fn run(folder: &Path, flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_locadocs"));
    command.arg("release").args(flags).env_clear().env("LOCADOCS_STORE_DATA_DIR", folder);
    command.output().unwrap()
}

fn said(output: &Output) -> &str {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    str::from_utf8(&output.stdout).unwrap().trim_end()
}

fn refused(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    str::from_utf8(&output.stderr).unwrap()
}

#[tokio::test]
async fn the_command_lists_what_is_kept_and_lets_what_is_held_out() {
    let bench = Bench::start().await;
    let (folder, before) = (bench.folder.path(), bench.public());
    assert!(refused(&run(folder, &["accept"])).contains("no release is held"));

    bench.hide_all_but(1);
    let waiting = bench.held().await;
    let found: Value =
        serde_json::from_str(said(&run(folder, &["list", "--format", "json"]))).unwrap();
    assert_eq!(
        found["held"],
        json!({
            "release": waiting.release,
            "since": "2026-11-23T12:00:00Z",
            "code": "mass-removal",
            "reason": "60 holdings are public, and only 1 would stay",
        })
    );
    assert_eq!(found["releases"].as_array().unwrap().len(), 1);
    assert_eq!(found["releases"][0]["id"], before);
    assert_eq!(found["releases"][0]["counts"]["holdings"], 60);
    let text = run(folder, &["list"]);
    let lines: Vec<_> = said(&text).lines().collect();
    assert!(lines[0].starts_with(&waiting.release) && lines[0].contains("held (mass-removal)"));
    assert!(lines[1].starts_with(&before) && lines[1].contains("60 holdings"), "{lines:?}");

    let other = run(folder, &["accept", &before]);
    let error = refused(&other);
    assert!(error.contains(&before) && error.contains("is not held"), "{error}");
    bench.held().await;
    let accepted = run(folder, &["accept", &waiting.release]);
    assert!(said(&accepted).contains("within 30 s"), "{}", said(&accepted));
    assert_eq!(bench.engine.look().await.unwrap().outcome, Outcome::Published);
    assert_eq!(said(&run(folder, &["list"])).lines().count(), 2);
}

#[test]
fn a_folder_where_nothing_is_kept_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for action in ["list", "accept"] {
        let output = run(folder.path(), &[action]);
        let error = refused(&output);
        assert!(error.contains("no service has kept anything usable here"), "{error}");
    }
    let nowhere = run(Path::new(""), &["list"]);
    assert!(refused(&nowhere).contains("store.data_dir is empty"));
}
