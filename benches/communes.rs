//! Autocomplete of communes, against what it replaces: reading every name.
//!
//! The two run side by side, so that their ratio holds on any machine.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use locadocs::reference::{Reference, fold};

/// Queries that ask the most of the index: long ranges, no match, slips, words apart.
const QUERIES: [&str; 8] =
    ["l", "s", "saint", "renn", "le harve", "saint s d", "de la", "zzzz saint etienne"];

const LIMIT: usize = 10;

fn suggest(criterion: &mut Criterion) {
    let reference = Reference::embedded().unwrap();
    let names: Vec<String> = reference.communes().iter().map(|c| fold(&c.name)).collect();
    let mut group = criterion.benchmark_group("suggest");
    let worst = slowest_prefix(reference);
    for query in QUERIES.into_iter().chain([worst.as_str()]) {
        group.bench_with_input(BenchmarkId::new("index", query), query, |bencher, query| {
            bencher.iter(|| reference.suggest(black_box(query), LIMIT));
        });
        group.bench_with_input(BenchmarkId::new("linear scan", query), query, |bencher, query| {
            bencher.iter(|| scan(&names, black_box(query)));
        });
    }
    group.finish();
}

/// Of all texts of one to four letters, the one that takes the longest: each is tried once, then
/// the slowest again, so that a hiccup of the machine does not choose.
fn slowest_prefix(reference: &Reference) -> String {
    let time = |query: &String| {
        let start = Instant::now();
        black_box(reference.suggest(query, LIMIT));
        start.elapsed()
    };
    let mut prefixes = vec![String::new()];
    let mut timed: Vec<(Duration, String)> = Vec::new();
    for _ in 0..4 {
        prefixes =
            prefixes.iter().flat_map(|p| ('a'..='z').map(move |c| format!("{p}{c}"))).collect();
        timed.extend(prefixes.iter().map(|query| (time(query), query.clone())));
    }
    timed.sort_unstable_by(|a, b| b.cmp(a));
    timed.truncate(500);
    let again = |(_, query): (_, String)| ((0..10).map(|_| time(&query)).min(), query);
    timed.into_iter().map(again).max().map(|(_, query)| query).unwrap()
}

/// The plainest autocomplete: names that contain the query, in no order, without slips.
fn scan(names: &[String], query: &str) -> Vec<usize> {
    let query = fold(query);
    let matching = names.iter().enumerate().filter(|(_, name)| name.contains(&query));
    matching.map(|(index, _)| index).collect()
}

fn decode(criterion: &mut Criterion) {
    let bytes = include_bytes!("../src/reference/data/reference.tsv.zst");
    criterion.bench_function("decode", |bencher| {
        bencher.iter(|| Reference::decode(black_box(bytes)).unwrap());
    });
}

criterion_group!(benches, suggest, decode);
criterion_main!(benches);
