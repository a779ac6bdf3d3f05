//! Which files the public sees, and what is told of the others.

use crate::{
    catalog::{Built, File, Release, fixture::Base},
    content::{
        cell::{Attachment, Cell},
        guide::Illustration,
        picture::Picture,
        problem::{Code, Place},
        tables::{FieldKey as F, TableKey as T},
    },
};

fn attached(name: &str) -> Cell {
    Cell::Attachments(vec![Attachment {
        id: format!("att{name}").parse().unwrap(),
        filename: format!("{name}.png"),
        media_type: None,
        size: None,
        dimensions: None,
        url: "https://dl.airtable.com/secret".to_owned(),
    }])
}

fn kept(file: &Illustration) -> File {
    File::Kept(Picture {
        file: file.id.clone(),
        path: format!("/v1/media/0/{}", file.filename),
        media_type: "image/png".to_owned(),
        dimensions: Some((4, 3)),
    })
}

fn failed(_: &Illustration) -> File {
    File::Failed { advice: "La réduire.".to_owned() }
}

fn awaited(_: &Illustration) -> File {
    File::Awaited
}

/// The paths of all pictures of a release.
fn paths(release: &Release) -> Vec<&str> {
    let galleries = release.content().pictures.values();
    galleries.flat_map(|gallery| &gallery.pictures).map(|picture| picture.path.as_str()).collect()
}

fn shown() -> Base {
    Base::sound().with(T::Steps, "recI", [(F::Illustrations, attached("A"))])
}

#[test]
fn a_picture_that_comes_makes_another_release() {
    let none = Base::sound().build(None).release;
    let before = shown().build_with(&awaited, None);
    assert_eq!(before.problems, []);
    assert!(before.release.content().pictures.is_empty());
    let after = shown().build_with(&kept, Some(&before.release));
    assert_eq!(paths(&after.release), ["/v1/media/0/A.png"]);
    assert_ne!(after.release.id(), before.release.id());
    assert_ne!(after.release.id(), none.id());
    let again = shown().build_with(&awaited, Some(&after.release));
    assert_eq!(again.release.id(), after.release.id(), "what was published stays");
}

#[test]
fn a_file_that_cannot_be_had_is_told_at_its_cell() {
    let base = Base::sound().with(T::Services, "recArch", [(F::Photo, attached("A"))]);
    let Built { release, problems } = base.build_with(&failed, None);
    assert_eq!(paths(&release), [""; 0]);
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    let place = Place {
        table: T::Services,
        record: Some("recArch".parse().unwrap()),
        label: Some("Archives de Rennes".to_owned()),
        field: Some(F::Photo),
    };
    assert_eq!((problem.code, &problem.place), (Code::FileNotCopied, &place));
    assert_eq!(problem.message, "« A.png » n'est pas publié. La réduire.");
}

#[test]
fn what_is_not_public_shows_no_file_and_asks_for_none() {
    let draft = [(F::Status, super::select("Brouillon")), (F::Photo, attached("A"))];
    let base = Base::sound().with(T::Services, "recMairie", draft);
    let built = base.build_with(&|file| panic!("{file:?} is asked for"), None);
    assert_eq!(paths(&built.release), [""; 0]);
}

#[test]
fn an_earlier_version_of_a_guide_has_its_own_pictures() {
    let good = shown().build_with(&kept, None).release;
    let broken = shown().with(T::Steps, "recI", [(F::Illustrations, attached("B"))]).without(
        T::Steps,
        "recR",
        F::Document,
    );
    for files in [&kept as &dyn Fn(&Illustration) -> File, &failed, &awaited] {
        let built = broken.build_with(files, Some(&good));
        assert!(built.release.content().guides.values().all(|guide| guide.is_stale));
        assert_eq!(paths(&built.release), ["/v1/media/0/A.png"]);
        let told = built.problems.iter().filter(|problem| problem.code == Code::FileNotCopied);
        assert_eq!(told.count(), 0, "that file is in no row any more");
    }
}
