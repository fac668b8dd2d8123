//! A field for a model: what the provider lists can be searched in it, and anything else can be typed.

use hyvve_domain::{
    ids::ProviderId,
    providers::{Listed, Models},
};
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::api::ReadModels;
use crate::{
    flash::Flash,
    ui::{Button, Field, Time, counted, grouped},
};

/// The id of the list that the field looks in.
const LIST: &str = "models";

/// The field for the model that agents use unless they name one.
pub(super) fn model_field(value: String, models: &Models, flash: &Flash) -> AnyView {
    let hint = "What agents use unless they name one. Type a part of its name to search.";
    view! {
        <Field
            name="default_model" label="Model" value=value error=flash.at("defaultModel") required=true list=LIST
            wrong="Please enter the model that agents use." hint=hint
        />
        {models_list(LIST, &models.models)}
    }
    .into_any()
}

/// What the browser offers while somebody types.
pub(crate) fn models_list(id: &'static str, models: &[Listed]) -> AnyView {
    let option = |model: &Listed| view! { <option value=model.id.clone()>{model_label(model)}</option> };
    view! { <datalist id=id>{models.iter().map(option).collect_view()}</datalist> }.into_any()
}

/// A model in a line: its name, how much it reads, and what a million tokens cost.
fn model_label(model: &Listed) -> String {
    let reads = model.context_length.map(|tokens| format!("reads {} tokens", grouped(tokens as i64)));
    let costs = model.prices.map(|prices| format!("{} in, {} out", dollars(prices.input), dollars(prices.output)));
    let name = model.name.clone().unwrap_or_else(|| model.id.clone());
    [Some(name), reads, costs].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Millionths of a dollar as dollars, with as many digits as they need and at least cents.
fn dollars(micros: u64) -> String {
    let digits = format!("{:06}", micros % 1_000_000);
    let cents = digits.trim_end_matches('0');
    format!("${}.{cents:0<2}", grouped((micros / 1_000_000) as i64))
}

/// How many there are, since when that is known, and a button that asks again. It is a form of its own.
pub(super) fn read_again(id: ProviderId, models: &Models) -> AnyView {
    let known = models.read_at.map(|at| {
        let count = counted(models.total as u64, "model");
        view! { <span>{format!("{count} listed")}</span><span>"read "<Time at=at/></span> }
    });
    view! {
        <form class="read-again" method="post" action=ReadModels::url()>
            <input type="hidden" name="id" value=id.to_string()/>
            <span class="meta">{known}</span>
            <Button kind="submit">"Read the list again"</Button>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use hyvve_domain::providers::{Listed, Prices};

    use super::{dollars, model_label};

    #[test]
    fn a_model_is_told_in_a_line() {
        let prices = Some(Prices { input: 280_000, output: 15_000_000, cache_read: None, cache_write: None });
        let told = Listed { name: Some("X".into()), context_length: Some(200_000), prices, ..Listed::of("x-1") };
        assert_eq!(model_label(&told), "X · reads 200,000 tokens · $0.28 in, $15.00 out");
        assert_eq!(model_label(&Listed::of("x-1")), "x-1");
        assert_eq!((dollars(0), dollars(1_005_000)), ("$0.00".into(), "$1.005".into()));
    }
}
