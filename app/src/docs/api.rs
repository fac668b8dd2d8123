//! Every address that programs call: the document that tools read, for people.

use hyvve_domain::{
    Error,
    events::schemas::{self, Fact},
};
use leptos::prelude::*;
use serde_json::Value;

use crate::{
    ApiError, context,
    ui::{Card, CardBody, PageHeader, Table},
};

/// Where the document is, which the server makes of its routes. It stands in the extensions of every request for a page.
#[derive(Clone, Copy)]
pub struct ApiDescription(pub fn() -> &'static Value);

/// A program that proposes.
const PROPOSING: &str = "curl -H \"Authorization: Bearer $HYVVE_KEY\" -H \"Content-Type: application/json\" \\
  -H \"Idempotency-Key: $(uuidgen)\" \\
  -d '{\"action\": \"send_invoice\", \"arguments\": {\"number\": 4711}}' \\
  \"https://hyvve.example.com/api/approvals\"";

/// The page at `/api/docs`.
pub(crate) fn api_page() -> Result<AnyView, ApiError> {
    let parts = context::parts()?;
    let missing = || Error::internal("no description of the API: are pages served by the server?");
    let ApiDescription(document) = parts.extensions.get::<ApiDescription>().copied().ok_or_else(missing)?;
    let document = document();
    let groups = list(&document["tags"]).iter().map(|tag| group(document, tag)).collect_view();
    let links = list(&document["tags"]).iter().map(|tag| {
        let name = text(&tag["name"]);
        view! { <a class="subnav-link" href=format!("#{}", anchor(name))>{name}</a> }
    });
    let links = links.collect_view();
    let view = view! {
        <header class="app-header">
            <nav class="breadcrumb" aria-label="Breadcrumb"><a href="/">"HYVVE"</a></nav>
            <div class="grow"></div>
            <a class="btn" href="/docs/events">"Events"</a>
            <a class="btn" href="/api/openapi.json">"OpenAPI 3.1"</a>
        </header>
        <div class="page settings">
            <nav class="subnav" aria-label="On this page">
                <a class="subnav-link" href="#calling">"How to call"</a>
                {links}
                <a class="subnav-link" href="#schemas">"Schemas"</a>
            </nav>
            <div class="min-w-0">
                <PageHeader title="API" lead="Every address that programs call, with what it takes and what it answers."/>
                <div class="stack">{calling(document)}{groups}{schema_list(document)}</div>
            </div>
        </div>
    };
    Ok(view.into_any())
}

fn calling(document: &'static Value) -> AnyView {
    let ways = facts(&document["components"]["securitySchemes"]).map(|(name, way)| {
        view! { <li><b>{name.as_str()}": "</b>{prose(text(&way["description"]))}</li> }
    });
    let errors = facts(&document["components"]["responses"]).filter_map(|(name, response)| {
        let status = name.strip_prefix("Api")?;
        let status = if status == "Default" { "other" } else { status };
        Some(view! { <tr><th scope="row">{status}</th><td>{text(&response["description"])}</td></tr> })
    });
    let (ways, errors) = (ways.collect_view(), errors.collect_view());
    let columns = ["Status", "What it means"].map(str::to_owned).to_vec();
    view! {
        <div id="calling">
            <Card title="How to call">
                <CardBody>
                    <div class="stack">
                        <p>{prose(text(&document["info"]["description"]))}</p>
                        <p>"Whoever asks shows one of these:"</p>
                        <ul class="stack">{ways}</ul>
                        <pre class="source" tabindex="0">{PROPOSING}</pre>
                        <p>{prose("An error is `{\"error\": {code, message, details?, requestId}}`; below `/api/auth` it is `{code, message}`, as better-auth’s client expects it, and at the root `{detail, error_code}`, as AgentOS’s do.")}</p>
                        <Table caption="Errors by status" columns=columns>{errors}</Table>
                    </div>
                </CardBody>
            </Card>
        </div>
    }
    .into_any()
}

fn group(document: &'static Value, tag: &'static Value) -> AnyView {
    let name = text(&tag["name"]);
    let mut rows = Vec::new();
    for (path, methods) in facts(&document["paths"]) {
        for (method, operation) in facts(methods) {
            if text(&operation["tags"][0]) == name {
                rows.push(entry(document, method, path, operation));
            }
        }
    }
    view! {
        <div id=anchor(name)>
            <Card title=name note=text(&tag["description"])><ul class="entries">{rows}</ul></Card>
        </div>
    }
    .into_any()
}

fn entry(document: &'static Value, method: &str, path: &'static str, operation: &'static Value) -> AnyView {
    let here = format!("{} {path}", method.to_uppercase());
    let words = text(&operation["description"]).split("\n\n").filter(|words| !words.is_empty());
    let words = words.map(|words| view! { <p>{prose(words)}</p> }).collect_view();
    view! {
        <li class="entry">
            <div class="entry-main">
                <details class="disclosure" id=text(&operation["operationId"])>
                    <summary><span class="mono">{here.clone()}</span>" "{text(&operation["summary"])}</summary>
                    <div class="stack">
                        <p class="text-muted-foreground">{asked_by(operation)}</p>
                        {words}
                        {parameters(document, &here, operation)}
                        {body(&here, operation)}
                        {replies(&here, operation)}
                    </div>
                </details>
            </div>
        </li>
    }
    .into_any()
}

/// With what it is asked for.
fn asked_by(operation: &'static Value) -> String {
    let ways = list(&operation["security"]);
    let names: Vec<&str> = ways.iter().flat_map(facts).map(|(name, _)| name.as_str()).collect();
    match names[..] {
        [] => "Anyone may ask.".to_owned(),
        // One of the ways is none.
        _ if names.len() < ways.len() => format!("Anyone may ask; with {} more is said.", names.join(", or ")),
        _ => format!("Asked with {}.", names.join(", or ")),
    }
}

fn parameters(document: &'static Value, here: &str, operation: &'static Value) -> Option<AnyView> {
    let mut rows = Vec::new();
    for parameter in list(&operation["parameters"]) {
        let parameter = resolved(document, parameter);
        let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
        let is = kind(&parameter["schema"], parameter["required"] == true);
        let means = prose(text(&parameter["description"]));
        rows.push(
            view! { <tr><th scope="row" class="mono">{name}</th><td>{place}</td><td>{is}</td><td>{means}</td></tr> },
        );
    }
    let columns = ["Parameter", "Where", "What it is", "What it means"].map(str::to_owned).to_vec();
    let caption = format!("Parameters of {here}");
    (!rows.is_empty()).then(|| view! { <Table caption=caption columns=columns>{rows}</Table> }.into_any())
}

fn body(here: &str, operation: &'static Value) -> Option<AnyView> {
    let contents = &operation["requestBody"]["content"];
    let media: Vec<&str> = facts(contents).map(|(media, _)| media.as_str()).collect();
    let (_, content) = facts(contents).next()?;
    let form = format!("Body: {}.", media.join(", or "));
    Some(view! { <p>{form}</p>{schema_view(&format!("The body of {here}"), &content["schema"])} }.into_any())
}

fn replies(here: &str, operation: &'static Value) -> AnyView {
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for (status, response) in facts(&operation["responses"]) {
        if !response["$ref"].is_null() {
            refused.push(status.as_str());
            continue;
        }
        let bodies = facts(&response["content"]).map(|(media, content)| {
            view! { <p>{if media == "application/json" { shape(&content["schema"]) } else { media.clone() }}</p> }
        });
        let bodies = bodies.collect_view();
        let means = text(&response["description"]);
        rows.push(
            view! { <tr><th scope="row">{status.as_str()}</th><td>{means}</td><td class="mono">{bodies}</td></tr> },
        );
    }
    let mut names = Vec::new();
    referred(&operation["responses"], &mut names);
    let links = names.into_iter().map(|name| view! { <a class="link" href=format!("#schema-{name}")>{name}</a>" " });
    let links = links.collect_view();
    refused.retain(|status| *status != "default");
    let errors = format!("Errors: {}.", refused.join(", "));
    let columns = ["Status", "What it means", "What is answered"].map(str::to_owned).to_vec();
    let caption = format!("Replies of {here}");
    view! {
        <Table caption=caption columns=columns>{rows}</Table>
        <p>{links}</p>
        <p class="text-muted-foreground">{errors}</p>
    }
    .into_any()
}

/// All schemas that have a name.
fn schema_list(document: &'static Value) -> AnyView {
    let rows = facts(&document["components"]["schemas"]).map(|(name, schema)| {
        view! {
            <li class="entry">
                <div class="entry-main">
                    <details class="disclosure" id=format!("schema-{name}")>
                        <summary><span class="mono">{name.as_str()}</span></summary>
                        <div class="stack">
                            <p>{prose(text(&schema["description"]))}</p>
                            {schema_view(&format!("What {name} is"), schema)}
                        </div>
                    </details>
                </div>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! { <div id="schemas"><Card title="Schemas"><ul class="entries">{rows}</ul></Card></div> }.into_any()
}

/// A schema: its fields in a table, or what it can be.
fn schema_view(caption: &str, schema: &'static Value) -> AnyView {
    let fields = schemas::fields(schema);
    if fields.is_empty() {
        return choices(schema);
    }
    let required = list(&schema["required"]);
    let rows = fields.into_iter().map(|Fact { name, means, .. }| {
        let is = kind(&schema["properties"][&name], required.iter().any(|one| *one == name));
        view! { <tr><th scope="row" class="mono">{name}</th><td>{is}</td><td>{prose(&means)}</td></tr> }
    });
    let rows = rows.collect_view();
    let columns = ["Field", "What it is", "What it means"].map(str::to_owned).to_vec();
    view! { <Table caption=caption.to_owned() columns=columns>{rows}</Table> }.into_any()
}

/// What a schema without fields can be: one of several words or shapes, each with what it means.
fn choices(schema: &'static Value) -> AnyView {
    let all = ["oneOf", "anyOf"].into_iter().find_map(|word| schema[word].as_array());
    let Some(all) = all else { return view! { <p class="mono">{shape(schema)}</p> }.into_any() };
    let rows = all.iter().map(|one| {
        view! { <li><span class="mono">{shape(one)}</span>" "{prose(text(&one["description"]))}</li> }
    });
    view! { <ul class="stack">{rows.collect_view()}</ul> }.into_any()
}

/// A schema in a few words, and whether it may be left out.
fn kind(schema: &Value, is_required: bool) -> String {
    let is = match schemas::kind_of(schema) {
        nothing if nothing.is_empty() => "anything".to_owned(),
        words => words,
    };
    if is_required { is } else { format!("{is}; optional") }
}

/// A schema as a line: `{data: ApprovalDetail}`.
fn shape(schema: &Value) -> String {
    let several = |word: &str| Some((word == "allOf", schema[word].as_array()?));
    if let Some((is_all, parts)) = ["anyOf", "oneOf", "allOf"].into_iter().find_map(several) {
        let parts: Vec<String> = parts.iter().map(shape).collect();
        return parts.join(if is_all { " and " } else { " or " });
    }
    if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
        return format!("list of {}", shape(items));
    }
    let Some(fields) = schema["properties"].as_object() else { return kind(schema, true) };
    let required = list(&schema["required"]);
    let field = |(name, schema): (&String, &Value)| {
        let mark = if required.iter().any(|one| *one == *name) { "" } else { "?" };
        format!("{name}{mark}: {}", shape(schema))
    };
    format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
}

/// The names of the schemas that something refers to, each once.
fn referred<'a>(value: &'a Value, names: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            let name =
                fields.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/components/schemas/"));
            let new = name.filter(|name| !names.contains(name));
            names.extend(new);
            for value in fields.values() {
                referred(value, names);
            }
        }
        Value::Array(all) => {
            for value in all {
                referred(value, names);
            }
        }
        _ => {}
    }
}

