//! Every fault in every phase: readers are answered throughout, content is right in the end, and
//! Airtable's limits are kept.
//!
//! Each cell has a runtime of its own in which time is virtual: the limits, pauses and timeouts are
//! the real ones, and waiting for them costs nothing.

mod calls;
mod clock;
mod fault;
mod figures;
mod phase;
mod reader;
mod world;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use fault::{BaseFault, Fault};
use phase::Phase;
use reader::Known;
use world::World;

/// Runs something where time is virtual, on a thread of its own.
fn in_virtual_time<T: Send>(name: &str, what: impl AsyncFnOnce() -> T + Send) -> thread::Result<T> {
    thread::scope(|scope| {
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(async {
                clock::start();
                what().await
            })
        };
        thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, run).unwrap().join()
    })
}

/// What a service publishes that comes to the base in each of its states.
async fn known() -> Known {
    let world = World::start().await;
    let before = world.fresh_state().await;
    world.edit();
    let after = world.fresh_state().await;
    world.put(Some(&BaseFault::TableEmptied.damaged(&world.seed))).await;
    let emptied = world.fresh_state().await;
    assert_ne!(before.release, after.release);
    assert_ne!((before.locate != after.locate, before.guide != after.guide), (false, false));
    Known { before, after, emptied }
}

#[test]
fn whatever_fails_in_any_phase_readers_are_answered_and_content_is_right_in_the_end() {
    let known = in_virtual_time("known", known).unwrap();
    let wanted = std::env::var("MATRIX").unwrap_or_default();
    let cells: Vec<(Fault, Phase)> = fault::all()
        .into_iter()
        .flat_map(|fault| Phase::ALL.map(|phase| (fault.clone(), phase)))
        .collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((fault, phase)) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
            let name = format!("{fault}, {phase}");
            if !name.contains(&wanted) {
                continue;
            }
            let found = in_virtual_time(&name, async || phase.run(fault, &known).await);
            let found = found.unwrap_or_else(|_| vec!["it panicked, as told above".to_owned()]);
            let found = found.into_iter().map(|violation| format!("{name}: {violation}"));
            wrong.lock().unwrap().extend(found);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "of {} cells:\n{}", cells.len(), wrong.join("\n"));
}
