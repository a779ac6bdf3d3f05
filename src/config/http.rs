//! `[http]`: how the API is served.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

use crate::api::ForwardedHeader;

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
    /// Seconds for which a cache may serve what is published without asking again; 0 asks each time. A
    /// cache that is told what to drop may keep it for longer. Default: 60. `LOCADOCS_HTTP_MAX_AGE_SECONDS`
    pub max_age_seconds: u64,
    /// The same for what changes only with the program: the autocomplete of communes, the API's
    /// document and its pages. Default: 3,600. `LOCADOCS_HTTP_REFERENCE_MAX_AGE_SECONDS`
    pub reference_max_age_seconds: u64,
    /// Seconds for which a cache may serve what is past its age while it asks again. Default: 300.
    /// `LOCADOCS_HTTP_STALE_WHILE_REVALIDATE_SECONDS`
    pub stale_while_revalidate_seconds: u64,
    /// Seconds for which a cache may serve what is past its age when the service fails or is down.
    /// Default: 86,400. `LOCADOCS_HTTP_STALE_IF_ERROR_SECONDS`
    pub stale_if_error_seconds: u64,
    /// How many clients may listen to events at once. Each holds a connection and some 10 KB.
    /// Default: 10,000. `LOCADOCS_HTTP_EVENT_LISTENERS`
    pub event_listeners: usize,
    /// Requests that a client may make in a second, in the long run; 0 is without limit. A client
    /// is an IPv4 address or the first 64 bits of an IPv6 one, behind which a school or a town hall
    /// may stand whole. Those that bring a key of `LOCADOCS_HTTP_API_KEYS` are not counted. Default:
    /// 200. `LOCADOCS_HTTP_RATE_LIMIT_PER_SECOND`
    pub rate_limit_per_second: u32,
    /// Requests that a client may make at once; 0 is without limit. Default: 2,000.
    /// `LOCADOCS_HTTP_RATE_LIMIT_BURST`
    pub rate_limit_burst: u32,
    /// Addresses and networks of the proxies in front, which are believed when they say for whom
    /// they ask. Default: none. `LOCADOCS_HTTP_TRUSTED_PROXIES`
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// Where they say so: `x-forwarded-for` or `forwarded`. Default: `x-forwarded-for`.
    /// `LOCADOCS_HTTP_FORWARDED_HEADER`
    pub forwarded_header: ForwardedHeader,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: None,
            max_age_seconds: 60,
            reference_max_age_seconds: 3_600,
            stale_while_revalidate_seconds: 300,
            stale_if_error_seconds: 86_400,
            event_listeners: 10_000,
            rate_limit_per_second: 200,
            rate_limit_burst: 2_000,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
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

/// Networks, or addresses alone.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let network = |text: &String| {
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse().or_else(|_| address()).map_err(|_| {
            D::Error::custom(format!("{text:?} is not an address or network such as 10.0.0.0/8"))
        })
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(network).collect()
}
