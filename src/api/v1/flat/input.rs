//! What a no-code tool sends: scalars by name, in the query, in a JSON body or in a form.
//!
//! Read leniently, since nobody sees an error there: a number stands for its digits, and a value
//! that is empty, null or *undefined* for none, as a tool sends a variable that it does not have.

use axum::{
    extract::{FromRequest, Request},
    http::{Method, header},
};
use bytes::Bytes;
use serde_json::Value;
use url::form_urlencoded;

use super::outcome::{Failure, Status};

/// The parameters of a request, decoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Input(Vec<(String, String)>);

/// Ignored wherever it is: a tool may send its key as a parameter.
const KEY: &str = "api_key";

impl Input {
    /// Reads the query and, of a POST, the body.
    ///
    /// # Errors
    /// When the body can't be read, or holds something else than scalars.
    pub async fn of(request: Request) -> Result<Self, Failure> {
        let mut pairs = form(request.uri().query().unwrap_or_default().as_bytes());
        // The answer to a GET is kept for all who ask the same query, whatever body one sends.
        if request.method() != Method::POST {
            return Self::new(pairs);
        }
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        let unreadable = |_| {
            Failure::new(Status::Invalid, "Le corps de la requête n'a pas pu être lu en entier.")
        };
        let body = Bytes::from_request(request, &()).await.map_err(unreadable)?;
        pairs.extend(if is_form { form(&body) } else { json(&body)? });
        Self::new(pairs)
    }

    fn new(pairs: Vec<(String, String)>) -> Result<Self, Failure> {
        let mut given: Vec<(String, String)> = Vec::new();
        for (name, value) in pairs {
            let value = value.trim();
            if name == KEY || matches!(value, "" | "null" | "undefined") {
                continue;
            }
            if value.contains("{{") {
                let message = format!(
                    "La variable {} n'a pas été remplacée par sa valeur dans le paramètre {name}.",
                    excerpt(value)
                );
                return Err(Failure::of(Status::Invalid, message, &name));
            }
            if given.iter().any(|(other, _)| *other == name) {
                let message = format!("Le paramètre {} est donné deux fois.", excerpt(&name));
                return Err(Failure::of(Status::Invalid, message, &name));
            }
            given.push((name, value.to_owned()));
        }
        Ok(Self(given))
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A parameter's value; `asked` is what to say where there is none.
    ///
    /// # Errors
    /// When there is none.
    pub fn required(&self, name: &str, asked: &str) -> Result<&str, Failure> {
        self.get(name).ok_or_else(|| {
            Failure::of(Status::Missing, format!("{asked} (paramètre {name})."), name)
        })
    }

    /// The parameters whose names start with a prefix, without it.
    pub fn prefixed(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter();
        pairs.filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// Refuses a name that is not one of `known`, which may end in `*`: a slip in a name would give
    /// the answer to another question.
    ///
    /// # Errors
    /// When there is such a name.
    pub fn refuse_unknown(&self, known: &[&str]) -> Result<(), Failure> {
        let is_known = |name: &str| {
            known.iter().any(|known| match known.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => name == *known,
            })
        };
        match self.0.iter().find(|(name, _)| !is_known(name)) {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!(
                    "Le paramètre {} n'existe pas ici. Paramètres possibles : {}.",
                    excerpt(name),
                    known.join(", ")
                );
                Err(Failure::of(Status::Invalid, message, name))
            }
        }
    }
}

/// A value as it is repeated in a message: not longer than one reads.
pub fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    let cut: String = text.chars().take(MOST).collect();
    let more = if text.chars().nth(MOST).is_some() { "…" } else { "" };
    format!("« {cut}{more} »")
}

/// An INSEE or post code as a number gives it: without the zero that it starts with.
pub fn code(text: &str) -> String {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let is_short = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_short { format!("0{digits}") } else { digits }
}

fn form(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes).into_owned().collect()
}

