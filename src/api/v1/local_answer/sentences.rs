//! The sentences of a local answer: short, in the French of the public.

use chrono::NaiveDate;

use super::{Holding, SegmentStatus};
use crate::{
    api::v1::{french, services::Service},
    content::{
        locate::{Availability, AvailabilityStatus, Candidate},
        period::Days,
        territory::{Level, Reach},
    },
};

/// *De 1908 au 30 juin 2015 : Archives de Rennes.*
pub fn summary(
    days: Days,
    status: SegmentStatus,
    holdings: &[Holding],
    contacts: &[Service],
) -> String {
    let mut keepers: Vec<&str> = Vec::new();
    let best = holdings.iter().filter(|holding| holding.status == status);
    for name in best.filter_map(|holding| holding.service.as_ref()).map(Service::name) {
        if !keepers.contains(&name) {
            keepers.push(name);
        }
    }
    let keepers = french::list(&keepers);
    let names: Vec<&str> = contacts.iter().map(Service::name).collect();
    let advice = match names.as_slice() {
        [] => String::new(),
        names => format!(" Se renseigner auprès de : {}.", french::list(names)),
    };
    let what = match status {
        SegmentStatus::Kept => format!("{keepers}."),
        SegmentStatus::Transferred => format!("{keepers} (fonds transféré)."),
        SegmentStatus::Incomplete => format!("{keepers}, avec des lacunes."),
        SegmentStatus::Destroyed => "documents détruits.".to_owned(),
        SegmentStatus::NotCollected => {
            format!("documents non collectés par un service d'archives.{advice}")
        }
        SegmentStatus::Unknown => format!("lieu de conservation inconnu.{advice}"),
    };
    format!("{} : {what}", french::days(days))
}

/// Why a candidate is the answer.
pub fn reason(
    best: Option<&Candidate<'_>>,
    superseded_count: usize,
    verified_on: Option<NaiveDate>,
) -> String {
    let Some(best) = best else {
        return "Aucune donnée n'est connue pour ces dates.".to_owned();
    };
    let territory = &best.territory.name;
    let scope = match best.territory.level() {
        Level::SubCommune => format!("Donnée propre à une partie de commune : {territory}"),
        Level::Commune => format!("Donnée propre à la commune : {territory}"),
        Level::Jurisdiction => format!("Donnée valable dans le ressort : {territory}"),
        Level::Epci => format!("Donnée valable dans l'intercommunalité : {territory}"),
        Level::Departement => format!("Donnée valable dans le département : {territory}"),
        Level::Region => format!("Donnée valable dans la région : {territory}"),
        Level::National => "Règle valable partout en France".to_owned(),
    };
    let reach = match best.reach {
        Reach::Part => " (pour une partie de la commune seulement)",
        Reach::Whole | Reach::Inherited => "",
    };
    let precedence = match superseded_count {
        0 => "",
        1 => " Elle l'emporte sur une donnée moins précise.",
        _ => " Elle l'emporte sur des données moins précises.",
    };
    let verified =
        verified_on.map(|day| format!(" Vérifiée le {}.", french::day(day))).unwrap_or_default();
    format!("{scope}{reach}.{precedence}{verified}")
}

/// When the documents may be read.
pub fn availability(availability: &Availability) -> String {
    let Availability { delay_years, status, open_until, opens_on } = *availability;
    let years = if delay_years == 1 { "1 an".to_owned() } else { format!("{delay_years} ans") };
    match (status, open_until, opens_on) {
        (AvailabilityStatus::Open, _, _) => "Consultable par tous dès aujourd'hui.".to_owned(),
        (AvailabilityStatus::Partly, Some(until), _) => format!(
            "Consultable par tous jusqu'aux documents du {} : chacun le devient {years} après sa \
             date.",
            french::day(until)
        ),
        (_, _, Some(on)) => format!(
            "Consultable par tous à partir du {}, {years} après la date du document ; avant, par \
             dérogation.",
            french::day(on)
        ),
        _ => format!(
            "Consultable par tous {years} après la date du document ; avant, par dérogation."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn availability_is_told_with_its_date() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let of = |delay_years, status, open_until, opens_on| Availability {
            delay_years,
            status,
            open_until: day(open_until),
            opens_on: day(opens_on),
        };
        for (found, expected) in [
            (of(0, AvailabilityStatus::Open, "", ""), "Consultable par tous dès aujourd'hui."),
            (
                of(75, AvailabilityStatus::Partly, "1951-11-23", ""),
                "Consultable par tous jusqu'aux documents du 23 novembre 1951 : chacun le devient \
                 75 ans après sa date.",
            ),
            (
                of(25, AvailabilityStatus::Restricted, "2001-11-23", "2040-07-01"),
                "Consultable par tous à partir du 1er juillet 2040, 25 ans après la date du \
                 document ; avant, par dérogation.",
            ),
            (
                of(1, AvailabilityStatus::Restricted, "2025-11-23", ""),
                "Consultable par tous 1 an après la date du document ; avant, par dérogation.",
            ),
        ] {
            assert_eq!(availability(&found), expected);
        }
    }
}
