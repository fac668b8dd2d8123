//! Reading lists of models. A provider's list is as little to be trusted as its answers: of it is kept what can be shown, what
//! can be stored, and not more than somebody could look through.

use std::collections::HashSet;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{FailureKind, Fault, Kind, Listed, Prices, excerpt::excerpt, rules};

/// The most models that are kept of one provider.
pub(super) const MOST: usize = 2_000;
/// The most characters of a model's name for people.
const NAME_MAX: usize = 200;
/// A shorter key is no secret: servers without keys are given words like “ollama”, which stand in the names of models.
const SECRET_FROM: usize = 16;
/// From dollars for a token to millionths of a dollar for a million tokens.
const PER_TOKEN: f64 = 1e12;
/// A price above this, a thousand dollars for a thousand tokens, is a mistake.
const DEAREST: f64 = 1e12;

/// The models of a list as OpenAI defines it, and as those who copied it extend it. A server that has none may say `null`.
pub(super) fn of_data(body: &[u8]) -> Result<Vec<Listed>, Fault> {
    let list: Value = serde_json::from_slice(body).map_err(|_| FailureKind::BadReply)?;
    match list.get("data") {
        Some(Value::Array(models)) => Ok(models.iter().filter_map(listed).collect()),
        Some(Value::Null) => Ok(Vec::new()),
        _ => Err(FailureKind::BadReply.into()),
    }
}

fn listed(model: &Value) -> Option<Listed> {
    const LENGTHS: [&str; 5] =
        ["context_length", "context_window", "max_model_len", "max_context_length", "max_input_tokens"];
    let name = ["display_name", "name"].iter().find_map(|field| model.get(field)?.as_str());
    Some(Listed {
        id: model.get("id")?.as_str()?.to_owned(),
        name: name.map(str::to_owned),
        context_length: LENGTHS.iter().find_map(|field| model.get(field)?.as_u64()),
        prices: model.get("pricing").and_then(prices),
    })
}

/// OpenRouter's prices: dollars for a token, as text. Negative ones stand where the price depends on what is chosen.
fn prices(pricing: &Value) -> Option<Prices> {
    let micros = |field: &str| -> Option<u64> {
        let dollars: f64 = pricing.get(field)?.as_str()?.parse().ok()?;
        let micros = (dollars * PER_TOKEN).round();
        (0.0..=DEAREST).contains(&micros).then_some(micros as u64)
    };
    let (cache_read, cache_write) = (micros("input_cache_read"), micros("input_cache_write"));
    Some(Prices { input: micros("prompt")?, output: micros("completion")?, cache_read, cache_write })
}

/// Of a list the models that can be asked for, each once, without what must not be shown.
pub(super) fn fit(models: Vec<Listed>, key: Option<&SecretString>) -> Vec<Listed> {
    let key = key.filter(|key| key.expose_secret().len() >= SECRET_FROM);
    let mut seen = HashSet::new();
    let is_fit = |id: &str| {
        let can_be_asked_for = rules::model(Kind::OpenaiCompatible, "model", id).is_ok_and(|taken| taken == id);
        can_be_asked_for && excerpt(id, key).as_deref() == Some(id)
    };
    models
        .into_iter()
        .filter(|model| is_fit(&model.id) && seen.insert(model.id.clone()))
        .map(|model| Listed {
            name: model.name.and_then(|name| excerpt(&name, key)).map(|name| name.chars().take(NAME_MAX).collect()),
            context_length: model.context_length.filter(|tokens| (1..=i64::MAX as u64).contains(tokens)),
            ..model
        })
        .take(MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_tells_about_its_models_is_read_and_anything_else_is_no_list() {
        let list = br#"{"object":"list","data":[
            {"id":"gpt-x","object":"model"},
            {"id":"claude-x","type":"model","display_name":"Claude X","max_input_tokens":200000},
            {"id":"a/b","name":"A: B","context_length":131072,"pricing":{"prompt":"0.00000028","completion":"0.0000011","input_cache_read":"0.00000003"}},
            {"id":"auto","context_length":"many","pricing":{"prompt":"-1","completion":"-1"}},
            {"id":"dear","pricing":{"prompt":"2","completion":"NaN"}},
            {"no":"id"}, "odd", {"id":7}]}"#;
        let models = of_data(list).unwrap_or_default();
        let prices = Some(Prices { input: 280_000, output: 1_100_000, cache_read: Some(30_000), cache_write: None });
        assert_eq!(
            models,
            [
                Listed::of("gpt-x"),
                Listed { name: Some("Claude X".into()), context_length: Some(200_000), ..Listed::of("claude-x") },
                Listed { name: Some("A: B".into()), context_length: Some(131_072), prices, ..Listed::of("a/b") },
                Listed::of("auto"),
                Listed::of("dear"),
            ]
        );
        assert_eq!(of_data(br#"{"object":"list","data":null}"#), Ok(vec![]));
        for bad in [&b"<html>"[..], b"{}", b"[]", b"", br#"{"data":"x"}"#, br#"{"data":{}}"#] {
            assert_eq!(of_data(bad), Err(FailureKind::BadReply.into()));
        }
    }

    #[test]
    fn nothing_of_a_list_shows_a_key_or_is_unfit_to_be_stored() {
        let key = SecretString::from("sk-canary-0123456789");
        let mut models: Vec<Listed> = [
            "good",
            "good",
            "",
            " padded",
            "nul\0",
            "two\nlines",
            "x\u{202e}y",
            "sk-canary-0123",
            &"m".repeat(201),
            "last",
        ]
        .map(Listed::of)
        .into();
        models[0].name = Some(format!("Good {}\0", key.expose_secret()));
        models[0].context_length = Some(0);
        let kept = fit(models, Some(&key));
        assert_eq!(kept, [Listed { name: Some("Good [key]".into()), ..Listed::of("good") }, Listed::of("last")]);
        let word = SecretString::from("ollama");
        assert_eq!(fit(vec![Listed::of("ollama/x")], Some(&word)).len(), 1);
        let many = (0..3_000).map(|n| Listed::of(n.to_string())).collect();
        assert_eq!(fit(many, None).len(), MOST);
    }
}
