//! Cuts a JSON text to the fields that are kept, and leaves the rest as it is, byte for byte.

use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};

use super::selection::Kept;

/// What is kept of a value, its fields in the order in which they stand. Of an array, what is kept
/// of each item; what has no fields stays.
///
/// # Errors
/// When the text is not JSON.
pub fn prune(json: &RawValue, kept: &Kept) -> serde_json::Result<Box<RawValue>> {
    let Kept::Fields(fields) = kept else { return Ok(json.to_owned()) };
    match json.get().as_bytes().first() {
        Some(b'{') => {
            let object: IndexMap<String, &RawValue> = serde_json::from_str(json.get())?;
            let pruned = object.into_iter().filter_map(|(name, value)| {
                let value = prune(value, fields.get(&name)?);
                Some(value.map(|value| (name, value)))
            });
            to_raw_value(&pruned.collect::<Result<IndexMap<_, _>, _>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json.get())?;
            let pruned = items.into_iter().map(|item| prune(item, kept));
            to_raw_value(&pruned.collect::<Result<Vec<_>, _>>()?)
        }
        _ => Ok(json.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};
    use serde_json::Value;

    use super::{
        super::schema::tests::{Fruit, Root, Shell, Tree, answers},
        *,
    };

    fn pruned(json: &str, fields: &str) -> String {
        let answers = answers();
        let kept = Kept::read(fields, &answers.get("/v1/tree").unwrap()).unwrap();
        prune(serde_json::from_str(json).unwrap(), &kept).unwrap().to_string()
    }

    #[test]
    fn the_order_and_the_spelling_of_the_answer_stay() {
        let json =
            r#"{"rank":1.50,"name":"\u00e9","root":null,"branches":[{"name":"b"},{"rank":2}]}"#;
        for (fields, expected) in [
            ("name,rank", r#"{"rank":1.50,"name":"\u00e9"}"#),
            ("root.depth", r#"{"root":null}"#),
            ("branches.name", r#"{"branches":[{"name":"b"},{}]}"#),
            ("fruit", "{}"),
        ] {
            assert_eq!(pruned(json, fields), expected, "{fields}");
        }
    }

    /// Whether all of a value is in another, at the same places.
    fn is_within(part: &Value, whole: &Value) -> bool {
        match (part, whole) {
            (Value::Object(part), Value::Object(whole)) => part
                .iter()
                .all(|(name, value)| whole.get(name).is_some_and(|whole| is_within(value, whole))),
            (Value::Array(part), Value::Array(whole)) => {
                part.len() == whole.len()
                    && part.iter().zip(whole).all(|(part, whole)| is_within(part, whole))
            }
            (part, whole) => part == whole,
        }
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let shell = || any::<u8>().prop_map(|thickness| Shell { thickness });
        let fruit = prop_oneof![
            any::<String>().prop_map(|colour| Fruit::Apple { colour }),
            shell().prop_map(|shell| Fruit::Nut { shell }),
        ];
        let root = (shell(), any::<u8>()).prop_map(|(shell, depth)| Root { shell, depth });
        let leaf = (
            any::<String>(),
            any::<Option<u32>>(),
            proptest::collection::vec(fruit, 0..3),
            proptest::option::of(root),
        );
        let leaf = leaf.prop_map(|(name, rank, fruit, root)| Tree {
            name,
            rank,
            fruit,
            branches: Vec::new(),
            root,
        });
        leaf.prop_recursive(3, 12, 3, |inner| {
            let branches = proptest::collection::vec(inner.clone(), 0..3);
            (inner, branches).prop_map(|(tree, branches)| Tree { branches, ..tree })
        })
    }

    proptest! {
        #[test]
        fn what_is_left_is_a_part_of_the_answer(
            tree in tree(),
            picks in proptest::collection::vec(any::<Index>(), 1..5),
        ) {
            let answers = answers();
            let place = answers.get("/v1/tree").unwrap();
            let paths = place.paths();
            let fields: Vec<&str> = picks.iter().map(|pick| pick.get(&paths).as_str()).collect();
            let whole = serde_json::to_string(&tree).unwrap();
            let part: Value = serde_json::from_str(&pruned(&whole, &fields.join(","))).unwrap();
            prop_assert!(is_within(&part, &serde_json::from_str(&whole).unwrap()));
            let top = part.as_object().unwrap().keys();
            for name in top {
                let is_asked = |field: &&str| field.split('.').next() == Some(name);
                prop_assert!(fields.iter().any(is_asked));
            }
        }

        #[test]
        fn all_fields_are_the_whole_answer(tree in tree()) {
            let answers = answers();
            let place = answers.get("/v1/tree").unwrap();
            let whole = serde_json::to_string(&tree).unwrap();
            let top: Vec<&str> = place.fields().into_keys().collect();
            prop_assert_eq!(pruned(&whole, &top.join(",")), whole);
        }
    }
}
