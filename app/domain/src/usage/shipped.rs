//! What models cost at the makers' own addresses, as far as it was known when this version was made.

use super::Price;
use crate::providers::Kind;

/// When these prices were gathered: the name of this list.
pub(super) const VERSION: &str = "2026-11-30";

/// What a row is: whose, the model without the date in its name, thousandths of a dollar for a million tokens read, written, read
/// from a cache and written into it; and the same for requests that are longer than so many tokens, where those cost more.
type Row = (Kind, &'static str, [i64; 4], Option<(u64, [i64; 4])>);

/// List prices, in dollars, of ordinary requests. Gathered from the table that LiteLLM 1.106.2 publishes
/// (<https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json>), which names the makers' price pages. Where
/// that has a lower price for writing a long request into Gemini's cache than for reading it, the latter stands here.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    (Kind::Anthropic, "claude-fable-5-1", [10_000, 50_000, 250, 12_500], None),
    (Kind::Anthropic, "claude-fable-5", [10_000, 50_000, 1_000, 12_500], None),
    (Kind::Anthropic, "claude-opus-5-5", [4_000, 20_000, 200, 5_000], None),
    (Kind::Anthropic, "claude-opus-5", [5_000, 25_000, 500, 6_250], None),
    (Kind::Anthropic, "claude-opus-4-8", [5_000, 25_000, 500, 6_250], None),
    (Kind::Anthropic, "claude-opus-4-7", [5_000, 25_000, 500, 6_250], None),
    (Kind::Anthropic, "claude-opus-4-6", [5_000, 25_000, 500, 6_250], None),
    (Kind::Anthropic, "claude-opus-4-5", [5_000, 25_000, 500, 6_250], None),
    (Kind::Anthropic, "claude-sonnet-5-5", [2_000, 10_000, 100, 2_500], None),
    (Kind::Anthropic, "claude-sonnet-5", [2_000, 10_000, 200, 2_500], None),
    (Kind::Anthropic, "claude-sonnet-4-6", [3_000, 15_000, 300, 3_750], None),
    (Kind::Anthropic, "claude-sonnet-4-5", [3_000, 15_000, 300, 3_750], None),
    (Kind::Anthropic, "claude-haiku-5-5", [100, 500, 10, 125], Some((100_000, [500, 2_500, 50, 625]))),
    (Kind::Anthropic, "claude-haiku-4-5", [1_000, 5_000, 100, 1_250], None),
    (Kind::Openai, "gpt-6-astra", [10_000, 50_000, 1_000, 12_500], Some((272_000, [20_000, 75_000, 2_000, 25_000]))),
    (Kind::Openai, "gpt-6.1-sol", [2_000, 10_000, 100, 2_500], Some((272_000, [4_000, 15_000, 200, 5_000]))),
    (Kind::Openai, "gpt-6-sol", [2_000, 10_000, 200, 2_500], Some((272_000, [4_000, 15_000, 400, 5_000]))),
    (Kind::Openai, "gpt-6-luna", [100, 500, 10, 125], Some((272_000, [200, 750, 20, 250]))),
    (Kind::Openai, "gpt-5.6", [4_000, 20_000, 400, 5_000], Some((272_000, [8_000, 30_000, 800, 10_000]))),
    (Kind::Openai, "gpt-5.6-sol", [4_000, 20_000, 400, 5_000], Some((272_000, [8_000, 30_000, 800, 10_000]))),
    (Kind::Openai, "gpt-5.6-terra", [2_000, 12_000, 200, 2_500], Some((272_000, [4_000, 18_000, 400, 5_000]))),
    (Kind::Openai, "gpt-5.6-luna", [200, 1_200, 20, 250], Some((272_000, [400, 1_800, 40, 500]))),
    (Kind::Openai, "gpt-5.5", [5_000, 30_000, 500, 5_000], Some((272_000, [10_000, 45_000, 1_000, 10_000]))),
    (Kind::Openai, "gpt-5.5-pro", [30_000, 180_000, 30_000, 30_000], Some((272_000, [60_000, 270_000, 60_000, 60_000]))),
    (Kind::Openai, "gpt-5.4", [2_500, 15_000, 250, 2_500], Some((272_000, [5_000, 22_500, 500, 5_000]))),
    (Kind::Openai, "gpt-5.4-pro", [30_000, 180_000, 30_000, 30_000], Some((272_000, [60_000, 270_000, 60_000, 60_000]))),
    (Kind::Openai, "gpt-5.4-mini", [750, 4_500, 75, 750], None),
    (Kind::Openai, "gpt-5.4-nano", [200, 1_250, 20, 200], None),
    (Kind::Openai, "gpt-5.2", [1_750, 14_000, 175, 1_750], None),
    (Kind::Openai, "gpt-5.2-pro", [21_000, 168_000, 21_000, 21_000], None),
    (Kind::Openai, "gpt-5.1", [1_250, 10_000, 125, 1_250], None),
    (Kind::Openai, "gpt-5", [1_250, 10_000, 125, 1_250], None),
    (Kind::Openai, "gpt-5-pro", [15_000, 120_000, 15_000, 15_000], None),
    (Kind::Openai, "gpt-5-mini", [250, 2_000, 25, 250], None),
    (Kind::Openai, "gpt-5-nano", [50, 400, 5, 50], None),
    (Kind::Openai, "gpt-4.1", [2_000, 8_000, 500, 2_000], None),
    (Kind::Openai, "gpt-4.1-mini", [400, 1_600, 100, 400], None),
    (Kind::Openai, "gpt-4.1-nano", [100, 400, 25, 100], None),
    (Kind::Openai, "gpt-4o", [2_500, 10_000, 1_250, 2_500], None),
    (Kind::Openai, "gpt-4o-mini", [150, 600, 75, 150], None),
    (Kind::Openai, "o3", [2_000, 8_000, 500, 2_000], None),
    (Kind::Openai, "o3-pro", [20_000, 80_000, 20_000, 20_000], None),
    (Kind::Openai, "o4-mini", [1_100, 4_400, 275, 1_100], None),
    (Kind::Gemini, "gemini-4-argon", [2_000, 10_000, 100, 2_000], None),
    (Kind::Gemini, "gemini-3.8-flash", [750, 3_750, 75, 750], None),
    (Kind::Gemini, "gemini-3.7-flash", [750, 3_750, 75, 750], None),
    (Kind::Gemini, "gemini-3.6-flash", [750, 3_750, 75, 750], None),
    (Kind::Gemini, "gemini-3.5-flash", [1_500, 9_000, 150, 1_500], None),
    (Kind::Gemini, "gemini-3.5-flash-lite", [300, 2_500, 30, 300], None),
    (Kind::Gemini, "gemini-3.1-pro-preview", [2_000, 12_000, 200, 2_000], Some((200_000, [4_000, 18_000, 400, 4_000]))),
    (Kind::Gemini, "gemini-3.1-flash-lite", [250, 1_500, 25, 250], None),
    (Kind::Gemini, "gemini-3-flash-preview", [500, 3_000, 50, 500], None),
    (Kind::Gemini, "gemini-2.5-pro", [1_250, 10_000, 125, 1_250], Some((200_000, [2_500, 15_000, 250, 2_500]))),
    (Kind::Gemini, "gemini-2.5-flash", [300, 2_500, 30, 300], None),
    (Kind::Gemini, "gemini-2.5-flash-lite", [100, 400, 10, 100], None),
    (Kind::Gemini, "gemini-pro-latest", [2_000, 12_000, 200, 2_000], Some((200_000, [4_000, 18_000, 400, 4_000]))),
    (Kind::Gemini, "gemini-flash-latest", [750, 3_750, 75, 750], None),
    (Kind::Gemini, "gemini-flash-lite-latest", [300, 2_500, 30, 300], None),
    (Kind::Deepseek, "deepseek-v4-pro", [1_320, 3_960, 44, 1_320], None),
    (Kind::Deepseek, "deepseek-v4-flash", [300, 1_200, 6, 300], None),
    (Kind::Deepseek, "deepseek-flash", [300, 1_200, 6, 300], None),
    (Kind::Deepseek, "deepseek-chat", [280, 420, 28, 280], None),
    (Kind::Deepseek, "deepseek-reasoner", [280, 420, 28, 280], None),
];

