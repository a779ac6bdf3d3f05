//! Searching 50,000 rows, beside looking for the words in the same texts by `str::contains`, which is
//! what a service without an engine does. Prints the slowest of all queries, and what the index
//! takes.
//!
//! `cargo bench --bench search`

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]
#![allow(clippy::expect_used, reason = "a benchmark of less than the whole base is none")]
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

use std::{
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use locadocs::{
    catalog::{
        Release,
        search::{Asked, Scope, SearchIndex},
    },
    reference::{Reference, fold},
};

#[path = "support/large_base.rs"]
mod large_base;
#[path = "support/release.rs"]
mod release;

/// The service's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What people type, then what they should not.
const REALISTIC: &[&str] = &[
    "document 12",
    "archives de la commune 35",
    "archives municipales rennes",
    "cote accueil",
    "pièce d'identité",
    "dossiers depuis l'origine",
    "étape 1234",
    "rue de la république",
    "archvies",
    "servce",
];
const HOSTILE: &[&str] = &[
    "a",
    "e 1",
    "archives",
    "archives archive archivs archve arhives communes commnue commun municipales municipal",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
    "é é è à ù \" ' OR AND ( ) ~ * ? [ ] 🏛️🏛️🏛️🏛️🏛️🏛️",
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
    "dossierz origina demandex accueik prevoyes piecf identitd pagf servicf rues republiqua archivet",
];

fn asked(text: &str, scope: Scope) -> Asked<'_> {
    Asked { text, kinds: &[], language: None, scope }
}

/// A page as the API shows it: ten results, their titles and excerpts.
fn page(index: &SearchIndex, text: &str, scope: Scope) -> usize {
    let results = index.search(&asked(text, scope), None, 10).expect("an answer");
    for hit in &results.hits {
        black_box(results.title(&hit.entry));
        black_box(results.excerpt(&hit.entry));
    }
    results.total
}

/// The folded texts of all that can be found.
fn texts(release: &Release) -> Vec<String> {
    let content = release.content();
    let mut texts = Vec::new();
    for guide in content.guides.values() {
        texts.push(format!("{} {:?}", guide.title, guide.summary));
        texts.extend(guide.steps.values().map(|step| format!("{} {:?}", step.title, step.content)));
    }
    texts.extend(content.documents.values().map(|it| format!("{} {:?}", it.name, it.description)));
    texts.extend(content.services.values().map(|it| format!("{} {:?}", it.name, it.address)));
    texts.iter().map(|text| fold(text)).collect()
}

fn scan(texts: &[String], query: &str) -> usize {
    let query = fold(query);
    let words: Vec<&str> = query.split(' ').collect();
    texts.iter().filter(|text| words.iter().any(|word| text.contains(word))).count()
}

/// Resident memory in KiB, on Linux.
fn resident() -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn time<T>(rounds: usize, mut run: impl FnMut() -> T) -> Duration {
    let once = |_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    };
    median((0..rounds).map(once).collect())
}

fn bench(criterion: &mut Criterion) {
    let reference = Reference::embedded().expect("the reference data");
    let base = large_base::large_base().expect("the base");
    let build = || release::release(&base, reference).expect("a release");
    let release = build();
    let before = resident();
    let start = Instant::now();
    let index = release.search(reference).expect("an index");
    println!(
        "{} entries: indexed in {:?}, {} KiB more in memory",
        index.len(),
        start.elapsed(),
        resident() - before
    );
    let again: Vec<_> = (0..5).map(|_| build()).collect();
    let mut again = again.iter();
    let took = time(5, || again.next().map(|it| it.search(reference).map(SearchIndex::len)));
    println!("indexed again in {took:?} (median of 5)");

    let queries = || REALISTIC.iter().chain(HOSTILE);
    for scope in [Scope::Everything, Scope::Names] {
        let timed = queries().map(|query| (time(31, || page(index, query, scope)), query));
        let mut timed: Vec<_> = timed.collect();
        timed.sort_unstable();
        for (took, query) in timed.iter().rev().take(3) {
            println!("{scope:?}: {took:?} for {query:?} (median of 31)");
        }
    }

    let texts = texts(&release);
    let mut group = criterion.benchmark_group("search of 50,000 rows");
    group.sample_size(30);
    group.bench_function("a scan of the texts for each realistic query", |bencher| {
        bencher.iter(|| REALISTIC.iter().map(|query| scan(&texts, query)).sum::<usize>());
    });
    for scope in [Scope::Everything, Scope::Names] {
        group.bench_function(format!("a page of each realistic query, {scope:?}"), |bencher| {
            bencher.iter(|| REALISTIC.iter().map(|query| page(index, query, scope)).sum::<usize>());
        });
    }
    group.finish();
    let scanned = time(31, || REALISTIC.iter().map(|query| scan(&texts, query)).sum::<usize>());
    let searched = time(31, || {
        REALISTIC.iter().map(|query| page(index, query, Scope::Everything)).sum::<usize>()
    });
    println!(
        "a scan takes {:.2} times as long as a search",
        scanned.as_secs_f64() / searched.as_secs_f64()
    );
}

criterion_group!(benches, bench);
criterion_main!(benches);
