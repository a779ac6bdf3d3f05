//! What is published can be kept and read back, whole.

use std::fmt::Debug;

use locadocs::{
    catalog::Release,
    content::stored::{decode, encode},
};
use minicbor::{Decode, Encode};

use crate::fixture;

/// Everything in a release is the same once kept and read back, and then has the same bytes.
pub fn assert_keepable(release: &Release) {
    let content = release.content();
    content.guides.values().for_each(|guide| assert_kept(&**guide));
    content.good.values().for_each(|guide| assert_kept(&**guide));
    content.documents.values().for_each(|document| assert_kept(&**document));
    content.services.values().for_each(|service| assert_kept(&**service));
    content.territories.values().for_each(|territory| assert_kept(&**territory));
    content.holdings.iter().for_each(|holding| assert_kept(&**holding));
    content.pictures.values().for_each(|gallery| assert_kept(&**gallery));
}

fn assert_kept<T>(value: &T)
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let bytes = encode(value);
    let read: T = decode(&bytes).unwrap();
    assert_eq!(read, *value);
    assert_eq!(encode(&read), bytes);
}

#[test]
fn a_release_is_read_back_as_it_was_kept() {
    assert_keepable(&fixture::release());
}
