use super::*;

fn reference() -> &'static Reference {
    Reference::embedded().unwrap()
}

fn code(text: &str) -> InseeCode {
    text.parse().unwrap()
}

#[test]
fn the_embedded_data_is_whole() {
    let reference = reference();
    let count = |kind| reference.communes().iter().filter(|c| c.kind == kind).count();
    let counts = CommuneKind::ALL.map(count);
    assert_eq!(counts, [34_969, 2_105, 471, 45]);
    assert_eq!(reference.epcis().len(), 1_255);
    assert_eq!(reference.departements().len(), 109);
    assert_eq!(reference.regions().len(), 26);
    assert_eq!(reference.former_names().len(), 3_584);
    assert_eq!(&*reference.source().package, "6.0.0");
    assert_eq!(&*reference.source().centres, "1.1.0");
}

#[test]
fn communes_have_centres_but_for_some_overseas_and_a_few_new_ones() {
    let current = reference().communes().iter().filter(|c| c.kind == CommuneKind::Current);
    let without: Vec<_> = current.filter(|commune| commune.centre.is_none()).collect();
    assert_eq!(without.len(), 99);
    let is_collectivity = |commune: &&&Commune| commune.departement.as_str() > "974";
    assert_eq!(without.iter().filter(is_collectivity).count(), 94);
    let paris = reference().find(code("75056")).unwrap().commune().centre.unwrap();
    assert!(paris.metres_to("48.8566,2.3522".parse().unwrap()) < 1_000, "{paris}");
}

#[test]
fn records_are_ordered_and_their_keys_unique() {
    let reference = reference();
    assert!(reference.communes().is_sorted_by_key(|commune| (commune.code, commune.kind)));
    assert!(
        reference
            .communes()
            .windows(2)
            .all(|pair| { (pair[0].code, pair[0].kind) < (pair[1].code, pair[1].kind) })
    );
    assert!(reference.epcis().windows(2).all(|pair| pair[0].code < pair[1].code));
    assert!(reference.departements().windows(2).all(|pair| pair[0].code < pair[1].code));
    assert!(reference.regions().windows(2).all(|pair| pair[0].code < pair[1].code));
}

#[test]
fn everything_that_a_commune_names_exists() {
    let reference = reference();
    for commune in reference.communes() {
        let levels =
            3 + usize::from(commune.parent.is_some()) + usize::from(commune.epci.is_some());
        assert_eq!(reference.ancestors(commune).count(), levels, "{}", commune.code);
        assert_eq!(reference.current(commune).kind, CommuneKind::Current);
    }
}

#[test]
fn a_code_alone_names_the_current_commune_first() {
    let Some(Found::Exact(arboys)) = reference().find(code("01015")) else { panic!() };
    assert_eq!((&*arboys.name, arboys.kind), ("Arboys en Bugey", CommuneKind::Current));
    let arbignieu = reference().commune(CommuneKind::Delegated, code("01015")).unwrap();
    assert_eq!(&*arbignieu.name, "Arbignieu");
}

#[test]
fn a_code_still_borne_by_a_part_names_that_part() {
    let Some(Found::Exact(part)) = reference().find(code("01340")) else { panic!() };
    assert_eq!((&*part.name, part.kind), ("Saint-Bois", CommuneKind::Delegated));
    assert_eq!(part.parent, Some(code("01015")));
}

#[test]
fn an_old_code_leads_to_the_commune_of_today() {
    for (old, name) in [("69232", "Lyon"), ("75012", "Boulogne-Billancourt"), ("20004", "Ajaccio")]
    {
        let Some(Found::Redirected { from, to }) = reference().find(code(old)) else { panic!() };
        assert_eq!((from, &*to.name), (code(old), name));
    }
    assert!(reference().find(code("35999")).is_none());
}

#[test]
fn parts_inherit_what_their_commune_has() {
    let reference = reference();
    let arboys = reference.commune(CommuneKind::Current, code("01015")).unwrap();
    let parts: Vec<_> = reference.parts_of(arboys.code).collect();
    let names: Vec<_> = parts.iter().map(|part| &*part.name).collect();
    assert_eq!(names, ["Arbignieu", "Saint-Bois"]);
    for part in parts {
        assert_eq!(part.postcodes, arboys.postcodes);
        assert_eq!(part.epci, arboys.epci);
    }
    let district = reference.commune(CommuneKind::District, code("75112")).unwrap();
    assert_eq!(*district.postcodes, ["75012".parse().unwrap()]);
    assert_eq!(&*reference.current(district).name, "Paris");
}

