//! What is shown of what was found: a text, and where the words that were looked for are in it.

use std::{collections::BTreeSet, ops::Range};

use super::{query::Wanted, words::Words};

/// Bytes of an excerpt, at most.
const LENGTH: usize = 180;

/// Bytes before the first word that was looked for, about.
const BEFORE: usize = 40;

/// Bytes of a text in which words are looked for, so that a huge one takes no longer.
const FARTHEST: usize = 20_000;

/// A text with some of its words marked. Not HTML: what shows it must escape it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    text: String,
    /// In bytes, in order, apart from each other.
    marks: Vec<Range<usize>>,
}

/// A word of a text that was looked for.
struct Found {
    place: Range<usize>,
    /// Which of the wanted words it is.
    wanted: usize,
}

impl Marked {
    /// All of a text.
    pub(super) fn whole(text: &str, wanted: &[Wanted], words: &mut Words) -> Self {
        Self::cut(text, 0..text.len(), &found(text, wanted, words))
    }

    fn cut(text: &str, part: Range<usize>, found: &[Found]) -> Self {
        let within = |place: &Range<usize>| part.start <= place.start && place.end <= part.end;
        let places = found.iter().map(|found| &found.place).filter(|place| within(place));
        let mut marked = String::with_capacity(part.len() + 8);
        if part.start > 0 {
            marked.push('…');
        }
        let shift = |at: usize| at - part.start + marked.len();
        let marks = places.map(|place| shift(place.start)..shift(place.end)).collect();
        marked.push_str(text.get(part.clone()).unwrap_or_default());
        if part.end < text.len() {
            marked.push('…');
        }
        Self { text: marked, marks }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its parts in order, and whether each is marked.
    pub fn parts(&self) -> impl Iterator<Item = (&str, bool)> {
        let ends = self.marks.iter().flat_map(|mark| [(mark.start, false), (mark.end, true)]);
        let mut at = 0;
        let parts = ends.chain([(self.text.len(), false)]).map(move |(end, is_marked)| {
            let part = self.text.get(at..end).unwrap_or_default();
            at = end;
            (part, is_marked)
        });
        parts.filter(|(part, _)| !part.is_empty())
    }
}

/// The words of a text that were looked for.
fn found(text: &str, wanted: &[Wanted], words: &mut Words) -> Vec<Found> {
    let read = text.get(..text.floor_char_boundary(FARTHEST)).unwrap_or(text);
    let words = words.of(read).into_iter();
    let found = words.filter_map(|word| {
        let wanted = wanted.iter().position(|wanted| wanted.is(&word))?;
        Some(Found { place: word.place, wanted })
    });
    found.collect()
}

/// The part of a text with most of the words that were looked for, the first one of several; its
/// start if it has none, and `None` if there is no text.
pub(super) fn excerpt(text: &str, wanted: &[Wanted], words: &mut Words) -> Option<Marked> {
    if text.is_empty() {
        return None;
    }
    let found = found(text, wanted, words);
    let mut best = (0, part_around(text, 0));
    for (first, one) in found.iter().enumerate() {
        let part = part_around(text, one.place.start);
        let within = found.iter().skip(first).take_while(|found| found.place.end <= part.end);
        let distinct = within.map(|found| found.wanted).collect::<BTreeSet<_>>().len();
        if distinct > best.0 {
            best = (distinct, part);
        }
    }
    Some(Marked::cut(text, best.1, &found))
}

/// A part of a text with a place near its start, cut between words.
fn part_around(text: &str, place: usize) -> Range<usize> {
    // What is left of the text is shown whole where it fits.
    let start = place.saturating_sub(BEFORE).min(text.len().saturating_sub(LENGTH));
    let start = text.floor_char_boundary(start);
    let start = match text.get(start..place) {
        _ if start == 0 => 0,
        Some(before) => before.find(' ').map_or(start, |space| start + space + 1),
        None => start,
    };
    let end = text.floor_char_boundary(start + LENGTH);
    if end == text.len() {
        return start..end;
    }
    let last_space = text.get(start..end).and_then(|part| part.rfind(' '));
    start..last_space.map_or(end, |space| start + space)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(marked: &Marked) -> String {
        let part = |(part, is_marked): (&str, bool)| match is_marked {
            true => format!("[{part}]"),
            false => part.to_owned(),
        };
        marked.parts().map(part).collect()
    }

    #[test]
    fn words_are_marked_where_they_stand() {
        for (text, query, expected) in [
            ("L’acte de vente", "actes", "L’[acte] de vente"),
            ("acte, acte", "acte", "[acte], [acte]"),
            ("Permis de construire ?", "perm", "[Permis] de construire ?"),
            ("a < b & c", "zzz", "a < b & c"),
            ("", "acte", ""),
        ] {
            let marked = Marked::whole(text, &Wanted::each_of(query), &mut Words::new());
            assert_eq!(shown(&marked), expected, "{text}: {query}");
        }
    }

    #[test]
    fn an_excerpt_is_where_most_words_are() {
        let filler = "Le service conserve les dossiers depuis l'origine. ".repeat(6);
        let text = format!("{filler}Un plan. {filler}Le plan de masse est joint. {filler}");
        let cut = |query| {
            let marked = excerpt(&text, &Wanted::each_of(query), &mut Words::new());
            shown(&marked.unwrap())
        };
        assert!(cut("masse plan").contains("Le [plan] de [masse] est joint."), "{}", cut("masse"));
        assert!(cut("plan").contains("Un [plan]. Le service"), "{}", cut("plan"));
        assert!(cut("plan").starts_with('…') && cut("plan").ends_with('…'));
        assert!(cut("autre").starts_with("Le service conserve"));
        assert_eq!(excerpt("", &Wanted::each_of("plan"), &mut Words::new()), None);
    }

    proptest! {
        #[test]
        fn an_excerpt_is_a_short_part_of_the_text(text in "[a-zé文 .,<&]{0,600}", query in "[a-zé文]{1,3}") {
            let Some(marked) = excerpt(&text, &Wanted::each_of(&query), &mut Words::new()) else {
                prop_assert!(text.is_empty());
                return Ok(());
            };
            let parts: String = marked.parts().map(|(part, _)| part).collect();
            prop_assert_eq!(&parts, marked.text());
            prop_assert!(text.contains(marked.text().trim_matches('…')));
            prop_assert!(marked.text().len() <= LENGTH + 6);
        }
    }
}
