//! Millionths of a dollar, for people.

use crate::number::grouped;

/// `$1,234.56`; what is less than a cent as exactly as it is known: `$0.000042`.
pub fn dollars(micros: i64) -> String {
    let sign = if micros < 0 { "−" } else { "" };
    let micros = micros.unsigned_abs();
    if (1..10_000).contains(&micros) {
        let exact = format!("{micros:06}");
        return format!("{sign}$0.{}", exact.trim_end_matches('0'));
    }
    let cents = micros.saturating_add(5_000) / 10_000;
    format!("{sign}${}.{:02}", grouped((cents / 100) as i64), cents % 100)
}

/// From what a person enters: `12`, `12.5`, `$0.000042`. None for anything else, what is negative included.
pub fn micros(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.strip_prefix('$').unwrap_or(text);
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + part.len() == 0 || whole.len() > 12 || part.len() > 6 || !digits(whole) || !digits(part) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: i64 = format!("{part:0<6}").parse().ok()?;
    Some(whole * 1_000_000 + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_in_cents_and_what_is_less_exactly() {
        for (micros, shown) in [
            (0, "$0.00"),
            (42, "$0.000042"),
            (9_990, "$0.00999"),
            (10_000, "$0.01"),
            (14_999, "$0.01"),
            (1_235_000, "$1.24"),
            (1_234_567_890_000, "$1,234,567.89"),
            (-1_500_000, "−$1.50"),
        ] {
            assert_eq!(dollars(micros), shown);
        }
    }

    #[test]
    fn money_is_entered_as_people_write_it_and_nothing_else_is() {
        for (entered, is) in [("12", 12_000_000), (" $12.5 ", 12_500_000), (".5", 500_000), ("0.000042", 42), ("0", 0)]
        {
            assert_eq!(micros(entered), Some(is), "{entered}");
        }
        for bad in ["", "$", ".", "-1", "1e3", "1,5", "0.0000001", "1234567890123", "١", "1 2", "NaN", "+1"] {
            assert_eq!(micros(bad), None, "{bad}");
        }
    }
}
