//! What was used in some days: by day, provider, model, agent and person.

use hyvve_domain::usage::{Amounts, Budget, Line, Period, Scope, UsageStats, budgets, dollars, stats_service};
use leptos::prelude::*;

use super::layout::{Part, usage_page};
use crate::{
    ApiError,
    shell::{Visit, use_frame},
    ui::{
        Bar, BarChart, Button, ButtonLink, Card, CardBody, EmptyState, Field, Figure, Glyph, Series, Table, Td,
        Variant, grouped,
    },
};

const SPENT: [Series; 1] = [Series { name: "Spent", class: "chart-spent" }];
const TOKENS: [Series; 2] =
    [Series { name: "Tokens read", class: "chart-spent" }, Series { name: "Tokens written", class: "chart-approved" }];

/// The page at `/w/{workspace}/usage?start=2026-11-01&end=2026-11-30`.
pub(crate) async fn overview_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let (services, actor) = (&visit.services, &visit.actor);
    let period = Period { start_date: visit.query("start"), end_date: visit.query("end") };
    let (stats, problem) = match stats_service::shown(services, actor, &period).await {
        Ok(stats) => (stats, None),
        // What is no period is said at the form; the present month shows meanwhile.
        Err(error) if error.field().is_some() => {
            (stats_service::shown(services, actor, &Period::default()).await?, Some(error))
        }
        Err(error) => return Err(error.into()),
    };
    let budgets = budgets::shown(services, actor).await?;
    let field = problem.as_ref().and_then(|error| error.field()).map(str::to_owned);
    let message = problem.map(|error| error.message);
    let at = |name: &str| message.clone().filter(|_| field.as_deref() == Some(name));
    let lead = if stats.only_own {
        "What agents have used for you."
    } else {
        "What agents have used, for whom, and what it cost."
    };
    let content = view! {
        {period_form(&stats, at("startDate"), at("endDate"))}
        {figures(&stats, &budgets)}
        {chart(&stats)}
        {tables(stats)}
    };
    Ok(usage_page(Part::Overview, lead, "run.completed run.failed", content.into_any()))
}

fn period_form(stats: &UsageStats, start_error: Option<String>, end_error: Option<String>) -> AnyView {
    let here = use_frame().href(Part::Overview.path());
    let action = here.clone();
    let (start, end) = (stats.start_date.clone(), stats.end_date.clone());
    let export = format!("/api/ai-providers/usage.csv?startDate={}&endDate={}", stats.start_date, stats.end_date);
    let workspace = use_frame().data().workspace;
    view! {
        <form method="get" action=action class="period">
            <Field name="start" label="From" kind="date" value=start error=start_error/>
            <Field name="end" label="Until" kind="date" value=end error=end_error/>
            <div class="period-actions">
                <Button kind="submit" variant=Variant::Primary>"Show"</Button>
                <ButtonLink href=here>"This month"</ButtonLink>
                <a class="btn" href=format!("{export}&workspace={workspace}") download="ai-usage.csv">"Export CSV"</a>
            </div>
        </form>
    }
    .into_any()
}

fn figures(stats: &UsageStats, budgets: &[Budget]) -> AnyView {
    let Amounts { calls, failed, unpriced, input_tokens, output_tokens, cache_read_tokens, cost_micros, .. } =
        stats.total;
    let wanted = if stats.only_own { Scope::User } else { Scope::Workspace };
    let budget = budgets.iter().find(|budget| budget.scope == wanted);
    let of = match budget {
        Some(budget) => format!("this month {} of {}", dollars(budget.spent_micros), dollars(budget.limit_micros)),
        None => "No budget is set".to_owned(),
    };
    let unknown = match unpriced {
        0 => of,
        1 => format!("{of}; the price of 1 call is unknown"),
        n => format!("{of}; the price of {} calls is unknown", grouped(n)),
    };
    let broken = match failed {
        0 => "All were answered".to_owned(),
        n => format!("{} without a complete answer", grouped(n)),
    };
    let cached = match cache_read_tokens {
        0 => "None from a cache".to_owned(),
        n => format!("{} from a cache", grouped(n)),
    };
    let lit = budget.is_some_and(|budget| budget.percent() >= 80);
    let reasoning = format!("{} of reasoning", grouped(stats.total.reasoning_tokens));
    view! {
        <dl class="figures">
            <Figure name="Spent" value=dollars(cost_micros) note=unknown lit=lit/>
            <Figure name="Calls of models" value=grouped(calls) note=broken/>
            <Figure name="Tokens read" value=grouped(input_tokens) note=cached/>
            <Figure name="Tokens written" value=grouped(output_tokens) note=reasoning/>
        </dl>
    }
    .into_any()
}

