//! Lists: sorted, cut into pages, and walked by cursors.
//!
//! A cursor is a place in the sorted list, not the number of a page: an item added or removed
//! between two requests neither repeats nor hides another. It carries a check of the list and of the
//! order that it is a place of, so that no other list takes it for one of its own.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, Type, path::Parameter},
};

use crate::{
    api::{
        params::{self, Params},
        problem::{Code, Problem},
    },
    reference::fold,
};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

/// How much of a name, in characters, tells its place, for cursors to fit into an address.
const NAME_IN_PLACE: usize = 100;

/// How much of a hash tells that a cursor is a place of a list, in bytes.
const CHECK_LEN: usize = 4;

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
    /// What cursors are checked against.
    order: Order,
    /// The common parameters of the request, which its links repeat.
    common: Vec<(&'static str, String)>,
}

/// A list and the order that it is in: what a cursor belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    path: String,
    sort_name: String,
}

/// What a list calls that by which it can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// What people call an item. The list is in this order unless another is asked for.
    pub name: &'static str,
    /// What names it alone.
    pub id: &'static str,
}

impl From<&'static str> for Keys {
    /// Of a list whose items have a slug.
    fn from(name: &'static str) -> Self {
        Self { name, id: "slug" }
    }
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
    Id,
    Distance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

impl Asked {
    /// Reads `limit`, `cursor` and `sort`; `keys` is the name by which the list sorts, or that and
    /// the name of its ids.
    ///
    /// # Errors
    /// When one is repeated or invalid, or the cursor is of another list or order.
    pub fn read(params: &Params, keys: impl Into<Keys>) -> Result<Self, Problem> {
        Self::read_sorted(params, &sort_options(keys.into()))
    }

