//! Query parameters, read strictly: each at most once, none unknown, valid UTF-8.
//!
//! A slip in a parameter's name would otherwise give an answer to another question. The names that
//! a path takes are those that its OpenAPI operation lists, from the same type; those that middleware
//! reads for many paths are [`COMMON`].

use axum::{
    extract::{FromRequestParts, Path},
    http::{Uri, request::Parts},
};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use utoipa::{
    IntoParams,
    openapi::{
        ArrayBuilder, ObjectBuilder, RefOr, Required, Schema, Type,
        path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle},
    },
};

use super::{
    moment::RELEASE_PARAMETER,
    problem::{Code, Problem},
    shape::FIELDS_PARAMETER,
};

/// The parameters that middleware reads, in the order in which they are told to clients.
pub const COMMON: [&str; 2] = [RELEASE_PARAMETER, FIELDS_PARAMETER];

/// Most values of a parameter that takes several.
pub const MAX_LISTED: usize = 50;

/// Marks a request to a path that takes the [`COMMON`] parameters beside those of its handler.
#[derive(Debug, Clone, Copy)]
pub struct TakesCommon;

/// The decoded parameters of a query, in order.
#[derive(Debug)]
pub struct Params {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Decodes a query (<https://url.spec.whatwg.org/#urlencoded-parsing>), but refuses what that
    /// would replace or keep as it is.
    ///
    /// # Errors
    /// When it has a broken escape, or is not valid UTF-8.
    pub fn parse(uri: &Uri) -> Result<Self, Problem> {
        let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        let pairs = pairs.collect::<Result<_, Problem>>()?;
        Ok(Self { path: uri.path().to_owned(), pairs })
    }

    /// The path that is asked with them.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Those of the [`COMMON`] parameters that are given, with their values.
    pub fn common(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let value = |name| self.pairs.iter().find(move |(found, _)| found == name);
        COMMON.iter().filter_map(move |name| Some((*name, value(*name)?.1.as_str())))
    }

    /// A parameter's value.
    ///
    /// # Errors
    /// When it is given more than once.
    pub fn optional(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.pairs.iter().filter(|(found, _)| found == name);
        let value = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            None => Ok(value),
            Some(_) => {
                let detail = format!("{name:?} is given more than once.");
                Err(Problem::new(Code::RepeatedParameter, detail).parameter(name))
            }
        }
    }

    /// A parameter's value.
    ///
    /// # Errors
    /// When it is absent or given more than once.
    pub fn required(&self, name: &str) -> Result<&str, Problem> {
        self.optional(name)?.ok_or_else(|| Problem::missing(name))
    }

    /// A parameter's value as `parse` reads it.
    ///
    /// # Errors
    /// When it is given more than once or can't be read; `expected` then says what would do.
    pub fn parsed<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        expected: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.optional(name)? else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| Problem::invalid(name, text, expected))
    }

    /// A parameter that takes one of a few values.
    ///
    /// # Errors
    /// When it is given more than once or has another value.
    pub fn one_of<T: Copy>(&self, name: &str, options: &[(&str, T)]) -> Result<Option<T>, Problem> {
        let Some(text) = self.optional(name)? else { return Ok(None) };
        let found = options.iter().find(|(option, _)| *option == text);
        found.map(|(_, value)| Some(*value)).ok_or_else(|| {
            Problem::invalid(name, text, "one of the valid values")
                .valid(options.iter().map(|(option, _)| *option))
        })
    }

    /// A parameter that takes a few of some values, parted by commas; none of them when it is not
    /// given. Repeats do not matter.
    ///
    /// # Errors
    /// When it is given more than once or has another value.
    pub fn some_of<T: Copy>(&self, name: &str, options: &[(&str, T)]) -> Result<Vec<T>, Problem> {
        let Some(text) = self.optional(name)? else { return Ok(Vec::new()) };
        let wanted = listed(name, text)?.into_iter().map(|word| {
            let found = options.iter().find(|(option, _)| *option == word);
            found.map(|(_, value)| *value).ok_or_else(|| {
                Problem::invalid(name, word, "some of the valid values, parted by commas")
                    .valid(options.iter().map(|(option, _)| *option))
            })
        });
        wanted.collect()
    }

    /// The parameters whose names start with a prefix, without it.
    pub fn prefixed(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs.iter();
        pairs.filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// Refuses a name that is not one of `known`. One such as `q.{step}` stands for all that start
    /// as it does before the brace.
    fn refuse_unknown(&self, known: &[String]) -> Result<(), Problem> {
        let is_known = |name: &str| {
            known.iter().any(|known| match known.split_once('{') {
                Some((prefix, _)) => name.starts_with(prefix),
                None => name == known,
            })
        };
        match self.pairs.iter().find(|(name, _)| !is_known(name)) {
            None => Ok(()),
            Some((name, _)) => {
                let detail = match known {
                    [] => format!("{name:?} is not a parameter of this path, which takes none."),
                    known => format!(
                        "{name:?} is not a parameter of this path, which takes {}.",
                        known.join(", ")
                    ),
                };
                Err(Problem::new(Code::UnknownParameter, detail).parameter(name).valid(known))
            }
        }
    }
}

