//! The fields of the form, by what can be filled in.

use hyvve_domain::{
    approvals::{
        Detail,
        form::{self, Field, Kind},
    },
    hidden::{is_hidden, spelled},
};
use leptos::prelude::*;
use serde_json::Value;
use server_fn::ServerFn as _;

use super::AT;
use crate::{
    approvals::{api::EditApproval, edit::Editor},
    flash::Flash,
    ui::{Button, Kbd, Revealed, Variant, area_html},
};

/// From this many characters on, a text gets several lines.
const LONG: usize = 60;
/// The most lines with hidden characters that are spelled out.
const SPELLED: usize = 5;

/// The whole form.
pub(super) fn editor(detail: &Detail, fields: &[Field], flash: &Flash) -> Editor {
    let message = flash.at("arguments");
    let holder = form::holder(fields, &flash.typed(AT)).map(|field| field.path.clone());
    let mut form = Form { flash, wrong: holder.zip(message.clone()), next: 0 };
    let problem = message.filter(|_| form.wrong.is_none()).map(|text| {
        view! { <p class="form-message" role="alert" tabindex="-1" autofocus=true>{text}</p> }
    });
    let fields = form.all(fields);
    let view = view! {
        <summary aria-keyshortcuts="e">"Edit & approve"<Kbd key="e"/></summary>
        <form class="form" method="post" action=EditApproval::url()>
            <input type="hidden" name="id" value=detail.item.id.to_string()/>
            <input type="hidden" name="hash" value=detail.item.hash.clone()/>
            {problem}
            {fields}
            <p class="field-hint">"What you change is approved as you change it, and the agent is told what ran."</p>
            <div><Button variant=Variant::Primary kind="submit">"Approve the changed version"</Button></div>
        </form>
    };
    Editor { html: view.into_any().to_html(), open: !flash.typed.is_empty() }
}

/// What is known while the fields are made.
struct Form<'f> {
    flash: &'f Flash,
    /// Where something was refused, and why.
    wrong: Option<(String, String)>,
    /// How many fields there are so far.
    next: usize,
}

/// What all sorts of fields have.
struct Parts {
    id: String,
    name: String,
    /// What stands in it.
    text: String,
    /// Whether the browser is to ask for something.
    required: bool,
    /// The ids of what is said about it.
    described_by: String,
    is_wrong: bool,
}

impl Form<'_> {
    fn all(&mut self, fields: &[Field]) -> AnyView {
        let count = fields.iter().filter(|field| field.given.is_some()).count();
        let heading = (0 < count && count < fields.len()).then(|| {
            view! { <p class="field-hint">"Left out so far. What stays empty stays left out."</p> }
        });
        // Those that were given come first.
        let (given, left_out) = fields.split_at(count);
        let given: Vec<AnyView> = given.iter().map(|field| self.one(field)).collect();
        let left_out: Vec<AnyView> = left_out.iter().map(|field| self.one(field)).collect();
        view! { {given}{heading}{left_out} }.into_any()
    }

    fn one(&mut self, field: &Field) -> AnyView {
        let wrong = self.wrong.as_ref().filter(|(path, _)| *path == field.path).map(|(_, why)| why.clone());
        if let Kind::Group(inner) = &field.kind {
            let inner = self.all(inner);
            return group(field, inner, wrong);
        }
        let place = self.next;
        self.next += 1;
        let typed = self.flash.typed.iter().find(|(path, _)| *path == field.path).map(|(_, text)| text.clone());
        let text = typed.unwrap_or_else(|| field.shown());
        let id = format!("edit-{place}");
        let (hint, warning) = (hint(field, &id), warning(&text, &id));
        let said = [("hint", hint.is_some()), ("hidden", warning.is_some()), ("error", true)];
        let said: Vec<_> = said.iter().filter(|(_, is)| *is).map(|(what, _)| format!("{id}-{what}")).collect();
        let parts = Parts {
            name: format!("values[{place}][value]"),
            text,
            required: field.required && field.given != Some(Value::String(String::new())),
            described_by: said.join(" "),
            is_wrong: wrong.is_some(),
            id,
        };
        let (at, error) = (format!("values[{place}][path]"), format!("{}-error", parts.id));
        view! {
            <div class="field">
                {labelled(field, &parts)}
                <input type="hidden" name=at value=field.path.clone()/>
                {hint}
                {warning}
                <p class="field-error" id=error role="alert">{wrong}</p>
            </div>
        }
        .into_any()
    }
}

