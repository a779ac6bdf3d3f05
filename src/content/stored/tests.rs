//! The bytes themselves, which may never change, and what damage to them does.

use std::fmt::Debug;

use minicbor::{Decode, Encode};
use proptest::prelude::*;

use super::{DecodeError, decode, encode};
use crate::{
    content::{
        document::{Document, TerritorialRule},
        guide::{Choice, Condition, Guide, Illustration, Language, Step, StepKind, Target},
        holding::{AccessMode, Holding, HoldingFacts, State},
        ids::{RecordId, Slug},
        period::{Bound, Period},
        rich_text::RichText,
        service::{Service, ServiceKind},
        status::Status,
        territory::{Area, Territory},
    },
    position::Position,
    reference::{DepartementCode, InseeCode},
};

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn record(text: &str) -> RecordId {
    text.parse().unwrap()
}

fn illustration() -> Illustration {
    Illustration {
        id: "attA".parse().unwrap(),
        filename: "a.png".into(),
        media_type: Some("image/png".into()),
        dimensions: Some((640, 480)),
    }
}

fn guide() -> Guide {
    let choice = |target, condition| Choice {
        slug: slug("c"),
        record: record("recC"),
        label: "Continuer".into(),
        note: None,
        target,
        condition,
    };
    let step = |name: &str, kind, choices| Step {
        slug: slug(name),
        record: record("recE"),
        title: "É".into(),
        kind,
        content: RichText::new("*oui*"),
        document: Some(slug("d")),
        illustrations: vec![illustration()],
        choices,
    };
    let choices = vec![
        choice(Target::Step(slug("a")), Some(Condition::CommuneUnknown)),
        choice(Target::Guide(slug("g2")), None),
        choice(Target::External("https://a.fr/".parse().unwrap()), None),
    ];
    // Not in the order of the alphabet: the order of the steps is part of the guide.
    let steps = [step("b", StepKind::Question, choices), step("a", StepKind::Result, Vec::new())];
    Guide {
        slug: slug("g"),
        record: record("recG"),
        title: "Titre".into(),
        summary: None,
        theme: Some("Thème".into()),
        keywords: vec!["mot".into()],
        language: Language::English,
        first_step: slug("b"),
        steps: steps.into_iter().map(|step| (step.slug.clone(), step)).collect(),
        is_stale: false,
    }
}

fn document() -> Document {
    Document {
        slug: slug("d"),
        record: record("recD"),
        status: Status::Published,
        name: "Permis".into(),
        description: RichText::new("**Quoi**"),
        contents: None,
        who_may_read: None,
        delay_years: Some(75),
        territorial_rule: TerritorialRule::NotaryOffice,
        synonyms: vec!["PC".into()],
    }
}

fn service() -> Service {
    Service {
        slug: slug("s"),
        record: record("recS"),
        status: Status::Published,
        name: "Archives".into(),
        kind: ServiceKind::MunicipalArchives,
        is_generic: false,
        address: Some("1 rue".into()),
        postcode: None,
        commune: "2A004".parse().ok(),
        phone: None,
        email: Some("a@b.fr".into()),
        website: "https://a.fr/".parse().ok(),
        form: None,
        hours: "Mo 09:00-12:00".parse().ok(),
        hours_note: None,
        appointment_only: true,
        position: Position::new(48.117266, -1.677793),
        photos: Vec::new(),
    }
}

fn territory(area: Area) -> Territory {
    Territory { slug: slug("t"), record: record("recT"), name: "Lieu".into(), area }
}

fn jurisdiction() -> Territory {
    let codes = ["35238", "2A004"].map(|code| code.parse().unwrap());
    territory(Area::Jurisdiction(codes.into()))
}

