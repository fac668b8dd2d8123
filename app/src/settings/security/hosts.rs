//! The hosts that agents may ask.

use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::ListRequestHosts;
use crate::{
    flash::Flash,
    ui::{Area, Button, Card, CardBody, Form, Variant},
};

const HINT: &str = "One a line, like api.example.com or api.example.com:8443. Hosts within this network are asked only if whoever \
                    runs this server allows them as well.";

/// The list, to be changed as a whole.
pub(super) fn hosts_card(hosts: Vec<String>, flash: Flash) -> AnyView {
    let error = flash.at("requestHosts");
    let lines = if error.is_some() { flash.typed("requestHosts") } else { hosts.join("\n") };
    view! {
        <Card title="Hosts that agents may ask" note=hosts.len().to_string()>
            <CardBody>
                <p class="pb-3">
                    "With the tool “Ask a web address”, agents propose HTTP requests to these hosts, and to no others. A person sees
                    each request and decides. While the list is empty, agents do not have the tool."
                </p>
                <Form action=ListRequestHosts::url()>
                    <Area name="hosts" label="Hosts" rows=4 value=lines hint=HINT error=error/>
                    <div><Button variant=Variant::Primary kind="submit">"Save"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
