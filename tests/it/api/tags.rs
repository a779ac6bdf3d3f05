//! Tags: a cache that drops what it is told to never gives an old answer.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use locadocs::{catalog::Release, purge::touched};
use proptest::prelude::*;

use super::harness::{Answer, Service};
use crate::fixture::{self, Edit};

const TARGETS: &[&str] = &[
    "/v1",
    "/v1/guides",
    "/v1/guides?theme=Urbanisme+et+foncier",
    "/v1/guides?language=en&limit=1",
    "/v1/guides/urbanisme",
    "/v1/guides/%75rbanisme",
    "/v1/guides/cadastre-en",
    "/v1/guides/urbanisme/steps/permis-resultat",
    "/v1/guides/urbanisme/steps/document-connu",
    "/v1/guides/urbanisme/walk",
    "/v1/guides/urbanisme/walk?q.document-connu=oui&q.que-cherchez-vous=permis&commune=35238&date=1987",
    "/v1/guides/urbanisme/walk?q.document-connu=oui&q.que-cherchez-vous=acte&commune=35238",
    "/v1/documents",
    "/v1/documents/permis-de-construire",
    "/v1/documents/acte-notarie",
    "/v1/documents/none",
    "/v1/services",
    "/v1/services?type=municipal-archives",
    "/v1/services?commune=35238&sort=slug",
    "/v1/services/archives-rennes",
    "/v1/services/none",
    "/v1/communes?q=renn",
    "/v1/communes/35238",
    "/v1/communes/22113",
    "/v1/locate?document=permis-de-construire&commune=35238",
    "/v1/locate?document=permis%2Dde-construire&commune=22113",
    "/v1/locate?document=acte-notarie&commune=35238&date=1987",
    "/v1/locate?document=acte-notarie&commune=75056",
];

/// A cache in front that keeps everything until it is told otherwise.
#[derive(Default)]
struct Cache(BTreeMap<&'static str, (BTreeSet<String>, Answer)>);

impl Cache {
    async fn fill(&mut self, service: &Service) {
        for target in TARGETS {
            let answer = service.get(target).await;
            let tags = answer.header("surrogate-key").split(' ').map(str::to_owned).collect();
            if answer.header("cache-control").starts_with("public") {
                self.0.insert(target, (tags, answer));
            }
        }
    }

    fn purge(&mut self, before: &Release, now: &Release) {
        let purged = touched::between(before, now);
        let purged: BTreeSet<String> = purged.iter().map(ToString::to_string).collect();
        self.0.retain(|_, (tags, _)| tags.is_disjoint(&purged));
    }

    async fn assert_current(&self, service: &Service) {
        for (target, (tags, kept)) in &self.0 {
            let now = service.get(target).await;
            assert_eq!(kept.status, now.status, "{target} {tags:?}");
            assert_eq!(kept.text(), now.text(), "{target} {tags:?}");
            assert_eq!(kept.header("etag"), now.header("etag"), "{target}");
        }
    }
}

fn edit() -> impl Strategy<Value = (usize, Edit)> {
    let edit = prop_oneof![
        4 => any::<u8>().prop_map(Edit::Reword),
        1 => Just(Edit::Empty),
        1 => Just(Edit::DeleteRow),
    ];
    (any::<prop::sample::Index>().prop_map(|index| index.index(10_000)), edit)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_stays_after_a_purge_is_what_the_service_answers(
        rounds in prop::collection::vec(prop::collection::vec(edit(), 1..3), 1..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let service = Service::start();
            let (mut edits, mut cache) = (Vec::new(), Cache::default());
            let mut before = fixture::edited(&edits);
            for round in rounds {
                cache.fill(&service).await;
                edits.extend(round);
                service.publish(fixture::edited(&edits));
                let now = fixture::edited(&edits);
                cache.purge(&before, &now);
                cache.assert_current(&service).await;
                before = now;
            }
        });
    }
}

#[tokio::test]
async fn a_new_service_leaves_the_guides_in_the_cache() {
    let (service, mut cache) = (Service::start(), Cache::default());
    cache.fill(&service).await;
    let (before, now) = (fixture::release(), fixture::next_release());
    cache.purge(&before, &now);
    service.publish(now);
    cache.assert_current(&service).await;
    let kept: Vec<_> = cache.0.keys().copied().collect();
    assert_eq!(
        kept,
        [
            "/v1/communes?q=renn",
            "/v1/documents",
            "/v1/documents/acte-notarie",
            "/v1/documents/none",
            "/v1/documents/permis-de-construire",
            "/v1/guides",
            "/v1/guides/%75rbanisme",
            "/v1/guides/cadastre-en",
            "/v1/guides/urbanisme",
            "/v1/guides/urbanisme/steps/document-connu",
            "/v1/guides/urbanisme/steps/permis-resultat",
            "/v1/guides?language=en&limit=1",
            "/v1/guides?theme=Urbanisme+et+foncier",
            "/v1/services/archives-rennes",
            "/v1/services/none",
        ]
    );
}

#[tokio::test]
async fn the_same_release_drops_nothing() {
    assert!(touched::between(&fixture::release(), &fixture::release()).is_empty());
}

#[tokio::test]
async fn what_caches_may_keep_is_tagged_and_nothing_else() {
    let service = Service::start();
    for target in TARGETS.iter().copied().chain(["/openapi.json", "/docs/"]) {
        let answer = service.get(target).await;
        let is_kept = answer.header("cache-control").starts_with("public");
        assert_eq!(!answer.header("surrogate-key").is_empty(), is_kept, "{target}");
        let commas = answer.header("surrogate-key").replace(' ', ",");
        assert_eq!(answer.header("cache-tag"), commas);
        if answer.status == StatusCode::OK {
            let known = [("if-none-match", answer.header("etag"))];
            let unchanged = service.request(axum::http::Method::GET, target, &known).await;
            assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED, "{target}");
            assert_eq!(unchanged.header("surrogate-key"), answer.header("surrogate-key"));
        }
    }
    for target in ["/healthz", "/readyz", "/metrics", "/v1/guides?limit=0", "/nowhere"] {
        assert_eq!(service.get(target).await.header("surrogate-key"), "", "{target}");
    }
}
