//! Lists: sorted, cut into pages, and walked by cursors.
//!
//! A cursor is a place in the sorted list, not the number of a page: an item added or removed
//! between two requests neither repeats nor hides another. Any bytes are such a place.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, Type, path::Parameter},
};

use crate::{
    api::{
        moment::RELEASE_PARAMETER,
        params::{self, Params},
        problem::{Code, Problem},
    },
    content::ids::Slug,
    reference::fold,
};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

/// How much of a name, in characters, tells its place, for cursors to fit into an address.
const NAME_IN_PLACE: usize = 100;

/// Where a page of a list stands.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page {
    /// Most items on a page.
    #[schema(minimum = 1, maximum = 200)]
    pub(super) limit: usize,
    /// The `cursor` of the next page; null on the last one.
    pub(super) next: Option<String>,
    /// Items on all pages.
    #[schema(minimum = 0)]
    pub(super) total: usize,
}

/// Which page of a list is asked for, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    limit: usize,
    after: Option<Vec<u8>>,
    sort: Sort,
    sort_name: String,
    /// The release to which the request is pinned, for links to repeat it.
    release: Option<String>,
}

/// An order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sort {
    key: SortKey,
    direction: Direction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SortKey {
    Name,
    Slug,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

impl Asked {
    /// Reads `limit`, `cursor` and `sort`; `name` is what the list calls an item's name.
    ///
    /// # Errors
    /// When one is repeated or invalid.
    pub fn read(params: &Params, name: &str) -> Result<Self, Problem> {
        let cursor = params.optional("cursor")?.map(|text| {
            let place = BASE64_URL_SAFE_NO_PAD.decode(text).ok().filter(|place| !place.is_empty());
            place.ok_or_else(|| {
                let detail = "\"cursor\" is none that a page gave in \"next\".";
                Problem::new(Code::InvalidCursor, detail).parameter("cursor").found(text)
            })
        });
        let options = sort_options(name);
        let options: Vec<_> = options.iter().map(|(name, sort)| (name.as_str(), *sort)).collect();
        let by_name = Sort { key: SortKey::Name, direction: Direction::Ascending };
        Ok(Self {
            limit: limit(params)?,
            after: cursor.transpose()?,
            sort: params.one_of("sort", &options)?.unwrap_or(by_name),
            sort_name: params.optional("sort")?.unwrap_or(name).to_owned(),
            release: params.optional(RELEASE_PARAMETER)?.map(str::to_owned),
        })
    }

    /// Sorts the items and cuts out the page; `name_of` gives the slug and the name of one.
    pub fn page<'a, T>(
        &self,
        items: impl Iterator<Item = &'a T>,
        name_of: impl Fn(&'a T) -> (&'a Slug, &'a str),
    ) -> (Vec<&'a T>, Page) {
        let mut keyed: Vec<(Vec<u8>, &T)> = items
            .map(|item| {
                let (slug, name) = name_of(item);
                (self.place(slug, name), item)
            })
            .collect();
        keyed.sort_unstable_by(|(a, _), (b, _)| self.compare(a, b));
        let total = keyed.len();
        let start = match &self.after {
            None => 0,
            Some(after) => keyed.partition_point(|(place, _)| self.compare(place, after).is_le()),
        };
        let shown = keyed.get(start..).unwrap_or_default();
        let has_more = shown.len() > self.limit;
        let shown = shown.get(..self.limit).unwrap_or(shown);
        let next = shown.last().filter(|_| has_more);
        let next = next.map(|(place, _)| BASE64_URL_SAFE_NO_PAD.encode(place));
        let items = shown.iter().map(|(_, item)| *item).collect();
        (items, Page { limit: self.limit, next, total })
    }

    /// Names in the order of the alphabet, whatever their accents and capitals; those that begin
    /// alike by slug.
    fn place(&self, slug: &Slug, name: &str) -> Vec<u8> {
        match self.sort.key {
            SortKey::Slug => slug.as_str().into(),
            SortKey::Name => {
                let start: String = fold(name).chars().take(NAME_IN_PLACE).collect();
                format!("{start}\0{slug}").into()
            }
        }
    }

    fn compare(&self, a: &[u8], b: &[u8]) -> std::cmp::Ordering {
        match self.sort.direction {
            Direction::Ascending => a.cmp(b),
            Direction::Descending => b.cmp(a),
        }
    }
}

impl Page {
    /// The `Link` header (RFC 8288): the first page, and the next one if there is one. `filters`
    /// are the other parameters of the request.
    pub fn links(&self, path: &str, asked: &Asked, filters: &[(&str, Option<&str>)]) -> String {
        let own = [(RELEASE_PARAMETER, asked.release.as_deref())];
        let last = [("sort", Some(asked.sort_name.as_str()))];
        self.link_of(path, &[filters, &own].concat(), &last)
    }

    /// As [`Self::links`], for a list that has one order.
    pub fn link(&self, path: &str, filters: &[(&str, Option<&str>)]) -> String {
        self.link_of(path, filters, &[])
    }

    fn link_of(
        &self,
        path: &str,
        before: &[(&str, Option<&str>)],
        after: &[(&str, Option<&str>)],
    ) -> String {
        let limit = self.limit.to_string();
        let url = |cursor: Option<&str>| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            let limit = [("limit", Some(limit.as_str()))];
            for (name, value) in before.iter().chain(&limit).chain(after) {
                query.extend_pairs(value.map(|value| (name, value)));
            }
            query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
            format!("{path}?{}", query.finish())
        };
        let first = format!("<{}>; rel=\"first\"", url(None));
        match &self.next {
            None => first,
            Some(next) => format!("<{}>; rel=\"next\", {first}", url(Some(next))),
        }
    }
}

