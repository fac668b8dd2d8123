//! Images that came with a message.

use hyvve_domain::{agents::images, ids::RunId};
use leptos::prelude::*;

use crate::shell::use_frame;

/// The images of a run's message, small; each is a link to the whole.
pub(crate) fn sent_images(run: RunId, count: i64) -> Option<AnyView> {
    let frame = use_frame();
    let image = |position| {
        let path = images::path(&frame.data().name.slug, run, position);
        let shown = path.clone();
        let alt = format!("Image {} of {count} that was sent with the message (opens a new tab)", position + 1);
        view! {
            <li>
                <a href=path target="_blank" rel="noopener">
                    <img class="sent-image" src=shown alt=alt loading="lazy" decoding="async"/>
                </a>
            </li>
        }
    };
    let all =
        || view! { <ul class="sent-images" aria-label="Images">{(0..count).map(image).collect_view()}</ul> }.into_any();
    (count > 0).then(all)
}
