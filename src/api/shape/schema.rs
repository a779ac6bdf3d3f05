//! Which fields an answer has, by its schema in the OpenAPI document.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use utoipa::openapi::{
    OpenApi, RefOr, Schema,
    path::Operation,
    schema::{ArrayItems, Object},
};

/// Reads of `/v1` whose answers are flat already, and never cut.
const FLAT: &str = "/v1/flat/";

/// Deepest path to a field, in fields.
pub const MAX_DEPTH: usize = 10;

/// The schemas of the answers that can be cut, by path.
pub struct Answers {
    answers: BTreeMap<String, RefOr<Schema>>,
    schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Answers {
    /// Those of all reads of `/v1` that answer in JSON.
    pub fn of(document: &OpenApi) -> Self {
        let reads = document.paths.paths.iter().filter(|(path, _)| is_cut(path));
        let answers = reads.filter_map(|(path, item)| {
            Some((path.clone(), answer_of(item.get.as_ref()?)?.clone()))
        });
        let components = document.components.as_ref();
        Self {
            answers: answers.collect(),
            schemas: components.map(|components| components.schemas.clone()).unwrap_or_default(),
        }
    }

    /// The answer of a path.
    pub fn get(&self, path: &str) -> Option<Place<'_>> {
        Some(Place::of(self.answers.get(path)?, &self.schemas))
    }
}

fn is_cut(path: &str) -> bool {
    (path == "/v1" || path.starts_with("/v1/")) && !path.starts_with(FLAT)
}

fn answer_of(read: &Operation) -> Option<&RefOr<Schema>> {
    let RefOr::T(response) = read.responses.responses.get("200")? else { return None };
    match response.content.get("application/json")? {
        RefOr::T(content) => content.schema.as_ref(),
        RefOr::Ref(_) => None,
    }
}

/// A place in an answer: the objects that may stand there, be it in an array.
#[derive(Clone)]
pub struct Place<'a> {
    objects: Vec<&'a Object>,
    is_array: bool,
    schemas: &'a BTreeMap<String, RefOr<Schema>>,
}

impl<'a> Place<'a> {
    fn of(schema: &'a RefOr<Schema>, schemas: &'a BTreeMap<String, RefOr<Schema>>) -> Self {
        let mut place = Self { objects: Vec::new(), is_array: false, schemas };
        place.gather(schema, &mut Vec::new());
        place
    }

    /// Gathers the objects that a schema allows, through names, arrays and unions.
    fn gather(&mut self, schema: &'a RefOr<Schema>, followed: &mut Vec<&'a str>) {
        let mut gather_all = |schemas: &'a [RefOr<Schema>]| {
            for schema in schemas {
                self.gather(schema, followed);
            }
        };
        match schema {
            RefOr::T(Schema::Object(object)) => self.objects.push(object),
            RefOr::T(Schema::AllOf(all)) => gather_all(&all.items),
            RefOr::T(Schema::OneOf(one)) => gather_all(&one.items),
            RefOr::T(Schema::AnyOf(any)) => gather_all(&any.items),
            RefOr::T(Schema::Array(array)) => {
                self.is_array = true;
                if let ArrayItems::RefOrSchema(items) = &array.items {
                    self.gather(items, followed);
                }
            }
            RefOr::Ref(reference) => {
                let name = reference.ref_location.strip_prefix("#/components/schemas/");
                let Some(name) = name.filter(|name| !followed.contains(name)) else { return };
                followed.push(name);
                if let Some(schema) = self.schemas.get(name) {
                    self.gather(schema, followed);
                }
            }
            RefOr::T(_) => {}
        }
    }

    /// The fields of what stands here, in order; those of all sorts of it, where there are several.
    pub fn fields(&self) -> IndexMap<&'a str, Self> {
        let mut fields: IndexMap<&str, Self> = IndexMap::new();
        for (name, schema) in self.objects.iter().flat_map(|object| &object.properties) {
            let field = Self::of(schema, self.schemas);
            match fields.get_mut(name.as_str()) {
                None => {
                    fields.insert(name, field);
                }
                Some(same) => same.objects.extend(field.objects),
            }
        }
        fields
    }

    /// Whether this is a list, whose fields are those of its items.
    pub fn is_list(&self) -> bool {
        self.fields().get("items").is_some_and(|items| items.is_array)
    }

    /// What paths start from: the items of a list, or the answer itself.
    pub fn items(&self) -> Self {
        let items = self.fields().swap_remove("items").filter(|items| items.is_array);
        items.unwrap_or_else(|| self.clone())
    }

    /// The paths of all fields, each before those within it. What stands within itself is not
    /// entered again.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.enter("", &mut Vec::new(), &mut paths);
        paths
    }

    fn enter(&self, prefix: &str, within: &mut Vec<&'a Object>, paths: &mut Vec<String>) {
        let is_within = |object: &&Object| within.iter().any(|other| std::ptr::eq(*other, *object));
        if within.len() >= MAX_DEPTH || self.objects.iter().any(is_within) {
            return;
        }
        let depth = within.len();
        within.extend(&self.objects);
        for (name, field) in self.fields() {
            let path = format!("{prefix}{name}");
            let inner = format!("{path}.");
            paths.push(path);
            field.enter(&inner, within, paths);
        }
        within.truncate(depth);
    }
}