fn sort_options(name: &str) -> [(String, Sort); 4] {
    let option = |name: &str, key, direction| {
        let sign = if direction == Direction::Descending { "-" } else { "" };
        (format!("{sign}{name}"), Sort { key, direction })
    };
    [
        option(name, SortKey::Name, Direction::Ascending),
        option(name, SortKey::Name, Direction::Descending),
        option("slug", SortKey::Slug, Direction::Ascending),
        option("slug", SortKey::Slug, Direction::Descending),
    ]
}

/// Reads `limit`.
///
/// # Errors
/// When it is repeated or invalid.
pub fn limit(params: &Params) -> Result<usize, Problem> {
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    let expected = format!("a whole number from 1 to {MAX_LIMIT}");
    Ok(params.parsed("limit", limit, &expected)?.unwrap_or(DEFAULT_LIMIT))
}

/// Declares `limit`.
pub fn limit_parameter() -> Parameter {
    let limit = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(MAX_LIMIT))
        .default(Some(DEFAULT_LIMIT.into()));
    params::optional("limit", "Most items on the page.", limit, 20)
}

/// Declares `cursor`.
pub fn cursor_parameter(example: &str) -> Parameter {
    // Unpadded base64url, in its one canonical form.
    let cursor = "^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-]{4}|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]\
                  |[A-Za-z0-9_-][AQgw])$";
    let cursor = ObjectBuilder::new().schema_type(Type::String).pattern(Some(cursor));
    let description = "Where to go on: `next` of the page before, with the same other parameters.";
    params::optional("cursor", description, cursor, example)
}

