//! Guides pushed to a stand-in for Stonly's public API, which fails as a server may.

use std::{
    collections::VecDeque,
    path::PathBuf,
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use locadocs::stonly::{
    Call, Client, Context, Doubt, Journal, Plan, Publication, PushError, Settings, fingerprint,
    plan, push,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::fixture;

const KEY: &str = "a-secret-key";

/// What the stand-in does with the next call.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// 429, with a `Retry-After` of this many seconds.
    Busy(u64),
    /// 500, before anything was done.
    Fails,
    /// What is asked is done, and the connection ends without an answer.
    LosesAnswer,
    /// 400.
    Refuses,
}

#[derive(Debug, Default)]
struct Server {
    /// Path and body of the calls that were applied.
    applied: Vec<(String, Value)>,
    faults: VecDeque<Option<Fault>>,
    calls: usize,
}

type Shared = Arc<Mutex<Server>>;

/// A stand-in for Stonly, and a folder for journals.
struct World {
    server: Shared,
    url: String,
    folder: TempDir,
    plan: Plan,
}

impl World {
    async fn start() -> Self {
        let server = Shared::default();
        let app =
            Router::new().route("/api/v3/{*path}", post(receive)).with_state(Arc::clone(&server));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v3", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let release = fixture::release();
        let context = Context {
            release: &release,
            public_url: None,
            language: None,
            publication: Publication::Published,
        };
        let plan = plan(&release.content().guides["urbanisme"], &context);
        Self { server, url, folder: tempfile::tempdir().unwrap(), plan }
    }

    /// From the call of this index on, the faults of the calls that come.
    fn after(&self, calls: usize, faults: &[Fault]) {
        let none = std::iter::repeat_n(None, calls);
        self.server.lock().faults = none.chain(faults.iter().copied().map(Some)).collect();
    }

    fn client(&self) -> Client {
        let url = self.url.parse().unwrap();
        let mut settings = Settings::new(url, 7, "us".to_owned(), KEY.to_owned().into());
        settings.backoff_min = Duration::from_millis(1);
        settings.backoff_max = Duration::from_millis(20);
        settings.request_timeout = Duration::from_secs(5);
        Client::new(settings).unwrap()
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.jsonl")
    }

    async fn push(&self, doubt: Doubt) -> Result<usize, PushError> {
        let client = self.client();
        let fingerprint = fingerprint(&self.plan, &client, 35);
        let mut journal = Journal::open(&self.journal(), &fingerprint).unwrap();
        push(&self.plan, &client, 35, &mut journal, doubt).await.map(|pushed| pushed.calls)
    }

    /// Every call of the plan was applied once, with ids that were given before.
    fn assert_whole(&self) {
        let server = self.server.lock();
        let paths: Vec<&str> = server.applied.iter().map(|(path, _)| path.as_str()).collect();
        let planned: Vec<&str> = self.plan.calls.iter().map(Call::path).collect();
        assert_eq!(paths, planned);
        assert!(!serde_json::to_string(&server.applied).unwrap().contains("{{"));
        assert_eq!(server.applied[0].1["folderId"], 35);
        assert_eq!(server.applied.last().unwrap().1["guideList"][0]["guideId"], "gUiDe");
    }
}

async fn receive(
    State(server): State<Shared>,
    axum::extract::Path(path): axum::extract::Path<String>,
    Query(query): Query<Value>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(query, json!({ "teamId": "7" }));
    // us:a-secret-key
    assert_eq!(headers[header::AUTHORIZATION], "Basic dXM6YS1zZWNyZXQta2V5");
    let mut server = server.lock();
    server.calls += 1;
    let fault = server.faults.pop_front().flatten();
    match fault {
        Some(Fault::Busy(seconds)) => {
            let wait = [(header::RETRY_AFTER, seconds.to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, wait).into_response();
        }
        Some(Fault::Fails) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::Refuses) => {
            return (StatusCode::BAD_REQUEST, r#"{"message":"no such folder"}"#).into_response();
        }
        Some(Fault::LosesAnswer) | None => {}
    }
    let id = 100 + server.applied.len();
    let answer = match path.as_str() {
        "guide" => json!({ "guideId": "gUiDe", "firstStepId": id }),
        "guide/step" => json!({ "stepId": id }),
        "guide/step/link" => json!({ "ok": true }),
        "guide/publish" => json!({ "jobId": "job" }),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    server.applied.push((path, serde_json::from_slice(&body).unwrap()));
    match fault {
        Some(_) => {
            // A body that ends before its length.
            let half = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("cut"))]);
            Response::new(axum::body::Body::from_stream(half))
        }
        None => axum::Json(answer).into_response(),
    }
}

