//! The question before a provider goes.

use hyvve_domain::providers::Provider;
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{api::DeleteProvider, form::message, row::HERE};
use crate::{
    flash::Flash,
    shell::use_frame,
    ui::{Button, ButtonLink, Card, CardBody, Form, Variant},
};

/// Names what would go, and asks.
pub(super) fn delete_card(provider: Provider, flash: Flash) -> AnyView {
    let list = use_frame().href(HERE);
    view! {
        <Card title=format!("Delete {}?", provider.name)>
            <CardBody>
                {message(&flash, &[])}
                <p class="pb-3">"Its key is deleted with it. Conversations and runs stay."</p>
                <Form action=DeleteProvider::url()>
                    <input type="hidden" name="id" value=provider.id.to_string()/>
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Danger kind="submit">{format!("Delete {}", provider.name)}</Button>
                        <ButtonLink href=list>"Keep it"</ButtonLink>
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
