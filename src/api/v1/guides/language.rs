//! In which language guides are wanted: by its name, or by a language range as clients have it.

use utoipa::openapi::{ObjectBuilder, Type, path::Parameter};

use super::{LANGUAGES, Language};
use crate::api::{
    params::{self, Params},
    problem::{Code, Problem},
};

/// A basic language range (RFC 4647, section 2.1), such as `fr` or `fr-CA`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageRange(String);

/// Exactly what [`LanguageRange::parse`] reads.
const PATTERN: &str = "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,7}$";

impl LanguageRange {
    /// Reads a range.
    pub fn parse(text: &str) -> Option<Self> {
        let mut subtags = text.split('-');
        let first = subtags.next()?;
        let has_length = |subtag: &str| (1..=8).contains(&subtag.len());
        let is_range = has_length(first)
            && first.bytes().all(|byte| byte.is_ascii_alphabetic())
            && subtags.clone().count() <= 7
            && subtags.all(|subtag| {
                has_length(subtag) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        is_range.then(|| Self(text.to_owned()))
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language of guides that it means, if there is one (RFC 4647, section 3.4): subtags are
    /// dropped from the end until one fits.
    fn language(&self) -> Option<Language> {
        let primary = self.0.split('-').next()?;
        let found = LANGUAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(primary));
        found.map(|(_, language)| *language)
    }
}

/// In which language guides are wanted.
#[derive(Debug)]
pub struct LanguageFilter {
    /// By its name.
    pub language: Option<Language>,
    /// By a range.
    pub lang: Option<LanguageRange>,
}

impl LanguageFilter {
    /// Reads `language` and `lang`.
    ///
    /// # Errors
    /// When one is repeated or invalid, or they contradict each other.
    pub fn read(params: &Params) -> Result<Self, Problem> {
        let expected = "a language tag such as fr or fr-CA (BCP 47)";
        let language = params.one_of("language", LANGUAGES)?;
        let lang = params.parsed("lang", LanguageRange::parse, expected)?;
        match (language, &lang) {
            (Some(language), Some(range)) if range.language() != Some(language) => {
                let detail = "\"language\" and \"lang\" contradict each other: one is enough.";
                let problem = Problem::new(Code::ConflictingParameters, detail);
                Err(problem.parameter("lang").found(range.as_str()))
            }
            _ => Ok(Self { language, lang }),
        }
    }

    /// Whether a guide in this language is wanted.
    pub fn fits(&self, language: Language) -> bool {
        self.language.is_none_or(|wanted| wanted == language)
            && self.lang.as_ref().is_none_or(|range| range.language() == Some(language))
    }
}

/// Declares `lang`.
pub fn lang_parameter() -> Parameter {
    params::optional(
        "lang",
        "Only guides in the language that this tag means (BCP 47): `fr-CA` means French. A tag of \
         a language that no guide is in gives an empty list.",
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(PATTERN)),
        "fr-CA",
    )
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn a_tag_means_the_language_that_it_begins_with() {
        let pattern = Regex::new(PATTERN).unwrap();
        for (text, expected) in [
            ("fr", Some(Some(Language::French))),
            ("FR", Some(Some(Language::French))),
            ("fr-CA", Some(Some(Language::French))),
            ("fr-Latn-FR", Some(Some(Language::French))),
            ("en-GB-x-plain", Some(Some(Language::English))),
            ("de", Some(None)),
            ("fra", Some(None)),
            ("x-fr", Some(None)),
            ("", None),
            ("*", None),
            ("fr_FR", None),
            ("fr-", None),
            ("-fr", None),
            ("fr--FR", None),
            ("1fr", None),
            ("français", None),
            ("abcdefghi", None),
            ("a-1-2-3-4-5-6-7-8", None),
        ] {
            let range = LanguageRange::parse(text);
            assert_eq!(range.as_ref().map(LanguageRange::language), expected, "{text:?}");
            assert_eq!(pattern.is_match(text), range.is_some(), "{text:?}");
        }
    }
}
