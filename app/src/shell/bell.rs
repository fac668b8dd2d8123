//! How many notifications somebody has not read, as the bell in the header says it.

/// The most that are counted one by one.
const COUNTED: i64 = 99;

/// How many the person who looks at a page has not read.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Unread(pub(super) i64);

/// What stands at the bell; nothing where all is read.
pub(super) fn count(unread: i64) -> Option<String> {
    match unread {
        ..=0 => None,
        1..=COUNTED => Some(unread.to_string()),
        _ => Some(format!("{COUNTED}+")),
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn many_are_not_counted_one_by_one() {
        assert_eq!(count(0), None);
        assert_eq!(count(99).as_deref(), Some("99"));
        assert_eq!(count(100).as_deref(), Some("99+"));
    }
}
