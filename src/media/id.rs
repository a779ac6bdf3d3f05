//! The public name of a file: a hash of its content.

use std::{fmt, str::FromStr};

/// 128 bits of the BLAKE3 hash of a file, written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaId(u128);

/// A text that names no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("32 lower-case hexadecimal digits are expected")]
pub struct InvalidMediaId;

impl MediaId {
    /// The name of a content.
    pub fn of(content: &[u8]) -> Self {
        let hash = blake3::hash(content);
        let mut half = [0; 16];
        for (to, from) in half.iter_mut().zip(hash.as_bytes()) {
            *to = *from;
        }
        Self(u128::from_be_bytes(half))
    }
}

impl FromStr for MediaId {
    type Err = InvalidMediaId;

    fn from_str(text: &str) -> Result<Self, InvalidMediaId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 32 || !text.bytes().all(is_digit) {
            return Err(InvalidMediaId);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| InvalidMediaId)
    }
}

impl fmt::Display for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_has_one_name_and_a_name_one_spelling() {
        let id = MediaId::of(b"bonjour");
        let text = id.to_string();
        assert!(blake3::hash(b"bonjour").to_hex().starts_with(&text));
        assert_eq!(text.parse(), Ok(id));
        for bad in [&text[1..], &text.to_uppercase(), &format!("+{}", &text[1..]), "../../passwd"] {
            assert_eq!(bad.parse::<MediaId>(), Err(InvalidMediaId), "{bad}");
        }
    }
}
