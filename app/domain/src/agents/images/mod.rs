//! Images that people send with a message, for the model to look at.
//!
//! What a file is, its bytes say. It is neither decoded nor encoded anew, so a model sees just what was sent; but what
//! cameras and programs have noted in it (places, dates, names) is left out first (`clean.rs`): a provider and a
//! workspace's admins have no need to know where a photo was taken. GIFs stay as they are.
//!
//! A model is told of the newest images of a conversation, eight of them and 12 MiB at most; where older ones are left
//! out, their message says so.

#[cfg(feature = "ssr")]
mod clean;

#[cfg(feature = "ssr")]
use std::fmt;

#[cfg(feature = "ssr")]
use base64::{Engine as _, engine::general_purpose::STANDARD};
#[cfg(feature = "ssr")]
use serde_json::json;

use crate::ids::RunId;
#[cfg(feature = "ssr")]
use crate::{
    Code, Error, Result,
    providers::{Image, ImageType, Message},
};

/// The most images of one message.
pub const MOST: usize = 4;
/// The largest file, in bytes: in base64 it has 4 MiB, and the strictest provider takes 5.
pub const MAX_BYTES: usize = 3 << 20;
/// All files of one message, in bytes.
pub const MAX_TOTAL: usize = 8 << 20;
/// What is taken, as a form's `accept` says it.
pub const ACCEPTED: &str = "image/png,image/jpeg,image/webp,image/gif";
/// How many images of a conversation a model is told of.
#[cfg(feature = "ssr")]
pub(super) const TOLD: i64 = 8;
/// How many bytes they may have together: in base64 16 MiB, and the strictest provider takes 20.
#[cfg(feature = "ssr")]
pub(super) const TOLD_BYTES: i64 = 12 << 20;

/// Where an image of a run shows. No browser sends a header with it, so the address names the workspace, by its id or its slug.
pub fn path(workspace: &str, run: RunId, position: i64) -> String {
    format!("/api/runs/{run}/images/{position}?workspace={workspace}")
}

/// An image as it is kept, sent to models and shown.
#[cfg(feature = "ssr")]
#[derive(Clone, PartialEq, Eq)]
pub struct RunImage {
    /// What it is encoded as.
    pub kind: ImageType,
    /// The file.
    pub bytes: Vec<u8>,
}

#[cfg(feature = "ssr")]
impl fmt::Debug for RunImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunImage({}, {} bytes)", self.kind.as_str(), self.bytes.len())
    }
}

#[cfg(feature = "ssr")]
impl RunImage {
    /// As models are sent it.
    fn told(&self) -> Image {
        Image { media_type: self.kind, base64: STANDARD.encode(&self.bytes) }
    }
}

/// Looks at what somebody sends, in its order.
#[cfg(feature = "ssr")]
pub(super) fn taken(files: &[Vec<u8>]) -> Result<Vec<RunImage>> {
    if files.len() > MOST {
        return Err(Error::invalid("files", "maxItems", format!("At most {MOST} files with a message, please.")));
    }
    if files.iter().any(|file| file.len() > MAX_BYTES) || files.iter().map(Vec::len).sum::<usize>() > MAX_TOTAL {
        return Err(too_large());
    }
    let image = |file: &Vec<u8>| clean::cleaned(file).map(|(kind, bytes)| RunImage { kind, bytes });
    files.iter().map(|file| image(file).ok_or_else(unreadable)).collect()
}

/// Says that files are too large.
#[cfg(feature = "ssr")]
pub fn too_large() -> Error {
    let why = format!(
        "These files are too large: at most {} MB each and {} MB together, please.",
        MAX_BYTES >> 20,
        MAX_TOTAL >> 20
    );
    Error::new(Code::PayloadTooLarge, why).with(json!({ "field": "files", "constraint": "maxLength" }))
}

#[cfg(feature = "ssr")]
fn unreadable() -> Error {
    let why = "Not all of these files are images that models look at. Please send PNG, JPEG, WebP or GIF.";
    Error::invalid("files", "image", why)
}

/// A message with its images. `gone` of them are too far back to be sent again.
#[cfg(feature = "ssr")]
pub(super) fn message(mut text: String, images: &[RunImage], gone: usize) -> Message {
    if gone > 0 {
        let which = if gone == 1 {
            "An image of this message is".to_owned()
        } else {
            format!("{gone} images of this message are")
        };
        text = format!("{text}\n\n({which} too far back to be shown again.)");
    }
    Message::User { text, images: images.iter().map(RunImage::told).collect() }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";

    #[test]
    fn too_many_too_large_and_what_is_no_image_is_refused_and_the_field_named() {
        let gif = GIF.to_vec();
        let images = taken(&[gif.clone(), gif.clone()]).unwrap();
        assert_eq!(images, [(); 2].map(|()| RunImage { kind: ImageType::Gif, bytes: gif.clone() }));
        let of_size = |length| {
            let mut file = GIF.to_vec();
            file.resize(length, 0);
            file
        };
        let large = || of_size(MAX_BYTES);
        assert!(taken(&[large(), large()]).is_ok());
        for bad in [
            vec![gif; MOST + 1],
            vec![of_size(MAX_BYTES + 1)],
            vec![large(), large(), large()],
            vec![b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()],
            vec![Vec::new()],
        ] {
            assert_eq!(taken(&bad).err().as_ref().and_then(Error::field), Some("files"));
        }
    }

    #[test]
    fn a_message_says_which_images_are_left_out() {
        let image = RunImage { kind: ImageType::Gif, bytes: GIF.to_vec() };
        let Message::User { text, images } = message("Look".into(), std::slice::from_ref(&image), 0) else { panic!() };
        assert_eq!((text.as_str(), images.len()), ("Look", 1));
        assert_eq!(STANDARD.decode(&images[0].base64).unwrap(), GIF);
        let Message::User { text, images } = message("Look".into(), &[], 2) else { panic!() };
        assert_eq!(
            (text.as_str(), images.len()),
            ("Look\n\n(2 images of this message are too far back to be shown again.)", 0)
        );
    }

    #[test]
    fn its_bytes_do_not_print() {
        let image = RunImage { kind: ImageType::Png, bytes: b"canary".to_vec() };
        assert_eq!(format!("{image:?}"), "RunImage(image/png, 6 bytes)");
    }
}
