//! The README: what it shows is what the service answers on the demo base.

use serde_json::Value;

use crate::harmless::harness::World;

/// A request of the README and the answer that it shows.
struct Example {
    target: String,
    answer: Value,
}

fn examples() -> Vec<Example> {
    let readme = include_str!("../../README.md");
    let requests = readme.split("curl 'http://127.0.0.1:8080").skip(1);
    let example = |request: &str| {
        let (target, rest) = request.split_once('\'').unwrap();
        let (_, block) = rest.split_once("```json").unwrap();
        let (json, _) = block.trim_start_matches('c').split_once("```").unwrap();
        let answer = serde_json::from_str(json).unwrap_or_else(|e| panic!("{target}: {e}"));
        Example { target: target.to_owned(), answer }
    };
    requests.map(example).collect()
}

/// Checks that a value holds all that is shown of it: an object may have more members, and a text
/// that ends in `…` goes on; `"…"` alone stands for anything, and last in a list, for the rest.
fn assert_shown(place: &str, shown: &Value, found: &Value) {
    match (shown, found) {
        (Value::Object(shown), Value::Object(found)) => {
            for (key, shown) in shown {
                let found = found.get(key).unwrap_or_else(|| panic!("{place}: no {key}"));
                assert_shown(&format!("{place}.{key}"), shown, found);
            }
        }
        (Value::Array(shown), Value::Array(found)) => {
            let (shown, is_all) = match shown.split_last() {
                Some((last, shown)) if last == "…" => (shown, false),
                _ => (shown.as_slice(), true),
            };
            assert!(!is_all || shown.len() == found.len(), "{place}: {found:?}");
            assert!(shown.len() <= found.len(), "{place}: {found:?}");
            for (at, (shown, found)) in shown.iter().zip(found).enumerate() {
                assert_shown(&format!("{place}[{at}]"), shown, found);
            }
        }
        (Value::String(shown), Value::String(found)) if shown.ends_with('…') => {
            assert!(found.starts_with(shown.trim_end_matches('…')), "{place}: {found}");
        }
        _ => assert_eq!(shown, found, "{place}"),
    }
}

#[tokio::test]
async fn the_first_three_requests_answer_what_the_readme_shows() {
    let service = World::start().await.warm().await;
    let examples = examples();
    assert_eq!(examples.len(), 3);
    for Example { target, answer } in examples {
        assert_shown(&target, &answer, &service.api.json(&target).await);
    }
}