/// A price of the list, and the one of long requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shipped {
    pub(super) price: Price,
    /// From more than so many tokens read on, everything costs this.
    pub(super) long: Option<(u64, Price)>,
}

/// The list price of a maker's model, by its plain name or by that of one of its dated versions.
pub(super) fn find(kind: Kind, model: &str) -> Option<Shipped> {
    let by = |name: &str| ROWS.iter().find(|(of, known, ..)| *of == kind && *known == name);
    by(model).or_else(|| by(undated(model)?)).map(|(_, _, price, long)| Shipped {
        price: in_micros(*price),
        long: long.map(|(above, price)| (above, in_micros(price))),
    })
}

fn in_micros([input, output, cache_read, cache_write]: [i64; 4]) -> Price {
    Price {
        input: input * 1_000,
        output: output * 1_000,
        cache_read: cache_read * 1_000,
        cache_write: cache_write * 1_000,
    }
}

/// The name without a date at its end: `-20250929`, `-2025-08-07`, or a version's `-001`.
fn undated(model: &str) -> Option<&str> {
    let digits = |text: &str, many: usize| text.len() == many && text.bytes().all(|b| b.is_ascii_digit());
    let (rest, last) = model.rsplit_once('-')?;
    if digits(last, 8) || digits(last, 3) {
        return Some(rest);
    }
    let (rest, month) = rest.rsplit_once('-')?;
    let (rest, year) = rest.rsplit_once('-')?;
    (digits(last, 2) && digits(month, 2) && digits(year, 4)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dated_model_costs_what_its_plain_name_does_and_a_sibling_does_not() {
        let sonnet = find(Kind::Anthropic, "claude-sonnet-4-5");
        assert!(sonnet.is_some());
        assert_eq!(find(Kind::Anthropic, "claude-sonnet-4-5-20250929"), sonnet);
        assert_eq!(find(Kind::Openai, "gpt-4o-2024-08-06"), find(Kind::Openai, "gpt-4o"));
        assert_eq!(find(Kind::Gemini, "gemini-2.5-flash-001"), find(Kind::Gemini, "gemini-2.5-flash"));
        for unknown in ["gpt-5-turbo", "gpt", "", "-", "gpt-4o-2024", "gpt-4o-08-06", "claude-sonnet-4-5"] {
            assert_eq!(find(Kind::Openai, unknown), None, "{unknown}");
        }
    }

    #[test]
    fn nothing_of_the_list_is_there_twice_or_cheaper_to_write_than_to_read() {
        let makes_sense = |[input, output, cache_read, cache_write]: [i64; 4]| {
            0 < cache_read && cache_read <= input && input <= cache_write && input <= output
        };
        for (at, (kind, model, price, long)) in ROWS.iter().enumerate() {
            assert!(!ROWS[..at].iter().any(|(of, known, ..)| of == kind && known == model), "{model}");
            assert!(makes_sense(*price), "{model}");
            let dearer = |of_long: [i64; 4]| of_long.iter().zip(price).all(|(long, price)| long >= price);
            assert!(long.is_none_or(|(_, of_long)| makes_sense(of_long) && dearer(of_long)), "{model}");
        }
    }
}
