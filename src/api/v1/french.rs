//! What the public reads about dates, in French.

use chrono::{Datelike as _, NaiveDate};

use crate::content::period::Days;

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// *1er juillet 2015*.
pub fn day(day: NaiveDate) -> String {
    let ordinal = if day.day() == 1 { "er" } else { "" };
    let month = MONTHS.get(day.month0() as usize).copied().unwrap_or_default();
    format!("{}{ordinal} {month} {}", day.day(), day.year())
}

/// *De 1908 au 30 juin 2015*, *Depuis le 1er juillet 2015*, *Jusqu'en 1907*, *Toutes dates*.
///
/// A bound at the edge of a year is said by the year alone.
pub fn days(days: Days) -> String {
    let first = days.from().map(|from| (from, from.ordinal() == 1));
    let last = days.until().map(|until| (until, (until.month(), until.day()) == (12, 31)));
    match (first, last) {
        (None, None) => "Toutes dates".to_owned(),
        (Some((from, true)), None) => format!("Depuis {}", from.year()),
        (Some((from, false)), None) => format!("Depuis le {}", day(from)),
        (None, Some((until, true))) => format!("Jusqu'en {}", until.year()),
        (None, Some((until, false))) => format!("Jusqu'au {}", day(until)),
        (Some((from, _)), Some((until, _))) if from == until => format!("Le {}", day(from)),
        (Some((from, true)), Some((until, true))) if from.year() == until.year() => {
            format!("En {}", from.year())
        }
        (Some((from, true)), Some((until, true))) => {
            format!("De {} à {}", from.year(), until.year())
        }
        (Some((from, true)), Some((until, false))) => {
            format!("De {} au {}", from.year(), day(until))
        }
        (Some((from, false)), Some((until, _))) => format!("Du {} au {}", day(from), day(until)),
    }
}

/// *a*, *a et b*, *a, b et c*.
pub fn list(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} et {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_said_as_one_says_them() {
        let parse = |text: &str| (!text.is_empty()).then(|| text.parse::<NaiveDate>().unwrap());
        for (from, until, expected) in [
            ("", "", "Toutes dates"),
            ("1908-01-01", "2015-06-30", "De 1908 au 30 juin 2015"),
            ("2015-07-01", "", "Depuis le 1er juillet 2015"),
            ("1908-01-01", "", "Depuis 1908"),
            ("", "1907-12-31", "Jusqu'en 1907"),
            ("", "1951-11-23", "Jusqu'au 23 novembre 1951"),
            ("1908-01-01", "1943-12-31", "De 1908 à 1943"),
            ("1944-01-01", "1944-12-31", "En 1944"),
            ("1944-01-01", "1944-01-01", "Le 1er janvier 1944"),
            ("1944-08-02", "1945-12-31", "Du 2 août 1944 au 31 décembre 1945"),
        ] {
            let found = days(Days::new(parse(from), parse(until)).unwrap());
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn lists_end_with_and() {
        for (items, expected) in
            [(&[][..], ""), (&["a"], "a"), (&["a", "b"], "a et b"), (&["a", "b", "c"], "a, b et c")]
        {
            assert_eq!(list(items), expected);
        }
    }
}
