//! What models cost, as the workspace says.

use hyvve_domain::{
    agents,
    providers::{self, Kind, Provider},
    usage::{EVERY_MODEL, ModelPrice, Price, Source, dollars, prices},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::{
    api::{ForgetPrice, SetPrice},
    layout::{Part, usage_page},
};
use crate::{
    ApiError,
    flash::Flash,
    settings::done,
    shell::Visit,
    ui::{Button, Card, CardBody, EmptyState, Field, Form, Glyph, Select, Time, Variant},
};

/// The fields at which the server's messages show.
const FIELDS: [&str; 6] = ["providerId", "model", "price.input", "price.output", "price.cacheRead", "price.cacheWrite"];
/// What a price may look like.
const AMOUNT: &str = r"\s*\$?\d{1,5}(\.\d{1,6})?\s*";

/// The page at `/w/{workspace}/usage/prices`.
pub(crate) async fn prices_page(visit: &Visit) -> Result<AnyView, ApiError> {
    let (services, actor) = (&visit.services, &visit.actor);
    let flash = Flash::take().unwrap_or_default();
    let own = prices::shown(services, actor).await?;
    let mut providers = providers::service::shown(services, actor).await?;
    providers.retain(|provider| provider.provider != Kind::Sandbox);
    let problem = flash.beside(&FIELDS);
    let content = view! {
        {done(&flash)}
        {problem.map(|text| view! { <p class="form-message" role="alert">{text}</p> })}
        {list_card(own, &providers)}
        {used_card(visit, &providers).await?}
        {form_card(&providers, flash.clone(), visit.query("model").unwrap_or_default())}
    };
    let lead = "What you enter here counts first, from the next call on; then what a provider lists itself; then the makers’ list prices \
                of common models, which HYVVE knows. Calls of before keep the price that they had.";
    Ok(usage_page(Part::Prices, lead, "model_price. ai_provider.", content.into_any()))
}

fn list_card(own: Vec<ModelPrice>, providers: &[Provider]) -> AnyView {
    if own.is_empty() {
        let text = "Calls are priced by the lists of providers and makers; what those do not know is shown as unknown.";
        return view! { <Card title="Your prices"><EmptyState glyph=Glyph::Bolt title="You have set no price" text=text/></Card> }.into_any();
    }
    let rows = own.into_iter().map(|price| row(price, providers)).collect_view();
    view! { <Card title="Your prices" note="a million tokens"><ul class="entries">{rows}</ul></Card> }.into_any()
}

/// What the models cost that agents are set to use, and who says so.
async fn used_card(visit: &Visit, providers: &[Provider]) -> Result<Option<AnyView>, ApiError> {
    let (services, actor) = (&visit.services, &visit.actor);
    let agents = agents::service::agents(services, actor).await?;
    let mut used: Vec<(&Provider, &str)> = providers.iter().map(|p| (p, p.default_model.as_str())).collect();
    for agent in &agents {
        let on = providers.iter().find(|p| agent.provider_id.map_or(p.is_default, |id| p.id == id));
        if let (Some(provider), Some(model)) = (on, agent.model.as_deref())
            && !used.iter().any(|(p, m)| p.id == provider.id && *m == model)
        {
            used.push((provider, model));
        }
    }
    if used.is_empty() {
        return Ok(None);
    }
    let prices = prices::in_force(services, actor, &used).await?;
    let rows =
        used.iter().zip(prices).map(|((provider, model), price)| used_row(provider, model, price)).collect_view();
    Ok(Some(
        view! { <Card title="Models in use" note="a million tokens"><ul class="entries">{rows}</ul></Card> }.into_any(),
    ))
}

fn used_row(provider: &Provider, model: &str, price: Option<(Price, Source)>) -> AnyView {
    let name = provider.name.clone();
    let facts = match price {
        None => view! { <span>"price unknown"</span> }.into_any(),
        Some((price, source)) => {
            let source = match source {
                Source::Workspace(version) => {
                    view! { <span>{format!("your price, version {version}")}</span> }.into_any()
                }
                Source::Listed(read_at) => {
                    view! { <span>{name.clone()}"’s list, read "<Time at=read_at/></span> }.into_any()
                }
                Source::Shipped(list) => view! { <span>{format!("the makers’ list of {list}")}</span> }.into_any(),
            };
            view! {
                <span>{format!("{} read", dollars(price.input))}</span>
                <span>{format!("{} written", dollars(price.output))}</span>
                {source}
            }
            .into_any()
        }
    };
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{format!("{model} · {name}")}</p>
                <div class="meta">{facts}</div>
            </div>
        </li>
    }
    .into_any()
}

