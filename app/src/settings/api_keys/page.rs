//! The page: the keys, and the form for another one.

use hyvve_domain::{
    Role,
    api_keys::{ApiKey, DEFAULT_DAYS, MAX_DAYS, Scope, service},
    ids::{ApiKeyId, UserId},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::{MakeApiKey, RevokeApiKey};
use crate::{
    ApiError,
    flash::Flash,
    settings::layout::{done, settings_page},
    shell::{Visit, use_frame},
    ui::{
        Button, ButtonLink, Card, CardBody, EmptyState, Field, Form, Glyph, Pill, Select, Time, Tone, Variant,
        now_millis,
    },
};

/// The page's address in the workspace.
const HERE: &str = "/settings/api-keys";

/// How long a key may be asked to work.
const TERMS: [(u32, &str); 5] =
    [(7, "A week"), (30, "30 days"), (DEFAULT_DAYS, "90 days"), (180, "180 days"), (MAX_DAYS, "A year")];

/// What each scope lets a program do.
const fn words(scope: Scope) -> (&'static str, &'static str) {
    match scope {
        Scope::Read => ("Read", "see what you see here, streams included"),
        Scope::Propose => ("Propose", "start agents, answer and stop them"),
        Scope::Decide => ("Decide", "approve and reject in your name"),
        Scope::Admin => ("Admin", "change members, invitations, AI providers and the workspace"),
    }
}

/// The page at `/w/{workspace}/settings/api-keys`.
pub(crate) async fn api_keys_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let (own, role) = visit.actor.person()?;
    let keys = service::list(&visit.services, &visit.actor).await?;
    let problem = flash
        .beside(&["name", "scopes", "expiresInDays"])
        .map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let secret = Some(flash.typed("secret")).filter(|secret| !secret.is_empty());
    let made = flash.typed("made");
    let asked = visit.parsed::<ApiKeyId>("revoke");
    let question = asked.and_then(|id| keys.iter().find(|key| key.id == id && is_good(key)).cloned()).map(revoke_card);
    // What is shown only once is not taken away because something happens meanwhile.
    let follow = secret.is_none().then_some("workspace.api_key");
    let content = view! {
        <div class="stack">
            {done(&flash)}
            {problem}
            {secret.map(|secret| secret_card(made, secret))}
            {question}
            {keys_card(keys, own, role)}
            {role.can_make_keys().then(|| form_card(flash))}
        </div>
    };
    let lead =
        "With a key, a program works here in your name: as your role allows, and no further than the key’s scopes.";
    Ok(settings_page("API keys", lead, follow, content.into_any()))
}

fn secret_card(name: String, secret: String) -> AnyView {
    view! {
        <Card title=format!("Copy the key “{name}” now") note="it is shown only this once">
            <CardBody>
                <div class="field">
                    <label for="secret">"Send it as "<code>"Authorization: Bearer …"</code>" or "<code>"x-api-key"</code></label>
                    <div class="flex gap-2 items-center">
                        <input id="secret" class="input mono" readonly=true value=secret autocomplete="off"/>
                        <button type="button" class="btn needs-script" data-do="copy secret">"Copy"</button>
                    </div>
                </div>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn keys_card(keys: Vec<ApiKey>, own: UserId, role: Role) -> AnyView {
    if keys.is_empty() {
        return view! {
            <Card title="Keys">
                <EmptyState
                    glyph=Glyph::Key title="No program has a key yet"
                    text=if role.can_make_keys() {
                        "Make one below. You can revoke it at any moment."
                    } else {
                        "Your role does not allow you to make one."
                    }
                />
            </Card>
        }
        .into_any();
    }
    let note = if role.manages_keys() { "of everybody here" } else { "yours" };
    let rows = keys.into_iter().map(|key| row(key, own)).collect_view();
    view! { <Card title="Keys" note=note><ul class="entries">{rows}</ul></Card> }.into_any()
}

fn is_good(key: &ApiKey) -> bool {
    key.revoked_at.is_none() && key.expires_at.unix_millis() > now_millis()
}

fn row(key: ApiKey, own: UserId) -> AnyView {
    let good = is_good(&key);
    let scopes = key.scopes.iter().map(|scope| words(*scope).0).collect::<Vec<_>>().join(", ");
    let person = (key.user_id != own).then(|| view! { <span>{format!("of {}", key.user_name)}</span> });
    let end = match key.revoked_at {
        Some(at) => view! { <span>"revoked "<Time at=at/></span> }.into_any(),
        None if good => view! { <span>"until "<Time at=key.expires_at/></span> }.into_any(),
        None => view! { <span>"expired "<Time at=key.expires_at/></span> }.into_any(),
    };
    let used = match key.last_used_at {
        Some(at) => {
            let from = key.last_used_ip.map(|ip| format!(" from {ip}"));
            view! { <span>"last used "<Time at=at/>{from}</span> }.into_any()
        }
        None => view! { <span>"never used"</span> }.into_any(),
    };
    let of = format!(" {}", key.name);
    let means = if good {
        let ask = use_frame().href(&format!("{HERE}?revoke={}", key.id));
        view! { <ButtonLink href=ask>"Revoke"<span class="sr-only">{of}</span></ButtonLink> }.into_any()
    } else {
        view! { <Pill tone=Tone::Neutral text="Ended"/> }.into_any()
    };
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{key.name}</p>
                <div class="meta">
                    <span class="mono">{format!("{}…", key.prefix)}</span><span>{scopes}</span>{person}{end}{used}
                </div>
            </div>
            <div class="entry-actions">{means}</div>
        </li>
    }
    .into_any()
}

fn revoke_card(key: ApiKey) -> AnyView {
    let back = use_frame().href(HERE);
    view! {
        <Card title=format!("Revoke “{}”?", key.name)>
            <CardBody>
                <p class="pb-3">"Whatever uses it is refused from the next request on. This cannot be undone."</p>
                <Form action=RevokeApiKey::url()>
                    <input type="hidden" name="id" value=key.id.to_string()/>
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Danger kind="submit">"Revoke it"</Button>
                        <ButtonLink href=back>"Keep it"</ButtonLink>
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn form_card(flash: Flash) -> AnyView {
    let typed = !flash.typed("typed").is_empty();
    let chosen = Some(flash.typed("days")).filter(|days| !days.is_empty()).unwrap_or_else(|| DEFAULT_DAYS.to_string());
    let terms = TERMS.iter().map(|(days, words)| (days.to_string(), (*words).to_owned())).collect();
    let scopes = Scope::ALL.map(|scope| {
        let checked = if typed { !flash.typed(scope.as_str()).is_empty() } else { scope == Scope::Read };
        let (name, what) = words(scope);
        view! {
            <label class="check-line">
                <input type="checkbox" class="check" name=scope.as_str() value="true" checked=checked/>
                <span><strong>{name}</strong>": "{what}</span>
            </label>
        }
    });
    let problem = flash.at("scopes");
    view! {
        <Card title="Make a key">
            <CardBody>
                <Form action=MakeApiKey::url()>
                    <Field
                        name="name" label="What will use it?" value=flash.typed("name") error=flash.at("name") required=true
                        placeholder="Nightly report" wrong="Please name the key after what uses it."
                    />
                    <fieldset class="choices" aria-describedby="scopes-error">
                        <legend>"What may it do?"</legend>
                        {scopes.collect_view()}
                        <p class="field-error" id="scopes-error" role="alert">{problem}</p>
                    </fieldset>
                    <Select name="days" label="How long will it work?" options=terms chosen=chosen error=flash.at("expiresInDays")/>
                    <div><Button variant=Variant::Primary kind="submit">"Make the key"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
