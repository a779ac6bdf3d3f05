//! A base with files in every row that may have some.

use std::sync::Arc;

use locadocs::content::tables::{FieldKey, TableKey};
use serde_json::json;

use super::{
    published::{Public, assert_whole},
    wire::Wire,
};

/// The demo base with files on each of its steps and services, at all of Airtable's hosts.
fn wire() -> (Wire, Vec<String>) {
    let mut wire = Wire::demo();
    let mut ids = wire.ids();
    for (table, field) in
        [(TableKey::Steps, FieldKey::Illustrations), (TableKey::Services, FieldKey::Photo)]
    {
        for (n, row) in wire.rows(table).iter_mut().enumerate() {
            let hosts = ["v5.airtableusercontent.com", "dl.airtable.com"];
            let cell = hosts.iter().enumerate().map(|(h, host)| {
                let id = format!("att{field:?}{n:03}{h}");
                ids.push(id.clone());
                let url = format!("https://{host}/.attachments/{id}/plan.png");
                let thumbnail = json!({ "url": url, "width": 1, "height": 1 });
                json!({
                    "id": id, "url": url, "filename": format!("Plan {n}.png"), "size": 70,
                    "type": "image/png", "width": 1, "height": 1,
                    "thumbnails": { "small": thumbnail, "large": thumbnail, "full": thumbnail },
                })
            });
            let cell = json!(cell.collect::<Vec<_>>()).to_string();
            row.cells.insert(field, Arc::from(cell));
        }
    }
    (wire, ids)
}

#[tokio::test]
async fn no_answer_holds_a_link_of_airtable_or_the_id_of_a_file() {
    let demo = Wire::demo();
    let built = demo.build(None);
    assert_eq!(built.release.content().pictures.len(), 1);
    Public::new(demo.ids()).assert_harmless(built.release).await;

    let (wire, ids) = wire();
    let release = wire.build(None).release;
    assert_whole(&release);
    let content = release.content();
    let steps: usize = content.guides.values().map(|guide| guide.steps.len()).sum();
    assert_eq!(content.pictures.len(), steps + content.services.len());
    assert!(content.pictures.values().all(|gallery| gallery.pictures.len() == 2));
    Public::new(ids).assert_harmless(release).await;
}
