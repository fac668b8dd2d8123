//! What became of the decision: the card that follows the effect to its end.

use std::time::Duration;

use hyvve_domain::approvals::{self, EffectState, Status, Verdict, outside::TOOL};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{SettleApproval, Shown, UndoApproval},
    case::Case,
    words,
};
use crate::ui::{Button, Glyph, Icon, Kbd, Revealed, Time, now_millis};

/// The countdown of Undo moves on this often.
const TICK: Duration = Duration::from_millis(250);

/// Nothing while nothing was decided.
pub(super) fn progress(shown: Shown, case: Case) -> AnyView {
    let pending = shown.detail.item.status == Status::Pending;
    if let Some(effect) = shown.detail.effect_detail.clone().filter(|_| !pending) {
        return follow(effect, &shown, case);
    }
    let on_its_way = move || {
        case.on_its_way(&shown).map(|verdict| match verdict {
            Verdict::Approve => {
                box_of("progress", Glyph::Clock, "Approving…", "The decision is on its way to the server.".into_any())
            }
            Verdict::Reject => {
                box_of("progress", Glyph::Clock, "Rejecting…", "The decision is on its way to the server.".into_any())
            }
        })
    };
    view! { <div aria-live="polite">{on_its_way}</div> }.into_any()
}

fn follow(effect: approvals::Effect, shown: &Shown, case: Case) -> AnyView {
    let ended = effect.ended_at.map(|at| view! { " "<Time at/>"." });
    let why = effect.error.clone().unwrap_or_default();
    let elsewhere = shown.detail.item.tool == TOOL;
    match effect.state {
        EffectState::Intended => begins(shown, case),
        EffectState::Executing if elsewhere => box_of(
            "progress",
            Glyph::Clock,
            "Waiting for the outside agent",
            "It may do this now, and has not said yet what became of it. The approval can no longer be undone."
                .into_any(),
        ),
        EffectState::Done if elsewhere && effect.settled.is_none() => {
            let json = effect.result.as_ref().and_then(|result| serde_json::to_string_pretty(result).ok());
            let said =
                json.filter(|json| json != "{}").map(|json| view! { <pre class="source"><Revealed text=json/></pre> });
            box_of_parts(
                "progress progress-good",
                Glyph::Check,
                "Done, says the outside agent",
                ended.into_any(),
                said.into_any(),
            )
        }
        EffectState::Executing => box_of(
            "progress",
            Glyph::Clock,
            "Being carried out",
            "It has begun, and can no longer be undone.".into_any(),
        ),
        EffectState::Done => {
            let result = effect.result.as_ref().map_or_else(|| found(&effect), words::result);
            box_of("progress progress-good", Glyph::Check, "Done", view! { {result}{ended} }.into_any())
        }
        EffectState::Failed => box_of(
            "progress progress-bad",
            Glyph::Warning,
            "Failed: it was not done",
            view! { {if effect.settled.is_some() { found(&effect) } else { why }}{ended} }.into_any(),
        ),
        EffectState::Unknown => not_known(shown, why),
        EffectState::Withdrawn => ().into_any(),
    }
}

/// Who found out how it ended, where nobody knew.
fn found(effect: &approvals::Effect) -> String {
    let by = effect.settled.as_ref().map(|settled| settled.by.clone().unwrap_or_else(|| "Somebody".to_owned()));
    by.map(|by| format!("{by} looked and said so; HYVVE itself does not know.")).unwrap_or_default()
}

/// Approved, and a few seconds in which one can think again.
fn begins(shown: &Shown, case: Case) -> AnyView {
    let left = RwSignal::new(shown.undo_ms);
    let id = shown.detail.item.id.to_string();
    if shown.undo_ms > 0 {
        let until = now_millis() + shown.undo_ms;
        Effect::new(move || {
            let tick = set_interval_with_handle(move || left.set((until - now_millis()).max(0)), TICK);
            on_cleanup(move || {
                if let Ok(tick) = tick {
                    tick.clear();
                }
            });
        });
    }
    let seconds = Memo::new(move |_| left.get().div_euclid(1000) + i64::from(left.get() % 1000 > 0));
    let over = Memo::new(move |_| seconds.get() == 0);
    let text = move || match seconds.get() {
        0 => "It is about to begin.".to_owned(),
        left => format!("It begins in {left} s. Until then you can take it back."),
    };
    let undo = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        case.undo();
    };
    let button = view! {
        <form method="post" action=UndoApproval::url() on:submit=undo hidden=move || over.get()>
            <input type="hidden" name="id" value=id/>
            <Button kind="submit" shortcut="z"><Icon glyph=Glyph::Undo/>"Undo"<Kbd key="z"/></Button>
        </form>
    };
    view! {
        <section class="progress" aria-label="What became of it">
            <span class="progress-icon"><Icon glyph=Glyph::Clock/></span>
            <div class="grow"><h2>"Approved"</h2><p>{text}</p></div>
            {button}
        </section>
    }
    .into_any()
}

/// Nobody knows, so a person is asked to look. The form is a plain one: it is rarely needed.
fn not_known(shown: &Shown, why: String) -> AnyView {
    let id = shown.detail.item.id.to_string();
    let form = shown.detail.blocked.is_none().then(|| {
        view! {
            <form class="form pt-2" method="post" action=SettleApproval::url()>
                <input type="hidden" name="id" value=id/>
                <input class="input" name="note" maxlength="2000" aria-label="How you know" placeholder="How you know, for the record"/>
                <div class="flex gap-2 flex-wrap">
                    <Button kind="submit" name="happened" value="true">"It happened"</Button>
                    <Button kind="submit" name="happened" value="false">"It did not happen"</Button>
                </div>
            </form>
        }
    });
    view! {
        <section class="progress progress-warn" aria-label="What became of it">
            <span class="progress-icon"><Icon glyph=Glyph::Warning/></span>
            <div class="grow min-w-0">
                <h2>"The outcome is not known"</h2>
                <p class="break-words">"It may or may not have happened, and is not tried again. Please look where it would show, then say what you found. "{why}</p>
                {form}
            </div>
        </section>
    }
    .into_any()
}

fn box_of(class: &'static str, glyph: Glyph, title: &'static str, text: AnyView) -> AnyView {
    box_of_parts(class, glyph, title, text, ().into_any())
}

/// The same with more below the text.
fn box_of_parts(class: &'static str, glyph: Glyph, title: &'static str, text: AnyView, more: AnyView) -> AnyView {
    view! {
        <section class=class aria-label="What became of it">
            <span class="progress-icon"><Icon glyph=glyph/></span>
            <div class="grow min-w-0"><h2>{title}</h2><p class="break-words">{text}</p>{more}</div>
        </section>
    }
    .into_any()
}
