//! A stand-in for a no-code guide that makes server calls, as Stonly documents them: a call with
//! variables in its address, headers and body; variables filled from members of the response; and
//! choices that depend on variables. A response that is not a success fills nothing.
//!
//! Values are put in as they are, without escaping: the worst that such a tool can do.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::Value;

use crate::api::harness::Service;

/// A server call as it is set up once.
pub struct ServerCall {
    pub method: Method,
    pub url: &'static str,
    pub headers: &'static [(&'static str, &'static str)],
    pub body: &'static str,
    /// The members of the response that become variables of the same name.
    pub variables: &'static [&'static str],
}

/// When a choice is offered.
pub enum Condition {
    Equals(&'static str, &'static str),
    Contains(&'static str, &'static str),
    Exists(&'static str),
}

/// A guide that someone goes through.
pub struct Guide(BTreeMap<String, String>);

impl Guide {
    pub fn new(variables: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self(variables.iter().map(own).collect())
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    fn value(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A text with its variables; one that is not set is empty.
    pub fn show(&self, template: &str) -> String {
        let mut parts = template.split("{{");
        let mut shown = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once("}}").unwrap();
            shown += self.value(name);
            shown += rest;
        }
        shown
    }

    pub fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Equals(name, value) => self.value(name) == *value,
            Condition::Contains(name, value) => self.value(name).contains(value),
            Condition::Exists(name) => !self.value(name).is_empty(),
        }
    }

    pub async fn call(&mut self, service: &Service, call: &ServerCall) {
        let url = self.show(call.url).replace(' ', "%20");
        let mut request = Request::builder().method(call.method.clone()).uri(url);
        for (name, value) in call.headers {
            request = request.header(*name, self.show(value));
        }
        let answer = service.send(request.body(Body::from(self.show(call.body))).unwrap()).await;
        assert!(answer.status.is_success(), "the tool goes no further: {}", answer.text());
        let response = answer.json();
        for name in call.variables {
            let value = match &response[*name] {
                Value::String(text) => text.clone(),
                Value::Object(_) | Value::Array(_) | Value::Null => {
                    panic!("{name} can't be a variable")
                }
                scalar => scalar.to_string(),
            };
            self.set(name, &value);
        }
    }
}
