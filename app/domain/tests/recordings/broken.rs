//! Streams that are cut off or damaged anywhere: they end in an error or as the answer that they had become, and nothing
//! panics.

use hyvve_domain::providers::{Kind, Layout, ModelEvent};

use super::{STEP, decode, reading::Answer, recording};

/// Numbers that look random and are the same each time (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// A complete answer has said so, as its last word; any other is an error. Whatever came can be put together.
fn is_sound(name: &str, kind: Kind, body: &[u8]) {
    let (events, ended) = decode(kind, [body]);
    let finished = matches!(events.last(), Some(ModelEvent::Finish(_)));
    assert_eq!(finished, ended.is_ok(), "{name}: {ended:?}");
    assert_eq!(events.iter().filter(|event| matches!(event, ModelEvent::Finish(_))).count(), usize::from(finished));
    let mut layout = Layout::default();
    for event in &events {
        layout.take(event);
    }
    Answer::of_events(&events, ended).parts(&events);
}

#[test]
fn a_stream_that_is_cut_off_anywhere_is_an_answer_only_if_it_had_become_one() {
    for recording in recording::streams() {
        let step = if recording.body.len() > 4 << 10 { STEP * 3 } else { 1 };
        for at in (0..recording.body.len()).step_by(step) {
            is_sound(&format!("{} cut at {at}", recording.name), recording.kind, &recording.body[..at]);
        }
        // The first half of a stream has never said why it finished.
        let (_, ended) = decode(recording.kind, [&recording.body[..recording.body.len() / 2]]);
        assert!(ended.is_err(), "{}", recording.name);
    }
}

#[test]
fn a_damaged_stream_never_panics() {
    let mut chance = Chance(7);
    for recording in recording::streams() {
        for round in 0..40 {
            let mut body = recording.body.clone();
            for _ in 0..=chance.below(6) {
                let at = chance.below(body.len());
                match chance.below(4) {
                    0 => body[at] = u8::try_from(chance.below(256)).unwrap(),
                    1 => drop(body.drain(at..(at + chance.below(40)).min(body.len()))),
                    2 => body.insert(at, b"\"{}[],:\n0-n\x00\xff"[chance.below(13)]),
                    _ => {
                        let from = chance.below(body.len());
                        let piece = body[from..(from + chance.below(200)).min(body.len())].to_vec();
                        body.splice(at..at, piece);
                    }
                }
                if body.is_empty() {
                    break;
                }
            }
            is_sound(&format!("{} damaged, round {round}", recording.name), recording.kind, &body);
        }
    }
}

#[test]
fn a_stream_may_be_split_at_random() {
    let mut chance = Chance(11);
    for recording in recording::streams() {
        let whole = super::comparable(decode(recording.kind, [recording.body.as_slice()]));
        for _ in 0..10 {
            let (mut rest, mut pieces) = (recording.body.as_slice(), Vec::new());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((1 + chance.below(300)).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            assert_eq!(super::comparable(decode(recording.kind, pieces)), whole, "{}", recording.name);
        }
    }
}

#[test]
fn garbage_is_no_answer() {
    let mut chance = Chance(13);
    for kind in Kind::ADDABLE {
        for garbage in
            ["", "\n", "<html>Hello</html>", "data: {}\n\n", "data: null\n\n", "data: [1]\n\n", "data: 1e999\n\n"]
        {
            let (_, ended) = decode(kind, [garbage.as_bytes()]);
            assert!(ended.is_err(), "{kind}: {garbage:?}");
        }
        for _ in 0..200 {
            let noise: Vec<u8> = (0..chance.below(300)).map(|_| u8::try_from(chance.below(256)).unwrap()).collect();
            let line = [b"data: ", noise.as_slice(), b"\n\n"].concat();
            assert!(decode(kind, [line.as_slice()]).1.is_err() || kind != Kind::Gemini, "{kind}");
        }
        // Nested as deep as one likes.
        let deep = format!("data: {}\n\n", "[".repeat(200_000));
        assert!(decode(kind, [deep.as_bytes()]).1.is_err(), "{kind}");
    }
}
