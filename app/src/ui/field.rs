//! Fields of forms: a label, a hint, the message at the field, and what was typed.

use leptos::prelude::*;

/// Label above, hint and messages below; the control's ids tie them together for assistive technology. `wrong` is shown by
/// the style sheet while the browser itself finds the field invalid.
fn labelled(
    name: &'static str,
    label: String,
    hint: Option<String>,
    wrong: Option<&'static str>,
    error: Signal<Option<String>>,
    control: AnyView,
) -> AnyView {
    let wrong = wrong.map(|text| view! { <p class="field-error field-wrong">{text}</p> });
    let hint = hint.map(|text| view! { <p class="field-hint" id=format!("{name}-hint")>{text}</p> });
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {control}
            {hint}
            {wrong}
            <p class="field-error" id=format!("{name}-error") role="alert">{move || error.get()}</p>
        </div>
    }
    .into_any()
}

fn described_by(name: &str, has_hint: bool) -> String {
    if has_hint { format!("{name}-hint {name}-error") } else { format!("{name}-error") }
}

/// A field of one line. What the browser can check by itself it checks before the form is sent, and says `wrong` once the
/// field was left.
#[component]
pub fn Field(
    /// Its name in the form.
    name: &'static str,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What was typed before.
    #[prop(optional, into)]
    value: String,
    /// Help below the field.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What the server said about the field.
    #[prop(optional_no_strip, into)]
    error: Option<String>,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Shown while empty.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Whether it has to be filled in.
    #[prop(optional)]
    required: bool,
    /// Whether the cursor starts here.
    #[prop(optional)]
    autofocus: bool,
    /// Fewest characters.
    #[prop(optional)]
    minlength: Option<usize>,
    /// What the text has to look like, as a regular expression of the browser's.
    #[prop(optional)]
    pattern: Option<&'static str>,
    /// What to say when the browser finds the text unacceptable.
    #[prop(optional)]
    wrong: Option<&'static str>,
) -> AnyView {
    let control = view! {
        <input
            id=name
            name=name
            class="input"
            type=kind
            value=value
            autocomplete=autocomplete
            placeholder=placeholder
            required=required
            autofocus=autofocus
            minlength=minlength
            pattern=pattern
            aria-describedby=described_by(name, hint.is_some())
            aria-invalid=error.is_some().then_some("true")
        />
    };
    labelled(name, label, hint, wrong, Signal::stored(error), control.into_any())
}

/// A field of several lines.
#[component]
pub fn TextArea(
    /// Its name in the form.
    name: &'static str,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// What stands in it; follows what is typed.
    #[prop(optional)]
    value: RwSignal<String>,
    /// Help below the field.
    #[prop(optional, into)]
    hint: Option<String>,
    /// The message at the field.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Lines that show.
    #[prop(default = 3)]
    rows: u32,
    /// Whether it has to be filled in.
    #[prop(optional)]
    required: bool,
) -> AnyView {
    let control = view! {
        <textarea
            id=name
            name=name
            class="input"
            rows=rows
            required=required
            aria-describedby=described_by(name, hint.is_some())
            aria-invalid=move || error.get().is_some().then_some("true")
            prop:value=move || value.get()
            on:input=move |event| value.set(event_target_value(&event))
        >
            {value.get_untracked()}
        </textarea>
    };
    labelled(name, label, hint, None, error, control.into_any())
}

/// One entry of a [`Select`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What people read.
    pub label: String,
}

/// A choice of one from a few.
#[component]
pub fn Select(
    /// Its name in the form.
    name: &'static str,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// What there is to choose from.
    choices: Vec<Choice>,
    /// What is chosen; follows the person's choice.
    #[prop(optional)]
    value: RwSignal<String>,
    /// Help below the field.
    #[prop(optional, into)]
    hint: Option<String>,
    /// The message at the field.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> AnyView {
    let option = |choice: Choice| {
        let chosen = choice.value == value.get_untracked();
        view! { <option value=choice.value selected=chosen>{choice.label}</option> }
    };
    let options: Vec<_> = choices.into_iter().map(option).collect();
    let control = view! {
        <select
            id=name
            name=name
            class="input"
            aria-describedby=described_by(name, hint.is_some())
            on:change=move |event| value.set(event_target_value(&event))
        >
            {options}
        </select>
    };
    labelled(name, label, hint, None, error, control.into_any())
}
