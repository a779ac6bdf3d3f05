//! Smaller images: each made once, a few at a time, and kept as long as there is room.

use std::{io, sync::Arc};

use bytes::Bytes;
use moka::future::Cache;
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::media::{
    Library, Media, MediaId,
    resize::{Plan, resize},
};

/// Pixels that are decoded at once, in all: this bounds memory, at four bytes each.
const PIXELS_AT_ONCE: u32 = 50_000_000;
/// Images that are made smaller at once.
const IMAGES_AT_ONCE: u32 = 2;
/// Images that may wait for their turn, so that the last of them is served within a few seconds.
const WAITING: usize = 16;

/// What a variant takes beside its content, about.
const OVERHEAD: usize = 200;

/// A smaller image.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) content: Bytes,
    /// A hash of the content, since another version of the program may make another one.
    pub(super) tag: String,
}

/// Why there is no smaller image.
#[derive(Debug, thiserror::Error)]
pub(super) enum VariantError {
    /// Too many are being made.
    #[error("too many images are being made smaller")]
    Busy,
    /// The image can't be decoded, though its header can be read.
    #[error("the image can't be made smaller")]
    Impossible,
    /// The file is not there any more.
    #[error("the file is lost")]
    Lost,
    /// The disk failed.
    #[error("the file can't be read")]
    Disk(#[source] io::Error),
}

/// Makes and keeps smaller images. Clones are cheap and share them.
#[derive(Debug, Clone)]
pub struct Variants {
    library: Library,
    /// `None` for an image that can't be made smaller, so that it isn't tried again and again.
    made: Cache<(MediaId, Plan), Option<Arc<Variant>>>,
    pixels: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Variants {
    /// Room for so many bytes.
    pub fn new(library: Library, bytes: u64) -> Self {
        let weight = |_: &(MediaId, Plan), made: &Option<Arc<Variant>>| {
            let bytes = made.as_ref().map_or(0, |variant| variant.content.len());
            u32::try_from(bytes + OVERHEAD).unwrap_or(u32::MAX)
        };
        Self {
            library,
            made: Cache::builder().max_capacity(bytes).weigher(weight).build(),
            pixels: Arc::new(Semaphore::new(PIXELS_AT_ONCE as usize)),
            queue: Arc::new(Semaphore::new(WAITING + IMAGES_AT_ONCE as usize)),
        }
    }

    /// A smaller image, which is made if nobody has asked for it before.
    pub(super) async fn get(
        &self,
        media: Media,
        plan: Plan,
    ) -> Result<Arc<Variant>, Arc<VariantError>> {
        let variants = self.clone();
        // A task of its own, so that a client that leaves doesn't take what is nearly made along.
        let making = tokio::spawn(async move {
            variants.made.try_get_with((media.id, plan), variants.make(media, plan)).await
        });
        let made = making.await.map_err(|error| VariantError::Disk(io::Error::other(error)))??;
        made.ok_or_else(|| Arc::new(VariantError::Impossible))
    }

    async fn make(&self, media: Media, plan: Plan) -> Result<Option<Arc<Variant>>, VariantError> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| VariantError::Busy)?;
        let room = Arc::clone(&self.pixels).acquire_many_owned(cost(&media)).await;
        let library = self.library.clone();
        let making = move || {
            let _held = (place, room);
            make(&library, &media, &plan)
        };
        match spawn_blocking(making).await {
            Ok(made) => made,
            Err(error) => {
                tracing::error!(%error, id = %media.id, "an image can't be made smaller");
                Ok(None)
            }
        }
    }
}

/// The share of the pixels at once that an image takes: at most all, and at least what leaves room
/// for no more images than may be made at once.
fn cost(media: &Media) -> u32 {
    let pixels = media.picture.map_or(0, |p| u64::from(p.width) * u64::from(p.height));
    let pixels = u32::try_from(pixels).unwrap_or(u32::MAX);
    pixels.clamp(PIXELS_AT_ONCE / IMAGES_AT_ONCE, PIXELS_AT_ONCE)
}

fn make(
    library: &Library,
    media: &Media,
    plan: &Plan,
) -> Result<Option<Arc<Variant>>, VariantError> {
    let content = library.content(media).map_err(VariantError::Disk)?.ok_or(VariantError::Lost)?;
    let content = content.whole().map_err(VariantError::Disk)?;
    match resize(&content, media.format, plan) {
        Ok(content) => {
            let tag = MediaId::of(&content).to_string();
            Ok(Some(Arc::new(Variant { content, tag })))
        }
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, id = %media.id, "an image can't be made smaller");
            Ok(None)
        }
    }
}
