//! Tables and fields that are missing, renamed or of another type.

use std::fmt;

use locadocs::{
    content::{
        problem::Code,
        tables::{FieldDef, Need, TABLES, TableDef},
    },
    sandbox::seed::BaseSeed,
    sync::engine::Outcome,
};

use super::{
    damage,
    harness::{Seen, Service, World, demo_base},
};

/// A table or a field, and what was done to it.
#[derive(Clone, Copy)]
struct Case {
    table: &'static TableDef,
    field: Option<&'static FieldDef>,
    damage: Damage,
}

#[derive(Debug, Clone, Copy)]
enum Damage {
    Missing,
    Renamed,
    Emptied,
    Retyped,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field.map_or("", |field| field.name);
        write!(f, "{} / {field}: {:?}", self.table.name, self.damage)
    }
}

/// The same damage to every required field.
fn cases(damage: Damage) -> impl Iterator<Item = Case> {
    let fields = required_tables().flat_map(|table| table.fields.iter().map(move |f| (table, f)));
    let required = fields.filter(|(_, field)| field.need == Need::Required);
    required.map(move |(table, field)| Case { table, field: Some(field), damage })
}

fn required_tables() -> impl Iterator<Item = &'static TableDef> {
    TABLES.iter().filter(|table| table.need == Need::Required)
}

impl Case {
    fn base(self) -> BaseSeed {
        let Self { table, field, damage } = self;
        let mut base = demo_base();
        match (field, damage) {
            (None, Damage::Missing) => damage::remove_table(&mut base, table),
            (None, Damage::Renamed) => damage::rename_table(&mut base, table, "Autre nom"),
            (None, Damage::Emptied) => damage::empty_table(&mut base, table),
            (Some(field), Damage::Missing) => damage::remove_field(&mut base, table, field),
            (Some(field), Damage::Renamed) => {
                damage::rename_field(&mut base, table, field, "Autre nom");
            }
            (Some(field), Damage::Retyped) => damage::retype_field(&mut base, table, field),
            (None, Damage::Retyped) | (Some(_), Damage::Emptied) => unreachable!(),
        }
        base
    }

    /// The archivists are told, at that place.
    fn assert_told(self, service: &Service, code: Code) {
        let problems = service.problems();
        let is_told = problems.iter().any(|problem| {
            problem.code == code
                && problem.place.table == self.table.key
                && problem.place.field == self.field.map(|field| field.key)
                && problem.place.record.is_none()
                && !problem.message.is_empty()
        });
        assert!(is_told, "{self}: {problems:#?}");
    }

    /// The last good release stays, or nothing is public yet, until the base is mended.
    async fn check_obstacle(self, world: &mut World, warm: &Service, code: Code) {
        let (before, case) = (warm.seen().await, self.to_string());
        world.damage(&self.base()).await;
        warm.round().await.unwrap_err();
        warm.assert_degraded("schema", &case).await;
        assert_eq!(warm.seen().await, before, "{case}");
        self.assert_told(warm, code);
        self.check_first_sight(world, &before, code).await;
        warm.assert_recovers(&before, &case).await;
    }

    /// Nothing is public until the base is mended.
    async fn check_first_sight(self, world: &mut World, healthy: &Seen, code: Code) {
        let case = self.to_string();
        world.damage(&self.base()).await;
        let cold = world.cold();
        cold.round().await.unwrap_err();
        cold.assert_not_ready("schema", &case).await;
        self.assert_told(&cold, code);
        world.mend();
        cold.assert_recovers(healthy, &case).await;
    }

    /// The round goes through and changes nothing.
    async fn check_remark(self, world: &mut World, warm: &Service, code: Code) {
        let (before, case) = (warm.seen().await, self.to_string());
        world.damage(&self.base()).await;
        assert_eq!(warm.round().await.unwrap().outcome, Outcome::Unchanged, "{case}");
        warm.assert_well(&case).await;
        self.assert_told(warm, code);
        world.mend();
        warm.assert_recovers(&before, &case).await;
    }
}

