//! Where a service is, as far as its hours care: what clocks show there and which days are public
//! holidays.
//!
//! The holidays of all of France come from `opening-hours`, which has them from 2000 to 2076. Those of
//! a part of it are added here: Alsace and Moselle by the Code du travail (L3134-13), the overseas
//! départements, Saint-Barthélemy and Saint-Martin by its article L3422-2. The collectivities of the
//! Pacific have labour laws of their own: their own holidays are known to be kept, but not by whom, so
//! that they make hours doubtful instead of closing.

use std::sync::LazyLock;

use chrono::{Datelike as _, Days, NaiveDate};
use chrono_tz::{America, Europe, Indian, Pacific, Tz};
use opening_hours::{ContextHolidays, localization::Country};

use crate::reference::DepartementCode;

/// The first and last years whose holidays are known.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2076;

/// A place with its own time or its own holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locality {
    zone: Tz,
    calendar: Calendar,
}

/// Which holidays a place has beside those of all of France.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Calendar {
    France,
    AlsaceMoselle,
    Guadeloupe,
    Martinique,
    Guyane,
    Reunion,
    Mayotte,
    SaintBarthelemy,
    SaintMartin,
    WallisEtFutuna,
    Polynesie,
    NouvelleCaledonie,
}

/// Legal holidays, and days that may be one.
#[derive(Debug, Clone)]
struct Holidays {
    calendar: Calendar,
    certain: ContextHolidays,
    doubtful: ContextHolidays,
}

impl Calendar {
    const ALL: [Self; 12] = [
        Self::France,
        Self::AlsaceMoselle,
        Self::Guadeloupe,
        Self::Martinique,
        Self::Guyane,
        Self::Reunion,
        Self::Mayotte,
        Self::SaintBarthelemy,
        Self::SaintMartin,
        Self::WallisEtFutuna,
        Self::Polynesie,
        Self::NouvelleCaledonie,
    ];

    /// The days that are a holiday here and not everywhere, as month and day, with their names.
    fn own_days(self) -> &'static [(u32, u32, &'static str)] {
        const ABOLITION: &str = "Abolition de l'esclavage";
        match self {
            Self::AlsaceMoselle => &[(12, 26, "Saint-Étienne")],
            Self::Guadeloupe => &[(5, 27, ABOLITION)],
            Self::Martinique => &[(5, 22, ABOLITION)],
            Self::Guyane => &[(6, 10, ABOLITION)],
            Self::Reunion => &[(12, 20, ABOLITION)],
            Self::Mayotte => &[(4, 27, ABOLITION)],
            Self::SaintBarthelemy => &[(10, 9, ABOLITION)],
            Self::SaintMartin => &[(5, 28, ABOLITION)],
            Self::France | Self::WallisEtFutuna | Self::Polynesie | Self::NouvelleCaledonie => &[],
        }
    }

    /// The days that may be a holiday here, as month and day.
    fn doubtful_days(self) -> &'static [(u32, u32)] {
        match self {
            Self::WallisEtFutuna => &[(4, 28), (6, 29), (7, 29)],
            Self::Polynesie => &[(3, 5), (6, 29), (11, 20)],
            Self::NouvelleCaledonie => &[(9, 24)],
            _ => &[],
        }
    }

    /// The calendars of all places, made once.
    fn holidays(self) -> &'static Holidays {
        static ALL: LazyLock<[Holidays; 12]> =
            LazyLock::new(|| Calendar::ALL.map(Calendar::gather));
        let [first, others @ ..] = &*ALL;
        others.iter().find(|holidays| holidays.calendar == self).unwrap_or(first)
    }

    fn gather(self) -> Holidays {
        let mut certain = Country::FR.holidays().get_public().clone();
        // An empty calendar of the library's own type.
        let mut doubtful = ContextHolidays::default().get_public().clone();
        for year in YEARS {
            let day = |month, day| NaiveDate::from_ymd_opt(year, month, day);
            let good_friday = good_friday(year);
            let own = self.own_days().iter().filter_map(|(m, d, _)| day(*m, *d));
            for date in own.chain(good_friday.filter(|_| self == Self::AlsaceMoselle)) {
                certain.insert(date);
            }
            let own = self.doubtful_days().iter().filter_map(|(m, d)| day(*m, *d));
            for date in own.chain(good_friday.filter(|_| self == Self::Polynesie)) {
                doubtful.insert(date);
            }
        }
        Holidays {
            calendar: self,
            certain: ContextHolidays::new(certain.into(), Default::default()),
            doubtful: ContextHolidays::new(doubtful.into(), Default::default()),
        }
    }
}

