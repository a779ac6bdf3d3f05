//! Files that can't be had: the old one stays, and the archivist is told.

use chrono::TimeDelta;
use locadocs::content::{
    problem::Severity,
    tables::{FieldKey, TableKey},
};
use serde_json::json;

use super::harness::{STEP, STEPS, World, file, image, wait};

#[tokio::test]
async fn a_failed_download_keeps_the_old_file_and_is_told_until_it_is_mended() {
    let world = World::start().await;
    let service = world.service();
    service.round().await;
    world.lose_files();
    world.illustrate("neuf.png", &image(1)).await;
    service.round().await;
    assert_eq!(service.names().await, ["plan-de-masse.png"]);
    let problems = service.problems();
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(
        (problem.place.table, problem.place.field),
        (TableKey::Steps, Some(FieldKey::Illustrations))
    );
    assert_eq!(problem.place.record.as_ref().unwrap().as_str(), STEP);
    assert_eq!(problem.severity(), Severity::Warning);
    assert!(problem.message.contains("« neuf.png »"), "{}", problem.message);
    service.assert_measured("media_files 1");
    service.assert_measured("media_failures_total 1");

    // At once would be too soon: nothing is asked for, and nothing forgotten.
    world.sandbox.faults().clear();
    let (_, calls) = world.counting(service.engine.fetch_media()).await;
    assert_eq!(calls, 0);
    assert_eq!(service.problems().len(), 1);
    wait(TimeDelta::minutes(2));
    service.engine.fetch_media().await.unwrap();
    assert_eq!(service.names().await, ["neuf.png"]);
    assert_eq!(service.problems(), []);
    service.assert_measured("media_files 2");
    let rounds =
        |outcome| format!("round_duration_seconds_count{{kind=\"media\",outcome=\"{outcome}\"}}");
    service.assert_measured(&format!("{} 2", rounds("published")));
    service.assert_measured(&format!("{} 1", rounds("unchanged")));
}

#[tokio::test]
async fn a_file_that_is_none_leaves_its_neighbours_be() {
    let world = World::start().await;
    let service = world.service();
    let page = b"<!DOCTYPE html><title>Airtable</title>";
    let files = json!([file("a.png", &image(1)), file("page.png", page), file("b.png", &image(2))]);
    world.attach(STEPS, STEP, "Illustrations", files).await;
    service.round().await;
    assert_eq!(service.names().await, ["a.png", "b.png"]);
    let problems = service.problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("Ce type de fichier"), "{}", problems[0].message);
    for answer in ["/v1/guides/urbanisme", "/v1/guides/urbanisme/steps/permis-contenu"] {
        assert!(!service.get(answer).await.text().contains("page.png"));
    }
}

#[tokio::test]
async fn a_row_that_lost_its_file_meanwhile_is_not_asked_again_and_again() {
    let world = World::start().await;
    let service = world.service();
    service.look().await;
    world.attach(STEPS, STEP, "Illustrations", json!([])).await;
    let (fetched, calls) = world.counting(service.engine.fetch_media()).await;
    fetched.unwrap();
    assert_eq!(calls, 1);
    let (fetched, calls) = world.counting(service.engine.fetch_media()).await;
    fetched.unwrap();
    assert_eq!(calls, 0, "there is a pause");
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_an_error_and_break_nothing() {
    let world = World::start().await;
    let service = world.service();
    service.look().await;
    let before = service.release();
    let token = locadocs::sandbox::config::DEFAULT_TOKEN;
    world.sandbox.revoke_token(token);
    service.engine.fetch_media().await.unwrap_err();
    assert_eq!(service.release(), before);
    world.sandbox.grant(locadocs::sandbox::config::TokenGrant::full(token));
    service.round().await;
    assert_eq!(service.names().await, ["plan-de-masse.png"]);
}
