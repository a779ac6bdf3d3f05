//! Content codings: which one a client gets (RFC 9110, section 12.5.3), and compression.

use std::io::{self, Write as _};

use axum::http::{HeaderMap, HeaderName, header};
use bytes::Bytes;

/// A content coding that the service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As it is.
    Identity,
    /// Brotli, RFC 7932.
    Brotli,
    /// Zstandard, RFC 8878.
    Zstd,
    /// Gzip, RFC 1952.
    Gzip,
}

/// The best first: what a client likes equally is decided by size.
const BY_PREFERENCE: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

/// A body smaller than this gains nothing by compression.
const SMALLEST: usize = 256;

impl Coding {
    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// The coding for a client. A header that can't be read counts as absent, and a client that
    /// refuses every coding gets the plain body, as the RFC allows.
    pub fn negotiate(headers: &HeaderMap) -> Self {
        let wishes: Vec<(&str, f32)> = wishes(headers, &header::ACCEPT_ENCODING).collect();
        let named = |name: &str| {
            wishes.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, q)| *q)
        };
        let quality = |coding: Self| match coding {
            Self::Gzip => named("gzip").or_else(|| named("x-gzip")),
            coding => named(coding.name()),
        };
        let any = named("*");
        let identity = quality(Self::Identity).unwrap_or(0.0);
        let mut best = (Self::Identity, identity);
        for coding in BY_PREFERENCE {
            let quality = quality(coding).or(any).unwrap_or(0.0);
            let is_better = match best {
                (Self::Identity, identity) => quality > 0.0 && quality >= identity,
                (_, best) => quality > best,
            };
            if is_better {
                best = (coding, quality);
            }
        }
        best.0
    }

    /// Encodes a body. The plain body stands when it is too small to gain by it.
    ///
    /// # Errors
    /// When the encoder fails, which writing to memory excludes.
    pub fn encode(self, body: &Bytes) -> io::Result<(Self, Bytes)> {
        if body.len() < SMALLEST {
            return Ok((Self::Identity, body.clone()));
        }
        // Levels at which a body that is rendered once and served often is worth its time.
        let encoded = match self {
            Self::Identity => return Ok((Self::Identity, body.clone())),
            Self::Brotli => {
                let mut writer = brotli::CompressorWriter::new(Vec::new(), 4_096, 6, 22);
                writer.write_all(body)?;
                writer.into_inner()
            }
            Self::Zstd => zstd::encode_all(&**body, 9)?,
            Self::Gzip => {
                let level = flate2::Compression::new(7);
                let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
                writer.write_all(body)?;
                writer.finish()?
            }
        };
        Ok((self, encoded.into()))
    }
}

/// What a client likes, with weights, of a header such as `Accept`.
pub fn wishes<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = (&'a str, f32)> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(wish)
}

/// `br;q=0.5` as a name and a weight. An unreadable weight refuses the coding.
fn wish(item: &str) -> Option<(&str, f32)> {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let quality = parts.find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse().unwrap_or(0.0))
    });
    Some((name, quality.unwrap_or(1.0)))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_client_gets_the_coding_it_likes_best() {
        for (header, expected) in [
            (None, "identity"),
            (Some(""), "identity"),
            (Some("gzip"), "gzip"),
            (Some("x-gzip"), "gzip"),
            (Some("GZIP"), "gzip"),
            (Some("gzip, deflate, br, zstd"), "br"),
            (Some("gzip, zstd"), "zstd"),
            (Some("gzip;q=1.0, br;q=0.5"), "gzip"),
            (Some("br;q=0, gzip"), "gzip"),
            (Some("br;q=0"), "identity"),
            (Some("*"), "br"),
            (Some("br;q=0, *"), "zstd"),
            (Some("*;q=0"), "identity"),
            (Some("identity;q=0, *;q=0"), "identity"),
            (Some("identity"), "identity"),
            (Some("identity, gzip;q=0.5"), "identity"),
            (Some("identity;q=0.5, gzip;q=0.8"), "gzip"),
            (Some("deflate"), "identity"),
            (Some("gzip;q=oops"), "identity"),
            (Some(" gzip ; q=0.3 ,, br ;q=0.4"), "br"),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(header.map(|value| (header::ACCEPT_ENCODING, value.parse().unwrap())));
            assert_eq!(Coding::negotiate(&headers).name(), expected, "{header:?}");
        }
    }

    #[test]
    fn every_coding_gives_the_body_back() {
        let body = Bytes::from("Où sont les permis de construire ? ".repeat(100));
        for coding in BY_PREFERENCE {
            let (used, encoded) = coding.encode(&body).unwrap();
            assert_eq!(used, coding);
            assert!(encoded.len() < body.len() / 10, "{coding:?}: {}", encoded.len());
            let mut decoded = Vec::new();
            match coding {
                Coding::Identity => unreachable!("it is no compression"),
                Coding::Brotli => {
                    brotli::Decompressor::new(&*encoded, 4_096).read_to_end(&mut decoded).unwrap()
                }
                Coding::Zstd => {
                    decoded = zstd::decode_all(&*encoded).unwrap();
                    decoded.len()
                }
                Coding::Gzip => {
                    flate2::read::GzDecoder::new(&*encoded).read_to_end(&mut decoded).unwrap()
                }
            };
            assert_eq!(decoded, body);
        }
    }

    #[test]
    fn a_small_body_stays_plain() {
        let body = Bytes::from_static(b"{}");
        assert_eq!(Coding::Brotli.encode(&body).unwrap(), (Coding::Identity, body.clone()));
    }
}
