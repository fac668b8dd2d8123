//! Changing what would run: the form, which the server makes (`editor/`), and what somebody has changed.

use hyvve_domain::approvals::Status;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{api::Shown, case::Case};
use crate::{
    records::differences,
    ui::{Card, Diff},
};

/// A value as it is typed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TypedValue {
    /// Where it stands: a JSON pointer.
    pub path: String,
    /// What it is to be; a box that is not checked sends nothing.
    #[serde(default)]
    pub value: String,
}

/// The form as HTML: its fields are many and of many kinds, and the browser needs no code for them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Editor {
    /// What stands in the element that folds it away.
    pub html: String,
    /// Whether it is unfolded at first: something in it was refused.
    pub open: bool,
}

/// The form; nothing for what cannot be changed.
pub(super) fn edit_form(shown: &Shown, case: Case) -> AnyView {
    let Some(Editor { html, open }) = case.form(shown) else { return ().into_any() };
    view! { <details class="more" name="ways" open=open node_ref=case.editor inner_html=html></details> }.into_any()
}

/// What was proposed beside what a person made of it; nothing where nobody changed anything.
pub(super) fn changed(shown: &Shown) -> AnyView {
    let detail = &shown.detail;
    if detail.edits.is_empty() {
        return ().into_any();
    }
    let approved = matches!(detail.item.status, Status::Approved | Status::AutoApproved);
    let (note, after) =
        if approved { ("proposed → approved", "Approved") } else { ("proposed → changed", "Changed") };
    let (changes, names) = (differences(detail.edits.clone()), ("Proposed", after));
    view! { <Card title="What a person changed" note=note><Diff changes=changes names=names/></Card> }.into_any()
}
