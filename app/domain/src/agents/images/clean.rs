//! What a file is, and the same picture without what was noted in it. Only the file's parts are looked at, nothing is decoded. What
//! does not hang together is refused, and what follows the picture's end is cut off.

use crate::providers::ImageType;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Chunks of a PNG that hold words, dates, or what a camera has noted.
const NOTES: [&[u8]; 5] = [b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"];
/// Bits of a WebP's flags: it has EXIF, it has XMP.
const HAS_NOTES: u8 = 0b1100;

/// The kind of a file, and its picture; nothing where it is none.
pub(super) fn cleaned(file: &[u8]) -> Option<(ImageType, Vec<u8>)> {
    if file.starts_with(PNG) {
        Some((ImageType::Png, png(file)?))
    } else if file.starts_with(b"\xFF\xD8\xFF") {
        Some((ImageType::Jpeg, jpeg(file)?))
    } else if file.starts_with(b"RIFF") {
        Some((ImageType::Webp, webp(file)?))
    } else if file.starts_with(b"GIF87a") || file.starts_with(b"GIF89a") {
        Some((ImageType::Gif, gif(file)?))
    } else {
        None
    }
}

/// Takes the next bytes off what is left.
fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    take(rest, N)?.try_into().ok()
}

/// Chunks: length, name, data, sum.
fn png(file: &[u8]) -> Option<Vec<u8>> {
    let mut rest = file.strip_prefix(PNG)?;
    let mut kept = PNG.to_vec();
    loop {
        let chunk = rest;
        let length = u32::from_be_bytes(array(&mut rest)?) as usize;
        let name = take(&mut rest, 4)?;
        take(&mut rest, length.checked_add(4)?)?;
        if kept.len() == PNG.len() && name != b"IHDR" {
            return None;
        }
        if !NOTES.contains(&name) {
            kept.extend_from_slice(chunk.get(..length.checked_add(12)?)?);
        }
        if name == b"IEND" {
            return Some(kept);
        }
    }
}

/// Segments up to the end of the picture. How a camera was held stays: else the picture would lie on its side.
fn jpeg(file: &[u8]) -> Option<Vec<u8>> {
    let mut rest = file.strip_prefix(b"\xFF\xD8")?;
    let mut kept = b"\xFF\xD8".to_vec();
    let (mut is_turned, mut has_scan) = (false, false);
    loop {
        if array::<1>(&mut rest)? != [0xFF] {
            return None;
        }
        let mut marker = 0xFF;
        while marker == 0xFF {
            [marker] = array::<1>(&mut rest)?;
        }
        match marker {
            0xD9 => {
                kept.extend([0xFF, marker]);
                return has_scan.then_some(kept);
            }
            0x00 | 0x01 | 0xD0..=0xD8 => return None,
            _ => {}
        }
        let length: [u8; 2] = array(&mut rest)?;
        let data = take(&mut rest, usize::from(u16::from_be_bytes(length)).checked_sub(2)?)?;
        let is_kept = match marker {
            // Sizes, and how colours are meant.
            0xE0 => data.starts_with(b"JFIF\0"),
            0xE2 => data.starts_with(b"ICC_PROFILE\0"),
            0xEE => data.starts_with(b"Adobe"),
            // What programs note, and words.
            0xE1 | 0xE3..=0xED | 0xEF | 0xFE => false,
            _ => true,
        };
        if is_kept {
            kept.extend([0xFF, marker]);
            kept.extend(length);
            kept.extend_from_slice(data);
        } else if let Some(turned) = data.strip_prefix(b"Exif\0\0").and_then(orientation).filter(|_| !is_turned) {
            is_turned = true;
            kept.extend(exif_of(turned));
        }
        if marker == 0xDA {
            has_scan = true;
            // The scan ends at the next marker that is none of its own.
            let is_end = |pair: &[u8]| matches!(pair, [0xFF, next] if !matches!(*next, 0x00 | 0xD0..=0xD7 | 0xFF));
            let end = rest.windows(2).position(is_end)?;
            kept.extend_from_slice(take(&mut rest, end)?);
        }
    }
}