fn holding() -> Holding {
    let facts = HoldingFacts {
        record: record("recH"),
        title: None,
        period: Period {
            from: Bound::Day("1908-07-01".parse().unwrap()),
            until: Bound::YearsAgo(75),
        },
        state: State::Incomplete,
        access: vec![AccessMode::ReadingRoom, AccessMode::Mail],
        online: Some(Box::new("https://a.fr/".parse().unwrap())),
        notes: None,
        call_number: Some("3 P".into()),
        source: None,
        verified_on: "2026-11-23".parse().ok(),
    };
    Holding {
        document: slug("d"),
        territories: vec![slug("t")],
        service: None,
        contact_first: vec![slug("s")],
        facts: facts.into(),
    }
}

fn check<T>(value: &T, expected: &str)
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let bytes = encode(value);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected, "the stored form of {value:?} has changed");
    assert_eq!(decode::<T>(&bytes).unwrap(), *value);
}

/// A change here loses what every running service has kept: add a field instead.
#[test]
fn the_bytes_of_each_kind_stay_what_they_are() {
    check(
        &guide(),
        "8a61676472656347655469747265f6665468c3a86d6581636d6f7401616282886162647265634562c389\
         00652a6f75692a61648184646174744165612e706e6769696d6167652f706e67821902801901e0838661\
         63647265634369436f6e74696e756572f68200616101856163647265634369436f6e74696e756572f682\
         01626732856163647265634369436f6e74696e756572f682026d68747470733a2f2f612e66722f886161\
         647265634562c38904652a6f75692a61648184646174744165612e706e6769696d6167652f706e678219\
         02801901e080f4",
    );
    check(&document(), "8a6164647265634401665065726d6973682a2a51756f692a2af6f6184b0181625043");
    check(
        &service(),
        "92617364726563530168417263686976657301f4653120727565f6653241303034f6666140622e66726d\
         68747470733a2f2f612e66722ff66e4d6f2030393a30302d31323a3030f6f5821a02de36123a001999e0\
         80",
    );
    check(&jurisdiction(), "8461746472656354644c696575820282653241303034653335323338");
    check(
        &holding(),
        "856164816174f68161738a6472656348f68282013957bf8202184b018200046d68747470733a2f2f612e\
         66722ff663332050f619512c",
    );
}

#[test]
fn the_bytes_of_each_variant_stay_what_they_are() {
    let insee = || "35238".parse().unwrap();
    check(&Area::SubCommune(insee()), "8200653335323338");
    check(&Area::Commune(insee()), "8201653335323338");
    check(&Area::Epci("243500139".parse().unwrap()), "820369323433353030313339");
    check(&Area::Departement("2B".parse().unwrap()), "8204623242");
    check(&Area::Region("53".parse().unwrap()), "8205623533");
    check(&Area::National, "8106");
    check(&Bound::Open, "8100");
}

#[test]
fn variants_without_data_keep_their_index() {
    fn check<T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug>(variants: &[T]) {
        for (index, variant) in variants.iter().enumerate() {
            assert_eq!(encode(variant), encode(&index), "{variant:?}");
            assert_eq!(decode::<T>(&encode(&index)).unwrap(), *variant);
        }
        assert!(decode::<T>(&encode(&variants.len())).is_err(), "{variants:?}: one is missing");
    }
    check(&[Status::Draft, Status::Published, Status::Archived]);
    check(&[Language::French, Language::English]);
    check(&[Condition::CommuneKnown, Condition::CommuneUnknown]);
    check(&[TerritorialRule::Property, TerritorialRule::NotaryOffice, TerritorialRule::Home]);
    check(&StepKind::OPTIONS.iter().map(|(_, kind)| *kind).collect::<Vec<_>>());
    check(&ServiceKind::OPTIONS.iter().map(|(_, kind)| *kind).collect::<Vec<_>>());
    check(&[
        State::Kept,
        State::Incomplete,
        State::Destroyed,
        State::Transferred,
        State::NotCollected,
    ]);
    check(&[
        AccessMode::ReadingRoom,
        AccessMode::Delivery,
        AccessMode::Online,
        AccessMode::Desk,
        AccessMode::Mail,
    ]);
}