#[test]
fn a_part_climbs_to_its_commune_its_epci_its_departement_and_its_region() {
    let reference = reference();
    let climb = |kind, of| -> Vec<_> {
        let commune = reference.commune(kind, code(of)).unwrap();
        reference.ancestors(commune).map(Territory::name).collect()
    };
    assert_eq!(
        climb(CommuneKind::Delegated, "01340"),
        ["Saint-Bois", "Arboys en Bugey", "CC Bugey Sud", "Ain", "Auvergne-Rhône-Alpes"]
    );
    assert_eq!(
        climb(CommuneKind::Current, "35238"),
        ["Rennes", "Rennes Métropole", "Ille-et-Vilaine", "Bretagne"]
    );
    // An island without EPCI, and a part in another département than its code says.
    assert_eq!(climb(CommuneKind::Current, "29155"), ["Ouessant", "Finistère", "Bretagne"]);
    assert_eq!(climb(CommuneKind::Associated, "02285")[3], "Nord");
}

#[test]
fn territories_list_their_communes() {
    let reference = reference();
    let rennes = reference.commune(CommuneKind::Current, code("35238")).unwrap();
    let names = |communes: Vec<&Commune>| -> Vec<String> {
        communes.into_iter().map(|commune| commune.name.to_string()).collect()
    };
    let of_epci = names(reference.communes_of_epci(rennes.epci.unwrap()).collect());
    assert_eq!(of_epci.len(), 43);
    assert!(of_epci.contains(&"Cesson-Sévigné".to_owned()));
    let of_departement = reference.communes_of_departement(rennes.departement);
    assert_eq!(of_departement.filter(|c| c.code.as_str().starts_with("35")).count(), 332);
    let by_departement = ["22", "29", "35", "56"]
        .map(|code| reference.communes_of_departement(code.parse().unwrap()).count());
    assert_eq!(
        reference.communes_of_region(rennes.region).count(),
        by_departement.iter().sum::<usize>()
    );
    let of_postcode = names(reference.communes_of_postcode("01300".parse().unwrap()).collect());
    assert!(of_postcode.contains(&"Belley".to_owned()));
    assert!(of_postcode.contains(&"Saint-Bois".to_owned()));
}

#[test]
fn names_join_sentences() {
    let reference = reference();
    for (insee, de, a) in [
        ("35238", "de Rennes", "à Rennes"),
        ("76351", "du Havre", "au Havre"),
        ("27229", "d'Évreux", "à Évreux"),
        ("17300", "de La Rochelle", "à La Rochelle"),
        ("27016", "des Andelys", "aux Andelys"),
        ("94038", "de L'Haÿ-les-Roses", "à L'Haÿ-les-Roses"),
        ("98818", "de Nouméa", "à Nouméa"),
    ] {
        let commune = reference.find(code(insee)).unwrap().commune();
        assert_eq!((commune.name_with_de().as_str(), commune.name_with_a().as_str()), (de, a));
    }
    let departements = ["35", "76", "27", "974"]
        .map(|code| reference.departement(code.parse().unwrap()).unwrap().name_with_de());
    assert_eq!(
        departements,
        ["d'Ille-et-Vilaine", "de la Seine-Maritime", "de l'Eure", "de La Réunion"]
    );
}

#[test]
fn names_carry_the_article_that_their_liaison_tells() {
    for commune in reference().communes() {
        let article = match commune.liaison {
            Liaison::Le => "Le ",
            Liaison::La => "La ",
            Liaison::Les => "Les ",
            Liaison::L => "L'",
            Liaison::Aux => "Aux ",
            Liaison::Las => "Las ",
            Liaison::Los => "Los ",
            Liaison::De | Liaison::Elided => "",
        };
        assert!(commune.name.starts_with(article), "{}", commune.name);
    }
}

#[test]
fn a_missing_parent_or_successor_is_told() {
    let decode = |change: fn(&mut Dataset)| {
        let mut dataset = Dataset::decompress(EMBEDDED).unwrap();
        change(&mut dataset);
        Reference::index(dataset).unwrap_err().to_string()
    };
    let orphan = |dataset: &mut Dataset| {
        let part = dataset.communes.iter_mut().find(|commune| commune.parent.is_some()).unwrap();
        part.parent = Some(code("35999"));
    };
    assert_eq!(
        decode(orphan),
        "the reference data has no current commune 35999, which 01015 names"
    );
    let lost = |dataset: &mut Dataset| dataset.former_names[0].current = code("35999");
    assert!(decode(lost).contains("no current commune 35999"));
}
