//! Drawing a picture anew from a file that a stranger has made.
//!
//! Nothing is decoded before it is known how large it becomes, and never more than two at once. A progressive JPEG comes in
//! scans, each of which goes over the whole picture; zune-jpeg takes a hundred of them, so that a small file cannot keep a
//! processor busy for minutes. WebP is not taken: the size that its file says first need not be that of the frame in it, which is
//! decoded before the two are compared (image-webp 0.2.4), so a file of some kilobytes could take hundreds of megabytes.

use std::io::Cursor;

use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType as PngFilter, PngEncoder},
    },
    imageops::FilterType,
};
use tokio::sync::Semaphore;

use super::{Kind, MAX_BYTES, Picture, SIDE, too_large, unreadable};
use crate::{Error, Result, ids::PictureId};

/// What is decoded at most; phones' cameras have 12 million by default.
const MAX_PIXELS: u64 = 16_000_000;
/// The longest side.
const MAX_SIDE: u32 = 16_384;
/// What a decoded picture may take, in bytes: four for each pixel.
const MAX_MEMORY: u64 = MAX_PIXELS * 4;
/// How good a JPEG is, of 100.
const QUALITY: u8 = 86;
/// Each takes a processor and some hundred megabytes at most.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Draws the picture in a file, on a thread that may be kept busy.
pub(super) async fn draw(file: Bytes) -> Result<Picture> {
    if file.len() > MAX_BYTES {
        return Err(too_large());
    }
    let turn = AT_ONCE.acquire().await.map_err(Error::internal)?;
    let drawing = tokio::task::spawn_blocking(move || {
        // Also where nobody waits for it any more.
        let _turn = turn;
        anew(&file)
    });
    // A decoder that panics has met something that is no picture.
    drawing.await.unwrap_or_else(|_| Err(unreadable()))
}

/// Decoded, cut to the square in its middle, made as small as it is shown, and encoded again.
fn anew(file: &[u8]) -> Result<Picture> {
    let small = shrunk(square(decoded(file)?));
    if small.pixels().any(|pixel| pixel.0[3] != u8::MAX) {
        return encoded(Kind::Png, &small.into());
    }
    // A drawing is smaller as a PNG and keeps its edges; a photo is a fifth as a JPEG.
    let opaque = DynamicImage::from(small).into_rgb8().into();
    let (png, jpeg) = (encoded(Kind::Png, &opaque)?, encoded(Kind::Jpeg, &opaque)?);
    Ok(if png.bytes.len() <= jpeg.bytes.len() { png } else { jpeg })
}

/// The first picture of the file, the right way up. What it is, its content says.
fn decoded(file: &[u8]) -> Result<DynamicImage> {
    use ImageFormat::{Gif, Jpeg, Png};
    let format = image::guess_format(file).ok().filter(|format| [Gif, Jpeg, Png].contains(format));
    let mut reader = ImageReader::with_format(Cursor::new(file), format.ok_or_else(unreadable)?);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_MEMORY {
        return Err(too_many_pixels());
    }
    // Nobody's picture is refused for what its camera has noted wrongly.
    let orientation = decoder.orientation();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    if let Ok(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

fn refused(error: image::ImageError) -> Error {
    match error {
        image::ImageError::Limits(_) => too_many_pixels(),
        _ => unreadable(),
    }
}

fn too_many_pixels() -> Error {
    let why = format!("This picture is too large: at most {} megapixels, please.", MAX_PIXELS / 1_000_000);
    Error::invalid("image", "maxPixels", why)
}

/// The square in the middle.
fn square(picture: DynamicImage) -> RgbaImage {
    let (width, height) = (picture.width(), picture.height());
    let side = width.min(height);
    picture.crop_imm((width - side) / 2, (height - side) / 2, side, side).into_rgba8()
}

/// As small as it is shown; what is smaller already stays so. What cannot be seen weighs nothing: its colour would come through
/// at the edges.
fn shrunk(mut picture: RgbaImage) -> RgbaImage {
    let side = picture.width().min(SIDE);
    for pixel in picture.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let weigh = |colour: u8| (u16::from(colour) * u16::from(alpha) / 255) as u8;
        pixel.0 = [weigh(red), weigh(green), weigh(blue), alpha];
    }
    let mut small = DynamicImage::from(picture).resize_exact(side, side, FilterType::Lanczos3).into_rgba8();
    for pixel in small.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let lighten = |colour: u8| (u16::from(colour) * 255 / u16::from(alpha.max(1))).min(255) as u8;
        pixel.0 = [lighten(red), lighten(green), lighten(blue), alpha];
    }
    small
}