#[cfg(test)]
pub mod tests {
    use serde::Serialize;
    use utoipa::{OpenApi as _, ToSchema};

    use super::*;

    /// An answer with a field of each sort.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct Tree {
        pub name: String,
        pub rank: Option<u32>,
        pub fruit: Vec<Fruit>,
        #[schema(no_recursion)]
        pub branches: Vec<Self>,
        pub root: Option<Root>,
    }

    #[derive(Debug, Clone, Serialize, ToSchema)]
    #[serde(tag = "type", rename_all = "kebab-case")]
    pub enum Fruit {
        Apple { colour: String },
        Nut { shell: Shell },
    }

    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct Shell {
        pub thickness: u8,
    }

    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct Root {
        #[serde(flatten)]
        pub shell: Shell,
        pub depth: u8,
    }

    #[derive(Debug, Serialize, ToSchema)]
    pub struct Forest {
        pub items: Vec<Tree>,
        pub page: u8,
    }

    #[utoipa::path(get, path = "/v1/tree", responses((status = 200, body = Tree)))]
    #[expect(dead_code, reason = "only its document is used")]
    fn get_tree() {}

    #[utoipa::path(get, path = "/v1/trees", responses((status = 200, body = Forest)))]
    #[expect(dead_code, reason = "only its document is used")]
    fn list_trees() {}

    #[utoipa::path(get, path = "/v1/flat/tree", responses((status = 200, body = Tree)))]
    #[expect(dead_code, reason = "only its document is used")]
    fn get_flat_tree() {}

    #[derive(utoipa::OpenApi)]
    #[openapi(paths(get_tree, list_trees, get_flat_tree))]
    struct Document;

    pub fn answers() -> Answers {
        Answers::of(&Document::openapi())
    }

    #[test]
    fn the_fields_of_an_answer_are_those_of_its_schema() {
        let answers = answers();
        let expected = [
            "name",
            "rank",
            "fruit",
            "fruit.colour",
            "fruit.type",
            "fruit.shell",
            "fruit.shell.thickness",
            "branches",
            "root",
            "root.thickness",
            "root.depth",
        ];
        let sorted = |mut paths: Vec<String>| {
            paths.sort_unstable();
            paths
        };
        let expected = sorted(expected.map(str::to_owned).into());
        let tree = answers.get("/v1/tree").unwrap();
        assert_eq!(sorted(tree.paths()), expected);
        assert!(!tree.is_list());
        let trees = answers.get("/v1/trees").unwrap();
        assert_eq!(sorted(trees.items().paths()), expected);
        assert!(trees.is_list());
        assert!(answers.get("/v1/flat/tree").is_none());
    }
}