/// Fields within each other.
fn group(field: &Field, inner: AnyView, wrong: Option<String>) -> AnyView {
    let hint = field.hint.clone().map(|text| view! { <p class="field-hint">{text}</p> });
    let wrong = wrong.map(|text| view! { <p class="field-error" role="alert" tabindex="-1" autofocus=true>{text}</p> });
    let (label, mark) = (field.label.clone(), mark(field));
    view! { <fieldset class="edit-group"><legend>{label}{mark}</legend>{hint}{wrong}{inner}</fieldset> }.into_any()
}

/// The field with its label.
fn labelled(field: &Field, parts: &Parts) -> AnyView {
    let (label, mark, id) = (field.label.clone(), mark(field), parts.id.clone());
    match (&field.kind, &field.given) {
        (Kind::Flag, Some(_)) => {
            let (name, checked) = (parts.name.clone(), parts.text == "true");
            let (described_by, invalid) = (parts.described_by.clone(), parts.invalid());
            view! {
                <label class="check-line">
                    <input
                        class="check" type="checkbox" id=id name=name value="true" checked=checked
                        aria-describedby=described_by aria-invalid=invalid autofocus=parts.is_wrong
                    />
                    {label}
                    {mark}
                </label>
            }
            .into_any()
        }
        _ => view! { <label for=id>{label}{mark}</label>{control(field, parts)} }.into_any(),
    }
}

fn control(field: &Field, parts: &Parts) -> AnyView {
    let number = |of: Option<f64>| of.map(|number| number.to_string());
    let length = |of: Option<u64>| of.map(|length| length.to_string());
    match &field.kind {
        Kind::Text { long, fewest, most } => {
            let (fewest, most) = (length(*fewest), length(*most));
            let is_long = *long || parts.text.contains(['\n', '\r']) || parts.text.chars().count() > LONG;
            if is_long { parts.area("input", fewest, most) } else { parts.line(fewest, most) }
        }
        Kind::Number { whole, least, most, step } => {
            let any = if *whole { "1" } else { "any" };
            parts.number(number(*least), number(*most), number(*step).unwrap_or_else(|| any.to_owned()))
        }
        Kind::Flag => parts.list(vec![option("", "left out"), option("true", "yes"), option("false", "no")]),
        Kind::Choice(values) => {
            let mut options: Vec<_> =
                values.iter().map(form::text_of).map(|text| option(&text, &spelled(&text))).collect();
            if !field.required || parts.text.is_empty() {
                options.retain(|(value, _)| !value.is_empty());
                options.insert(0, option("", "left out"));
            }
            parts.list(options)
        }
        Kind::Lines | Kind::Numbers | Kind::Flags => parts.area("input", None, None),
        Kind::Json | Kind::Group(_) => parts.area("input font-mono", None, None),
    }
}

fn option(value: &str, words: &str) -> (String, String) {
    (value.to_owned(), words.to_owned())
}

impl Parts {
    fn invalid(&self) -> Option<&'static str> {
        self.is_wrong.then_some("true")
    }

    fn line(&self, fewest: Option<String>, most: Option<String>) -> AnyView {
        let (id, name, value) = (self.id.clone(), self.name.clone(), self.text.clone());
        view! {
            <input
                class="input" id=id name=name value=value autocomplete="off" required=self.required minlength=fewest maxlength=most
                aria-describedby=self.described_by.clone() aria-invalid=self.invalid() autofocus=self.is_wrong
            />
        }
        .into_any()
    }

    fn number(&self, least: Option<String>, most: Option<String>, step: String) -> AnyView {
        let (id, name, value) = (self.id.clone(), self.name.clone(), self.text.clone());
        view! {
            <input
                class="input" type="number" id=id name=name value=value autocomplete="off" required=self.required min=least max=most step=step
                aria-describedby=self.described_by.clone() aria-invalid=self.invalid() autofocus=self.is_wrong
            />
        }
        .into_any()
    }

    fn area(&self, class: &'static str, fewest: Option<String>, most: Option<String>) -> AnyView {
        let (id, name) = (self.id.clone(), self.name.clone());
        let rows = (self.text.lines().count() + self.text.chars().count() / LONG).clamp(3, 14);
        view! {
            <textarea
                class=class id=id name=name rows=rows required=self.required minlength=fewest maxlength=most
                aria-describedby=self.described_by.clone() aria-invalid=self.invalid() autofocus=self.is_wrong inner_html=area_html(&self.text)
            ></textarea>
        }
        .into_any()
    }

    fn list(&self, options: Vec<(String, String)>) -> AnyView {
        let (id, name) = (self.id.clone(), self.name.clone());
        let option = |(value, words): (String, String)| {
            let selected = value == self.text;
            view! { <option value=value selected=selected>{words}</option> }
        };
        let options = options.into_iter().map(option).collect_view();
        view! {
            <select
                class="input" id=id name=name required=self.required aria-describedby=self.described_by.clone()
                aria-invalid=self.invalid() autofocus=self.is_wrong
            >
                {options}
            </select>
        }
        .into_any()
    }
}