fn encoded(kind: Kind, picture: &DynamicImage) -> Result<Picture> {
    let mut bytes = Vec::new();
    let written: ImageResult<()> = match kind {
        Kind::Png => picture.write_with_encoder(PngEncoder::new_with_quality(
            &mut bytes,
            CompressionType::Best,
            PngFilter::Adaptive,
        )),
        Kind::Jpeg => picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)),
    };
    written.map_err(Error::internal)?;
    Ok(Picture { id: PictureId::new(), kind, bytes: bytes.into() })
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba};

    use super::*;

    fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// Every point another colour, as in a photo.
    fn photo(width: u32, height: u32) -> DynamicImage {
        let noise = |x: u32, y: u32| ((x * 7_919 + y * 104_729).wrapping_mul(2_654_435_761) >> 17) as u8;
        RgbImage::from_fn(width, height, |x, y| Rgb([(x / 4) as u8, noise(x, y) / 8, noise(y, x) / 4])).into()
    }

    fn drawing(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_pixel(width, height, Rgb([217, 154, 6])).into()
    }

    fn size(picture: &Picture) -> (u32, u32) {
        let drawn = image::load_from_memory(&picture.bytes).unwrap();
        (drawn.width(), drawn.height())
    }

    #[test]
    fn every_kind_becomes_a_small_square() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif] {
            let drawn = anew(&file(&photo(700, 300), format)).unwrap();
            assert_eq!(size(&drawn), (SIDE, SIDE), "{format:?}");
        }
        assert_eq!(size(&anew(&file(&photo(40, 90), ImageFormat::Png)).unwrap()), (40, 40), "nothing is blown up");
    }

    #[test]
    fn photos_are_kept_as_jpeg_drawings_and_what_is_transparent_as_png() {
        assert_eq!(anew(&file(&photo(300, 300), ImageFormat::Png)).unwrap().kind, Kind::Jpeg);
        assert_eq!(anew(&file(&drawing(300, 300), ImageFormat::Jpeg)).unwrap().kind, Kind::Png);
        let mut hole = photo(300, 300).into_rgba8();
        hole.put_pixel(0, 0, Rgba([0; 4]));
        let kept = anew(&file(&hole.into(), ImageFormat::Png)).unwrap();
        assert_eq!(kept.kind, Kind::Png);
        // No table takes more.
        assert!(kept.bytes.len() <= 300_000, "{}", kept.bytes.len());
    }

    #[test]
    fn the_colour_of_what_cannot_be_seen_does_not_come_through() {
        let half = |x: u32| if x < 300 { Rgba([0, 0, 0, 0]) } else { Rgba([250, 250, 250, 255]) };
        let logo = RgbaImage::from_fn(600, 600, |x, _| half(x));
        let kept = anew(&file(&logo.into(), ImageFormat::Png)).unwrap();
        let drawn = image::load_from_memory(&kept.bytes).unwrap().into_rgba8();
        let dark = drawn.pixels().filter(|pixel| pixel.0[3] > 8 && pixel.0[0] < 200).count();
        assert_eq!(dark, 0, "a dark fringe");
    }

    #[test]
    fn a_photo_that_was_taken_upright_stands_upright_and_says_nothing_of_where() {
        let mut sideways = RgbImage::from_pixel(64, 64, Rgb([0, 0, 0]));
        for (x, y) in (0..64).flat_map(|y| (0..32).map(move |x| (x, y))) {
            sideways.put_pixel(x, y, Rgb([255, 255, 255]));
        }
        // EXIF of one entry: turned by 90°; and words that must not survive.
        let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0at home";
        let plain = file(&sideways.into(), ImageFormat::Jpeg);
        let mut photo = plain[..2].to_vec();
        photo.extend([0xFF, 0xE1, 0, exif.len() as u8 + 2]);
        photo.extend(exif);
        photo.extend(&plain[2..]);
        let kept = anew(&photo).unwrap();
        let drawn = image::load_from_memory(&kept.bytes).unwrap().into_luma8();
        assert!(drawn.get_pixel(32, 4).0[0] > 200 && drawn.get_pixel(32, 60).0[0] < 50, "white is above");
        assert!(
            !kept.bytes.windows(7).any(|word| word == b"at home") && !kept.bytes.windows(4).any(|word| word == b"Exif")
        );
    }

    #[test]
    fn what_hides_behind_a_picture_is_left_out() {
        let mut both = file(&photo(50, 50), ImageFormat::Gif);
        both.extend(b"<script>alert(1)</script>");
        let kept = anew(&both).unwrap();
        assert!(!kept.bytes.windows(7).any(|word| word == b"<script"));
    }

    #[test]
    fn a_small_file_of_a_huge_picture_is_refused_before_it_is_decoded() {
        let side = |width: u32, height: u32| {
            let mut png = file(&drawing(1, 1), ImageFormat::Png);
            png[16..20].copy_from_slice(&width.to_be_bytes());
            png[20..24].copy_from_slice(&height.to_be_bytes());
            let sum = crc(&png[12..29]).to_be_bytes();
            png[29..33].copy_from_slice(&sum);
            png
        };
        for bomb in [side(4_001, 4_000), side(60_000, 60_000), side(u32::MAX >> 1, 1), side(16_385, 1)] {
            let error = anew(&bomb).err().and_then(|e| e.details).unwrap_or_default();
            assert_eq!(error["constraint"], "maxPixels");
        }
        let gif = [b"GIF89a".as_slice(), &[0xFF; 4], &[0, 0, 0], b"\x2C\0\0\0\0\xFF\xFF\xFF\xFF\0\x02\0\x3B"].concat();
        assert!(anew(&gif).is_err());
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let whole = file(&photo(90, 90), ImageFormat::Png);
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
        let bitmap = [b"BM".as_slice(), &[0; 60]].concat();
        for bad in [b"".as_slice(), b"hello", svg, &bitmap, &whole[..whole.len() / 2], b"\x89PNG\r\n\x1a\n", b"GIF89a"]
        {
            let error = anew(bad).err().and_then(|e| e.details).unwrap_or_default();
            assert_eq!(error["constraint"], "picture");
        }
    }

    /// As PNG sums its chunks.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
        })
    }
}
