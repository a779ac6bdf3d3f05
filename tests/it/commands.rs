//! Commands as the team runs them, where they must leave things alone.

use std::{
    path::Path,
    process::{Command, Output},
};

use locadocs::{
    sandbox::{
        Sandbox,
        config::{Config, DEFAULT_TOKEN},
        demo,
    },
    store::Store,
};

async fn run(command: &'static str, sandbox: &Sandbox, base: &str, folder: &Path) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_locadocs"));
    process
        .arg(command)
        .env_clear()
        .env("LOCADOCS_AIRTABLE_URL", sandbox.url().as_str())
        .env("LOCADOCS_AIRTABLE_BASE", base)
        .env("LOCADOCS_AIRTABLE_REQUESTS_PER_SECOND", "0")
        .env("LOCADOCS_AIRTABLE_TOKEN", DEFAULT_TOKEN)
        .env("LOCADOCS_HTTP_LISTEN", "127.0.0.1:0")
        .env("LOCADOCS_STORE_DATA_DIR", folder);
    tokio::task::spawn_blocking(move || process.output()).await.unwrap().unwrap()
}

async fn demo_sandbox() -> (Sandbox, String) {
    let base = demo::base().unwrap();
    let config = Config { per_second: None, per_second_user: None, ..Config::default() };
    let seed = std::slice::from_ref(&base);
    (Sandbox::start_with_files(config, seed, &demo::file).await.unwrap(), base.id.clone())
}

#[tokio::test]
async fn a_check_reads_once_and_leaves_no_webhook_and_no_folder() {
    let (sandbox, base) = demo_sandbox().await;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let output = run("check", &sandbox, &base, &folder).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("lignes lues"), "{output:?}");
    let calls = sandbox.calls().all();
    assert!(!calls.is_empty() && calls.iter().all(|call| call.method == "GET"), "{calls:?}");
    assert!(!calls.iter().any(|call| call.path.contains("webhooks")), "{calls:?}");
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_second_service_on_a_folder_is_refused_before_any_call() {
    let (sandbox, base) = demo_sandbox().await;
    let folder = tempfile::tempdir().unwrap();
    let _first = Store::open(folder.path()).unwrap();
    let output = run("serve", &sandbox, &base, folder.path()).await;
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    let folder = folder.path().display();
    let expected = format!("store.data_dir: {folder}: another process serves from this folder");
    assert!(error.contains(&expected), "{error}");
    assert!(sandbox.calls().all().is_empty());
}