/// Declares `limit`, `cursor` and `sort`; `name` is what the list calls an item's name.
pub fn parameters(name: &str) -> [Parameter; 3] {
    let sort = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(sort_options(name).map(|(name, _)| name)))
        .default(Some(name.into()));
    let order = format!("Order of the list: by `{name}` or `slug`, `-` for the reverse.");
    [
        limit_parameter(),
        cursor_parameter("YWN0ZSBub3RhcmllAGFjdGUtbm90YXJpZQ"),
        params::optional("sort", &order, sort, format!("-{name}")),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Named = (Slug, String);

    fn asked(limit: usize, after: Option<&str>, key: SortKey, direction: Direction) -> Asked {
        let after = after.map(|cursor| BASE64_URL_SAFE_NO_PAD.decode(cursor).unwrap());
        Asked {
            limit,
            after,
            sort: Sort { key, direction },
            sort_name: "name".into(),
            release: None,
        }
    }

    fn walk(items: &[Named], limit: usize, key: SortKey, direction: Direction) -> Vec<String> {
        let mut seen = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let asked = asked(limit, cursor.as_deref(), key, direction);
            let (shown, page) = asked.page(items.iter(), |item| (&item.0, &item.1));
            assert_eq!(page.total, items.len());
            assert!(shown.len() <= limit);
            seen.extend(shown.iter().map(|item| item.0.to_string()));
            match page.next {
                Some(next) => cursor = Some(next),
                None => return seen,
            }
        }
    }

    #[test]
    fn names_are_sorted_as_in_a_dictionary() {
        let items: Vec<Named> = ["Évreux", "eure", "Zèbre", "Étretat", "abbaye"]
            .map(|name| (Slug::slugify(name).unwrap(), name.to_owned()))
            .into();
        let sorted = walk(&items, 2, SortKey::Name, Direction::Ascending);
        assert_eq!(sorted, ["abbaye", "etretat", "eure", "evreux", "zebre"]);
    }

    #[test]
    fn links_keep_the_other_parameters() {
        let page = |next: Option<&str>| Page { limit: 2, next: next.map(Into::into), total: 3 };
        let asked = asked(2, None, SortKey::Name, Direction::Ascending);
        let filters = [("theme", Some("Urbanisme & foncier")), ("language", None)];
        assert_eq!(
            page(Some("YWI")).links("/v1/guides", &asked, &filters),
            "</v1/guides?theme=Urbanisme+%26+foncier&limit=2&sort=name&cursor=YWI>; rel=\"next\", \
             </v1/guides?theme=Urbanisme+%26+foncier&limit=2&sort=name>; rel=\"first\""
        );
        assert_eq!(
            page(None).links("/v1/guides", &asked, &[]),
            "</v1/guides?limit=2&sort=name>; rel=\"first\""
        );
    }

    proptest! {
        #[test]
        fn walking_the_pages_gives_each_item_once_in_order(
            names in proptest::collection::hash_set("[a-zé ]{0,4}", 0..40),
            limit in 1usize..10,
            descending: bool,
            by_slug: bool,
        ) {
            let named = |(at, name): (usize, String)| (format!("s{at}").parse().unwrap(), name);
            let items: Vec<Named> = names.into_iter().enumerate().map(named).collect();
            let key = if by_slug { SortKey::Slug } else { SortKey::Name };
            let direction =
                if descending { Direction::Descending } else { Direction::Ascending };
            let seen = walk(&items, limit, key, direction);
            let whole = walk(&items, MAX_LIMIT, key, direction);
            prop_assert_eq!(&seen, &whole);
            let distinct: std::collections::HashSet<_> = seen.iter().collect();
            prop_assert_eq!(distinct.len(), items.len());
        }

        #[test]
        fn long_names_are_walked_too_by_addresses_that_are_short(
            ends in proptest::collection::vec("[a-zé文]{0,3}", 2..6),
            start in "[a-zé文 ]{0,20}",
            times in 1usize..400,
            descending: bool,
        ) {
            let named = |(at, end): (usize, &String)| {
                (format!("s{at}").parse().unwrap(), start.repeat(times) + end)
            };
            let items: Vec<Named> = ends.iter().enumerate().map(named).collect();
            let direction =
                if descending { Direction::Descending } else { Direction::Ascending };
            let asked = asked(1, None, SortKey::Name, direction);
            let (_, page) = asked.page(items.iter(), |item| (&item.0, &item.1));
            prop_assert!(page.next.unwrap().len() < 1_000);
            let seen: std::collections::HashSet<_> =
                walk(&items, 1, SortKey::Name, direction).into_iter().collect();
            prop_assert_eq!(seen.len(), items.len());
        }

        #[test]
        fn any_place_is_a_cursor(place: Vec<u8>) {
            let cursor = BASE64_URL_SAFE_NO_PAD.encode(&place);
            let items: Vec<Named> = vec![("a".parse().unwrap(), "A".into())];
            let asked = asked(1, Some(&cursor), SortKey::Name, Direction::Ascending);
            let (shown, _) = asked.page(items.iter(), |item| (&item.0, &item.1));
            prop_assert!(shown.len() <= 1);
        }
    }
}