fn mark(field: &Field) -> Option<AnyView> {
    field.required.then(|| view! { <span class="text-muted-foreground">" (required)"</span> }.into_any())
}

/// What the tool says about the field, and how it is filled in.
fn hint(field: &Field, id: &str) -> Option<AnyView> {
    let how = match field.kind {
        Kind::Lines => Some("One a line."),
        Kind::Numbers => Some("Numbers, one a line."),
        Kind::Flags => Some("true or false, one a line."),
        Kind::Json => Some("As JSON."),
        _ => None,
    };
    let parts: Vec<&str> = field.hint.as_deref().into_iter().chain(how).collect();
    let id = format!("{id}-hint");
    (!parts.is_empty()).then(|| view! { <p class="field-hint" id=id>{parts.join(" ")}</p> }.into_any())
}

/// The lines of a text in which something does not show itself, with that spelled out.
fn warning(text: &str, id: &str) -> Option<AnyView> {
    let lines: Vec<&str> = text.lines().filter(|line| line.chars().any(is_hidden)).take(SPELLED).collect();
    let id = format!("{id}-hidden");
    (!lines.is_empty()).then(|| {
        view! { <p class="field-warning" id=id><b>"Hidden characters: "</b><Revealed text=lines.join("\n")/></p> }
            .into_any()
    })
}

#[cfg(test)]
mod tests {
    use hyvve_domain::approvals::form::fields;
    use leptos::prelude::RenderHtml as _;
    use serde_json::json;

    use super::{Flash, Form};

    fn html(arguments: &serde_json::Value, flash: &Flash, wrong: Option<(&str, &str)>) -> String {
        let schema = json!({ "type": "object", "required": ["to"], "properties": {
            "to": { "type": "string", "maxLength": 9 }, "n": { "type": "integer", "minimum": 1 }, "yes": { "type": "boolean" },
            "how": { "enum": ["a", "b"] }, "all": { "type": "array", "items": { "type": "string" } },
            "in": { "type": "object", "properties": { "x": { "type": "string", "description": "An x." } } },
        } });
        let wrong = wrong.map(|(path, why)| (path.to_owned(), why.to_owned()));
        let mut form = Form { flash, wrong, next: 0 };
        form.all(&fields(Some(&schema), arguments.as_object().unwrap())).to_html()
    }

    #[test]
    fn every_kind_of_value_has_its_field() {
        let given = json!({ "to": "a\"b", "n": 20, "yes": true, "all": ["one", "two"] });
        let html = html(&given, &Flash::default(), None);
        for part in [
            "maxlength=\"9\"",
            "type=\"number\"",
            "min=\"1\"",
            "step=\"1\"",
            "type=\"checkbox\"",
            ">\none\ntwo</textarea>",
            "One a line.",
            "<legend>in",
            "An x.",
            "left out</option>",
            "Left out so far.",
            "(required)",
            "value=\"/in/x\"",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!html.contains("a\"b"), "{html}");
        assert!(!html.contains("autofocus"), "{html}");
    }

    #[test]
    fn nothing_in_a_value_is_markup_and_nothing_in_it_is_hidden() {
        let given = json!({ "to": "</textarea><b>\n\u{202e}x", "all": ["</textarea><i>"] });
        let html = html(&given, &Flash::default(), None);
        for markup in ["</textarea><b>", "</textarea><i>"] {
            assert!(!html.contains(markup), "{html}");
        }
        assert!(html.contains("Hidden characters") && html.contains("U+202E"), "{html}");
    }

    #[test]
    fn what_was_refused_shows_with_its_reason_and_what_was_typed() {
        let flash = Flash { typed: vec![("/to".to_owned(), "typed".to_owned())], ..Flash::default() };
        let html = html(&json!({ "to": "given" }), &flash, Some(("/to", "This is wrong.")));
        for part in ["value=\"typed\"", "This is wrong.", "aria-invalid=\"true\"", "autofocus"] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!html.contains("given\""), "{html}");
    }
}
