//! The steps of adding a provider, and which one shows.

use leptos::prelude::*;

/// One step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Step {
    Whose,
    Key,
    Model,
}

const ALL: [(Step, &str); 3] = [(Step::Whose, "Whose AI"), (Step::Key, "Key"), (Step::Model, "Model")];

/// All of them in a line; those before the one that shows are done.
pub(super) fn steps(now: Step) -> AnyView {
    let step = |(number, (step, name)): (usize, (Step, &'static str))| {
        let done = (step < now).then(|| view! { <span class="sr-only">" (done)"</span> });
        let current = (step == now).then_some("step");
        view! { <li class="step" aria-current=current><b>{number}</b>" "{name}{done}</li> }
    };
    let all = (1..).zip(ALL).map(step).collect_view();
    view! { <ol class="steps" aria-label="Steps">{all}</ol> }.into_any()
}