#[test]
fn what_parsing_would_refuse_is_refused() {
    fn refused<T: for<'b> Decode<'b, ()>>(value: &impl Encode<()>) -> bool {
        matches!(decode::<T>(&encode(value)), Err(DecodeError::Invalid(_)))
    }
    assert!(refused::<Slug>(&"Pas un slug"));
    assert!(refused::<RecordId>(&"tblA"));
    assert!(refused::<InseeCode>(&"3523"));
    assert!(refused::<DepartementCode>(&"97"));
    assert!(refused::<RichText>(&" \n"));
    assert!(refused::<Position>(&(90_000_001, 0)));
    assert!(refused::<Position>(&(0, -180_000_001)));
    assert!(!refused::<Position>(&(-90_000_000, 180_000_000)));
    assert!(refused::<Bound>(&(1, i32::MAX)), "no calendar has this day");
    assert!(refused::<Bound>(&(1, -800_000)), "before the year 500");
    assert!(refused::<Bound>(&(2, 0)) && refused::<Bound>(&(2, 501)));
    assert!(refused::<Bound>(&[3]) && refused::<Bound>(&[1]));
    assert!(refused::<Target>(&(2, "javascript:alert(1)")));
    assert!(refused::<Target>(&(2, "/relative")));
}

#[test]
fn two_steps_of_one_slug_are_refused() {
    let mut guide = guide();
    let twin = guide.steps.get(&slug("a")).unwrap().clone();
    guide.steps.insert(slug("c"), twin);
    assert!(decode::<Guide>(&encode(&guide)).is_err());
}

#[test]
fn a_field_that_a_later_version_added_is_passed_over() {
    let mut bytes = encode(&territory(Area::National));
    assert_eq!(bytes[0], 0x84, "an array of four");
    bytes[0] = 0x85;
    bytes.extend(encode(&["un", "ajout"]));
    assert_eq!(decode::<Territory>(&bytes).unwrap(), territory(Area::National));
}

#[test]
fn what_follows_a_value_is_an_error() {
    let mut bytes = encode(&slug("a"));
    bytes.extend([0, 0]);
    assert!(matches!(decode::<Slug>(&bytes), Err(DecodeError::Trailing(2))));
}

/// Bytes that are whole, cut, or have a few bytes changed.
fn damaged(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let len = bytes.len();
    (prop::collection::vec((0..len, any::<u8>()), 0..4), 0..=len).prop_map(move |(flips, cut)| {
        let mut bytes = bytes.clone();
        for (at, byte) in flips {
            bytes[at] = byte;
        }
        bytes.truncate(cut);
        bytes
    })
}

/// Reading may fail, and may not panic; what is read is a value like any other.
fn survives<T>(bytes: &[u8])
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    if let Ok(value) = decode::<T>(bytes) {
        assert_eq!(decode::<T>(&encode(&value)).unwrap(), value);
    }
}

#[test]
fn no_cut_value_is_read() {
    fn check<T: Encode<()> + for<'b> Decode<'b, ()>>(value: &T) {
        let bytes = encode(value);
        for len in 0..bytes.len() {
            assert!(decode::<T>(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
        }
    }
    check(&guide());
    check(&document());
    check(&service());
    check(&jurisdiction());
    check(&holding());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn damaged_bytes_never_panic(
        guide in damaged(encode(&guide())),
        document in damaged(encode(&document())),
        service in damaged(encode(&service())),
        territory in damaged(encode(&jurisdiction())),
        holding in damaged(encode(&holding())),
        noise in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        survives::<Guide>(&guide);
        survives::<Document>(&document);
        survives::<Service>(&service);
        survives::<Territory>(&territory);
        survives::<Holding>(&holding);
        survives::<Guide>(&noise);
        survives::<Holding>(&noise);
    }
}
