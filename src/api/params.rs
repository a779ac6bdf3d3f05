//! Query parameters, read strictly: each at most once, none unknown, valid UTF-8.
//!
//! A slip in a parameter's name would otherwise give an answer to another question. The names that
//! a path takes are those that its OpenAPI operation lists, from the same type.

use axum::{
    extract::{FromRequestParts, Path},
    http::{Uri, request::Parts},
};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use utoipa::{
    IntoParams,
    openapi::{
        RefOr, Required, Schema,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use super::{
    moment,
    problem::{Code, Problem},
};

/// The query parameters that every read of published content takes beside its own. Whatever stands
/// before the handlers reads them.
pub const COMMON: &[fn() -> Parameter] = &[moment::release_parameter];

/// Marks a request that takes the [`COMMON`] parameters.
#[derive(Debug, Clone, Copy)]
pub struct TakesCommon;

/// The decoded parameters of a query, in order.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Decodes a query (<https://url.spec.whatwg.org/#urlencoded-parsing>), but refuses what that
    /// would replace or keep as it is.
    ///
    /// # Errors
    /// When an escape is broken, or the text is not valid UTF-8.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        Ok(Self(pairs.collect::<Result<_, Problem>>()?))
    }

    /// A parameter's value.
    ///
    /// # Errors
    /// When it is given more than once.
    pub fn optional(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(found, _)| found == name);
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

    /// The parameters whose names start with a prefix, without it.
    pub fn prefixed(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter();
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
        match self.0.iter().find(|(name, _)| !is_known(name)) {
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
    fn of(uri: &Uri, common: &[fn() -> Parameter]) -> Result<Self, Problem> {
        let params = Params::parse(uri.query().unwrap_or_default())?;
        let read = T::read(&params);
        // Told first: a slip in the name of a required parameter makes it missing too.
        let known: Vec<String> = T::into_params(|| Some(ParameterIn::Query))
            .into_iter()
            .chain(common.iter().map(|parameter| parameter()))
            .map(|parameter| parameter.name)
            .collect();
        params.refuse_unknown(&known)?;
        read.map(Self)
    }
}

impl<S: Sync, T: FromParams> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let common = parts.extensions.get::<TakesCommon>().map_or(&[][..], |_| COMMON);
        Self::of(&parts.uri, common)
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
            ("limit=3&release=9f2c1b7a3d5e8f60", Ok((3, ""))),
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
            let found = Query::<Example>::of(&uri, COMMON);
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
}
