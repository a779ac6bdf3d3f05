//! What must hold of everything that is published, whatever the base holds.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::LazyLock,
};

use axum::http::StatusCode;
use locadocs::{
    api::Settings,
    catalog::Release,
    content::{
        guide::{Guide, StepKind, Target},
        ids::Slug,
    },
    sandbox::config::DEFAULT_TOKEN,
};
use regex::Regex;
use serde_json::Value;

use super::wire::Wire;
use crate::{
    api::harness::{Service as Api, noon},
    stored::assert_keepable,
};

/// The person who shows up in cells and must never be published.
pub const COLLEAGUE: &str = "Jeanne Dupont";
pub const COLLEAGUE_EMAIL: &str = "jeanne.dupont@archives.example";

/// Every link in a release leads to something in it, and all of it can be kept.
pub fn assert_whole(release: &Release) {
    assert_keepable(release);
    let content = release.content();
    for (slug, guide) in content.guides.iter() {
        assert_eq!(*slug, guide.slug);
        assert_guide_whole(guide, release);
    }
    for (slug, document) in content.documents.iter() {
        assert_eq!(*slug, document.slug);
    }
    for (slug, service) in content.services.iter() {
        assert_eq!(*slug, service.slug);
    }
    for (slug, territory) in content.territories.iter() {
        assert_eq!(*slug, territory.slug);
    }
    for (record, gallery) in content.pictures.iter() {
        let mut steps = content.guides.values().flat_map(|guide| guide.steps.values());
        let mut services = content.services.values();
        let is_shown = steps.any(|step| step.record == *record)
            || services.any(|service| service.record == *record);
        assert!(is_shown && gallery.record == *record && !gallery.pictures.is_empty(), "{record}");
    }
    for holding in content.holdings.iter() {
        assert!(content.documents.contains_key(&holding.document), "{holding:?}");
        assert!(!holding.territories.is_empty(), "{holding:?}");
        for territory in &holding.territories {
            assert!(content.territories.contains_key(territory), "{holding:?}");
        }
        for service in holding.service.iter().chain(&holding.contact_first) {
            assert!(content.services.contains_key(service), "{holding:?}");
        }
        assert!(holding.service.is_some() || !holding.facts.state.is_kept(), "{holding:?}");
        assert!(!holding.facts.period.is_reversed(), "{holding:?}");
    }
}

fn assert_guide_whole(guide: &Guide, release: &Release) {
    let content = release.content();
    assert!(guide.steps.contains_key(&guide.first_step), "{}", guide.slug);
    for (slug, step) in &guide.steps {
        let place = format!("{} / {slug}", guide.slug);
        assert_eq!(*slug, step.slug);
        let is_known = |document| content.documents.contains_key(document);
        assert!(step.document.as_ref().is_none_or(is_known), "{place}: {:?}", step.document);
        assert!(step.kind != StepKind::Result || step.document.is_some(), "{place}");
        let mut slugs = HashSet::new();
        for choice in &step.choices {
            assert!(slugs.insert(&choice.slug), "{place}: {} twice", choice.slug);
            match &choice.target {
                Target::Step(step) => assert!(guide.steps.contains_key(step), "{place}: {step}"),
                Target::Guide(to) => assert!(content.guides.contains_key(to), "{place}: {to}"),
                Target::External(url) => assert!(is_web(url.as_str()), "{place}: {url}"),
            }
        }
    }
}

/// An API to be asked for everything that a release publishes.
pub struct Public {
    api: Api,
    /// What no answer may hold.
    secrets: Regex,
}

impl Public {
    /// `ids` are those of the base, which must not be published.
    pub fn new(ids: impl IntoIterator<Item = String>) -> Self {
        let api = Api::empty(noon, Settings::default());
        let always = [
            DEFAULT_TOKEN,
            COLLEAGUE,
            COLLEAGUE_EMAIL,
            "airtableusercontent",
            "dl.airtable.com",
            "_attachments",
            "usrJ",
        ];
        let secrets = always.map(str::to_owned).into_iter().chain(ids);
        let secrets: Vec<_> = secrets.map(|secret| regex::escape(&secret)).collect();
        Self { api, secrets: Regex::new(&secrets.join("|")).unwrap() }
    }

    /// Publishes a release and reads every answer that can be drawn from it.
    pub async fn assert_harmless(&self, release: Release) {
        let targets = targets(&release);
        self.api.publish(release);
        for target in targets {
            let answer = self.api.get(&target).await;
            assert_eq!(answer.status, StatusCode::OK, "{target}: {}", answer.text());
            self.assert_clean(&target, answer.text());
        }
    }

