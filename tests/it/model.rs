//! Whatever happens to the base, on the way to it and to the service, what is public is whole; and
//! once all is quiet, the mirror is the base and the release is what a fresh build gives.

mod base;
mod found;
mod quiet;
mod service;
mod steps;
mod world;

use std::env;

use proptest::{collection::vec, prelude::*, test_runner::Config};

use self::{
    steps::{Step, step},
    world::World,
};

/// `PROPTEST_CASES` asks for more.
fn config() -> Config {
    let cases = env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64);
    Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() }
}

fn run(steps: &[Step]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::start().await;
        for (at, step) in steps.iter().enumerate() {
            world.step(step).await;
            world.check(&format!("step {at}, {step:?}")).await;
        }
        world.come_to_rest().await;
    });
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn once_all_is_quiet_the_mirror_is_the_base_and_the_release_a_fresh_build(
        steps in vec(step(), 5..=25),
    ) {
        run(&steps);
    }
}
