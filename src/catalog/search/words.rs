//! The words of a text, as they are indexed and looked up.
//!
//! Tantivy's filters do the language work: case, accents, stop words, stems. What they lack is here:
//! words without the articles that French elides before them, nor accents apart from their letters.

use std::ops::Range;

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, Stemmer, StopWordFilter,
    TextAnalyzer, TextAnalyzerBuilder, Token, TokenStream, Tokenizer,
};

/// Longer words, in bytes, are not worth the place, nor the time to look for slips in them.
const LONGEST_WORD: usize = 60;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Without case and accents.
    pub folded: String,
    /// What its forms have in common.
    pub stem: String,
    /// Where it is in the text, in bytes.
    pub place: Range<usize>,
}

/// Finds the words of texts.
#[derive(Clone)]
pub(super) struct Words {
    folded: TextAnalyzer,
    stems: TextAnalyzer,
}

impl Words {
    pub fn new() -> Self {
        Self { folded: folded(), stems: stems() }
    }

    /// The words of a text in order, without those that say nothing.
    pub fn of(&mut self, text: &str) -> Vec<Word> {
        let mut words = Vec::new();
        self.folded.token_stream(text).process(&mut |token| {
            words.push(Word {
                folded: token.text.clone(),
                stem: String::new(),
                place: token.offset_from..token.offset_to,
            });
        });
        // A stem takes the place of a word: it neither adds nor drops any.
        let mut rest = words.iter_mut();
        self.stems.token_stream(text).process(&mut |token| {
            if let Some(word) = rest.next() {
                word.stem.clone_from(&token.text);
            }
        });
        words
    }
}

/// Words without case and accents.
pub(super) fn folded() -> TextAnalyzer {
    telling_words().build()
}

/// The stems of these words. French rules are used for all texts, so that a query needs no language:
/// they take the plural from English words too.
pub(super) fn stems() -> TextAnalyzer {
    telling_words().filter(Stemmer::new(Language::French)).build()
}

/// The words that say something, without case and accents.
fn telling_words() -> TextAnalyzerBuilder<impl Tokenizer> {
    TextAnalyzer::builder(Splitter::default())
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser)
        .filter(stop_words())
        .filter(asking())
        .filter(AsciiFoldingFilter)
        // Again, for those who type none of the accents.
        .filter(stop_words())
}

/// All words without case and accents, even those that say nothing.
pub(super) fn every_word() -> TextAnalyzer {
    TextAnalyzer::builder(Splitter::default())
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .build()
}

fn stop_words() -> StopWordFilter {
    StopWordFilter::new(Language::French).unwrap_or_else(|| StopWordFilter::remove([]))
}

/// What people put around what they look for, and is in half of the titles: *où trouver le plan…*
const ASKING: &[&str] = &[
    "chercher",
    "cherche",
    "cherchez",
    "comment",
    "est",
    "où",
    "retrouver",
    "trouver",
    "trouve",
    "veux",
    "voudrais",
    "voulez",
];

fn asking() -> StopWordFilter {
    StopWordFilter::remove(ASKING.iter().map(|&word| word.to_owned()))
}

/// Words that lose their vowel before another one.
const ELIDED: &[&str] = &[
    "c", "d", "j", "jusqu", "l", "lorsqu", "m", "n", "presqu", "puisqu", "qu", "quelqu", "quoiqu",
    "s", "t",
];

/// Splits a text into runs of letters and digits.
#[derive(Clone, Default)]
struct Splitter {
    token: Token,
}

struct Split<'a> {
    text: &'a str,
    /// Where the rest of the text begins.
    at: usize,
    token: &'a mut Token,
}

impl Tokenizer for Splitter {
    type TokenStream<'a> = Split<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Split<'a> {
        self.token.reset();
        Split { text, at: 0, token: &mut self.token }
    }
}

impl<'a> Split<'a> {
    /// The next run, and what follows it.
    fn run(&mut self) -> Option<(Range<usize>, &'a str)> {
        let rest = self.text.get(self.at..)?;
        let start = self.at + rest.find(char::is_alphanumeric)?;
        let rest = self.text.get(start..)?;
        let length = rest.find(|c| !is_in_word(c)).unwrap_or(rest.len());
        self.at = start + length;
        Some((start..self.at, self.text.get(self.at..)?))
    }
}

impl TokenStream for Split<'_> {
    fn advance(&mut self) -> bool {
        self.token.text.clear();
        self.token.position = self.token.position.wrapping_add(1);
        while let Some((place, rest)) = self.run() {
            let run = self.text.get(place.clone()).unwrap_or_default();
            if is_elided(run, rest) {
                continue;
            }
            self.token.offset_from = place.start;
            self.token.offset_to = place.end;
            self.token.text.extend(run.chars().filter(|c| !is_combining_mark(*c)));
            return true;
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Accents apart from their letter, as some systems type or copy them (NFD).
fn is_combining_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn is_elided(run: &str, rest: &str) -> bool {
    let mut rest = rest.chars();
    rest.next().is_some_and(|c| matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '´'))
        && rest.next().is_some_and(char::is_alphanumeric)
        && ELIDED.iter().any(|elided| run.eq_ignore_ascii_case(elided))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded_words(text: &str) -> Vec<String> {
        Words::new().of(text).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn words_lose_case_accents_elisions_and_what_says_nothing() {
        for (text, expected) in [
            ("L'acte de vente", &["acte", "vente"][..]),
            ("l’état hypothécaire", &["etat", "hypothecaire"]),
            ("Document d’arpentage", &["document", "arpentage"]),
            ("jusqu'à l'année", &["annee"]),
            ("qu'est-ce qu’un bornage ?", &["bornage"]),
            ("aujourd'hui", &["aujourd", "hui"]),
            ("E\u{301}tat CADASTRAL", &["etat", "cadastral"]),
            ("Œuvre", &["oeuvre"]),
            ("n° 12-bis", &["12", "bis"]),
            ("section D", &["section"]),
            ("Où est-ce que je trouve un plan ?", &["plan"]),
            ("à a À", &["a"]),
            ("l", &[]),
            ("l'", &[]),
            ("de la des", &[]),
            ("🏛️ ?! «»", &[]),
            ("", &[]),
        ] {
            assert_eq!(folded_words(text), expected, "{text}");
        }
    }

    #[test]
    fn the_forms_of_a_word_have_one_stem() {
        for forms in [
            &["acte", "actes", "Actes"][..],
            &["notarié", "notariés", "notarie"],
            &["hypothèque", "hypothèques", "hypotheques"],
            &["construire", "construires"],
            &["cadastral", "cadastrale", "cadastrales"],
        ] {
            let stems: Vec<_> =
                forms.iter().map(|form| Words::new().of(form).remove(0).stem).collect();
            assert!(stems.windows(2).all(|pair| pair[0] == pair[1]), "{forms:?}: {stems:?}");
        }
    }

    #[test]
    fn a_word_knows_its_place() {
        let text = "L’état d’un terrain";
        let places: Vec<_> =
            Words::new().of(text).into_iter().map(|word| &text[word.place]).collect();
        assert_eq!(places, ["état", "terrain"]);
    }

    #[test]
    fn a_word_without_end_is_none() {
        assert_eq!(folded_words(&"a".repeat(10_000)), [""; 0]);
    }
}
