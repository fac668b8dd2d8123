//! How well scores fit what people said: the curve, and what each agent has earned.

use hyvve_domain::approvals::routing::report::{Band, Bin, Earned, Fit, Report, report};
use leptos::prelude::*;

use super::{
    page::{of_tool, trimmed},
    tabs::{Part, part_page},
};
use crate::{
    ApiError,
    shell::Visit,
    ui::{Card, CardBody, EmptyState, Glyph, Table, Td, Time, counted},
};

/// The drawing's side, in its own units.
const SIDE: f64 = 200.0;

/// The page at `/w/{workspace}/settings/approval-policy/calibration`.
pub(crate) async fn calibration_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let Report { earned, fit } = report(&visit.services, &visit.actor).await?;
    let content = view! {
        {fit_card(fit)}
        {earned_card(earned)}
    };
    let lead = "What people decided is all that a score rests on: how often they agreed with an agent’s proposals of one kind that looked alike.";
    Ok(part_page(Part::Calibration, lead, content.into_any()))
}

fn fit_card(fit: Fit) -> AnyView {
    if fit.count == 0 {
        let text = "Once people have decided on what agents propose, this shows how well the scores foretold it.";
        return view! { <Card title="How well scores fit"><EmptyState glyph=Glyph::Check title="Nothing to compare yet" text=text/></Card> }.into_any();
    }
    let Fit { count, brier, error, bins } = fit;
    let note = format!("{} of the last 90 days", counted(u64::try_from(count).unwrap_or(0), "decision"));
    view! {
        <Card title="How well scores fit" note=note>
            <CardBody>
                <div class="curve">
                    {curve(&bins)}
                    <dl class="facts">
                        <dt>"Calibration error"</dt>
                        <dd>{format!("{:.1} %", error * 100.0)}<p class="field-hint">"How far what was foretold is from what people said, on average."</p></dd>
                        <dt>"Brier score"</dt>
                        <dd>{format!("{brier:.3}")}<p class="field-hint">"0 is perfect; 0.25 is as good as guessing."</p></dd>
                    </dl>
                </div>
                {bins_table(&bins)}
            </CardBody>
        </Card>
    }
    .into_any()
}

/// Each bin as a dot, as large as it is full; on the line what was foretold came true.
fn curve(bins: &[Bin]) -> AnyView {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1).max(1) as f64;
    let dot = |bin: &Bin| {
        let radius = 2.5 + 5.5 * (bin.count as f64 / most).sqrt();
        view! { <circle cx=bin.predicted * SIDE cy=(1.0 - bin.agreed) * SIDE r=radius></circle> }
    };
    let dots = bins.iter().filter(|bin| bin.count > 0).map(dot).collect_view();
    let ticks = [0.0, 0.5, 1.0].map(|at| {
        view! { <line class="curve-tick" x1=at * SIDE x2=at * SIDE y1="0" y2=SIDE></line><line class="curve-tick" y1=at * SIDE y2=at * SIDE x1="0" x2=SIDE></line> }
    });
    view! {
        <figure class="curve-figure">
            <svg viewBox="-10 -10 220 220" role="img" aria-label="Reliability curve; the table below has its numbers">
                {ticks.collect_view()}
                <line class="curve-ideal" x1="0" y1=SIDE x2=SIDE y2="0"></line>
                {dots}
            </svg>
            <figcaption class="field-hint">"Across: agreement foretold. Up: agreement. On the line both are the same."</figcaption>
        </figure>
    }
    .into_any()
}

fn bins_table(bins: &[Bin]) -> AnyView {
    let row = |bin: &Bin| {
        let Bin { count, predicted, agreed } = *bin;
        view! {
            <tr>
                <Td number=true>{format!("{} %", trimmed(predicted * 100.0))}</Td>
                <Td number=true>{format!("{} %", trimmed(agreed * 100.0))}</Td>
                <Td number=true>{count}</Td>
            </tr>
        }
    };
    let rows = bins.iter().filter(|bin| bin.count > 0).map(row).collect_view();
    let columns = ["Agreement foretold", "People agreed", "Decisions"].map(str::to_owned);
    view! { <details class="more"><summary>"As a table"</summary><Table caption="Reliability curve" columns=columns>{rows}</Table></details> }
        .into_any()
}

fn earned_card(earned: Vec<Earned>) -> AnyView {
    if earned.is_empty() {
        return ().into_any();
    }
    let rows = earned.iter().map(row).collect_view();
    view! {
        <Card title="What agents have earned" note="per action, model and instructions">
            <ul class="entries">{rows}</ul>
        </Card>
    }
    .into_any()
}

fn row(one: &Earned) -> AnyView {
    let Earned { tool, agent, model, instructions, agreed, disagreed, bands, since } = one.clone();
    let name = agent.unwrap_or_else(|| "An agent that is gone".to_owned());
    let all = agreed + disagreed;
    let share =
        if all == 0 { String::new() } else { format!(" ({:.0} %)", f64::from(agreed) * 100.0 / f64::from(all)) };
    let columns = ["Looks like", "Decisions", "Score", "At least"].map(str::to_owned);
    let rows = bands.iter().rev().filter(|band| band.decisions > 0).map(band_row).collect_view();
    let model = if model.is_empty() { "an unknown model".to_owned() } else { model };
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{format!("{name}: {}", of_tool(&tool))}</p>
                <p>{format!("People agreed with {agreed} of {all}{share}.")}</p>
                <div class="meta"><span>{model}</span><span>"instructions "<code class="hash">{instructions}</code></span><span>"since "<Time at=since/></span></div>
                <Table caption=format!("Bands of scores of {name}") columns=columns>{rows}</Table>
            </div>
        </li>
    }
    .into_any()
}

fn band_row(band: &Band) -> AnyView {
    let score = if band.calibrated { format!("{:.0}", band.score) } else { "too few yet".to_owned() };
    let Band { from, decisions, at_least, .. } = *band;
    view! {
        <tr>
            <Td>{format!("a score of {from:.0} or more")}</Td>
            <Td number=true>{decisions}</Td>
            <Td number=true>{score}</Td>
            <Td number=true>{format!("{} %", trimmed(at_least))}</Td>
        </tr>
    }
    .into_any()
}
