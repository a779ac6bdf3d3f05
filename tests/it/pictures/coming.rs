//! Files come after the release that shows them, and hold nothing up.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use locadocs::{
    sandbox::{
        demo,
        faults::{Fault, FaultRule},
    },
    sync::{
        engine::Outcome,
        jobs::{Jobs, Schedule, Schedules},
    },
};
use serde_json::json;

use super::harness::{STEP, STEPS, World, file, image};

#[tokio::test]
async fn a_cold_start_publishes_at_once_and_the_image_follows() {
    let world = World::start().await;
    let service = world.service();
    assert_eq!(service.look().await.outcome, Outcome::Published);
    assert_eq!(service.names().await, [""; 0]);
    let before = service.release();

    let (fetched, calls) = world.counting(service.engine.fetch_media()).await;
    fetched.unwrap();
    assert_eq!(calls, 1, "the row is read again for a link");
    assert_ne!(service.release(), before);
    let all = service.illustrations().await;
    let (url, image) = (all[0]["url"].as_str().unwrap(), &all[0]);
    assert!(url.starts_with("/v1/media/") && url.ends_with("/plan-de-masse.png"), "{url}");
    assert_eq!(image["mediaType"], "image/png");
    assert!(image["width"].as_u64() > Some(0) && image["height"].as_u64() > Some(0), "{image}");
    assert_eq!(service.content().await, demo::file("media/plan-de-masse.png").unwrap());
    assert_eq!(service.problems(), []);

    let (fetched, calls) = world.counting(service.engine.fetch_media()).await;
    fetched.unwrap();
    assert_eq!(calls, 0, "nothing is missing any more");
}

#[tokio::test]
async fn the_same_images_are_in_the_tree_the_step_and_the_walk() {
    let world = World::start().await;
    let service = world.service();
    service.round().await;
    let expected = json!(service.illustrations().await);
    let tree = service.api.json("/v1/guides/urbanisme").await;
    let steps = tree["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["slug"] == "permis-contenu").unwrap();
    assert_eq!(step["illustrations"], expected);
    let others = steps.iter().filter(|other| other["slug"] != "permis-contenu");
    assert!(others.into_iter().all(|step| step["illustrations"] == json!([])));

    let photo = json!([file("Façade côté rue.PNG", &image(0))]);
    world.attach("tblServices000000", "recArchRennes0001", "Photo", photo).await;
    service.round().await;
    let archives = service.api.json("/v1/services/archives-rennes").await;
    let photo = &archives["photos"][0];
    assert!(photo["url"].as_str().unwrap().ends_with("/facade-cote-rue.png"), "{photo}");
    assert_eq!((&photo["width"], &photo["height"]), (&json!(20), &json!(10)));
    assert_eq!(photo["alt"], archives["name"]);
}

#[tokio::test]
async fn a_replaced_image_is_seen_until_the_new_one_has_come() {
    let world = World::start().await;
    let service = world.service();
    service.round().await;
    world.illustrate("neuf.png", &image(1)).await;
    service.look().await;
    assert_eq!(service.names().await, ["plan-de-masse.png"]);
    service.engine.fetch_media().await.unwrap();
    assert_eq!(service.names().await, ["neuf.png"]);
    assert_eq!(service.content().await, image(1));

    world.attach(STEPS, STEP, "Illustrations", json!([])).await;
    service.look().await;
    assert_eq!(service.names().await, [""; 0]);
}

#[tokio::test]
async fn an_edit_without_new_files_costs_no_more_calls() {
    let world = World::start().await;
    let service = world.service();
    service.round().await;
    world.retitle("Ce que contient le dossier");
    let (outcome, calls) = world.counting(service.round()).await;
    assert_eq!((outcome, calls), (Outcome::Published, 2));
    assert_eq!(service.names().await, ["plan-de-masse.png"]);
    let (outcome, calls) = world.counting(service.round()).await;
    assert_eq!((outcome, calls), (Outcome::Unchanged, 1));
}

#[tokio::test]
async fn the_files_of_many_rows_cost_a_call_a_table_and_one_release() {
    let world = World::start().await;
    for (n, row) in
        ["recArchRennes0001", "recSolsRennes0001", "recArchLeHavre001"].iter().enumerate()
    {
        let photos = json!([file("a.png", &image(n as u32)), file("b.png", &image(9))]);
        world.attach("tblServices000000", row, "Photo", photos).await;
    }
    let service = world.service();
    service.look().await;
    service.assert_measured("releases_total 1");
    let (fetched, calls) = world.counting(service.engine.fetch_media()).await;
    fetched.unwrap();
    assert_eq!(calls, 2);
    service.assert_measured("releases_total 2");
    // The same content is kept once.
    service.assert_measured("media_files 5");
    let services = service.api.json("/v1/services?limit=100").await;
    let photos = services["items"].as_array().unwrap().iter().map(|it| &it["photos"]);
    let photos: usize = photos.map(|photos| photos.as_array().unwrap().len()).sum();
    assert_eq!(photos, 6);
}

#[tokio::test]
async fn links_that_ended_since_the_round_are_read_again() {
    let world = World::start().await;
    let service = world.service();
    service.look().await;
    world.sandbox.advance_clock(TimeDelta::hours(3).to_std().unwrap());
    service.engine.fetch_media().await.unwrap();
    assert_eq!(service.names().await, ["plan-de-masse.png"]);
}

#[tokio::test]
async fn no_download_holds_up_an_edit_or_is_made_twice() {
    let world = World::start().await;
    let service = world.service();
    service.look().await;
    let hang = FaultRule::new(Fault::Hang).on_path("/_attachments/*").times(1);
    world.sandbox.faults().add(hang);
    let engine = Arc::clone(&service.engine);
    let fetching = tokio::spawn(async move { engine.fetch_media().await });
    // The fault has struck: the download hangs.
    while !world.sandbox.faults().list().iter().all(|rule| rule.times == Some(0)) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    world.retitle("Modifiée pendant le téléchargement");
    assert_eq!(service.look().await.outcome, Outcome::Published);
    let step = service.api.json(super::harness::STEP_PATH).await;
    assert_eq!(step["step"]["title"], "Modifiée pendant le téléchargement");
    let (again, calls) = world.counting(service.engine.fetch_media()).await;
    again.unwrap();
    assert_eq!(calls, 0, "one is under way");
    assert!(!fetching.is_finished());
    // A download that is given up leaves the way free for the next.
    fetching.abort();
    assert!(fetching.await.unwrap_err().is_cancelled());
    service.engine.fetch_media().await.unwrap();
    assert_eq!(service.names().await, ["plan-de-masse.png"]);
}

#[tokio::test]
async fn the_jobs_bring_the_files_that_rounds_ask_for() {
    let world = World::start().await;
    let service = world.service();
    service.look().await;
    let schedules = Schedules {
        look: Schedule::Every(Duration::from_secs(1)),
        full: Schedule::Every(Duration::from_secs(3_600)),
    };
    let jobs = Jobs::start(Arc::clone(&service.engine), &schedules).await.unwrap();
    let comes = async |name: &str| {
        while service.names().await != [name] {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    comes("plan-de-masse.png").await;
    world.illustrate("autre.png", &image(2)).await;
    comes("autre.png").await;
    jobs.stop().await.unwrap();
}
