//! What the pages with passkeys have in common: a form that a few lines of JavaScript fill and send. It is hidden until they have
//! found out that the browser can.

use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{second_factor::PasskeySignIn, session};
use crate::{ApiError, ui::Button};

/// Plain JavaScript, in the page itself: no request more, and nothing that a build could leave behind.
const SCRIPT: &str = include_str!("passkeys.js");

/// What fills and sends the forms of this page.
pub(crate) fn passkey_script() -> AnyView {
    view! { <script nonce=use_nonce() inner_html=SCRIPT></script> }.into_any()
}

/// Signs in with a passkey; nothing where there can be none.
pub(super) fn sign_in_with_passkey(next: &str, label: &'static str) -> Result<AnyView, ApiError> {
    if session::party()?.is_none() {
        return Ok(().into_any());
    }
    Ok(view! {
        <form
            class="form" method="post" action=PasskeySignIn::url() hidden=true
            data-passkey="get" data-options="/api/auth/passkey/generate-authenticate-options"
        >
            <input type="hidden" name="next" value=next.to_owned()/>
            <input type="hidden" name="credential"/>
            <Button kind="submit">{label}</Button>
            <p class="field-error" role="alert"></p>
        </form>
        {passkey_script()}
    }
    .into_any())
}
