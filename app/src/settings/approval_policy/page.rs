//! The policies that hold, the form that changes one, and what it would have done.

use hyvve_domain::{
    Code,
    approvals::{
        policies::{Draft, DryRun, EVERY_TOOL, Policy, dry_run::dry_run, service},
        routing::Review,
    },
    ids::UserId,
    workspaces::members,
};
use leptos::prelude::*;

use super::{
    form::form_card,
    tabs::{Part, part_page},
    typed::{Typed, TypedHandling, TypedRule, TypedStep, TypedThresholds},
    waiting,
};
use crate::{
    ApiError,
    agents::tool_label,
    flash::Flash,
    settings::done,
    shell::{Visit, use_frame},
    ui::{ButtonLink, Card, CardBody, Pill, Time, Tone, counted},
};

/// The page at `/w/{workspace}/settings/approval-policy`.
pub(crate) async fn policy_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let mut flash = Flash::take().unwrap_or_default();
    let policies = service::list(&visit.services, &visit.actor).await?;
    let people = members::deciders(&visit.services, &visit.actor).await?;
    let tools = service::tools();
    let mut shown = None;
    if let Some(tool) = visit.query("tool") {
        let typed = typed(visit, tool, &policies);
        let tried = match typed.draft() {
            Ok(draft) => dry_run(&visit.services, &visit.actor, draft).await,
            Err(error) => Err(error),
        };
        let tried = match tried {
            Ok(tried) => Some(tried),
            Err(error) if error.code == Code::ValidationError => {
                // What a form has sent says what is wrong with it; without one, the address does.
                if flash.message.is_empty() {
                    flash = Flash { field: error.field().map(str::to_owned), message: error.message, ..flash };
                }
                None
            }
            Err(error) => return Err(error.into()),
        };
        let result = tried.map(|tried| dry_run_card(&tried, &typed));
        shown = Some(view! { {form_card(typed, &flash, &people)}{result} });
    }
    let content = view! {
        {done(&flash)}
        {list_card(&policies, &tools, &people)}
        {shown}
    };
    let lead = "How closely people look at what agents propose. An agent earns less of a look by what people decided before; nothing that cannot be taken back ever goes on by itself.";
    Ok(part_page(Part::Policies, lead, content.into_any()))
}

/// What stands in the address, or what holds for the tool.
fn typed(visit: &Visit, tool: String, policies: &[Policy]) -> Typed {
    let own = policies.iter().find(|policy| policy.tool == tool);
    let held = own.or_else(|| policies.iter().find(|policy| policy.tool == EVERY_TOOL));
    let held = Draft { tool: tool.clone(), ..held.cloned().unwrap_or_else(|| Policy::shipped(&tool)).into() };
    let Some(auto) = visit.query("thresholds[auto]") else { return of(&held) };
    let field = |name: &str| visit.query(name).unwrap_or_default();
    let rule = |place: usize| {
        let part = |name: &str| visit.query(&format!("rules[{place}][{name}]"));
        Some(TypedRule { name: part("name")?, when: part("when")?, review: part("review").unwrap_or_default() })
    };
    let step = |place: usize| {
        let part = |name: &str| visit.query(&format!("steps[{place}][{name}]"));
        Some(TypedStep { hours: part("hours")?, action: part("action")? })
    };
    Typed {
        tool,
        thresholds: TypedThresholds {
            auto,
            quick: field("thresholds[quick]"),
            target: field("thresholds[target]"),
            sample: field("thresholds[sample]"),
        },
        handling: TypedHandling {
            quorum: field("handling[quorum]"),
            due: field("handling[due]"),
            owners: field("handling[owners]"),
            admins: field("handling[admins]"),
            requester: field("handling[requester]"),
            asks: field("handling[asks]"),
        },
        rules: (0..50).map_while(rule).collect(),
        steps: (0..50).map_while(step).collect(),
    }
}

fn of(draft: &Draft) -> Typed {
    let number = |n: f64| format!("{}", (n * 100.0).round() / 100.0);
    Typed {
        tool: draft.tool.clone(),
        thresholds: TypedThresholds {
            auto: number(draft.thresholds.auto),
            quick: number(draft.thresholds.quick),
            target: number(draft.thresholds.target * 100.0),
            sample: number(draft.thresholds.sample * 100.0),
        },
        handling: TypedHandling::of(&draft.handling),
        steps: draft.handling.ladder.iter().map(TypedStep::of).collect(),
        rules: draft
            .rules
            .iter()
            .map(|rule| TypedRule {
                name: rule.name.clone(),
                when: rule.when.clone(),
                review: rule.review.as_str().to_owned(),
            })
            .collect(),
    }
}

/// The path of the form that changes a tool's policy.
pub(super) fn path_of(tool: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("tool", tool).finish();
    format!("{}?{query}", Part::Policies.path())
}

