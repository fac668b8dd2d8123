//! Numbers as people read them. The same on the server and in the browser, so that taking over changes nothing.

pub use hyvve_domain::number::grouped;

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
    use super::{counted, millis};

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!((counted(1, "token"), counted(0, "token")), ("1 token".to_owned(), "0 tokens".to_owned()));
        assert_eq!(
            (millis(38), millis(1_250), millis(125_000)),
            ("38 ms".to_owned(), "1.2 s".to_owned(), "2 min".to_owned())
        );
    }
}
