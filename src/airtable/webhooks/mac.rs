//! Whether a ping comes from Airtable.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// The header that holds a ping's signature.
pub const MAC_HEADER: &str = "X-Airtable-Content-MAC";

/// The ping isn't signed with this webhook's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ping is not signed with the webhook's secret")]
pub struct InvalidMac;

/// Checks the signature of a ping: `hmac-sha256=` and the MAC of its raw body, in lower-case
/// hexadecimal. Takes the same time wherever the first difference is.
///
/// # Errors
/// [`InvalidMac`], without more: a forger learns nothing.
pub fn verify(
    mac_secret_base64: &SecretString,
    header: &str,
    body: &[u8],
) -> Result<(), InvalidMac> {
    let key = BASE64_STANDARD.decode(mac_secret_base64.expose_secret()).map_err(|_| InvalidMac)?;
    let given = header.strip_prefix("hmac-sha256=").and_then(from_hex).ok_or(InvalidMac)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| InvalidMac)?;
    mac.update(body);
    mac.verify_slice(&given).map_err(|_| InvalidMac)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2: key `Jefe`.
    const BODY: &[u8] = b"what do ya want for nothing?";
    const MAC: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn only_the_exact_signature_passes() {
        let secret = SecretString::from("SmVmZQ==");
        let header = format!("hmac-sha256={MAC}");
        assert_eq!(verify(&secret, &header, BODY), Ok(()));
        for (secret, header, body) in [
            ("SmVmZQ==", header.as_str(), &b"what do ya want for nothing!"[..]),
            ("SmVmZg==", &header, BODY),
            ("not base64", &header, BODY),
            ("SmVmZQ==", MAC, BODY),
            ("SmVmZQ==", "hmac-sha256=", BODY),
            ("SmVmZQ==", "hmac-sha256=5bdcc1", BODY),
            ("SmVmZQ==", &header[..header.len() - 1], BODY),
            ("SmVmZQ==", "hmac-sha256=é", BODY),
        ] {
            assert_eq!(verify(&secret.into(), header, body), Err(InvalidMac), "{secret} {header}");
        }
    }
}
