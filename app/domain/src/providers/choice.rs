//! Which of the listed models is meant: the one to begin with, what a person typed, and what else may have been meant.

use std::collections::HashSet;

use super::{Kind, Listed};

/// Variants that OpenRouter takes of any model, besides those that it lists: `maker/model:nitro`.
const VARIANT: char = ':';
/// What Ollama adds to a name that comes without a tag.
const LATEST: &str = ":latest";
/// LiteLLM lists whole families so: `openai/*`.
const FAMILY: char = '*';
/// In the ids of models that do not talk: they embed, draw, listen or judge.
const SILENT: [&str; 13] = [
    "embed",
    "whisper",
    "tts",
    "dall-e",
    "moderation",
    "image",
    "audio",
    "realtime",
    "transcribe",
    "rerank",
    "sora",
    "veo",
    "guard",
];
/// From this likeness on something else may have been meant.
const ALIKE: f64 = 0.35;
/// The most models that are named to whoever may have meant one of them.
const NAMED: usize = 3;

/// The model to begin with: of the kind's suggestions the first that is listed, else the first that talks. `None` where nothing
/// is listed: a model is never made up.
pub(super) fn first(kind: Kind, listed: &[Listed]) -> Option<&Listed> {
    let talks = |model: &&Listed| !model.id.ends_with(FAMILY) && !SILENT.iter().any(|sign| model.id.contains(sign));
    let suggested = kind.suggestions().iter().find_map(|family| {
        let exact = listed.iter().find(|model| model.id == *family);
        exact.or_else(|| listed.iter().filter(talks).find(|model| model.id.starts_with(family)))
    });
    suggested.or_else(|| listed.iter().find(talks)).or_else(|| listed.iter().find(|model| !model.id.ends_with(FAMILY)))
}

/// Whether a model is among the listed ones, or a form of one that its server takes as well.
pub(super) fn is_listed(kind: Kind, listed: &[Listed], wanted: &str) -> bool {
    let has = |id: &str| listed.iter().any(|model| model.id == id);
    if has(wanted) {
        return true;
    }
    match kind {
        Kind::Openrouter => {
            wanted.rsplit_once(VARIANT).is_some_and(|(model, variant)| !variant.is_empty() && has(model))
        }
        Kind::OpenaiCompatible => has(&format!("{wanted}{LATEST}")) || is_of_a_family(listed, wanted),
        _ => false,
    }
}

fn is_of_a_family(listed: &[Listed], wanted: &str) -> bool {
    let mut families = listed.iter().filter_map(|model| model.id.strip_suffix(FAMILY));
    families.any(|family| wanted.len() > family.len() && wanted.starts_with(family))
}

/// Whether the model that answered is the one that was asked, under another of its names: OpenRouter adds the date of a model, and
/// may turn the words of its name round, `maker/model-4.5-large-20250929` for `maker/model-large-4.5`.
pub(crate) fn is_same_model(asked: &str, served: &str) -> bool {
    let words = |model: &str| -> Vec<String> {
        let plain = model.split_once(VARIANT).map_or(model, |(plain, _)| plain);
        plain.split(['/', '-']).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let mut left = words(served);
    for word in words(asked) {
        let Some(at) = left.iter().position(|other| *other == word) else { return false };
        left.swap_remove(at);
    }
    // A single digit is another version.
    left.iter().all(|word| word.len() > 1 && word.bytes().all(|b| b.is_ascii_digit()))
}

/// Those with every word of a search in id or name, in whatever case; all for an empty search.
pub(super) fn matching(listed: Vec<Listed>, search: &str) -> Vec<Listed> {
    let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
    let fits = |model: &Listed| {
        let text = format!("{} {}", model.id, model.name.as_deref().unwrap_or_default()).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    listed.into_iter().filter(fits).collect()
}

/// The few that are most like what was typed, the most alike first.
pub(super) fn close<'l>(listed: &'l [Listed], wanted: &str) -> Vec<&'l str> {
    let wanted = pairs(wanted);
    let mut alike: Vec<(f64, &str)> = listed
        .iter()
        .map(|model| (likeness(&pairs(&model.id), &wanted), model.id.as_str()))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    alike.into_iter().take(NAMED).map(|(_, id)| id).collect()
}

/// The pairs of neighbouring letters and digits.
fn pairs(text: &str) -> HashSet<(char, char)> {
    let letters: Vec<char> = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    letters.iter().copied().zip(letters.iter().copied().skip(1)).collect()
}