fn row(own: ModelPrice, providers: &[Provider]) -> AnyView {
    let provider = providers.iter().find(|provider| provider.id == own.provider_id);
    let provider = provider.map(|provider| provider.name.clone()).unwrap_or_default();
    let title = if own.model == EVERY_MODEL {
        format!("Every other model of {provider}")
    } else {
        format!("{} · {provider}", own.model)
    };
    let price = own.price;
    let facts = [
        format!("{} read", dollars(price.input)),
        format!("{} written", dollars(price.output)),
        format!("{} from a cache", dollars(price.cache_read)),
        format!("{} into a cache", dollars(price.cache_write)),
        format!("version {}", own.version),
    ];
    let facts = facts.into_iter().map(|fact| view! { <span>{fact}</span> }).collect_view();
    let of = format!(" of {title}");
    view! {
        <li class="entry">
            <div class="entry-main">
                <p class="entry-title">{title}</p>
                <div class="meta">{facts}<span>"since "<Time at=own.created_at/></span></div>
            </div>
            <div class="entry-actions">
                <Form action=ForgetPrice::url()>
                    <input type="hidden" name="provider_id" value=own.provider_id.to_string()/>
                    <input type="hidden" name="model" value=own.model/>
                    <Button kind="submit" variant=Variant::Danger>"Remove"<span class="sr-only">{of}</span></Button>
                </Form>
            </div>
        </li>
    }
    .into_any()
}

fn form_card(providers: &[Provider], flash: Flash, asked: String) -> AnyView {
    if providers.is_empty() {
        return ().into_any();
    }
    let options = providers.iter().map(|provider| (provider.id.to_string(), provider.name.clone())).collect();
    let model = Some(flash.typed("model")).filter(|model| !model.is_empty()).unwrap_or(asked);
    view! {
        <Card title="Set a price" note="dollars for a million tokens">
            <CardBody>
                <Form action=SetPrice::url()>
                    <Select name="provider_id" label="Provider" options=options chosen=flash.typed("provider_id") error=flash.at("providerId")/>
                    <Field
                        name="model" label="Model" value=model error=flash.at("model") required=true
                        hint="As the provider calls it; * for all of its models that have no price of their own." wrong="Please enter the model’s name, or *."
                    />
                    <Field name="input" label="Tokens read" value=flash.typed("input") error=flash.at("price.input") required=true pattern=AMOUNT wrong="Please enter an amount like 3 or 0.25."/>
                    <Field name="output" label="Tokens written" value=flash.typed("output") error=flash.at("price.output") required=true pattern=AMOUNT wrong="Please enter an amount like 15 or 1.25."/>
                    <Field
                        name="cache_read" label="Read from the provider’s cache" value=flash.typed("cache_read") error=flash.at("price.cacheRead") pattern=AMOUNT
                        hint="Empty: as tokens read." wrong="Please enter an amount like 0.3."
                    />
                    <Field
                        name="cache_write" label="Written into the provider’s cache" value=flash.typed("cache_write") error=flash.at("price.cacheWrite") pattern=AMOUNT
                        hint="Empty: as tokens read." wrong="Please enter an amount like 3.75."
                    />
                    <div><Button variant=Variant::Primary kind="submit">"Set the price"</Button></div>
                </Form>
            </CardBody>
        </Card>
    }
    .into_any()
}
