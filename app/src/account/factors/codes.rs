//! Recovery codes: shown once, and made anew.

use hyvve_domain::{
    address::percent_encode,
    auth::factors::{Overview, recovery_codes::COUNT},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{api::RenewRecoveryCodes, back, password_field};
use crate::{
    account::layout::message,
    flash::Flash,
    ui::{Button, ButtonLink, Card, CardBody, Form, Variant},
};

/// How many are left, and the way to others.
pub(super) fn card(found: &Overview) -> AnyView {
    let left = found.recovery_codes;
    view! {
        <Card title="Recovery codes" note=format!("{left} of {COUNT} left")>
            <CardBody>
                <p class="pb-3">"Each lets you in once, should you have neither your app nor a passkey at hand."</p>
                <ButtonLink href="?codes=new">"Make new codes…"</ButtonLink>
            </CardBody>
        </Card>
    }
    .into_any()
}

/// The codes that were just made, one in a line. Nobody sees them again.
pub(super) fn made_card(codes: String) -> AnyView {
    let file =
        format!("data:text/plain;charset=utf-8,{}", percent_encode(&format!("HYVVE recovery codes\n\n{codes}\n")));
    view! {
        <Card title="Keep these recovery codes" note="they are shown only now">
            <CardBody>
                <p class="pb-3">"Print them, or put them where you keep your passwords. Each works once."</p>
                <pre class="recovery-codes font-mono">{codes}</pre>
                <a class="btn" href=file download="hyvve-recovery-codes.txt">"Download as text"</a>
            </CardBody>
        </Card>
    }
    .into_any()
}

pub(super) fn renew_card(found: &Overview, flash: &Flash) -> AnyView {
    let (problem, password) = (message(flash, &["password"]), password_field(found, flash));
    view! {
        <Card title="Make new recovery codes?">
            <CardBody>
                {problem}
                <p class="pb-3">"The codes that you have stop working."</p>
                <Form action=RenewRecoveryCodes::url()>
                    {password}
                    <div class="flex gap-2 flex-wrap">
                        <Button variant=Variant::Primary kind="submit">"Make new codes"</Button>
                        {back("Keep the old ones")}
                    </div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