/// What a reference leads to.
fn resolved(document: &'static Value, value: &'static Value) -> &'static Value {
    value["$ref"].as_str().and_then(|path| document.pointer(path.strip_prefix('#')?)).unwrap_or(value)
}

/// Text in which what stands between backticks is code.
fn prose(text: &str) -> AnyView {
    let pieces = text.split('`').enumerate().map(|(place, piece)| {
        let piece = piece.to_owned();
        if place % 2 == 1 { view! { <code>{piece}</code> }.into_any() } else { piece.into_any() }
    });
    pieces.collect_view().into_any()
}

/// `AI providers` as it stands in an address.
fn anchor(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn facts(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{kind, referred, shape};

    #[test]
    fn a_schema_reads_as_a_line() {
        let item = json!({ "$ref": "#/components/schemas/Approval" });
        let page = json!({ "type": "object", "required": ["data"], "properties": {
            "data": { "type": "array", "items": item }, "next": { "type": ["string", "null"] },
        } });
        assert_eq!(shape(&page), "{data: list of Approval, next?: string or null}");
        assert_eq!(shape(&json!({ "anyOf": [item, { "type": "null" }] })), "Approval or null");
        assert_eq!(kind(&json!(true), false), "anything; optional");
        let twice = json!([page, item]);
        let mut names = Vec::new();
        referred(&twice, &mut names);
        assert_eq!(names, ["Approval"]);
    }
}
