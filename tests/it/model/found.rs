//! What the model has found, each told by itself.

use locadocs::{
    content::tables::TableKey,
    sandbox::faults::{Fault, FaultRule},
};

use super::{
    service::Wanted,
    steps::{Damage, Restart, Step},
    world::World,
};

const LISTING: &str = "/v0/app*/tbl*";

#[tokio::test]
async fn changes_that_no_webhook_told_are_read_once_the_base_can_be_read_again() {
    for is_restarted in [false, true] {
        let mut world = World::start().await;
        world.step(&Step::Round(Wanted::News)).await;
        world.base.retitle(TableKey::Guides, "Sans témoin", &world.sandbox);
        world.step(&Step::WebhooksDeleted).await;
        // Another webhook is made, and then the base can't be read.
        world.sandbox.faults().add(FaultRule::new(Fault::Drop).on_path(LISTING));
        world.round(Wanted::News).await.unwrap_err();
        world.sandbox.faults().clear();
        if is_restarted {
            let restart = Restart { killed_in: None, damage: Damage::None };
            world.step(&Step::Restart(restart)).await;
        }
        world.come_to_rest().await;
    }
}

#[tokio::test]
async fn a_field_that_was_of_another_type_for_a_while_is_read_again() {
    let mut world = World::start().await;
    world.step(&Step::Round(Wanted::News)).await;
    world.base.retype_title(TableKey::Guides, &world.sandbox);
    world.base.mend(&world.sandbox);
    world.come_to_rest().await;
}
