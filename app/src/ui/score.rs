//! A score of 0 to 100 as a ring.

use leptos::prelude::*;

/// The ring's length: 2 π r with r = 14.5, so that dashes are percents of it.
const LENGTH: f32 = 91.1;

/// A score; its colour says how far to trust it.
#[component]
pub fn ScoreRing(
    /// 0 to 100.
    score: u8,
) -> AnyView {
    let class = match score {
        85.. => "score score-high",
        60.. => "score score-middle",
        _ => "score score-low",
    };
    let filled = LENGTH * f32::from(score.min(100)) / 100.0;
    view! {
        <span class=class role="img" aria-label=format!("Confidence {score} of 100")>
            <svg viewBox="0 0 32 32" aria-hidden="true">
                <circle class="score-track" cx="16" cy="16" r="14.5"></circle>
                <circle class="score-value" cx="16" cy="16" r="14.5" stroke-dasharray=format!("{filled:.1} {LENGTH}")></circle>
            </svg>
            <b aria-hidden="true">{score}</b>
        </span>
    }
    .into_any()
}
