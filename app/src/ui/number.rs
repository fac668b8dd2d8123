//! Numbers as people read them. The same on the server and in the browser, so that taking over changes nothing.

/// A number with a comma between thousands: `1,204`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something: `1 token`, `1,204 tokens`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(i64::try_from(number).unwrap_or(i64::MAX)))
}

/// A short span of milliseconds: `38 ms`, `1.2 s`.
pub fn millis(ms: i64) -> String {
    match ms.max(0) {
        ms @ ..1000 => format!("{ms} ms"),
        ms @ 1000..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        ms => super::span(ms / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, grouped, millis};

    #[test]
    fn numbers_read_as_people_write_them() {
        let cases = [(0, "0"), (999, "999"), (1204, "1,204"), (1_000_000, "1,000,000"), (-45_678, "−45,678")];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
        assert_eq!((counted(1, "token"), counted(0, "token")), ("1 token".to_owned(), "0 tokens".to_owned()));
        assert_eq!(
            (millis(38), millis(1_250), millis(125_000)),
            ("38 ms".to_owned(), "1.2 s".to_owned(), "2 min".to_owned())
        );
    }
}
