//! The form that sets a picture, of a person and of a workspace alike: plain, with a file in it.

use hyvve_domain::pictures::{ACCEPTED, MAX_BYTES};
use leptos::prelude::*;

use crate::ui::{Button, Variant};

/// The form that sends a picture to `action`, beside the present one, and one that takes it away.
pub(crate) fn picture_form(action: &str, avatar: AnyView, has_one: bool, error: Option<String>) -> AnyView {
    let hint = format!("PNG, JPEG or GIF, at most {} MB. The middle of it is kept, as a square.", MAX_BYTES >> 20);
    let (invalid, label) = (error.is_some().then_some("true"), if has_one { "Another picture" } else { "Picture" });
    let remove = has_one.then(|| {
        view! {
            <form method="post" action=action.to_owned() enctype="multipart/form-data">
                <Button kind="submit" variant=Variant::Danger name="remove" value="true">"Remove the picture"</Button>
            </form>
        }
    });
    view! {
        <div class="picture">
            {avatar}
            <div class="picture-forms">
                <form class="form" method="post" action=action.to_owned() enctype="multipart/form-data">
                    <div class="field">
                        <label for="image">{label}</label>
                        <input
                            id="image" name="image" class="input" type="file" accept=ACCEPTED required=true
                            aria-describedby="image-hint image-error" aria-invalid=invalid
                        />
                        <p class="field-hint" id="image-hint">{hint}</p>
                        <p class="field-error field-wrong">"Please choose a picture."</p>
                        <p class="field-error" id="image-error" role="alert">{error}</p>
                    </div>
                    <div><Button kind="submit">"Upload"</Button></div>
                </form>
                {remove}
            </div>
        </div>
    }
    .into_any()
}