async fn start() -> (World, Service) {
    let world = World::start().await;
    let warm = world.warm().await;
    (world, warm)
}

#[tokio::test]
async fn a_required_field_that_is_missing_keeps_the_last_good_release() {
    let (mut world, warm) = start().await;
    for case in cases(Damage::Missing) {
        case.check_obstacle(&mut world, &warm, Code::MissingField).await;
    }
}

#[tokio::test]
async fn a_required_field_of_another_type_keeps_the_last_good_release() {
    let (mut world, warm) = start().await;
    for case in cases(Damage::Retyped) {
        case.check_obstacle(&mut world, &warm, Code::WrongFieldType).await;
    }
}

#[tokio::test]
async fn a_field_that_was_seen_once_is_followed_under_a_new_name() {
    let (mut world, warm) = start().await;
    for case in cases(Damage::Renamed) {
        case.check_remark(&mut world, &warm, Code::Renamed).await;
    }
}

#[tokio::test]
async fn a_required_field_under_an_unknown_name_is_missing_at_first_sight() {
    let (mut world, warm) = start().await;
    let healthy = warm.seen().await;
    for case in cases(Damage::Renamed) {
        case.check_first_sight(&mut world, &healthy, Code::MissingField).await;
    }
}

#[tokio::test]
async fn a_table_that_is_missing_keeps_the_last_good_release() {
    let (mut world, warm) = start().await;
    for table in required_tables() {
        let case = Case { table, field: None, damage: Damage::Missing };
        case.check_obstacle(&mut world, &warm, Code::MissingTable).await;
    }
}

#[tokio::test]
async fn a_table_is_followed_under_a_new_name_and_unknown_at_first_sight() {
    let (mut world, warm) = start().await;
    let healthy = warm.seen().await;
    for table in required_tables() {
        let case = Case { table, field: None, damage: Damage::Renamed };
        case.check_remark(&mut world, &warm, Code::Renamed).await;
        case.check_first_sight(&mut world, &healthy, Code::MissingTable).await;
    }
}

#[tokio::test]
async fn a_table_that_was_emptied_keeps_the_last_good_release() {
    let (mut world, warm) = start().await;
    let before = warm.seen().await;
    for table in required_tables() {
        let case = Case { table, field: None, damage: Damage::Emptied };
        let name = case.to_string();
        world.damage(&case.base()).await;
        warm.round().await.unwrap_err();
        warm.assert_degraded("emptied-table", &name).await;
        assert_eq!(warm.seen().await, before, "{case}");

        let cold = world.cold();
        cold.round().await.unwrap();
        cold.assert_well(&name).await;
        world.mend();
        cold.assert_recovers(&before, &name).await;
        warm.assert_recovers(&before, &name).await;
    }
}

#[tokio::test]
async fn a_base_with_none_of_the_tables_keeps_the_last_good_release() {
    let (mut world, warm) = start().await;
    let before = warm.seen().await;
    world.damage(&BaseSeed { tables: Vec::new(), ..demo_base() }).await;
    warm.round().await.unwrap_err();
    warm.assert_degraded("schema", "no table").await;
    assert_eq!(warm.seen().await, before);
    let told: Vec<_> = warm.problems().iter().map(|problem| problem.code).collect();
    assert_eq!(told, vec![Code::MissingTable; required_tables().count()]);

    let cold = world.cold();
    cold.round().await.unwrap_err();
    cold.assert_not_ready("schema", "no table").await;
    world.mend();
    cold.assert_recovers(&before, "no table").await;
    warm.assert_recovers(&before, "no table").await;
}

#[tokio::test]
async fn the_table_of_feedback_is_never_missed() {
    let (mut world, warm) = start().await;
    let table = TABLES.iter().find(|table| table.need == Need::Optional).unwrap();
    for damage in [Damage::Missing, Damage::Emptied] {
        let case = Case { table, field: None, damage };
        world.damage(&case.base()).await;
        assert_eq!(warm.round().await.unwrap().outcome, Outcome::Unchanged, "{case}");
        warm.assert_well(&case.to_string()).await;
    }
}
