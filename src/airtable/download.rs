//! Downloads of attachments: from the hosts that Airtable uses, and nowhere else.
//!
//! An attachment cell holds links, and a link is only text: a base that someone else can write to
//! must not make this service call the machines beside it. So a link is followed only to a host of
//! the [settings](DownloadSettings), over TLS, to a public address, and no redirect is followed.
//! The token is never sent: the links carry their own signature, which is why no error shows one.

use std::{fmt, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::{Response, StatusCode, redirect};
use url::Url;

use self::{
    addresses::{PublicResolver, is_blocked},
    hosts::Hosts,
};

mod addresses;
mod hosts;

pub use self::{
    addresses::BlockedAddress,
    hosts::{ForbiddenLink, HostPattern, InvalidHostPattern},
};

/// Where attachments may be fetched from, and how much of them.
#[derive(Debug, Clone)]
pub struct DownloadSettings {
    /// Address of Airtable's API. When it is on this machine, so are the files, and nobody outside
    /// is called; otherwise nobody on this machine or beside it is.
    pub api_url: Url,
    /// Hosts of attachments. Default: [`HostPattern::airtable`].
    pub hosts: Vec<HostPattern>,
    /// Largest file, in bytes. Default: 20 MB.
    pub max_bytes: usize,
    /// Longest time to open a connection. Default: 5 s.
    pub connect_timeout: Duration,
    /// Longest silence of the server. Default: 10 s.
    pub idle_timeout: Duration,
    /// Longest time for a file, in all. Default: 60 s.
    pub request_timeout: Duration,
}

impl DownloadSettings {
    /// The defaults for the attachments of an API.
    pub fn new(api_url: Url) -> Self {
        Self {
            api_url,
            hosts: HostPattern::airtable(),
            max_bytes: 20_000_000,
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
        }
    }
}

/// Why a file was not downloaded. Hosts are named, links never: their signature is a key.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The link leads where no attachment is.
    #[error(transparent)]
    Forbidden(#[from] ForbiddenLink),
    /// The host's name leads to this machine or its neighbours only.
    #[error(transparent)]
    Blocked(#[from] BlockedAddress),
    /// The host answered something else than the file: an ended link gives 410, for one.
    #[error("{host} answered {status} instead of the file")]
    Status {
        /// The host.
        host: String,
        /// What it answered.
        status: StatusCode,
    },
    /// The file is larger than the setting allows.
    #[error("the file has more than {limit} bytes")]
    TooLarge {
        /// Largest file, in bytes.
        limit: usize,
    },
    /// The file is not as long as Airtable says.
    #[error("the file has {found} bytes instead of {declared}")]
    Size {
        /// Bytes received.
        found: u64,
        /// Bytes that the attachment should have.
        declared: u64,
    },
    /// The host took too long.
    #[error("{host} took too long")]
    Timeout {
        /// The host.
        host: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The host can't be reached, or broke off.
    #[error("the transfer from {host} failed")]
    Transport {
        /// The host.
        host: String,
        /// Why.
        source: reqwest::Error,
    },
}

/// Downloads attachments. Clones are cheap and share the connections.
#[derive(Clone)]
pub struct Downloader {
    http: reqwest::Client,
    hosts: Hosts,
    max_bytes: usize,
}

impl fmt::Debug for Downloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Downloader").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl Downloader {
    /// Makes the downloader. Nothing is sent yet.
    ///
    /// # Errors
    /// When the system's TLS can't be set up.
    pub fn new(settings: DownloadSettings) -> Result<Self, reqwest::Error> {
        let hosts = Hosts::new(&settings.api_url, settings.hosts);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("locadocs/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.idle_timeout)
            .timeout(settings.request_timeout)
            .redirect(redirect::Policy::none())
            // A proxy would resolve names in our place, past the check of the addresses.
            .no_proxy()
            // Files are kept as they are, and their size is compared with the declared one.
            .no_gzip();
        if matches!(hosts, Hosts::Public(_)) {
            builder = builder.https_only(true).dns_resolver(PublicResolver);
        }
        Ok(Self { http: builder.build()?, hosts, max_bytes: settings.max_bytes })
    }

    /// Downloads a file; `size` is the one that Airtable declares, if it does.
    ///
    /// # Errors
    /// Any; nothing is tried again here, since a link that failed may have ended.
    pub async fn download(&self, link: &str, size: Option<u64>) -> Result<Bytes, DownloadError> {
        let url = self.hosts.check(link)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let response = self.http.get(url).send().await.map_err(|error| failed(&host, error))?;
        if response.status() != StatusCode::OK {
            return Err(DownloadError::Status { host, status: response.status() });
        }
        let content = self.read(response, &host).await?;
        let found = content.len() as u64;
        match size {
            Some(declared) if declared != found => Err(DownloadError::Size { found, declared }),
            _ => Ok(content),
        }
    }

    /// Reads a body piece by piece, so that a longer one than allowed is never held.
    async fn read(&self, mut response: Response, host: &str) -> Result<Bytes, DownloadError> {
        let limit = self.max_bytes;
        let too_large = DownloadError::TooLarge { limit };
        let announced = response.content_length().unwrap_or(0);
        let mut content = match usize::try_from(announced) {
            Ok(announced) if announced <= limit => BytesMut::with_capacity(announced),
            _ => return Err(too_large),
        };
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(host, error))? {
            if chunk.len() > limit - content.len() {
                return Err(too_large);
            }
            content.extend_from_slice(&chunk);
        }
        Ok(content.freeze())
    }
}

fn failed(host: &str, error: reqwest::Error) -> DownloadError {
    if let Some(blocked) = is_blocked(&error) {
        return blocked.into();
    }
    let host = host.to_owned();
    let source = error.without_url();
    match source.is_timeout() {
        true => DownloadError::Timeout { host, source },
        false => DownloadError::Transport { host, source },
    }
}
