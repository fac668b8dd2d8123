//! Pictures of people and of workspaces.
//!
//! What somebody uploads is never shown to anybody: it is decoded within limits and drawn anew, square and small
//! (`drawing.rs`), so that neither places and dates that a camera has noted in it nor a script that hides in it come any
//! further. People's pictures are seen by those who share a workspace with them, workspaces' by their members.
//!
//! `image`, of a person and of a workspace, is the address of such a picture. A picture that lies elsewhere is refused: every
//! program that shows it would tell its host who looks at whom. The better-auth way of setting one, the picture itself as a
//! `data:` address, is an upload like any other.

mod drawing;
pub mod service;
mod store;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::json;

use crate::{Code, Error, Result, ids::PictureId};

/// The largest file that is taken, in bytes.
pub const MAX_BYTES: usize = 2 << 20;
/// Width and height of the largest picture that is kept, in pixels. Avatars are drawn at 64 at most, on fine screens at three
/// times as many.
pub const SIDE: u32 = 256;
/// What is taken, as a form's `accept` says it.
pub const ACCEPTED: &str = "image/png,image/jpeg,image/gif";

/// Where pictures are; an id follows.
const PLACE: &str = "/api/pictures/";

/// A picture as it is kept and shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picture {
    /// Another one for each picture that was ever drawn.
    pub id: PictureId,
    /// How it is encoded.
    pub kind: Kind,
    /// The file.
    pub bytes: Bytes,
}

/// How a picture is encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A photo.
    Jpeg,
    /// A drawing, or whatever one can look through.
    Png,
}

impl Kind {
    /// Its media type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

impl Picture {
    /// Its address on this site.
    pub fn path(&self) -> String {
        format!("{PLACE}{}", self.id)
    }
}

/// What shall become of a picture.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// There is none any more.
    Remove,
    /// This one takes its place.
    Take(T),
}

impl Change<Bytes> {
    /// What a client says that knows pictures as addresses: nothing for none, the present address to keep it, or a picture as a
    /// `data:` address.
    pub fn said(text: &str, now: Option<&str>) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Remove);
        }
        if Some(text) == now {
            return Ok(Self::Keep);
        }
        let Some(data) = text.strip_prefix("data:image/").and_then(|rest| Some(rest.split_once(";base64,")?.1)) else {
            let why = "Please upload the picture: one that lies elsewhere would tell its host who looks at it. Programs send \
                       it as a data: address.";
            return Err(Error::invalid("image", "uploaded", why));
        };
        let bytes = STANDARD.decode(data).map_err(|_| unreadable())?;
        Ok(Self::Take(bytes.into()))
    }
}

impl Change<Picture> {
    /// The address of what is there afterwards, if this is there before.
    pub(crate) fn after(&self, before: Option<String>) -> Option<String> {
        match self {
            Self::Keep => before,
            Self::Remove => None,
            Self::Take(picture) => Some(picture.path()),
        }
    }

    /// The address to be written down, `""` for none; nothing where it stays as it is.
    pub(crate) fn path(&self) -> Option<String> {
        match self {
            Self::Keep => None,
            Self::Remove => Some(String::new()),
            Self::Take(picture) => Some(picture.path()),
        }
    }
}

/// Says that a file is too large.
pub fn too_large() -> Error {
    let why = format!("This file is too large: at most {} MB, please.", MAX_BYTES >> 20);
    Error::new(Code::PayloadTooLarge, why).with(json!({ "field": "image", "constraint": "maxLength" }))
}

fn unreadable() -> Error {
    Error::invalid("image", "picture", "This is no picture that we can read. Please take a PNG, JPEG or GIF.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_removes_or_brings_a_picture_and_none_leads_elsewhere() {
        let now = "/api/pictures/01a20fd0-df2e-7446-9633-c61ecfdf64c6";
        let said = |text: &str| Change::said(text, Some(now));
        assert_eq!(said(now), Ok(Change::Keep));
        assert_eq!(said(" "), Ok(Change::Remove));
        assert_eq!(said("data:image/png;base64,AAEC"), Ok(Change::Take(Bytes::from_static(&[0, 1, 2]))));
        for bad in [
            "https://example.com/ada.png",
            "/api/pictures/01a20fd0-df2e-7446-9633-c61ecfdf64c7",
            "//example.com/a.png",
            "javascript:alert(1)",
            "data:text/html;base64,AA==",
            "data:image/png;base64,*",
            "data:image/svg+xml,<svg/>",
        ] {
            assert_eq!(said(bad).err().as_ref().and_then(Error::field), Some("image"), "{bad:?} was taken");
        }
    }
}
