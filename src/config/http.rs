//! `[http]`: how the API is served.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

/// `[http]`: how the API is served.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Address and port to listen on. Default: `127.0.0.1:8080`. `LOCADOCS_HTTP_LISTEN`
    #[serde(deserialize_with = "socket_address")]
    pub listen: SocketAddr,
    /// Address by which the public reaches the service, for the API's document, and for Airtable's
    /// pings. Default: `http://` and the address listened on, and no pings.
    /// `LOCADOCS_HTTP_PUBLIC_URL`
    pub public_url: Option<Url>,
    /// How many clients may listen to events at once. Each holds a connection and some 10 KB.
    /// Default: 10,000. `LOCADOCS_HTTP_EVENT_LISTENERS`
    pub event_listeners: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            event_listeners: 10_000,
        }
    }
}

/// The standard library's own error doesn't say what it found.
fn socket_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        D::Error::custom(format!("{text:?} is not an address and port such as 127.0.0.1:8080"))
    })
}
