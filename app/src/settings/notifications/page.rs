//! The page: a row of choices for each kind, when the digest comes, and one's own webhook.

use hyvve_domain::{
    notifications::{Channels, Digest, Hook, Kind, Mail, Settings, settings},
    webhooks::buttons::{Asking, Connected, service as buttons},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::{ChooseNotifications, ConnectChannel, DisconnectChannel, RemoveOwnWebhook, SetOwnWebhook};
use crate::{
    ApiError,
    flash::Flash,
    settings::layout::{done, settings_page},
    shell::Visit,
    ui::{Button, Card, CardBody, Field, Form, Pill, Revealed, Select, Time, Tone, Variant},
};

/// The page at `/w/{workspace}/settings/notifications`.
pub(crate) async fn notifications_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let flash = Flash::take().unwrap_or_default();
    let chosen = settings::get(&visit.services, &visit.actor).await?;
    let connected = buttons::connected(&visit.services, &visit.actor).await?;
    let question = match visit.query("connect") {
        Some(token) => Some(connect_card(buttons::asking(&visit.services, &visit.actor, &token).await?, token)),
        None => None,
    };
    let problem = flash.beside(&["url"]).map(|text| view! { <p class="form-message" role="alert">{text}</p> });
    let hook = chosen.webhook.clone();
    let content = view! {
        <div class="stack">
            {done(&flash)}
            {problem}
            {question}
            {choices_card(chosen)}
            {webhook_card(hook, &flash)}
            {(!connected.is_empty()).then(|| connected_card(connected))}
        </div>
    };
    let lead = "What you are told of in this workspace, and how. Only you see and change this.";
    Ok(settings_page("Notifications", lead, None, content.into_any()))
}

fn choices_card(chosen: Settings) -> AnyView {
    let kinds = chosen.channels.iter().map(|(kind, ways)| choice(*kind, *ways)).collect_view();
    let periods = [(Digest::Hourly, "every hour"), (Digest::Daily, "every day")];
    let periods = periods.map(|(digest, words)| (digest.as_str().to_owned(), words.to_owned())).to_vec();
    let hours = (0..24).map(|hour| (hour.to_string(), format!("{hour:02}:00"))).collect();
    view! {
        <Card title="What you hear of">
            <CardBody>
                <Form action=ChooseNotifications::url()>
                    {kinds}
                    <Select name="digest" label="The digest comes" options=periods chosen=chosen.digest.as_str()/>
                    <Select
                        name="digest_hour" label="A daily one at, in the workspace’s time zone" options=hours
                        chosen=chosen.digest_hour.to_string()
                    />
                    <p class="text-muted-foreground text-sm">
                        "A letter about what has waited for long is a choice of its own: "
                        <a class="link" href="/account/profile" rel="external">"your account"</a>"."
                    </p>
                    <div><Button variant=Variant::Primary kind="submit">"Save"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// The ways of one kind.
fn choice(kind: Kind, ways: Channels) -> AnyView {
    let name = |way: &str| format!("channels[{}][{way}]", kind.as_str());
    let id = format!("mail-{}", kind.as_str());
    let mails = [(Mail::No, "no mail"), (Mail::Now, "a letter at once"), (Mail::Digest, "in the digest")];
    let options = mails.map(|(mail, words)| {
        view! { <option value=mail.as_str() selected=mail == ways.mail>{words}</option> }
    });
    view! {
        <fieldset class="ways-of">
            <legend>{kind.label()}</legend>
            <label class="check-line">
                <input type="checkbox" class="check" name=name("in_app") value="true" checked=ways.in_app/>
                <span>"In HYVVE"</span>
            </label>
            <label class="sr-only" for=id.clone()>"Mail"</label>
            <select class="input" id=id name=name("mail")>{options.collect_view()}</select>
            <label class="check-line">
                <input type="checkbox" class="check" name=name("webhook") value="true" checked=ways.webhook/>
                <span>"At my webhook"</span>
            </label>
        </fieldset>
    }
    .into_any()
}

/// Asks whether a user of Slack is to decide as whoever looks.
fn connect_card(asking: Option<Asking>, token: String) -> AnyView {
    let Some(Asking { slack_user, slack_name }) = asking else {
        return view! {
            <Card title="This link connects nobody any more">
                <CardBody><p>"It has been used, or is too old. Press the button in the channel once more for another one."</p></CardBody>
            </Card>
        }
        .into_any();
    };
    let id = format!(" ({slack_user})");
    view! {
        <Card title="Is this you?">
            <CardBody>
                <p class="pb-3">
                    "The user "<b><Revealed text=slack_name/></b><Revealed text=id/>" of Slack will decide on approvals as you, with a press of a button. "
                    "If you have not pressed a button in Slack just now, do not connect: somebody else has sent you this link."
                </p>
                <Form action=ConnectChannel::url()>
                    <input type="hidden" name="token" value=token/>
                    <div><Button variant=Variant::Primary kind="submit">"Connect"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn connected_card(connected: Vec<Connected>) -> AnyView {
    let row = |one: Connected| {
        let about = format!(" {}", one.slack_name);
        view! {
            <li class="entry">
                <div class="entry-main">
                    <p class="entry-title"><Revealed text=one.slack_name/></p>
                    <div class="meta"><span class="mono">{one.slack_user.clone()}</span><span>"since "<Time at=one.since/></span></div>
                </div>
                <div class="entry-actions">
                    <form method="post" action=DisconnectChannel::url()>
                        <input type="hidden" name="id" value=one.webhook_id.to_string()/>
                        <input type="hidden" name="slack_user" value=one.slack_user/>
                        <Button kind="submit">"Disconnect"<span class="sr-only">{about}</span></Button>
                    </form>
                </div>
            </li>
        }
    };
    view! {
        <Card title="Users of Slack who decide as me">
            <ul class="entries">{connected.into_iter().map(row).collect_view()}</ul>
        </Card>
    }
    .into_any()
}

fn webhook_card(hook: Option<Hook>, flash: &Flash) -> AnyView {
    let present = hook.map(|Hook { shown, problem }| {
        let state = match problem {
            Some(why) => view! { <Pill text="failing" tone=Tone::Warn/><span>{why}</span> }.into_any(),
            None => view! { <Pill text="works" tone=Tone::Good/> }.into_any(),
        };
        view! {
            <div class="pb-3">
                <p class="mono text-sm break-all">{shown}</p>
                <p class="meta">{state}</p>
                <form method="post" action=RemoveOwnWebhook::url()><Button kind="submit" variant=Variant::Danger>"Remove it"</Button></form>
            </div>
        }
    });
    let error = flash.at("url");
    view! {
        <Card title="My webhook" note="in the manner of Slack’s incoming webhooks">
            <CardBody>
                {present}
                <Form action=SetOwnWebhook::url()>
                    <Field
                        name="url" label="Address" kind="url" required=true error=error
                        placeholder="https://hooks.slack.com/services/…"
                        hint="Whoever knows it can write there, so it is sealed, and only its host and its end are shown. A first message is sent at once."
                        wrong="Please enter an address that begins with https://."
                    />
                    <div><Button kind="submit">"Tell me there"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
