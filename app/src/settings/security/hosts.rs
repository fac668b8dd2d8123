//! The hosts that agents may ask.

use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::ListRequestHosts;
use crate::{
    flash::Flash,
    ui::{Button, Card, CardBody, Form, Variant},
};

/// The list, to be changed as a whole.
pub(super) fn hosts_card(hosts: Vec<String>, flash: Flash) -> AnyView {
    let error = flash.at("requestHosts");
    let invalid = error.is_some().then_some("true");
    let lines = if error.is_some() { flash.typed("requestHosts") } else { hosts.join("\n") };
    view! {
        <Card title="Hosts that agents may ask" note=hosts.len().to_string()>
            <CardBody>
                <p class="pb-3">
                    "With the tool “Ask a web address”, agents propose HTTP requests to these hosts, and to no others. A person sees
                    each request and decides. While the list is empty, agents do not have the tool."
                </p>
                <Form action=ListRequestHosts::url()>
                    <div class="field">
                        <label for="hosts">"Hosts"</label>
                        <textarea
                            id="hosts" name="hosts" class="input" rows="4" spellcheck="false"
                            aria-describedby="hosts-hint hosts-error" aria-invalid=invalid
                        >{lines}</textarea>
                        <p class="field-hint" id="hosts-hint">
                            "One a line, like api.example.com or api.example.com:8443. Hosts within this network are asked only if
                            whoever runs this server allows them as well."
                        </p>
                        <p class="field-error" id="hosts-error" role="alert">{error}</p>
                    </div>
                    <div><Button variant=Variant::Primary kind="submit">"Save"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
