//! One approval and what one does with it: the same for the page and for the card in the chat.

use hyvve_domain::{
    Code,
    approvals::{Status, Verdict},
    ids::ApprovalId,
};
use leptos::{html, prelude::*, task::spawn_local, wasm_bindgen::JsCast as _, web_sys};

use super::{
    api::{Shown, decide_approval, get_approval, undo_approval},
    decisions::{Decisions, use_decisions},
    edit::Editor,
};
use crate::{
    ApiError,
    live::use_live,
    ui::{Toasts, use_toasts},
};

/// An approval that somebody looks at.
#[derive(Clone, Copy)]
pub(super) struct Case {
    /// As the server knows it; `None` while none is chosen.
    pub(super) shown: Resource<Result<Option<Shown>, ApiError>>,
    current: Memo<Option<Shown>>,
    /// The note, or the reason, as far as it is typed.
    pub(super) note: RwSignal<String>,
    /// Whether the field for it shows.
    pub(super) asking: RwSignal<bool>,
    /// What is wrong with the note; at first, what a form that was posted without JavaScript was told.
    pub(super) problem: RwSignal<Option<String>>,
    /// What is wrong with a due date that was posted, and what was typed.
    pub(super) due: StoredValue<Option<(String, String)>>,
    /// The field.
    pub(super) field: NodeRef<html::Textarea>,
    /// The form that changes what would run, folded or not.
    pub(super) editor: NodeRef<html::Details>,
    /// The form as it came first: what is typed into it stays when something happens elsewhere.
    form: StoredValue<Option<(ApprovalId, Editor)>>,
    decisions: Decisions,
    toasts: Toasts,
}

/// The approval of an id; it follows the stream.
pub(super) fn use_case(id: Signal<Option<ApprovalId>>, problem: Option<String>) -> Case {
    let (decisions, live) = (use_decisions(), use_live());
    let version = live.version(&["approval.", "effect."]);
    let load = |(id, _): (Option<ApprovalId>, u32)| async move {
        match id {
            Some(id) => get_approval(id).await.map(Some),
            None => Ok(None),
        }
    };
    live.on(&["approval.withdrawn"], move |event| {
        if let Some(id) = event.subject.as_deref().and_then(|id| id.parse().ok()) {
            decisions.forget(id);
        }
    });
    let shown = Resource::new(move || (id.get(), version.get()), load);
    let case = Case {
        shown,
        current: Memo::new(move |_| shown.get().and_then(Result::ok).flatten()),
        note: RwSignal::new(String::new()),
        asking: RwSignal::new(problem.is_some()),
        problem: RwSignal::new(problem),
        due: StoredValue::new(None),
        field: NodeRef::new(),
        editor: NodeRef::new(),
        form: StoredValue::new(None),
        decisions,
        toasts: use_toasts(),
    };
    Effect::watch(move || id.get(), move |_, _, _| case.start_over(), false);
    case
}

impl Case {
    /// What was decided here and is on its way to the server.
    pub(super) fn on_its_way(self, shown: &Shown) -> Option<Verdict> {
        let item = &shown.detail.item;
        self.decisions.verdict(item.id).filter(|_| item.status == Status::Pending)
    }

    /// Decides what shows. A rejection without a reason asks for one first.
    pub(super) fn decide(self, verdict: Verdict) {
        let Some(shown) = self.current.get_untracked() else { return };
        let (item, note) = (shown.detail.item, self.note.get_untracked());
        // What is on its way is not decided once more.
        let is_decided = item.status != Status::Pending || untrack(|| self.decisions.verdict(item.id)).is_some();
        if is_decided || shown.detail.blocked.is_some() {
            return;
        }
        if verdict == Verdict::Reject && note.trim().is_empty() {
            return self.ask();
        }
        self.decisions.made(item.id, verdict);
        // Keys are keys again, and no text.
        if let Some(field) = self.field.get_untracked() {
            // Fails only on an element that is gone.
            let _ = field.blur();
        }
        spawn_local(async move {
            match decide_approval(item.id, verdict, note, item.hash).await {
                Ok(shown) => self.take(shown),
                Err(error) => self.refuse(item.id, &error),
            }
        });
    }

    /// Takes the approval back, if it is not too late.
    pub(super) fn undo(self) {
        let Some(Shown { detail, undo_ms: 1.., .. }) = self.current.get_untracked() else { return };
        spawn_local(async move {
            match undo_approval(detail.item.id).await {
                Ok(shown) => {
                    self.take(shown);
                    self.toasts.say("Taken back. It waits for a decision again.");
                }
                Err(error) => {
                    self.toasts.fail(error.to_string());
                    self.shown.refetch();
                }
            }
        });
    }

    /// Asks for a reason.
    pub(super) fn ask(self) {
        let again = self.asking.get_untracked();
        self.asking.set(true);
        self.problem.set(again.then(|| "Please say why: the agent is told.".to_owned()));
        request_animation_frame(move || {
            if let Some(field) = self.field.get_untracked() {
                // Focus can only fail on an element that is gone.
                let _ = field.focus();
            }
        });
    }

    /// The form that changes what would run, if there is one.
    pub(super) fn form(self, shown: &Shown) -> Option<Editor> {
        let (id, form) = (shown.detail.item.id, shown.form.clone()?);
        let kept = self.form.get_value().filter(|(of, _)| *of == id);
        if kept.is_none() {
            self.form.set_value(Some((id, form.clone())));
        }
        Some(kept.map_or(form, |(_, form)| form))
    }

    /// Unfolds the form that changes what would run, and goes to its first field; whether there is one.
    pub(super) fn edit(self) -> bool {
        let Some(editor) = self.editor.get_untracked() else { return false };
        editor.set_open(true);
        let field = editor.query_selector(".input, .check").ok().flatten();
        if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Focus can only fail on an element that is gone.
            let _ = field.focus();
        }
        true
    }

    fn start_over(self) {
        self.note.set(String::new());
        self.asking.set(false);
        self.problem.set(None);
        self.due.set_value(None);
    }

    fn take(self, shown: Shown) {
        // Where others have to agree as well it waits on, among what waits for them.
        if shown.detail.item.status == Status::Pending {
            self.decisions.forget(shown.detail.item.id);
        }
        // The page may show another one by now, and what is typed there is about that one.
        if self.current.get_untracked().is_some_and(|current| current.detail.item.id == shown.detail.item.id) {
            self.start_over();
            self.shown.set(Some(Ok(Some(shown))));
        }
    }

    fn refuse(self, id: ApprovalId, error: &ApiError) {
        if error.0.field() == Some("note") {
            self.decisions.forget(id);
            self.asking.set(true);
            return self.problem.set(Some(error.to_string()));
        }
        self.decisions.refused(id, error.to_string());
        self.toasts.fail(error.to_string());
        if error.code() != Code::Unavailable {
            self.shown.refetch();
        }
    }
}
