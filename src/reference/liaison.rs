//! How the name of a place joins a French sentence: *de Rennes*, *du Havre*, *d'Évreux*.
//!
//! INSEE gives each name a type of liaison, *type de nom en clair* (TNCC):
//! <https://www.insee.fr/fr/information/2560452>. The names of communes carry their article (*Le
//! Havre*); those of départements and régions do not (*Calvados*, liaison `Le`).

/// The article that a name takes, in INSEE's numbering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liaison {
    /// 0: no article, consonant: *de Rennes*.
    De,
    /// 1: no article, vowel or silent h: *d'Évreux*.
    Elided,
    /// 2: *Le*: *du Havre*.
    Le,
    /// 3: *La*: *de La Rochelle*, *de la Manche*.
    La,
    /// 4: *Les*: *des Andelys*.
    Les,
    /// 5: *L'*: *de L'Haÿ-les-Roses*, *de l'Eure*.
    L,
    /// 6: *Aux*: *d'Aux Marais*, the only one.
    Aux,
    /// 7: *Las*: *de Las Illas*.
    Las,
    /// 8: *Los*: *de Los Masos*.
    Los,
}

const IN_ORDER: [Liaison; 9] = [
    Liaison::De,
    Liaison::Elided,
    Liaison::Le,
    Liaison::La,
    Liaison::Les,
    Liaison::L,
    Liaison::Aux,
    Liaison::Las,
    Liaison::Los,
];

impl Liaison {
    /// The liaison of INSEE's number, 0 to 8.
    pub fn from_number(number: u8) -> Option<Self> {
        IN_ORDER.get(usize::from(number)).copied()
    }

    /// INSEE's number, 0 to 8.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// A liaison for a name to which INSEE gives none, those of the overseas collectivities, from
    /// its first letters. Their initial *h* is sounded (*de Hao*).
    pub fn of_name(name: &str) -> Self {
        const ARTICLES: [(&str, Liaison); 4] = [
            ("Le ", Liaison::Le),
            ("La ", Liaison::La),
            ("Les ", Liaison::Les),
            ("L'", Liaison::L),
        ];
        if let Some((_, liaison)) = ARTICLES.iter().find(|(start, _)| name.starts_with(start)) {
            return *liaison;
        }
        if starts_with_vowel(name) { Self::Elided } else { Self::De }
    }

    /// *de* before the name of a commune, whose article is in the name.
    pub(super) fn commune_with_de(self, name: &str) -> String {
        match (self, name.split_once(' ')) {
            (Self::Elided | Self::Aux, _) => format!("d'{name}"),
            (Self::Le, Some((_, bare))) => format!("du {bare}"),
            (Self::Les, Some((_, bare))) => format!("des {bare}"),
            _ => format!("de {name}"),
        }
    }

    /// *à* before the name of a commune, whose article is in the name.
    pub(super) fn commune_with_a(self, name: &str) -> String {
        match (self, name.split_once(' ')) {
            (Self::Le, Some((_, bare))) => format!("au {bare}"),
            (Self::Les, Some((_, bare))) => format!("aux {bare}"),
            _ => format!("à {name}"),
        }
    }

    /// *de* before the name of a département or région, which lacks its article.
    pub(super) fn bare_with_de(self, name: &str) -> String {
        match self {
            Self::De | Self::Las | Self::Los => format!("de {name}"),
            Self::Elided | Self::Aux => format!("d'{name}"),
            Self::Le => format!("du {name}"),
            Self::La => format!("de la {name}"),
            Self::Les => format!("des {name}"),
            Self::L => format!("de l'{name}"),
        }
    }
}

/// Whether *de* loses its vowel before this name, but for a silent h.
pub(super) fn starts_with_vowel(name: &str) -> bool {
    name.chars()
        .next()
        .and_then(deunicode::deunicode_char)
        .is_some_and(|ascii| ascii.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o', 'u']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn communes_take_de_and_a_with_their_article() {
        for (number, name, de, a) in [
            (0, "Rennes", "de Rennes", "à Rennes"),
            (0, "Saint-Malo", "de Saint-Malo", "à Saint-Malo"),
            (1, "Évreux", "d'Évreux", "à Évreux"),
            (2, "Le Havre", "du Havre", "au Havre"),
            (3, "La Rochelle", "de La Rochelle", "à La Rochelle"),
            (4, "Les Andelys", "des Andelys", "aux Andelys"),
            (5, "L'Haÿ-les-Roses", "de L'Haÿ-les-Roses", "à L'Haÿ-les-Roses"),
            (6, "Aux Marais", "d'Aux Marais", "à Aux Marais"),
            (8, "Los Masos", "de Los Masos", "à Los Masos"),
        ] {
            let liaison = Liaison::from_number(number).unwrap();
            assert_eq!(liaison.commune_with_de(name), de);
            assert_eq!(liaison.commune_with_a(name), a);
            assert_eq!(liaison.number(), number);
        }
        assert_eq!(Liaison::from_number(9), None);
    }

    #[test]
    fn departements_and_regions_gain_their_article() {
        for (number, name, de) in [
            (0, "Bretagne", "de Bretagne"),
            (1, "Ille-et-Vilaine", "d'Ille-et-Vilaine"),
            (2, "Calvados", "du Calvados"),
            (3, "Seine-Maritime", "de la Seine-Maritime"),
            (4, "Hauts-de-France", "des Hauts-de-France"),
            (5, "Eure", "de l'Eure"),
        ] {
            assert_eq!(Liaison::from_number(number).unwrap().bare_with_de(name), de);
        }
    }

    #[test]
    fn a_name_without_official_liaison_is_read_from_its_first_letters() {
        for (name, expected) in [
            ("Papeete", Liaison::De),
            ("Hao", Liaison::De),
            ("Îles Éparses", Liaison::Elided),
            ("Uturoa", Liaison::Elided),
            ("Le Mont-Dore", Liaison::Le),
            ("La Terre-Adélie", Liaison::La),
            ("L'Île-des-Pins", Liaison::L),
            ("", Liaison::De),
        ] {
            assert_eq!(Liaison::of_name(name), expected, "{name}");
        }
    }
}
