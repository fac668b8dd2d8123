//! Whether the log is whole.

use hyvve_domain::audit::Verdict;
use leptos::prelude::*;

use crate::ui::{Glyph, Icon, grouped};

/// What a check of the whole log has found.
pub(super) fn verdict_view(verdict: Verdict) -> AnyView {
    let entries = match verdict.rows {
        1 => "1 entry".to_owned(),
        rows => format!("{} entries", grouped(rows)),
    };
    match verdict.first_bad {
        None => view! {
            <p class="verdict verdict-good" role="status">
                <Icon glyph=Glyph::Shield/>
                {format!("All good: {entries} checked, anchored up to number {}.", grouped(verdict.anchored))}
            </p>
        }
        .into_any(),
        Some(flaw) => view! {
            <p class="verdict verdict-bad" role="alert">
                <Icon glyph=Glyph::Warning/>
                {format!("Entry {} is not right: {}. {entries} before it are good.", grouped(flaw.seq), flaw.what)}
            </p>
        }
        .into_any(),
    }
}
