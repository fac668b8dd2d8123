//! A field of several lines.

use leptos::prelude::*;

/// A labelled field of several lines. In all else it is a [`Field`](super::Field).
#[component]
pub fn Area(
    /// Its name in the form, and its id.
    name: &'static str,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// How many lines show.
    rows: u8,
    /// What stands in it.
    value: String,
    /// Help below the field.
    #[prop(into)]
    hint: String,
    /// What the server said about the field.
    error: Option<String>,
    /// Whether it has to be filled in.
    #[prop(optional)]
    required: bool,
    /// Whether the browser looks at the spelling.
    #[prop(default = "false")]
    spellcheck: &'static str,
) -> AnyView {
    let invalid = error.is_some().then_some("true");
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <textarea
                id=name name=name class="input" rows=rows.to_string() required=required spellcheck=spellcheck
                aria-describedby=format!("{name}-hint {name}-error") aria-invalid=invalid inner_html=area_html(&value)
            ></textarea>
            <p class="field-hint" id=format!("{name}-hint")>{hint}</p>
            <p class="field-error" id=format!("{name}-error") role="alert">{error}</p>
        </div>
    }
    .into_any()
}

/// What has to stand between the tags of a `textarea` for this text to stand in it: Leptos does not escape there, and browsers
/// drop a line end at the beginning.
pub fn area_html(text: &str) -> String {
    format!("\n{}", html_escape::encode_text(text))
}

#[cfg(test)]
mod tests {
    use super::area_html;

    #[test]
    fn no_text_ends_the_field() {
        assert_eq!(
            area_html("\na</textarea><img src onerror=x()>&lt;"),
            "\n\na&lt;/textarea&gt;&lt;img src onerror=x()&gt;&amp;lt;"
        );
    }
}