/// How much of two sets is in both: Dice's coefficient, from 0 to 1.
fn likeness(one: &HashSet<(char, char)>, other: &HashSet<(char, char)>) -> f64 {
    let all = one.len() + other.len();
    if all == 0 { 0.0 } else { 2.0 * one.intersection(other).count() as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ids: &[&str]) -> Vec<Listed> {
        ids.iter().copied().map(Listed::of).collect()
    }

    #[test]
    fn the_model_to_begin_with_is_one_that_is_listed_and_talks() {
        for (kind, ids, expected) in [
            (
                Kind::Anthropic,
                &["claude-opus-9", "claude-sonnet-9-20990101", "claude-sonnet-8"][..],
                "claude-sonnet-9-20990101",
            ),
            (Kind::Anthropic, &["claude-opus-9"], "claude-opus-9"),
            (Kind::Openai, &["whisper-1", "gpt-4o-mini", "gpt-5", "text-embedding-3"], "gpt-5"),
            (Kind::Openai, &["whisper-1", "dall-e-3", "gpt-audio", "o9-next"], "o9-next"),
            (Kind::Gemini, &["gemini-9-pro", "gemini-flash-latest"], "gemini-flash-latest"),
            (Kind::Deepseek, &["deepseek-v4-pro", "deepseek-v4-flash"], "deepseek-v4-flash"),
            (Kind::Openrouter, &["x/y", "anthropic/claude-sonnet-9"], "anthropic/claude-sonnet-9"),
            (Kind::OpenaiCompatible, &["nomic-embed-text", "llama3:latest"], "llama3:latest"),
            (Kind::OpenaiCompatible, &["openai/*", "mine"], "mine"),
            (Kind::OpenaiCompatible, &["my-embedder"], "my-embedder"),
        ] {
            assert_eq!(first(kind, &list(ids)).map(|m| m.id.as_str()), Some(expected), "{kind} {ids:?}");
        }
        assert_eq!(first(Kind::Openai, &[]), None);
        assert_eq!(first(Kind::OpenaiCompatible, &list(&["openai/*"])), None, "a family is no model");
    }

    #[test]
    fn forms_of_a_listed_model_that_its_server_takes_are_known() {
        let models = list(&["a/b", "c/d:free", "llama3:latest", "openai/*"]);
        for (kind, wanted, known) in [
            (Kind::Openrouter, "a/b", true),
            (Kind::Openrouter, "a/b:free", true),
            (Kind::Openrouter, "a/b:", false),
            (Kind::Openrouter, "c/d", false),
            (Kind::Openrouter, "a/x:free", false),
            (Kind::OpenaiCompatible, "a/b:free", false),
            (Kind::OpenaiCompatible, "llama3", true),
            (Kind::OpenaiCompatible, "openai/gpt-x", true),
            (Kind::OpenaiCompatible, "openai/", false),
            (Kind::Openai, "llama3", false),
        ] {
            assert_eq!(is_listed(kind, &models, wanted), known, "{kind} {wanted}");
        }
    }

    #[test]
    fn a_model_is_known_by_its_dated_name_and_not_by_that_of_another_size_or_version() {
        for (asked, served, same) in [
            ("a/model-large-4.5", "a/model-large-4.5", true),
            ("a/model-large-4.5", "a/model-4.5-large-20250929", true),
            ("a/model-4o", "a/model-4o-2024-08-06", true),
            ("a/model-4o:free", "A/Model-4o", true),
            ("a/model-4o", "a/model-4o-mini", false),
            ("a/model-4", "a/model-4-5", false),
            ("a/model-large-2411", "a/model-large-2407", false),
            ("a/model-large-4.5", "b/other", false),
        ] {
            assert_eq!(is_same_model(asked, served), same, "{asked} {served}");
        }
    }

    #[test]
    fn a_search_wants_every_word_in_whatever_case() {
        let mut models = list(&["gpt-5-mini", "gpt-5", "claude-x"]);
        models[2].name = Some("Claude Mini".into());
        let found = |search| matching(models.clone(), search).into_iter().map(|m| m.id).collect::<Vec<_>>();
        assert_eq!(found("MINI"), ["gpt-5-mini", "claude-x"]);
        assert_eq!(found(" mini  gpt"), ["gpt-5-mini"]);
        assert_eq!(found("").len(), 3);
        assert!(found("%").is_empty());
    }

    #[test]
    fn what_may_have_been_meant_is_named_first() {
        let models = list(&["claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5", "whisper-1"]);
        let close = close(&models, "claude-sonet-4.5");
        assert_eq!((close[0], close.len()), ("claude-sonnet-4-5", 3), "{close:?}");
        assert!(super::close(&models, "zzz").is_empty() && super::close(&models, "").is_empty());
    }
}
