//! What a proposal's route was decided on: the score, why this look and no lesser one, and each factor as a bar.

use hyvve_domain::approvals::{Confidence, routing::Factor};
use leptos::prelude::*;

use super::words;
use crate::ui::{Card, CardBody};

/// The card; nothing for what people proposed to each other.
pub(super) fn confidence_card(confidence: Option<Confidence>) -> AnyView {
    let Some(Confidence { overall_score, score, factors, because, policy_version, .. }) = confidence else {
        return ().into_any();
    };
    let note = match score {
        Some(score) => format!("score {score:.0}"),
        None => "not calibrated yet".to_owned(),
    };
    let policy = if policy_version == 0 {
        "the policy that HYVVE ships".to_owned()
    } else {
        format!("version {policy_version} of the policy")
    };
    let bars = factors.iter().map(bar).collect_view();
    view! {
        <Card title="Confidence" note=note>
            <CardBody>
                <p>{because}</p>
                <ul class="factors">{bars}</ul>
                <p class="text-muted-foreground text-sm">
                    {format!("By its factors alone {overall_score:.0} of 100; what counts is how often people agreed with proposals that looked like it. Routed by {policy}.")}
                </p>
            </CardBody>
        </Card>
    }
    .into_any()
}

fn bar(factor: &Factor) -> AnyView {
    let Factor { factor: name, score, weight, explanation } = factor;
    let state = match score {
        s if *s >= 80.0 => "meter",
        s if *s >= 40.0 => "meter meter-high",
        _ => "meter meter-full",
    };
    let (score, weight) = (score.round(), weight * 100.0);
    view! {
        <li>
            <div class="factor-head"><span>{words::factor(name)}</span><span class="factor-figures">{format!("{score:.0} · weighs {weight:.0} %")}</span></div>
            <div class=state role="img" aria-label=format!("{score:.0} of 100")>
                <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width=score.clamp(1.0, 100.0) height="4"></rect></svg>
            </div>
            <p class="text-muted-foreground text-sm">{explanation.clone()}</p>
        </li>
    }
    .into_any()
}