/// How the camera was held, from 2 to 8; nothing where it was upright.
fn orientation(tiff: &[u8]) -> Option<u8> {
    let is_big = match tiff.get(..2)? {
        b"MM" => true,
        b"II" => false,
        _ => return None,
    };
    let short = |at: usize| -> Option<u16> {
        let two: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    };
    let four: [u8; 4] = tiff.get(4..8)?.try_into().ok()?;
    let first = if is_big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) } as usize;
    // A file may claim any number, in each of many segments: what is not there is not looked for.
    let entries = usize::from(short(first)?).min(tiff.len() / 12);
    let entry = (0..entries).map(|n| first + 2 + n * 12).find(|entry| short(*entry) == Some(0x0112))?;
    u8::try_from(short(entry + 8)?).ok().filter(|turned| (2..=8).contains(turned))
}

/// A segment of EXIF that says that and nothing else.
fn exif_of(turned: u8) -> Vec<u8> {
    let mut segment = b"\xFF\xE1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    segment.extend([turned, 0, 0, 0, 0, 0, 0]);
    segment
}

/// Chunks: name, length, data, and a byte more where the length is odd.
fn webp(file: &[u8]) -> Option<Vec<u8>> {
    let mut rest = file.strip_prefix(b"RIFF")?;
    let length = u32::from_le_bytes(array(&mut rest)?) as usize;
    let mut rest = take(&mut rest, length)?.strip_prefix(b"WEBP")?;
    let mut kept = b"WEBP".to_vec();
    while !rest.is_empty() {
        let name = take(&mut rest, 4)?;
        let size: [u8; 4] = array(&mut rest)?;
        let length = u32::from_le_bytes(size) as usize;
        let data = take(&mut rest, length.checked_add(length % 2)?)?;
        let is_first = kept.len() == 4;
        if is_first && ![b"VP8 ", b"VP8L", b"VP8X"].iter().any(|known| name == *known) {
            return None;
        }
        if name == b"EXIF" || name == b"XMP " {
            continue;
        }
        kept.extend_from_slice(name);
        kept.extend(size);
        if is_first && name == b"VP8X" {
            let (flags, others) = data.split_first()?;
            kept.push(flags & !HAS_NOTES);
            kept.extend_from_slice(others);
        } else {
            kept.extend_from_slice(data);
        }
    }
    let length = u32::try_from(kept.len()).ok()?.to_le_bytes();
    (kept.len() > 4).then(|| [b"RIFF".as_slice(), &length, &kept].concat())
}

/// The screen and its colours; then blocks, up to the picture's end.
fn gif(file: &[u8]) -> Option<Vec<u8>> {
    let mut rest = file;
    let mut kept = take(&mut rest, 10)?.to_vec();
    let [flags, background, ratio] = array::<3>(&mut rest)?;
    kept.extend([flags, background, ratio]);
    kept.extend_from_slice(colours(&mut rest, flags)?);
    loop {
        let block = rest;
        let is_kept = match array::<1>(&mut rest)? {
            [0x3B] => {
                kept.push(0x3B);
                return Some(kept);
            }
            [0x2C] => {
                let [.., flags] = array::<9>(&mut rest)?;
                colours(&mut rest, flags)?;
                // The size of its codes.
                take(&mut rest, 1)?;
                true
            }
            [0x21] => match array::<1>(&mut rest)? {
                // Words.
                [0xFE] => false,
                // What programs note. How often the picture moves is kept.
                [0xFF] => rest.starts_with(b"\x0BNETSCAPE2.0") || rest.starts_with(b"\x0BANIMEXTS1.0"),
                _ => true,
            },
            _ => return None,
        };
        let mut length = usize::MAX;
        while length > 0 {
            length = usize::from(u8::from_be_bytes(array(&mut rest)?));
            take(&mut rest, length)?;
        }
        if is_kept {
            kept.extend_from_slice(block.get(..block.len().checked_sub(rest.len())?)?);
        }
    }
}

