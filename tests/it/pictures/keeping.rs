//! Files outlast the service, and are removed only when no kept release needs them.

use chrono::TimeDelta;
use locadocs::media::{Library, Settings};
use serde_json::json;

use super::harness::{STEP, STEPS, World, image, wait};

#[tokio::test]
async fn a_restart_finds_its_images_without_a_call() {
    let world = World::start().await;
    let first = world.service();
    first.round().await;
    let (release, content) = (first.release(), first.content().await);
    drop(first);
    let (service, calls) = world.counting(async { world.service() }).await;
    assert_eq!(calls, 0);
    assert_eq!(service.release(), release);
    assert_eq!(service.content().await, content);
    let (_, calls) = world.counting(service.round()).await;
    assert_eq!(calls, 1, "nothing is missing");
    assert_eq!(service.release(), release);
}

#[tokio::test]
async fn images_that_were_lost_are_downloaded_again_under_the_same_address() {
    let world = World::start().await;
    let first = world.service();
    first.round().await;
    let (release, content) = (first.release(), first.content().await);
    drop(first);
    let service = world.service_with(Library::in_memory(Settings::default()));
    service.round().await;
    assert_eq!(service.release(), release);
    assert_eq!(service.content().await, content);
}

#[tokio::test]
async fn a_file_is_removed_once_no_kept_release_has_needed_it_for_long() {
    let world = World::start().await;
    let service = world.service();
    service.round().await;
    let old = service.illustrations().await[0]["url"].as_str().unwrap().to_owned();
    world.attach(STEPS, STEP, "Illustrations", json!([])).await;
    service.engine.sync_once().await.unwrap();
    let later = async |days| {
        wait(TimeDelta::days(days));
        service.engine.sync_once().await.unwrap();
        service.engine.sweep_media();
        service.get(&old).await.status.as_u16()
    };
    assert_eq!(later(1).await, 200);
    assert_eq!(later(40).await, 200, "an earlier release shows it");
    // Thirty other releases push that one out.
    for n in 0..30 {
        world.retitle(&format!("Titre {n}"));
        service.look().await;
    }
    assert_eq!(later(1).await, 200, "it is not needed since now");
    assert_eq!(later(29).await, 200);
    assert_eq!(later(1).await, 404);
}

#[tokio::test]
async fn a_file_that_a_text_shows_stays() {
    let world = World::start().await;
    let service = world.service_with(Library::in_memory(Settings {
        grace: std::time::Duration::ZERO,
        ..Settings::default()
    }));
    let media = service.api.media.keep(&"attText".parse().unwrap(), &image(5)).unwrap();
    let other = service.api.media.keep(&"attOther".parse().unwrap(), &image(6)).unwrap();
    let text = format!("![Plan]({})", media.path("plan.png"));
    world.sandbox.set_cell("appLocadocsDemo01", STEPS, STEP, "Contenu", &text.into()).unwrap();
    service.round().await;
    service.engine.sweep_media();
    assert_eq!(service.get(&media.path("plan.png")).await.status.as_u16(), 200);
    assert_eq!(service.get(&other.path("plan.png")).await.status.as_u16(), 404);
}