    /// Reads the same for a list in which items have distances: they are sorted by these first of all.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn read_near(params: &Params, keys: impl Into<Keys>) -> Result<Self, Problem> {
        let options = distance_options().into_iter().chain(sort_options(keys.into()));
        Self::read_sorted(params, &options.collect::<Vec<_>>())
    }

    /// The first of the options is the default.
    fn read_sorted(params: &Params, options: &[(String, Sort)]) -> Result<Self, Problem> {
        let options: Vec<_> = options.iter().map(|(name, sort)| (name.as_str(), *sort)).collect();
        let by_name = Sort { key: SortKey::Name, direction: Direction::Ascending };
        let (default, sort) = options.first().copied().unwrap_or(("name", by_name));
        let sort = params.one_of("sort", &options)?.unwrap_or(sort);
        let sort_name = params.optional("sort")?.unwrap_or(default).to_owned();
        let order = Order { path: params.path().to_owned(), sort_name };
        let after = params.optional("cursor")?.map(|cursor| order.place_of(cursor)).transpose()?;
        Ok(Self {
            limit: limit(params)?,
            after,
            sort,
            order,
            common: params.common().map(|(name, value)| (name, value.to_owned())).collect(),
        })
    }

    /// Cuts out the page, in its order; `name_of` gives the id and the name of an item.
    pub fn page<'a, T, I: fmt::Display>(
        &self,
        items: impl Iterator<Item = &'a T>,
        name_of: impl Fn(&'a T) -> (I, &'a str),
    ) -> (Vec<&'a T>, Page) {
        self.page_by(items, |item| {
            let (id, name) = name_of(item);
            self.place(&id, name)
        })
    }

    /// The same for a list in which items have distances, in metres.
    pub fn page_near<'a, T, I: fmt::Display>(
        &self,
        items: impl Iterator<Item = &'a T>,
        name_of: impl Fn(&'a T) -> (I, &'a str),
        metres_of: impl Fn(&'a T) -> u32,
    ) -> (Vec<&'a T>, Page) {
        self.page_by(items, |item| {
            let (id, name) = name_of(item);
            let place = self.place(&id, name);
            match self.sort.key {
                SortKey::Distance => [&metres_of(item).to_be_bytes(), place.as_slice()].concat(),
                SortKey::Name | SortKey::Id => place,
            }
        })
    }

    fn page_by<'a, T>(
        &self,
        items: impl Iterator<Item = &'a T>,
        place_of: impl Fn(&'a T) -> Vec<u8>,
    ) -> (Vec<&'a T>, Page) {
        let mut total = 0;
        let keyed = items.inspect(|_| total += 1).map(|item| (place_of(item), item));
        let is_shown = |(place, _): &(Vec<u8>, _)| {
            self.after.as_ref().is_none_or(|after| self.compare(place, after).is_gt())
        };
        let mut shown: Vec<(Vec<u8>, &T)> = keyed.filter(is_shown).collect();
        let has_more = shown.len() > self.limit;
        if has_more {
            // Only what is shown is worth sorting.
            shown.select_nth_unstable_by(self.limit, |(a, _), (b, _)| self.compare(a, b));
            shown.truncate(self.limit);
        }
        shown.sort_unstable_by(|(a, _), (b, _)| self.compare(a, b));
        let next = shown.last().filter(|_| has_more);
        let next = next.map(|(place, _)| self.order.cursor(place));
        let items = shown.into_iter().map(|(_, item)| item).collect();
        (items, Page { limit: self.limit, next, total })
    }

    /// Names in the order of the alphabet, whatever their accents and capitals; those that begin
    /// alike by id.
    fn place(&self, id: &impl fmt::Display, name: &str) -> Vec<u8> {
        match self.sort.key {
            SortKey::Id | SortKey::Distance => id.to_string().into(),
            SortKey::Name => {
                let start: String = fold(name).chars().take(NAME_IN_PLACE).collect();
                format!("{start}\0{id}").into()
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

impl Order {
    /// The cursor that names a place of this list.
    fn cursor(&self, place: &[u8]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([self.check(place).as_slice(), place].concat())
    }

    /// The place that a cursor names.
    fn place_of(&self, cursor: &str) -> Result<Vec<u8>, Problem> {
        let bytes = decoded(cursor)?;
        let place = bytes.split_first_chunk().filter(|(check, place)| **check == self.check(place));
        place.map(|(_, place)| place.to_vec()).ok_or_else(|| foreign(cursor))
    }

    fn check(&self, place: &[u8]) -> [u8; CHECK_LEN] {
        let mut hasher = blake3::Hasher::new();
        for part in [self.path.as_bytes(), self.sort_name.as_bytes(), place] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
    }
}

impl Page {
    /// A page of a list that is not sorted here.
    pub fn new(limit: usize, next: Option<String>, total: usize) -> Self {
        Self { limit, next, total }
    }

    /// The only page of a list that has no other.
    pub fn only(limit: usize, total: usize) -> Self {
        Self { limit, next: None, total }
    }

    /// The `Link` header (RFC 8288): the first page, and the next one if there is one. `filters`
    /// are the other parameters of the request.
    pub fn links(&self, path: &str, asked: &Asked, filters: &[(&str, Option<&str>)]) -> String {
        let common = asked.common.iter().map(|(name, value)| (*name, Some(value.as_str())));
        let sort = [("sort", Some(asked.order.sort_name.as_str()))];
        let last: Vec<_> = sort.into_iter().chain(common).collect();
        self.link_of(path, filters, &last)
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

fn sort_options(keys: Keys) -> [(String, Sort); 4] {
    let option = |name: &str, key, direction| {
        let sign = if direction == Direction::Descending { "-" } else { "" };
        (format!("{sign}{name}"), Sort { key, direction })
    };
    [
        option(keys.name, SortKey::Name, Direction::Ascending),
        option(keys.name, SortKey::Name, Direction::Descending),
        option(keys.id, SortKey::Id, Direction::Ascending),
        option(keys.id, SortKey::Id, Direction::Descending),
    ]
}

fn distance_options() -> [(String, Sort); 2] {
    [("distance", Direction::Ascending), ("-distance", Direction::Descending)]
        .map(|(name, direction)| (name.to_owned(), Sort { key: SortKey::Distance, direction }))
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

/// The bytes that a cursor holds.
///
/// # Errors
/// When it is none that any page could have given.
pub fn decoded(cursor: &str) -> Result<Vec<u8>, Problem> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok().filter(|bytes| !bytes.is_empty());
    bytes.ok_or_else(|| {
        let detail = "\"cursor\" is none that a page gave in \"next\".";
        Problem::new(Code::InvalidCursor, detail).parameter("cursor").found(cursor)
    })
}

/// What is wrong with a cursor that may be right elsewhere.
pub fn foreign(cursor: &str) -> Problem {
    let detail = "\"cursor\" is none that a page of this list gave in this order.";
    Problem::new(Code::ForeignCursor, detail).parameter("cursor").found(cursor)
}

/// Declares `limit`, `cursor` and `sort`, as [`Asked::read`] takes them.
pub fn parameters(keys: impl Into<Keys>) -> [Parameter; 3] {
    let keys @ Keys { name, id } = keys.into();
    // Told in words alone: generated clients send a default that a schema has, whether or not it fits
    // what else they send.
    let order = format!(
        "Order of the list: by `{name}` or `{id}`, `-` for the reverse. By default by `{name}`."
    );
    let names = sort_options(keys).map(|(name, _)| name);
    let sort = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    parameters_sorted(name, &order, sort)
}

/// Declares the same, as [`Asked::read_near`] takes them.
pub fn parameters_near(keys: impl Into<Keys>) -> [Parameter; 3] {
    let keys @ Keys { name, id } = keys.into();
    let order = format!(
        "Order of the list: by `{name}`, by `{id}` or, with a place to be near to, by `distance`, \
         `-` for the reverse. By default by `distance` if that can be, and else by `{name}`."
    );
    let names = sort_options(keys).into_iter().chain(distance_options()).map(|(name, _)| name);
    let sort = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    parameters_sorted(name, &order, sort)
}

fn parameters_sorted(name: &str, order: &str, sort: ObjectBuilder) -> [Parameter; 3] {
    let example = Order { path: "/v1/documents".to_owned(), sort_name: "name".to_owned() };
    [
        limit_parameter(),
        cursor_parameter(&example.cursor(b"acte notarie\0acte-notarie")),
        params::optional("sort", order, sort, format!("-{name}")),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::content::ids::Slug;

    type Named = (Slug, String);

    fn asked(limit: usize, after: Option<&str>, key: SortKey, direction: Direction) -> Asked {
        let order = Order { path: "/v1/things".into(), sort_name: "name".into() };
        let after = after.map(|cursor| order.place_of(cursor).unwrap());
        Asked { limit, after, sort: Sort { key, direction }, order, common: Vec::new() }
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
            let key = if by_slug { SortKey::Id } else { SortKey::Name };
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
        fn no_cursor_but_ones_own_is_taken(bytes: Vec<u8>, place: Vec<u8>, at in 0usize..64) {
            let order = |path: &str, sort: &str| {
                Order { path: path.into(), sort_name: sort.into() }
            };
            let own = order("/v1/things", "name");
            let cursor = own.cursor(&place);
            prop_assert_eq!(own.place_of(&cursor).unwrap(), place);
            for other in [
                order("/v1/others", "name"), order("/v1/things", "-name"), order("/v1/thing", "sname"),
            ] {
                prop_assert_eq!(other.place_of(&cursor).unwrap_err().code(), Code::ForeignCursor);
            }
            let mut slipped = cursor.into_bytes();
            let at = at % slipped.len();
            slipped[at] = if slipped[at] == b'A' { b'Q' } else { b'A' };
            prop_assert!(own.place_of(std::str::from_utf8(&slipped).unwrap()).is_err());
            prop_assume!(!bytes.is_empty());
            let made_up = own.place_of(&BASE64_URL_SAFE_NO_PAD.encode(bytes));
            prop_assert_eq!(made_up.unwrap_err().code(), Code::ForeignCursor);
        }
    }
}