/// The values of a parameter that takes several, parted by commas.
///
/// # Errors
/// When there are more than [`MAX_LISTED`].
pub fn listed<'a>(name: &str, text: &'a str) -> Result<Vec<&'a str>, Problem> {
    let words: Vec<&str> = text.split(',').collect();
    match words.len() <= MAX_LISTED {
        true => Ok(words),
        false => Err(Problem::invalid(name, text, &format!("at most {MAX_LISTED} values"))),
    }
}

fn decode(text: &str) -> Result<String, Problem> {
    let malformed = || {
        let detail = "The query has a broken escape, or is not valid UTF-8.";
        Problem::new(Code::MalformedRequest, detail).found(text)
    };
    let is_hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' && !(is_hex(bytes.next()) && is_hex(bytes.next())) {
            return Err(malformed());
        }
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| malformed())?;
    Ok(decoded.into_owned())
}

/// A handler's query parameters, typed.
pub trait FromParams: IntoParams + Sized {
    /// Reads them.
    ///
    /// # Errors
    /// When one is missing, repeated or invalid.
    fn read(params: &Params) -> Result<Self, Problem>;
}

/// Declares a query parameter that may be left out.
pub fn optional(
    name: &str,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
    example: impl Into<serde_json::Value>,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .example(Some(example.into()))
        .build()
}

/// Declares a query parameter that must be given.
pub fn required(
    name: &str,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
    example: impl Into<serde_json::Value>,
) -> Parameter {
    let mut parameter = optional(name, description, schema, example);
    parameter.required = Required::True;
    parameter
}

/// Declares a query parameter that may be left out and takes some of a few values, parted by
/// commas; `examples` are some of them.
pub fn optional_list<'a>(
    name: &str,
    description: &str,
    values: impl IntoIterator<Item = &'a str>,
    examples: &[&str],
) -> Parameter {
    let value = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values));
    let list = ArrayBuilder::new().items(value).min_items(Some(1)).max_items(Some(MAX_LISTED));
    let mut parameter = optional(name, description, list, serde_json::json!(examples));
    parameter.style = Some(ParameterStyle::Form);
    parameter.explode = Some(false);
    parameter
}

/// Declares a parameter in the path.
pub fn path(
    name: &str,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
    example: impl Into<serde_json::Value>,
) -> Parameter {
    let mut parameter = required(name, description, schema, example);
    parameter.parameter_in = ParameterIn::Path;
    parameter
}

/// No parameter at all.
#[derive(Debug)]
pub struct NoParams;

impl IntoParams for NoParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

impl FromParams for NoParams {
    fn read(_: &Params) -> Result<Self, Problem> {
        Ok(Self)
    }
}

