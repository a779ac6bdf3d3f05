//! `config/locadocs.toml` is what people start from: it shows every setting, with its default.

use std::collections::BTreeMap;

use figment::{
    Figment,
    providers::{Format as _, Toml},
};
use locadocs::{
    config::Config,
    content::tables::TABLES,
    sync::mapping::{Names, TableNames},
};

const FILE: &str = include_str!("../../config/locadocs.toml");
const SETTINGS: &str = concat!(
    include_str!("../../src/config.rs"),
    include_str!("../../src/config/airtable.rs"),
    include_str!("../../src/config/http.rs"),
    include_str!("../../src/config/log.rs"),
    include_str!("../../src/config/media.rs"),
    include_str!("../../src/config/purge.rs"),
    include_str!("../../src/config/store.rs"),
    include_str!("../../src/config/sync.rs"),
);

/// Settings that have no default, so that the file shows an example.
const EXAMPLES: [&str; 5] =
    ["#base =", "#token_file =", "#public_url =", "#cron =", "#full_cron ="];

fn read(toml: &str) -> Config {
    Figment::from(Toml::string(toml)).extract().unwrap()
}

/// The file with its settings switched on, but for those that `left_out` begins.
fn switched_on(left_out: &[&str]) -> String {
    let is_setting = |line: &str| {
        line.strip_prefix('#').is_some_and(|rest| !rest.is_empty() && !rest.starts_with(' '))
            && !left_out.iter().any(|start| line.starts_with(start))
    };
    let lines = FILE.lines().map(|line| if is_setting(line) { &line[1..] } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn as_it_stands_it_changes_nothing() {
    assert_eq!(read(FILE), Config::default());
}

#[test]
fn the_values_that_it_shows_are_the_defaults() {
    let shown = read(&switched_on(&EXAMPLES));
    assert_eq!(Config { tables: Names::default(), ..shown }, Config::default());
}

#[test]
fn its_examples_are_accepted() {
    let shown = read(&switched_on(&[]));
    assert!(shown.airtable.base.is_some() && shown.airtable.token_file.is_some());
    assert!(shown.http.public_url.is_some() && shown.sync.cron.is_some());
    assert!(shown.sync.full_cron.is_some());
}

#[test]
fn it_names_every_table_and_field() {
    let defaults = TABLES.iter().map(|table| {
        let fields = table.fields.iter().map(|field| (field.key, field.name.to_owned()));
        (table.key, TableNames { name: Some(table.name.to_owned()), fields: fields.collect() })
    });
    let shown = read(&switched_on(&[])).tables;
    assert_eq!(shown, Names(defaults.collect::<BTreeMap<_, _>>()));
}

#[test]
fn it_shows_every_setting_that_has_a_variable() {
    let variables: Vec<_> = SETTINGS
        .lines()
        .filter(|line| line.trim_start().starts_with("///"))
        .flat_map(|line| line.split('`'))
        .filter_map(|word| word.strip_prefix("LOCADOCS_"))
        .filter(|name| !["AIRTABLE_TOKEN", "HTTP_API_KEYS", "PURGE_SECRET"].contains(name))
        .collect();
    assert!(variables.len() > 10, "{variables:?}");
    for variable in variables {
        let (section, key) = variable.split_once('_').unwrap();
        let section = format!("[{}]\n", section.to_lowercase());
        let (_, settings) = FILE.split_once(&section).unwrap_or_else(|| panic!("no {section}"));
        let settings = settings.split("\n[").next().unwrap();
        let line = format!("\n#{} = ", key.to_lowercase());
        assert!(settings.contains(&line), "LOCADOCS_{variable} is not in config/locadocs.toml");
    }
}

#[test]
fn the_readme_names_every_variable() {
    const README: &str = include_str!("../../README.md");
    let named = SETTINGS.split('`').filter(|word| word.starts_with("LOCADOCS_"));
    let missing: Vec<_> = named.filter(|variable| !README.contains(*variable)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
