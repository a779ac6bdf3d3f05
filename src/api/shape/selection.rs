//! What a client asks for: paths of fields, checked against what there is.

use std::collections::BTreeMap;

use super::{
    FIELDS_PARAMETER,
    schema::{MAX_DEPTH, Place},
};
use crate::api::{params, problem::Problem};

/// What is kept at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// All that stands there.
    Whole,
    /// These fields, and what is kept of each.
    Fields(BTreeMap<String, Self>),
}

impl Kept {
    /// Reads paths parted by commas, such as `slug,title,steps.title`. Of a list, they are those of
    /// its items, and all but the items is kept.
    ///
    /// # Errors
    /// When they are too many or too deep, or name a field that is not there: the problem then lists
    /// those that are.
    pub fn read(text: &str, answer: &Place<'_>) -> Result<Self, Problem> {
        let start = answer.items();
        let mut kept = Self::Fields(BTreeMap::new());
        for path in params::listed(FIELDS_PARAMETER, text)? {
            check(path, &start)?;
            kept.add(path.split('.'));
        }
        if !answer.is_list() {
            return Ok(kept);
        }
        let mut list: BTreeMap<_, _> =
            answer.fields().keys().map(|name| ((*name).to_owned(), Self::Whole)).collect();
        list.insert("items".to_owned(), kept);
        Ok(Self::Fields(list))
    }

    fn add<'a>(&mut self, mut path: impl Iterator<Item = &'a str>) {
        match (path.next(), self) {
            // What is asked for whole stays whole.
            (_, Self::Whole) => {}
            (None, part) => *part = Self::Whole,
            (Some(name), Self::Fields(fields)) => {
                let inner = fields.entry(name.to_owned());
                inner.or_insert_with(|| Self::Fields(BTreeMap::new())).add(path);
            }
        }
    }
}

/// Follows a path as far as it leads.
fn check(path: &str, start: &Place<'_>) -> Result<(), Problem> {
    if path.split('.').count() > MAX_DEPTH {
        let expected = format!("a path of at most {MAX_DEPTH} fields");
        return Err(Problem::invalid(FIELDS_PARAMETER, path, &expected));
    }
    let mut place = start.clone();
    let mut passed: Vec<&str> = Vec::new();
    for name in path.split('.') {
        let mut fields = place.fields();
        let Some(field) = fields.swap_remove(name) else {
            let expected = match passed.as_slice() {
                [] => "a field of the answer".to_owned(),
                passed if fields.is_empty() => {
                    format!("nothing within {:?}, which has no fields,", passed.join("."))
                }
                passed => format!("a field of {:?}", passed.join(".")),
            };
            return Err(Problem::invalid(FIELDS_PARAMETER, path, &expected).valid(fields.keys()));
        };
        passed.push(name);
        place = field;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::schema::tests::answers, *};

    fn fields<const N: usize>(fields: [(&str, Kept); N]) -> Kept {
        Kept::Fields(fields.into_iter().map(|(name, kept)| (name.to_owned(), kept)).collect())
    }

    #[test]
    fn paths_are_read_in_any_order_and_the_wider_one_counts() {
        let answers = answers();
        let tree = answers.get("/v1/tree").unwrap();
        let name = || ("name", Kept::Whole);
        for (text, expected) in [
            ("name", fields([name()])),
            ("name,name", fields([name()])),
            ("root.depth,name", fields([name(), ("root", fields([("depth", Kept::Whole)]))])),
            ("root.depth,root", fields([("root", Kept::Whole)])),
            ("root,root.depth", fields([("root", Kept::Whole)])),
            ("fruit.type", fields([("fruit", fields([("type", Kept::Whole)]))])),
            (
                "branches.branches.name",
                fields([("branches", fields([("branches", fields([name()]))]))]),
            ),
        ] {
            assert_eq!(Kept::read(text, &tree).unwrap(), expected, "{text}");
        }
        let trees = answers.get("/v1/trees").unwrap();
        let expected = fields([("items", fields([name()])), ("page", Kept::Whole)]);
        assert_eq!(Kept::read("name", &trees).unwrap(), expected);
    }

    #[test]
    fn what_is_no_field_is_named_with_those_that_are() {
        let answers = answers();
        let tree = answers.get("/v1/tree").unwrap();
        let deep = ["root"; MAX_DEPTH + 1].join(".");
        let many = vec!["name"; params::MAX_LISTED + 1].join(",");
        for (text, path, valid) in [
            ("", "", Some("name rank fruit branches root")),
            ("name,", "", Some("name rank fruit branches root")),
            ("name,Name", "Name", Some("name rank fruit branches root")),
            ("page", "page", Some("name rank fruit branches root")),
            ("root.", "root.", Some("thickness depth")),
            ("branches.root.x", "branches.root.x", Some("thickness depth")),
            ("name.first", "name.first", Some("")),
            (&deep, &deep, None),
            (&many, &many[..100], None),
        ] {
            let problem =
                serde_json::to_value(Kept::read(text, &tree).unwrap_err().body()).unwrap();
            assert_eq!(
                (&problem["parameter"], &problem["found"]),
                (&"fields".into(), &path.into())
            );
            let found = problem["valid"].as_array().map(|valid| {
                let names: Vec<_> = valid.iter().map(|name| name.as_str().unwrap()).collect();
                names.join(" ")
            });
            assert_eq!(found.as_deref(), valid, "{text}");
        }
    }
}