/// Extracts a handler's query parameters.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: FromParams> Query<T> {
    /// Reads a query that may have the parameters of `T`, and `common` ones.
    fn of(uri: &Uri, common: &[&str]) -> Result<Self, Problem> {
        let params = Params::parse(uri)?;
        let read = T::read(&params);
        // Told first: a slip in the name of a required parameter makes it missing too.
        let own = T::into_params(|| Some(ParameterIn::Query)).into_iter();
        let common = common.iter().map(|name| (*name).to_owned());
        let known: Vec<String> = own.map(|parameter| parameter.name).chain(common).collect();
        params.refuse_unknown(&known)?;
        read.map(Self)
    }
}

impl<S: Sync, T: FromParams> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let takes_common = parts.extensions.get::<TakesCommon>().is_some();
        Self::of(&parts.uri, if takes_common { &COMMON } else { &[] })
    }
}

/// Extracts the parameters of a path.
#[derive(Debug)]
pub struct Segments<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(_) => Err(Problem::new(Code::MalformedRequest, "The path is not valid UTF-8.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Example {
        limit: u8,
        answers: String,
    }

    impl IntoParams for Example {
        fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
            ["limit", "q.{step}"].map(|name| optional(name, "", Schema::default(), "")).into()
        }
    }

    impl FromParams for Example {
        fn read(params: &Params) -> Result<Self, Problem> {
            let limit = params.required("limit")?;
            let limit =
                limit.parse().map_err(|_| Problem::invalid("limit", limit, "a small number"))?;
            let answers = params.prefixed("q.").map(|(name, value)| format!("{name}={value};"));
            Ok(Self { limit, answers: answers.collect() })
        }
    }

    #[test]
    fn a_query_is_read_strictly() {
        for (query, expected) in [
            ("limit=3", Ok((3, ""))),
            ("&limit=3&&", Ok((3, ""))),
            ("limit=3&q.a=b&q.c+d=%C3%A9", Ok((3, "a=b;c d=é;"))),
            ("", Err(Code::MissingParameter)),
            ("limit", Err(Code::InvalidParameter)),
            ("limit=x", Err(Code::InvalidParameter)),
            ("limit=3&limit=3", Err(Code::RepeatedParameter)),
            ("limt=3", Err(Code::UnknownParameter)),
            ("limit=3&q=a", Err(Code::UnknownParameter)),
            ("limit=%zz", Err(Code::MalformedRequest)),
            ("limit=3%", Err(Code::MalformedRequest)),
            ("limit=%ff", Err(Code::MalformedRequest)),
            ("limit=3&%C3=1", Err(Code::MalformedRequest)),
        ] {
            let uri: Uri = format!("/?{query}").parse().unwrap();
            let found = Query::<Example>::of(&uri, &[]);
            match (found, expected) {
                (Ok(Query(found)), Ok((limit, answers))) => {
                    assert_eq!((found.limit, found.answers.as_str()), (limit, answers), "{query}");
                }
                (Err(found), Err(code)) => {
                    assert_eq!(found.code(), code, "{query}");
                }
                (found, expected) => panic!("{query}: {found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn what_middleware_reads_is_known_where_it_does() {
        let uri: Uri = "/?limit=3&fields=a".parse().unwrap();
        assert!(Query::<Example>::of(&uri, &COMMON).is_ok());
        let refused = Query::<Example>::of(&uri, &[]).unwrap_err();
        assert_eq!(refused.code(), Code::UnknownParameter);
    }

    #[test]
    fn a_parameter_may_take_some_of_a_few_values() {
        for (query, expected) in [
            ("", Some(&[][..])),
            ("a=x", Some(&[1])),
            ("a=y,x,y", Some(&[2, 1, 2])),
            ("a=", None),
            ("a=x,", None),
            ("a=z", None),
            ("a=x&a=y", None),
        ] {
            let params = Params::parse(&format!("/?{query}").parse().unwrap()).unwrap();
            let found = params.some_of("a", &[("x", 1), ("y", 2)]).ok();
            assert_eq!(found.as_deref(), expected, "{query}");
        }
        let many = format!("/?a={}", vec!["x"; MAX_LISTED + 1].join(","));
        let params = Params::parse(&many.parse().unwrap()).unwrap();
        assert!(params.some_of("a", &[("x", 1)]).is_err());
    }
}
