//! Which links may be followed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};
use url::{Host, Url};

/// A host, or all those below a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern(String);

/// A text that is no host pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is neither a host such as dl.airtable.com nor a domain such as .example.org")]
pub struct InvalidHostPattern {
    /// The text.
    pub found: String,
}

impl HostPattern {
    /// Where Airtable keeps attachments
    /// (<https://airtable.com/developers/web/api/field-model#multipleattachment>).
    pub fn airtable() -> Vec<Self> {
        ["dl.airtable.com", ".airtableusercontent.com"].map(|host| Self(host.to_owned())).into()
    }

    fn matches(&self, host: &str) -> bool {
        match self.0.starts_with('.') {
            true => host.len() > self.0.len() && host.ends_with(&self.0),
            false => host == self.0,
        }
    }
}

impl FromStr for HostPattern {
    type Err = InvalidHostPattern;

    fn from_str(text: &str) -> Result<Self, InvalidHostPattern> {
        let invalid = || InvalidHostPattern { found: text.chars().take(60).collect() };
        let name = text.strip_prefix('.').unwrap_or(text);
        // As in a link: lower case, Punycode.
        match Host::parse(name) {
            Ok(Host::Domain(host)) if !host.starts_with('.') && !host.contains('*') => {
                let dot = &text[..text.len() - name.len()];
                Ok(Self(format!("{dot}{host}")))
            }
            _ => Err(invalid()),
        }
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A link that is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForbiddenLink {
    /// It is no link.
    #[error("the attachment has no link that can be read")]
    Unreadable,
    /// It leads to a host that has no attachments.
    #[error("the link leads to {origin}, and attachments are at {expected}")]
    Elsewhere {
        /// Scheme, host and port of the link.
        origin: String,
        /// Where attachments are.
        expected: String,
    },
}

/// Where attachments are.
#[derive(Debug, Clone)]
pub(super) enum Hosts {
    /// On hosts of the internet, over TLS.
    Public(Vec<HostPattern>),
    /// On this machine, at the port of the server that stands in for Airtable.
    ThisMachine { port: Option<u16> },
}

impl Hosts {
    /// The hosts for the attachments of an API.
    pub(super) fn new(api_url: &Url, hosts: Vec<HostPattern>) -> Self {
        match is_this_machine(api_url) {
            true => Self::ThisMachine { port: api_url.port_or_known_default() },
            false => Self::Public(hosts),
        }
    }

    /// Reads a link, which must lead to one of the hosts.
    pub(super) fn check(&self, link: &str) -> Result<Url, ForbiddenLink> {
        let url = Url::parse(link).map_err(|_| ForbiddenLink::Unreadable)?;
        let is_allowed = match self {
            Self::Public(patterns) => {
                let is_host = |host| patterns.iter().any(|pattern| pattern.matches(host));
                url.scheme() == "https" && url.port().is_none() && url.domain().is_some_and(is_host)
            }
            Self::ThisMachine { port } => {
                matches!(url.scheme(), "http" | "https")
                    && is_this_machine(&url)
                    && url.port_or_known_default() == *port
            }
        };
        match is_allowed {
            true => Ok(url),
            false => Err(ForbiddenLink::Elsewhere {
                origin: url.origin().ascii_serialization(),
                expected: self.to_string(),
            }),
        }
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public(patterns) => {
                let names: Vec<String> = patterns.iter().map(ToString::to_string).collect();
                f.write_str(&names.join(", "))
            }
            Self::ThisMachine { .. } => f.write_str("the server that stands in for Airtable"),
        }
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_followed(api: &str, link: &str) -> bool {
        Hosts::new(&api.parse().unwrap(), HostPattern::airtable()).check(link).is_ok()
    }

    #[test]
    fn a_link_is_followed_only_to_the_hosts_of_attachments() {
        for (link, expected) in [
            ("https://v5.airtableusercontent.com/v3/u/1/photo.png", true),
            ("https://V5.AirtableUserContent.com/photo.png", true),
            ("https://dl.airtable.com/.attachments/photo.png", true),
            ("https://airtableusercontent.com/photo.png", false),
            ("https://evil-airtableusercontent.com/photo.png", false),
            ("https://dl.airtable.com.example.org/photo.png", false),
            ("https://other.dl.airtable.com/photo.png", false),
            ("https://dl.airtable.com@example.org/photo.png", false),
            ("https://dl.airtable.com:8443/photo.png", false),
            ("http://dl.airtable.com/photo.png", false),
            ("https://127.0.0.1/photo.png", false),
            ("https://[::1]/photo.png", false),
            ("https://localhost/photo.png", false),
            ("https://169.254.169.254/latest/meta-data", false),
            ("https://2130706433/photo.png", false),
            ("file:///etc/passwd", false),
            ("data:text/html,hello", false),
            ("nonsense", false),
            ("", false),
        ] {
            assert_eq!(is_followed("https://api.airtable.com", link), expected, "{link}");
        }
    }

    #[test]
    fn a_stand_in_on_this_machine_has_its_files_beside_it() {
        for (link, expected) in [
            ("http://127.0.0.1:8081/_attachments/photo.png", true),
            ("http://localhost:8081/_attachments/photo.png", true),
            ("http://127.0.0.1:22/", false),
            ("http://10.0.0.1:8081/", false),
            ("https://dl.airtable.com/photo.png", false),
        ] {
            assert_eq!(is_followed("http://localhost:8081", link), expected, "{link}");
        }
    }

    #[test]
    fn a_pattern_is_a_host_or_a_domain() {
        for (text, expected) in [
            ("dl.airtable.com", Some("dl.airtable.com")),
            (".AirtableUserContent.com", Some(".airtableusercontent.com")),
            ("10.0.0.1", None),
            ("*.example.org", None),
            ("https://example.org", None),
            ("..example.org", None),
            (".", None),
            ("", None),
        ] {
            let found = text.parse::<HostPattern>().ok();
            assert_eq!(found.map(|pattern| pattern.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_error_names_the_host_and_not_the_link() {
        let hosts = Hosts::Public(HostPattern::airtable());
        let error = hosts.check("https://example.org/photo.png?signature=secret").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the link leads to https://example.org, and attachments are at dl.airtable.com, \
             .airtableusercontent.com"
        );
    }
}