/// A tool for people, in the middle of a sentence.
pub(super) fn of_tool(tool: &str) -> String {
    if tool == EVERY_TOOL { "All tools".to_owned() } else { tool_label(tool) }
}

fn list_card(policies: &[Policy], tools: &[&'static str], people: &[(UserId, String)]) -> AnyView {
    let rows = policies.iter().map(|policy| row(policy, people)).collect_view();
    let frame = use_frame();
    let without = tools.iter().filter(|tool| !policies.iter().any(|policy| policy.tool == **tool));
    let links = without.map(move |tool| {
        let href = frame.href(&path_of(tool));
        view! { <a class="link" href=href>{format!("{}: a policy of its own", of_tool(tool))}</a> }
    });
    let links = links.collect_view();
    view! {
        <Card title="What holds">
            <ul class="entries">{rows}</ul>
            <div class="card-foot flex flex-wrap gap-x-5 gap-y-2">{links}</div>
        </Card>
    }
    .into_any()
}

fn row(policy: &Policy, people: &[(UserId, String)]) -> AnyView {
    let href = use_frame().href(&path_of(&policy.tool));
    let t = policy.thresholds;
    let auto = if t.auto > 100.0 {
        "nothing goes on by itself".to_owned()
    } else {
        format!("by itself from {:.0}, where {} % agreement is certain", t.auto, trimmed(t.target * 100.0))
    };
    let waits = waiting::sentences(&policy.handling, people).into_iter().map(|words| format!(" · {words}"));
    let waits: String = waits.collect();
    let facts =
        format!("{auto} · a glance from {:.0} · {} % looked at afterwards{waits}", t.quick, trimmed(t.sample * 100.0));
    let rules = policy.rules.iter().map(|rule| {
        let (word, tone) = match rule.review {
            Review::Full => ("full review", Tone::Warn),
            Review::Auto | Review::Quick => ("at least a glance", Tone::Info),
        };
        view! { <li class="rule"><Pill text=word tone=tone/><span>{rule.name.clone()}</span><code class="hash">{rule.when.clone()}</code></li> }
    });
    let rules = rules.collect_view();
    let rules = (!policy.rules.is_empty()).then(|| view! { <ul class="rules">{rules}</ul> });
    let origin = match (&policy.by, policy.since) {
        (by, Some(since)) => {
            let by = by.clone().unwrap_or_else(|| "somebody who is gone".to_owned());
            view! { <span>{format!("version {} by {by}, ", policy.version)}<Time at=since/></span> }.into_any()
        }
        (_, None) => view! { <span>"as HYVVE ships it"</span> }.into_any(),
    };
    let name = of_tool(&policy.tool);
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{name.clone()}</p>
                <p class="text-muted-foreground text-sm">{facts}</p>
                {rules}
                <div class="meta">{origin}</div>
            </div>
            <div class="entry-actions"><ButtonLink href=href>"Change"<span class="sr-only">" the policy of "{name}</span></ButtonLink></div>
        </li>
    }
    .into_any()
}

/// A number without decimals that say nothing.
pub(super) fn trimmed(n: f64) -> String {
    let text = format!("{n:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

fn dry_run_card(tried: &DryRun, typed: &Typed) -> AnyView {
    let DryRun { proposals, auto, auto_rejected, quick, full, auto_then, .. } = *tried;
    if proposals == 0 {
        let nothing =
            "No agent has proposed anything of this kind in the last 90 days, so there is nothing to try it on.";
        return view! { <Card title="In the last 90 days"><CardBody><p class="text-muted-foreground">{nothing}</p></CardBody></Card> }.into_any();
    }
    let rejected = match auto_rejected {
        0 => "people had rejected none of those".to_owned(),
        n => format!("people had rejected {n} of those"),
    };
    let sentence = format!("This would have let {auto} of {proposals} go on by themselves; {rejected}.");
    let named = typed.rules.iter().filter(|rule| !rule.name.trim().is_empty() || !rule.when.trim().is_empty());
    let matched = named.zip(&tried.matched).map(|(rule, count)| {
        view! { <li>{format!("“{}” would have applied to {}.", rule.name, counted(u64::from(*count), "proposal"))}</li> }
    });
    let matched = matched.collect_view();
    view! {
        <Card title="In the last 90 days" note="what this draft would have done">
            <CardBody>
                <p class="font-semibold">{sentence}</p>
                <p>{format!("A glance: {quick}. A full review: {full}. Under the policies of their time {auto_then} went on by themselves.")}</p>
                <ul class="rules">{matched}</ul>
                <p class="text-muted-foreground text-sm">"Each is routed with what was known when it was proposed. Nothing was changed."</p>
            </CardBody>
        </Card>
    }
    .into_any()
}
