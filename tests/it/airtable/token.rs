//! A token that is replaced while the client works.

use std::{fs, path::Path};

use locadocs::{
    airtable::{
        Client, Error, Settings,
        calls::{CallKind, Outcome},
        token::TokenFileError,
    },
    sandbox::{
        Sandbox,
        config::{Config, DEFAULT_TOKEN, TokenGrant},
        seed::BaseSeed,
    },
};

const NEW: &str = "patNEW.0123456789";

async fn sandbox() -> Sandbox {
    let config = Config { per_second: None, per_second_user: None, ..Config::default() };
    let base = BaseSeed::from_json(r#"{"id":"appTest0000000000","name":"Essai","tables":[]}"#);
    let sandbox = Sandbox::start(config, &[base.unwrap()]).await.unwrap();
    sandbox.grant(TokenGrant::full(NEW));
    sandbox
}

fn client(sandbox: &Sandbox, file: &Path) -> Client {
    let base = "appTest0000000000".parse().unwrap();
    Client::new(Settings {
        token_file: Some(file.to_owned()),
        requests_per_second: None,
        ..Settings::new(sandbox.url().clone(), base, DEFAULT_TOKEN.into())
    })
    .unwrap()
}

#[tokio::test]
async fn a_refused_token_gives_way_to_the_one_that_its_file_holds() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let client = client(&sandbox, &file);
    client.schema().await.unwrap();

    fs::write(&file, DEFAULT_TOKEN).unwrap();
    sandbox.revoke_token(DEFAULT_TOKEN);
    let before = client.calls().total();
    let refused = client.schema().await;
    assert!(matches!(refused, Err(Error::Unauthorized { .. })), "{refused:?}");
    assert_eq!(client.calls().total(), before + 1, "the same token is not tried twice");

    fs::write(&file, format!("{NEW}\n")).unwrap();
    let calls = [client.schema(), client.schema(), client.schema()];
    for result in futures::future::join_all(calls).await {
        result.unwrap();
    }
    let refused = client.calls().get(CallKind::Schema, Outcome::Refused);
    client.schema().await.unwrap();
    assert_eq!(client.calls().get(CallKind::Schema, Outcome::Refused), refused);
}

#[tokio::test]
async fn a_file_that_is_missing_empty_or_odd_leaves_the_former_token() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let client = client(&sandbox, &file);
    assert!(matches!(client.reload_token(), Err(TokenFileError::Unreadable { .. })));
    fs::write(&file, " \n").unwrap();
    assert!(matches!(client.reload_token(), Err(TokenFileError::Empty { .. })));
    fs::write(&file, "patA\npatSECRET").unwrap();
    let error = client.reload_token().unwrap_err();
    assert!(matches!(error, TokenFileError::Unusable { .. }));
    assert!(!format!("{error} {error:?}").contains("SECRET"));
    client.schema().await.unwrap();

    fs::write(&file, DEFAULT_TOKEN).unwrap();
    assert!(!client.reload_token().unwrap());
    fs::write(&file, NEW).unwrap();
    assert!(client.reload_token().unwrap());
    sandbox.revoke_token(DEFAULT_TOKEN);
    client.schema().await.unwrap();
    assert_eq!(client.calls().get(CallKind::Schema, Outcome::Refused), 0);
}