impl Locality {
    /// The greater part of France.
    pub const FRANCE: Self = Self { zone: Europe::Paris, calendar: Calendar::France };

    /// That of a département or an overseas collectivity. Polynesia's is that of Tahiti, where its
    /// services are.
    pub fn of(departement: DepartementCode) -> Self {
        let (zone, calendar) = match departement.as_str() {
            "57" | "67" | "68" => (Europe::Paris, Calendar::AlsaceMoselle),
            "971" => (America::Guadeloupe, Calendar::Guadeloupe),
            "972" => (America::Martinique, Calendar::Martinique),
            "973" => (America::Cayenne, Calendar::Guyane),
            "974" => (Indian::Reunion, Calendar::Reunion),
            "975" => (America::Miquelon, Calendar::France),
            "976" => (Indian::Mayotte, Calendar::Mayotte),
            "977" => (America::St_Barthelemy, Calendar::SaintBarthelemy),
            "978" => (America::Marigot, Calendar::SaintMartin),
            "984" => (Indian::Kerguelen, Calendar::France),
            "986" => (Pacific::Wallis, Calendar::WallisEtFutuna),
            "987" => (Pacific::Tahiti, Calendar::Polynesie),
            "988" => (Pacific::Noumea, Calendar::NouvelleCaledonie),
            _ => return Self::FRANCE,
        };
        Self { zone, calendar }
    }

    /// Its time.
    pub fn zone(self) -> Tz {
        self.zone
    }

    /// The public holidays that all keep.
    pub(super) fn holidays(self) -> ContextHolidays {
        self.calendar.holidays().certain.clone()
    }

    /// The days that may be a public holiday.
    pub(super) fn doubtful_holidays(self) -> ContextHolidays {
        self.calendar.holidays().doubtful.clone()
    }

    /// Whether a day is, or may be, a public holiday.
    pub(super) fn may_be_holiday(self, day: NaiveDate) -> bool {
        let Holidays { certain, doubtful, .. } = self.calendar.holidays();
        certain.get_public().contains(day) || doubtful.get_public().contains(day)
    }

    /// The name in French of the public holiday that a day is.
    pub(super) fn holiday(self, day: NaiveDate) -> Option<&'static str> {
        let Holidays { certain, .. } = self.calendar.holidays();
        if !certain.get_public().contains(day) {
            return None;
        }
        let own = self.calendar.own_days().iter();
        let own = own.map(|(month, day, name)| ((*month, *day), *name));
        let mut fixed = own.chain(FIXED.iter().copied());
        let fixed = fixed.find(|(date, _)| *date == (day.month(), day.day()));
        fixed.map(|(_, name)| name).or_else(|| movable(day))
    }
}

/// The holidays of all of France that keep their day.
const FIXED: [((u32, u32), &str); 8] = [
    ((1, 1), "Jour de l'an"),
    ((5, 1), "Fête du travail"),
    ((5, 8), "Victoire de 1945"),
    ((7, 14), "Fête nationale"),
    ((8, 15), "Assomption"),
    ((11, 1), "Toussaint"),
    ((11, 11), "Armistice de 1918"),
    ((12, 25), "Noël"),
];

/// The name of a holiday that moves with Easter.
fn movable(day: NaiveDate) -> Option<&'static str> {
    match (day - easter_monday(day.year())?).num_days() {
        -3 => Some("Vendredi saint"),
        0 => Some("Lundi de Pâques"),
        38 => Some("Ascension"),
        49 => Some("Lundi de Pentecôte"),
        _ => None,
    }
}

fn good_friday(year: i32) -> Option<NaiveDate> {
    easter_monday(year)?.checked_sub_days(Days::new(3))
}

/// The one holiday of all of France that falls between 23 March and 26 April.
fn easter_monday(year: i32) -> Option<NaiveDate> {
    let before = NaiveDate::from_ymd_opt(year, 3, 22)?;
    let holidays = Country::FR.holidays();
    let monday = holidays.get_public().first_after(before)?;
    let last = NaiveDate::from_ymd_opt(year, 4, 26)?;
    (monday <= last).then_some(monday)
}
