//! Canonical JSON (RFC 8785), hashes and random tokens: what the door, the audit chain and sessions share.
//!
//! Arguments of a model or a client are parsed strictly before they are canonicalised: duplicate keys, NUL characters and
//! numbers that I-JSON (RFC 7493) cannot carry exactly are refused, because two readers could understand them differently.

use std::fmt;

use aws_lc_rs::{digest, rand};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{Error, Result};

/// The largest integer that every JSON reader carries exactly: 2^53 − 1.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// How deep arguments may nest.
const MAX_DEPTH: usize = 64;

/// RFC 8785 bytes of a value.
pub fn to_vec(value: &Value) -> Result<Vec<u8>> {
    serde_json_canonicalizer::to_vec(value).map_err(Error::internal)
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// Random bytes from the operating system.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut out = [0; N];
    rand::fill(&mut out).map_err(|_| Error::internal("the operating system gave no randomness"))?;
    Ok(out)
}

/// Parses JSON, refusing what two readers could understand differently. The error is a sentence for whoever wrote it.
pub fn parse_strict(text: &str) -> Result<Value, String> {
    let mut de = serde_json::Deserializer::from_str(text);
    let Strict(value) = StrictSeed { depth: 0 }.deserialize(&mut de).map_err(|e| e.to_string())?;
    de.end().map_err(|e| e.to_string())?;
    Ok(value)
}

struct Strict(Value);

#[derive(Clone, Copy)]
struct StrictSeed {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for StrictSeed {
    type Value = Strict;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Strict, D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(de::Error::custom("nested too deeply"));
        }
        deserializer.deserialize_any(self)
    }
}

fn no_nul<E: de::Error>(text: &str) -> Result<(), E> {
    if text.contains('\0') { Err(E::custom("a NUL character is not allowed")) } else { Ok(()) }
}

impl<'de> Visitor<'de> for StrictSeed {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: de::Error>(self, v: bool) -> Result<Strict, E> {
        Ok(Strict(Value::Bool(v)))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Strict, E> {
        if v > MAX_EXACT {
            return Err(E::custom(format!("{v} is too large to be carried exactly; send it as text")));
        }
        Ok(Strict(Value::Number(v.into())))
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Strict, E> {
        if v.unsigned_abs() > MAX_EXACT {
            return Err(E::custom(format!("{v} is too large to be carried exactly; send it as text")));
        }
        Ok(Strict(Value::Number(v.into())))
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<Strict, E> {
        if v.fract() == 0.0 && v.abs() > MAX_EXACT as f64 {
            return Err(E::custom(format!("{v} is too large to be carried exactly; send it as text")));
        }
        Number::from_f64(v).map(|n| Strict(Value::Number(n))).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Strict, E> {
        no_nul(v)?;
        Ok(Strict(Value::String(v.to_owned())))
    }

    fn visit_string<E: de::Error>(self, v: String) -> Result<Strict, E> {
        no_nul(&v)?;
        Ok(Strict(Value::String(v)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Strict, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element_seed(StrictSeed { depth: self.depth + 1 })? {
            items.push(item);
        }
        Ok(Strict(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            no_nul(&key)?;
            if object.contains_key(&key) {
                return Err(de::Error::custom(format!("the key {key:?} stands there twice")));
            }
            let Strict(value) = map.next_value_seed(StrictSeed { depth: self.depth + 1 })?;
            object.insert(key, value);
        }
        Ok(Strict(Value::Object(object)))
    }
}

/// A JSON value of a request body, parsed strictly.
#[derive(Clone, Debug)]
pub struct StrictValue(pub Value);

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StrictSeed { depth: 0 }.deserialize(deserializer).map(|Strict(v)| Self(v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for bad in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":{"b":1,"\u0062":2}}"#,
            r#"{"a":"\u0000"}"#,
            r#"{"\u0000":1}"#,
            "9007199254740993",
            "-9007199254740993",
            "1e400",
            "1e300",
            "{} {}",
        ] {
            assert!(parse_strict(bad).is_err(), "{bad} was taken");
        }
        assert!(parse_strict(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn canonical_bytes_do_not_depend_on_spelling() -> Result<(), Box<dyn std::error::Error>> {
        let a = parse_strict(r#"{"b": 20.0, "a": "\u00e9"}"#)?;
        let b = parse_strict(r#"{"a":"é","b":20}"#)?;
        assert_eq!(to_vec(&a)?, to_vec(&b)?);
        assert_eq!(to_vec(&a)?, r#"{"a":"é","b":20}"#.as_bytes());
        Ok(())
    }
}
