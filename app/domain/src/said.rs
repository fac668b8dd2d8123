//! What a request leaves out, and what it says is nothing.

use serde::{Deserialize, Deserializer};

/// For `#[serde(default, deserialize_with = …)]`: what is there, and be it `null`, was said.
#[expect(clippy::option_option, reason = "missing, null and a value are three things")]
pub(crate) fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(field).map(Some)
}