#[tokio::test]
async fn a_push_makes_every_call_of_the_plan() {
    let world = World::start().await;
    assert_eq!(world.push(Doubt::Ask).await.unwrap(), world.plan.calls.len());
    world.assert_whole();
    // A second push of the same finds nothing left to do.
    assert_eq!(world.push(Doubt::Ask).await.unwrap(), 0);
    assert_eq!(world.server.lock().calls, world.plan.calls.len());
}

#[tokio::test]
async fn too_many_calls_are_made_again() {
    let world = World::start().await;
    world.after(2, &[Fault::Busy(0), Fault::Busy(3_600)]);
    world.push(Doubt::Ask).await.unwrap();
    world.assert_whole();
}

#[tokio::test]
async fn a_refused_call_is_named_and_the_next_push_goes_on_from_it() {
    let world = World::start().await;
    world.after(3, &[Fault::Refuses]);
    let error = world.push(Doubt::Ask).await.unwrap_err();
    let PushError::Failed { number: 4, source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("no such folder"), "{source}");
    assert!(!format!("{error:?}").contains(KEY), "{error:?}");
    assert_eq!(world.server.lock().applied.len(), 3);
    let left = world.plan.calls.len() - 3;
    assert_eq!(world.push(Doubt::Ask).await.unwrap(), left);
    world.assert_whole();
}

#[tokio::test]
async fn a_call_that_may_have_gone_through_waits_for_a_word() {
    for (fault, was_applied) in [(Fault::Fails, false), (Fault::LosesAnswer, true)] {
        let world = World::start().await;
        world.after(1, &[fault]);
        let error = world.push(Doubt::Ask).await.unwrap_err();
        assert!(matches!(error, PushError::Uncertain { number: 2, .. }), "{error:?}");
        let calls = world.server.lock().calls;
        let error = world.push(Doubt::Ask).await.unwrap_err();
        assert!(matches!(error, PushError::InDoubt { number: 2, .. }), "{error:?}");
        assert_eq!(world.server.lock().calls, calls, "nothing is sent in doubt");
        match was_applied {
            true => world.push(Doubt::Done(Some(101.into()))).await.unwrap(),
            false => world.push(Doubt::Again).await.unwrap(),
        };
        world.assert_whole();
    }
}

#[tokio::test]
async fn a_publication_is_made_again_whatever_happened() {
    let world = World::start().await;
    world.after(world.plan.calls.len() - 1, &[Fault::Fails]);
    world.push(Doubt::Ask).await.unwrap();
    world.assert_whole();
}

#[tokio::test]
async fn the_journal_of_another_push_is_refused() {
    let mut world = World::start().await;
    world.push(Doubt::Ask).await.unwrap();
    world.plan.calls.pop();
    let fingerprint = fingerprint(&world.plan, &world.client(), 35);
    let error = Journal::open(&world.journal(), &fingerprint).unwrap_err();
    assert!(error.to_string().contains("another push"), "{error}");
}

async fn export(arguments: &[&str], world: &World) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_locadocs"));
    process
        .arg("export")
        .args(arguments)
        .env_clear()
        .env("LOCADOCS_STONLY_URL", &world.url)
        .env("LOCADOCS_STONLY_USER", "us")
        .env("LOCADOCS_STONLY_TEAM", "7")
        .env("LOCADOCS_STONLY_FOLDER", "35")
        .env("LOCADOCS_STONLY_PASSWORD", KEY)
        .current_dir(world.folder.path());
    tokio::task::spawn_blocking(move || process.output()).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_command_prints_the_plan_or_pushes_it() {
    let world = World::start().await;
    let wanted = ["--format", "stonly", "--demo", "--guide", "urbanisme"];
    let output = export(&wanted, &world).await;
    assert!(output.status.success(), "{output:?}");
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["path"], &lines[0]["body"]["folderId"]),
        (&json!("/guide"), &json!("{{folderId}}"))
    );
    assert_eq!(lines.last().unwrap()["path"], "/guide/publish");
    assert_eq!(world.server.lock().calls, 0);

    let output = export(&[&wanted[..], &["--push"]].concat(), &world).await;
    let (said, told) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    assert!(
        said.starts_with(&format!("urbanisme: guide \"gUiDe\" ({} calls)", lines.len())),
        "{said}"
    );
    assert!(said.contains("à faire à la main"), "{said}");
    assert!(!said.contains(KEY) && !told.contains(KEY));
    assert_eq!(world.server.lock().applied.len(), lines.len());
}
