//! The command itself, as the team runs it.

use std::process::{Command, Output};

use locadocs::sandbox::config::{DEFAULT_TOKEN, Scope, TokenGrant};

use super::harness::{Bench, empty_seed};

async fn run(bench: &Bench, token: &str, flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_locadocs"));
    command
        .arg("init")
        .args(flags)
        .env_clear()
        .env("LOCADOCS_AIRTABLE_URL", bench.sandbox.url().as_str())
        .env("LOCADOCS_AIRTABLE_BASE", bench.base())
        .env("LOCADOCS_AIRTABLE_REQUESTS_PER_SECOND", "0")
        .env("LOCADOCS_AIRTABLE_TOKEN", token);
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_dry_run_tells_what_a_run_does_and_writes_nothing() {
    let bench = Bench::start(empty_seed()).await;
    let planned = lines(&run(&bench, DEFAULT_TOKEN, &["--with-demo", "--dry-run"]).await);
    assert_eq!(bench.writes(), Vec::<String>::new());
    assert_eq!(
        planned[0],
        "would add table Guides: Titre, Identifiant, Résumé, Thématique, Mots-clés, Langue, Statut"
    );
    for line in [
        "would add field Guides.Première étape, links to Étapes",
        "would add 62 rows to Données locales",
        "would add links to 2 rows of Guides",
        "would add file plan-de-masse.png to a row of Étapes",
    ] {
        assert!(planned.iter().any(|planned| planned == line), "{line} in {planned:#?}");
    }

    let done = lines(&run(&bench, DEFAULT_TOKEN, &["--with-demo"]).await);
    let expected: Vec<_> =
        planned.iter().map(|line| line.replacen("would add", "added", 1)).collect();
    assert_eq!(done, expected);
    let again = lines(&run(&bench, DEFAULT_TOKEN, &["--with-demo"]).await);
    assert_eq!(again, ["nothing to add"]);
}

#[tokio::test]
async fn a_token_without_the_scopes_is_told_which_it_needs() {
    let bench = Bench::start(empty_seed()).await;
    let reader = TokenGrant {
        scopes: vec![Scope::SchemaRead, Scope::RecordsRead],
        ..TokenGrant::full("patReader.1")
    };
    bench.sandbox.grant(reader);
    let output = run(&bench, "patReader.1", &[]).await;
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("schema.bases:write") && error.contains("POST /v0/meta"), "{error}");
    assert!(!error.contains("patReader"), "{error}");
}
