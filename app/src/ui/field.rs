//! Fields of forms: a label, a hint, the message at the field, and what was typed.

use leptos::prelude::*;

/// A field of one line: label above, hint and messages below; ids tie them together for assistive technology. What the
/// browser can check by itself it checks before the form is sent; the style sheet shows `wrong` while it finds fault.
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
    /// The id of a `datalist` with what may be meant.
    #[prop(optional)]
    list: Option<&'static str>,
    /// What to say when the browser finds the text unacceptable.
    #[prop(optional)]
    wrong: Option<&'static str>,
) -> AnyView {
    let described_by = if hint.is_some() { format!("{name}-hint {name}-error") } else { format!("{name}-error") };
    let invalid = error.is_some().then_some("true");
    view! {
        <div class="field">
            <label for=name>{label}</label>
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
                list=list
                aria-describedby=described_by
                aria-invalid=invalid
            />
            {hint.map(|text| view! { <p class="field-hint" id=format!("{name}-hint")>{text}</p> })}
            {wrong.map(|text| view! { <p class="field-error field-wrong">{text}</p> })}
            <p class="field-error" id=format!("{name}-error") role="alert">{error}</p>
        </div>
    }
    .into_any()
}