/// A table of colours, where the flags say that one follows.
fn colours<'a>(rest: &mut &'a [u8], flags: u8) -> Option<&'a [u8]> {
    take(rest, if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

    use super::*;

    /// What must not come any further.
    const NOTED: &[u8] = b"at home";

    fn file(format: ImageFormat) -> Vec<u8> {
        let picture: DynamicImage = RgbImage::from_fn(40, 30, |x, y| Rgb([x as u8 * 6, y as u8 * 8, 90])).into();
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn holds(file: &[u8], words: &[u8]) -> bool {
        file.windows(words.len()).any(|some| some == words)
    }

    fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut body = b"WEBP".to_vec();
        for (name, data) in chunks {
            body.extend_from_slice(*name);
            body.extend((data.len() as u32).to_le_bytes());
            body.extend_from_slice(data);
            body.extend(vec![0; data.len() % 2]);
        }
        [b"RIFF".as_slice(), &(body.len() as u32).to_le_bytes(), &body].concat()
    }

    #[test]
    fn a_picture_without_notes_stays_as_it_is_and_keeps_every_point() {
        for (format, kind) in [
            (ImageFormat::Png, ImageType::Png),
            (ImageFormat::Jpeg, ImageType::Jpeg),
            (ImageFormat::Gif, ImageType::Gif),
        ] {
            let plain = file(format);
            assert_eq!(cleaned(&plain), Some((kind, plain)), "{format:?}");
        }
        let plain = riff(&[(b"VP8L", b"odd".as_slice())]);
        assert_eq!(cleaned(&plain), Some((ImageType::Webp, plain)));
    }

    #[test]
    fn what_a_camera_noted_is_left_out_but_for_how_it_was_held() {
        let plain = file(ImageFormat::Jpeg);
        let mut exif = exif_of(6);
        exif.extend_from_slice(NOTED);
        exif[3] += NOTED.len() as u8;
        let comment = [b"\xFF\xFE\0\x09".as_slice(), NOTED].concat();
        let noted = [&plain[..2], &exif, &comment, &plain[2..], NOTED].concat();
        let (_, kept) = cleaned(&noted).unwrap();
        assert_eq!(kept, [&plain[..2], &exif_of(6), &plain[2..]].concat());
        let points = |file: &[u8]| image::load_from_memory(file).unwrap();
        assert_eq!(points(&kept), points(&plain));

        let plain = file(ImageFormat::Png);
        let end = plain.len() - 12;
        let mut words = (NOTED.len() as u32).to_be_bytes().to_vec();
        words.extend([b"tEXt".as_slice(), NOTED, &[0; 4]].concat());
        let noted = [&plain[..end], &words, &plain[end..], NOTED].concat();
        assert_eq!(cleaned(&noted), Some((ImageType::Png, plain)));

        let noted = riff(&[
            (b"VP8X", [0x0C, 0, 0, 0].as_slice()),
            (b"EXIF", NOTED),
            (b"VP8L", b"odd".as_slice()),
            (b"XMP ", NOTED),
        ]);
        let kept = riff(&[(b"VP8X", [0; 4].as_slice()), (b"VP8L", b"odd".as_slice())]);
        assert_eq!(cleaned(&noted), Some((ImageType::Webp, kept.clone())));
        assert!(!holds(&kept, NOTED));

        let plain = file(ImageFormat::Gif);
        let end = plain.len() - 1;
        let xmp = [b"\x21\xFF\x0BXMP DataXMP\x07".as_slice(), NOTED, b"\0"].concat();
        let noted = [&plain[..end], b"\x21\xFE\x07", NOTED, b"\0", &xmp, b";", NOTED].concat();
        assert_eq!(cleaned(&noted), Some((ImageType::Gif, plain)));
    }

    #[test]
    fn what_a_file_claims_to_have_costs_no_time() {
        // As many segments as there can be, each of which claims all entries that there could be.
        let segment = b"\xFF\xE1\0\x10Exif\0\0MM\xFF\xFF\0\0\0\x02";
        let began = std::time::Instant::now();
        assert_eq!(cleaned(&[b"\xFF\xD8".as_slice(), &segment.repeat(150_000)].concat()), None);
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }

    #[test]
    fn what_does_not_hang_together_is_refused_wherever_it_is_cut() {
        let webp = riff(&[(b"VP8L", b"data".as_slice())]);
        for whole in [file(ImageFormat::Png), file(ImageFormat::Jpeg), file(ImageFormat::Gif), webp] {
            for end in 0..whole.len() {
                assert_eq!(cleaned(&whole[..end]), None, "{end} of {}", whole.len());
            }
        }
        for bad in [b"<svg/>".as_slice(), b"%PDF-1.7", b"RIFF\x04\0\0\0WAVE", b"RIFF\x04\0\0\0WEBP", b"GIF89a"] {
            assert_eq!(cleaned(bad), None);
        }
    }
}
