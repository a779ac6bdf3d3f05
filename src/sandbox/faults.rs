//! Faults on demand: what a client must survive, made to happen.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use parking_lot::Mutex;
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::error::ErrorShape;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Fault {
    /// An error is answered instead.
    Status {
        /// HTTP status.
        status: u16,
        /// Layout of the body.
        #[serde(default = "object_shape")]
        shape: ErrorShape,
        /// Name of the error.
        #[serde(default, rename = "type")]
        code: String,
        /// Sentence for people.
        #[serde(default)]
        message: String,
        /// Seconds told in `Retry-After`; none: no such header.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The answer is right, and late.
    Delay {
        /// How late.
        milliseconds: u64,
    },
    /// The answer begins right, and breaks off.
    Truncate {
        /// How much of the body is sent.
        bytes: usize,
    },
    /// A listing ends after so many rows, and looks whole.
    Short {
        /// Rows of the page that are left.
        records: usize,
    },
    /// A page for people is answered instead, as by a gateway.
    Html {
        /// HTTP status.
        status: u16,
    },
    /// The connection is closed without an answer.
    Drop,
    /// Nothing is ever answered.
    Hang,
}

fn object_shape() -> ErrorShape {
    ErrorShape::Object
}

impl Fault {
    /// An error in the usual shape.
    pub fn status(status: StatusCode, code: &str) -> Self {
        Self::Status {
            status: status.as_u16(),
            shape: ErrorShape::Object,
            code: code.to_owned(),
            message: String::new(),
            retry_after: None,
        }
    }

    /// A late answer.
    pub fn delay(by: Duration) -> Self {
        Self::Delay { milliseconds: by.as_millis().try_into().unwrap_or(u64::MAX) }
    }
}

/// Which calls a fault strikes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// Only calls of this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only calls of this path, where `*` stands for anything: `/v0/app*/tbl*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How many matching calls pass first.
    #[serde(default)]
    pub after: u32,
    /// How many calls it strikes; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl FaultRule {
    /// A rule that strikes every call.
    pub fn new(fault: Fault) -> Self {
        Self { fault, method: None, path: None, after: 0, times: None }
    }

    /// Only this method.
    pub fn on_method(mut self, method: &Method) -> Self {
        self.method = Some(method.to_string());
        self
    }

    /// Only paths like this, where `*` stands for anything.
    pub fn on_path(mut self, pattern: &str) -> Self {
        self.path = Some(pattern.to_owned());
        self
    }

    /// Only so many times.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only after so many matching calls.
    pub fn after(mut self, calls: u32) -> Self {
        self.after = calls;
        self
    }

    fn matches(&self, method: &Method, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method.as_str()))
            && self.path.as_deref().is_none_or(|pattern| glob(pattern, path))
    }
}

fn glob(pattern: &str, path: &str) -> bool {
    let pattern = format!("^{}$", regex::escape(pattern).replace(r"\*", ".*"));
    Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(path))
}

/// The rules at work. The first one that matches a call strikes it.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<FaultRule>>);

impl Faults {
    /// Adds a rule.
    pub fn add(&self, rule: FaultRule) {
        self.0.lock().push(rule);
    }

    /// Removes every rule.
    pub fn clear(&self) {
        self.0.lock().clear();
    }

    /// The rules at work, with what is left of them.
    pub fn list(&self) -> Vec<FaultRule> {
        self.0.lock().clone()
    }

    /// The fault that strikes this call, if any; counts it.
    pub(super) fn strike(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut rules = self.0.lock();
        let mut struck = None;
        for rule in rules.iter_mut().filter(|rule| rule.matches(method, path)) {
            if let Some(left) = rule.after.checked_sub(1) {
                rule.after = left;
                continue;
            }
            if let Some(times) = &mut rule.times {
                *times = times.saturating_sub(1);
            }
            struck = Some(rule.fault.clone());
            break;
        }
        rules.retain(|rule| rule.times != Some(0));
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_its_calls_after_and_as_often_as_told() {
        let faults = Faults::default();
        let rule = FaultRule::new(Fault::Drop).on_method(&Method::GET).on_path("/v0/app*/tblA");
        faults.add(rule.after(1).times(2));
        let get = |path| faults.strike(&Method::GET, path).is_some();
        assert!(!get("/v0/appX/tblB"));
        assert!(faults.strike(&Method::POST, "/v0/appX/tblA").is_none());
        assert_eq!([0; 4].map(|_| get("/v0/appX/tblA")), [false, true, true, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn rules_are_written_in_json() {
        let rule: FaultRule = serde_json::from_str(
            r#"{"fault":{"kind":"status","status":429,"shape":"plural","type":"X","retryAfter":3},"times":1}"#,
        )
        .unwrap();
        assert!(matches!(rule.fault, Fault::Status { status: 429, shape: ErrorShape::Plural, .. }));
        assert!(serde_json::from_str::<FaultRule>(r#"{"fault":{"kind":"nope"}}"#).is_err());
    }
}