    fn assert_clean(&self, target: &str, body: &str) {
        assert_eq!(self.leak(body), None, "{target} publishes what it must not");
        assert_no_script(target, "", &serde_json::from_str(body).unwrap());
    }

    /// What a body holds and must not.
    fn leak<'a>(&self, body: &'a str) -> Option<&'a str> {
        let found = self.secrets.find(body).or_else(|| ID.find(body));
        found.map(|found| found.as_str())
    }
}

/// Whatever looks like an id of a base that is not known: Airtable's nearly always have a digit, and
/// French words never do.
static ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(rec|tbl|fld|app)[A-Za-z]{0,13}[0-9][A-Za-z0-9]{3,13}\b").unwrap()
});

static ACTIVE_HTML: LazyLock<Regex> = LazyLock::new(|| {
    let tag = r"<\s*/?\s*(script|style|iframe|object|embed|svg|math|link|meta|base|form|input)";
    let attribute = r"<[^>]*\s(on\w+|style|srcdoc)\s*=";
    let address = r#"<[^>]*\s(href|src)\s*=\s*["']?\s*(javascript|data|vbscript|file):"#;
    Regex::new(&format!("(?i){tag}|{attribute}|{address}")).unwrap()
});

fn assert_no_script(target: &str, key: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| assert_no_script(target, key, value));
        }
        Value::Array(items) => items.iter().for_each(|item| assert_no_script(target, key, item)),
        Value::String(html) if key == "html" => {
            let active = ACTIVE_HTML.find(html).map(|found| found.as_str());
            assert_eq!(active, None, "{target} publishes active HTML");
        }
        Value::String(url) if ["url", "website", "form", "online"].contains(&key) => {
            let is_ours = key == "url" && url.starts_with("/v1/media/");
            assert!(is_ours || is_web(url), "{target} publishes {url:?} as an address");
        }
        _ => {}
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Communes at every level of the demo's territories, one beyond the sea, and a déléguée.
const COMMUNES: [&str; 5] = ["35238", "76351", "27229", "97411", "01015"];

/// Every address that a release answers to, with some questions.
fn targets(release: &Release) -> Vec<String> {
    let content = release.content();
    let lists = ["/v1", "/v1/guides", "/v1/documents", "/v1/services", "/v1/communes?q=renn"];
    let mut targets: Vec<String> = lists.map(str::to_owned).into();
    for guide in content.guides.values() {
        targets.push(format!("/v1/guides/{}", guide.slug));
        let steps = guide.steps.keys();
        targets.extend(steps.map(|step| format!("/v1/guides/{}/steps/{step}", guide.slug)));
        targets.extend(walks(guide));
    }
    for document in content.documents.keys() {
        targets.push(format!("/v1/documents/{document}"));
        for commune in COMMUNES {
            let question = format!("/v1/locate?document={document}&commune={commune}");
            targets.extend([format!("{question}&date=1987"), question]);
        }
    }
    targets.extend(content.services.keys().map(|service| format!("/v1/services/{service}")));
    targets.extend(COMMUNES.map(|commune| format!("/v1/communes/{commune}")));
    targets
}

/// The shortest walk to each step, for someone whose commune and date are known.
fn walks(guide: &Guide) -> Vec<String> {
    let known = format!("/v1/guides/{}/walk?commune=35238&date=1987", guide.slug);
    let mut paths: BTreeMap<&Slug, String> = BTreeMap::from([(&guide.first_step, known)]);
    let mut queue = VecDeque::from([&guide.first_step]);
    while let Some(slug) = queue.pop_front() {
        let (Some(step), Some(path)) = (guide.steps.get(slug), paths.get(slug).cloned()) else {
            continue;
        };
        for choice in &step.choices {
            let Target::Step(next) = &choice.target else { continue };
            let is_offered = choice.condition.is_none_or(|condition| condition.holds(true));
            if is_offered && !paths.contains_key(next) {
                paths.insert(next, format!("{path}&q.{slug}={}", choice.slug));
                queue.push_back(next);
            }
        }
    }
    let walks = paths.into_values().chain([format!("/v1/guides/{}/walk", guide.slug)]);
    walks.filter(|walk| walk.len() < 8_000).collect()
}

#[test]
fn an_answer_that_held_any_id_of_the_base_would_be_found() {
    let ids = Wire::demo().ids();
    assert!(ids.len() > 200, "{ids:?}");
    let public = Public::new(ids.clone());
    for id in ids {
        let body = format!(r#"{{"url":"/files/{id}_1.png"}}"#);
        assert_eq!(public.leak(&body), Some(id.as_str()));
    }
}
