//! What a form that was posted without JavaScript leaves for the page that shows next.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The cookie that carries it.
#[cfg(feature = "ssr")]
pub(crate) const FLASH: &str = "hyvve_flash";

/// An error, at a field or of the whole form, and what was typed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Flash {
    /// What is wrong.
    pub message: String,
    /// With which field; `None`: with the whole.
    pub field: Option<String>,
    /// What was typed, by field.
    pub typed: Vec<(String, String)>,
}

impl Flash {
    /// What was typed into a field.
    pub fn typed(&self, field: &str) -> String {
        self.typed.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The message, if it is about this field.
    pub fn at(&self, field: &str) -> Option<String> {
        (self.field.as_deref() == Some(field)).then(|| self.message.clone())
    }

    /// The message, if it is about none of these fields.
    pub fn beside(&self, fields: &[&str]) -> Option<String> {
        let at_field = self.field.as_deref().is_some_and(|field| fields.contains(&field));
        (!at_field && !self.message.is_empty()).then(|| self.message.clone())
    }
}

/// What the last form left for this page: empty when there was none.
pub fn use_flash() -> Flash {
    let taken = SharedValue::new(|| {
        #[cfg(feature = "ssr")]
        return Flash::take().unwrap_or_default();
        #[cfg(not(feature = "ssr"))]
        Flash::default()
    });
    taken.into_inner()
}