fn json(bytes: &[u8]) -> Result<Vec<(String, String)>, Failure> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let body = match serde_json::from_slice(bytes) {
        Ok(Value::Object(body)) => body,
        Ok(_) => {
            let message = "Le corps de la requête doit être un objet JSON, par exemple \
                           {\"commune\": \"35238\"}.";
            return Err(Failure::new(Status::Invalid, message));
        }
        Err(error) => {
            let message = format!(
                "Le corps de la requête n'est pas du JSON valide (ligne {}, colonne {}).",
                error.line(),
                error.column()
            );
            return Err(Failure::new(Status::Invalid, message));
        }
    };
    let pairs = body.into_iter().map(|(name, value)| match scalar(&value) {
        Some(value) => Ok((name, value)),
        None => {
            let message = format!(
                "Le paramètre {} doit être un texte ou un nombre, et non une liste ou un objet.",
                excerpt(&name)
            );
            Err(Failure::of(Status::Invalid, message, &name))
        }
    });
    pairs.collect()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::String(text) => Some(text.clone()),
        // Tools that know only one sort of number send 35238.0.
        Value::Number(number) => {
            let text = number.to_string();
            Some(text.strip_suffix(".0").unwrap_or(&text).to_owned())
        }
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use proptest::prelude::*;

    use super::*;

    async fn read(target: &str, content_type: Option<&str>, body: &str) -> String {
        let mut request = Request::post(target);
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        match Input::of(request.body(Body::from(body.to_owned())).unwrap()).await {
            Ok(Input(pairs)) => {
                let pairs: Vec<_> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
                pairs.join(" ")
            }
            Err(failure) => format!("{}: {}", failure.parameter, failure.message),
        }
    }

    #[tokio::test]
    async fn scalars_are_read_wherever_they_are() {
        let json = Some("application/json");
        let form = Some("application/x-www-form-urlencoded; charset=utf-8");
        for (target, content_type, body, expected) in [
            ("/?a=1&b=%C3%A9+t", None, "", "a=1 b=é t"),
            (
                "/",
                json,
                r#"{"a":"x","n":35238,"f":35238.0,"t":true}"#,
                "a=x f=35238 n=35238 t=true",
            ),
            ("/", None, r#"{"a":"x"}"#, "a=x"),
            ("/", Some("text/plain"), r#"{"a":"x"}"#, "a=x"),
            ("/", form, "a=x&b=y+z", "a=x b=y z"),
            ("/?a=1", json, r#"{"b":" 2 "}"#, "a=1 b=2"),
            ("/?a=&b=undefined&c=null&api_key=secret", json, r#"{"d":null}"#, ""),
            ("/", json, " ", ""),
            ("/?a=1", json, r#"{"a":2}"#, "a: Le paramètre « a » est donné deux fois."),
            (
                "/",
                json,
                "{\n\"a\":",
                ": Le corps de la requête n'est pas du JSON valide (ligne 2, \
                                     colonne 4).",
            ),
            (
                "/",
                json,
                "[1]",
                ": Le corps de la requête doit être un objet JSON, par exemple \
                               {\"commune\": \"35238\"}.",
            ),
            (
                "/",
                json,
                r#"{"a":[1]}"#,
                "a: Le paramètre « a » doit être un texte ou un nombre, et \
                                        non une liste ou un objet.",
            ),
            (
                "/?a=%7B%7Bdate%7D%7D",
                None,
                "",
                "a: La variable « {{date}} » n'a pas été remplacée par sa \
                                       valeur dans le paramètre a.",
            ),
        ] {
            assert_eq!(read(target, content_type, body).await, expected, "{target} {body}");
        }
    }

    #[test]
    fn a_code_gets_back_the_zero_that_a_number_loses() {
        for (text, expected) in
            [("1001", "01001"), ("35238", "35238"), ("35 000", "35000"), ("2A004", "2A004")]
        {
            assert_eq!(code(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_body_is_too_odd(body in any::<Vec<u8>>()) {
            let _ = json(&body);
            let _ = Input::new(form(&body));
        }
    }
}