/// Money by day; tokens where nothing has cost anything.
fn chart(stats: &UsageStats) -> AnyView {
    let note = format!("{} until {}", stats.start_date, stats.end_date);
    let nothing = "Nothing was used in these days.";
    if stats.total.cost_micros > 0 {
        let bar = |day: &Line| Bar { date: day.name.clone(), values: vec![day.amounts.cost_micros] };
        let bars = stats.by_day.iter().map(bar).collect();
        return view! { <BarChart title="Spent per day" note=note nothing=nothing series=&SPENT bars=bars say=dollars/> }.into_any();
    }
    let bar =
        |day: &Line| Bar { date: day.name.clone(), values: vec![day.amounts.input_tokens, day.amounts.output_tokens] };
    let bars = stats.by_day.iter().map(bar).collect();
    view! { <BarChart title="Tokens per day" note=note nothing=nothing series=&TOKENS bars=bars say=grouped/> }
        .into_any()
}

fn tables(stats: UsageStats) -> AnyView {
    if stats.total.calls == 0 {
        let chat = use_frame().href("/chat");
        return view! {
            <EmptyState glyph=Glyph::Bolt title="No model was asked in these days" text="Each call of a model is written down here, with its price.">
                <ButtonLink href=chat>"Ask an agent"</ButtonLink>
            </EmptyState>
        }
        .into_any();
    }
    let weigh: Weigh = if stats.total.cost_micros > 0 { spent } else { tokens };
    let people = (!stats.only_own).then(|| table("By person", "Person", weigh, stats.by_person, stats.more.by_person));
    view! {
        {table("By provider", "Provider", weigh, stats.by_provider, stats.more.by_provider)}
        {table("By model", "Model", weigh, stats.by_model, stats.more.by_model)}
        {table("By agent", "Agent", weigh, stats.by_agent, stats.more.by_agent)}
        {people}
    }
    .into_any()
}

/// What the bars of a table are as long as: money, or tokens where nothing has cost anything.
type Weigh = fn(&Amounts) -> i64;

const fn spent(amounts: &Amounts) -> i64 {
    amounts.cost_micros
}

const fn tokens(amounts: &Amounts) -> i64 {
    amounts.input_tokens + amounts.output_tokens
}

fn table(title: &'static str, of: &'static str, weigh: Weigh, lines: Vec<Line>, more: usize) -> AnyView {
    let columns: Vec<String> = [of, "Spent", "Calls", "Tokens read", "Tokens written"].map(str::to_owned).into();
    let most = lines.iter().map(|line| weigh(&line.amounts)).max().unwrap_or_default();
    let row = |Line { name, amounts, .. }: Line| {
        let spent = match amounts.unpriced {
            0 => dollars(amounts.cost_micros),
            unpriced if unpriced == amounts.calls => "price unknown".to_owned(),
            unpriced => format!("{} + {} unknown", dollars(amounts.cost_micros), grouped(unpriced)),
        };
        view! {
            <tr>
                <th scope="row">{name}{(most > 0).then(|| bar(weigh(&amounts), most))}</th>
                <Td number=true>{spent}</Td>
                <Td number=true>{grouped(amounts.calls)}</Td>
                <Td number=true>{grouped(amounts.input_tokens)}</Td>
                <Td number=true>{grouped(amounts.output_tokens)}</Td>
            </tr>
        }
    };
    let rows = lines.into_iter().map(row).collect_view();
    let more = (more > 0).then(|| {
        let text = format!("And {} more, which have cost less. The export has every call.", grouped(more as i64));
        view! { <p class="text-muted-foreground">{text}</p> }
    });
    view! { <Card title=title><CardBody><Table caption=title columns=columns>{rows}</Table>{more}</CardBody></Card> }
        .into_any()
}

/// How much of the longest bar it is. The numbers stand beside it.
fn bar(weight: i64, most: i64) -> AnyView {
    // What is there shows, however little it is.
    let share = (i128::from(weight) * 100 / i128::from(most)).max(i128::from(weight > 0)) as i64;
    view! {
        <div class="meter meter-high" aria-hidden="true">
            <svg viewBox="0 0 100 6" preserveAspectRatio="none"><rect width=share height="6"></rect></svg>
        </div>
    }
    .into_any()
}
