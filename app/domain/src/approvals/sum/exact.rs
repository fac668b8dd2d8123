//! Numbers of JSON that are added exactly, as people add them: `0.1` and `0.2` make `0.3`.

use std::fmt;

use serde_json::Value;

use crate::number::grouped;

/// The most digits after the point.
const MAX_SCALE: u32 = 9;

/// So many units of a power of ten below one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Exact {
    units: i128,
    /// Digits after the point.
    scale: u32,
}

impl Exact {
    /// Nothing.
    pub(super) const ZERO: Self = Self { units: 0, scale: 0 };

    /// A number as it is written; `None`: it is none, or too long to be one that somebody adds.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let text = value.as_number()?.to_string();
        let (whole, part) = text.split_once('.').unwrap_or((text.as_str(), ""));
        let scale = u32::try_from(part.len()).ok().filter(|scale| *scale <= MAX_SCALE)?;
        let units: i64 = format!("{whole}{part}").parse().ok()?;
        Some(Self { units: i128::from(units), scale })
    }

    /// Both together; `None`: too large.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Some(Self { units: self.at(scale)?.checked_add(other.at(scale)?)?, scale })
    }

    /// By how much it is more than the other; `None`: too large.
    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { units: other.units.checked_neg()?, scale: other.scale })
    }

    /// The lower one of two.
    pub(super) fn lower(self, other: Self) -> Self {
        if self.minus(other).is_some_and(|more| more.units > 0) { other } else { self }
    }

    /// The higher one of two.
    pub(super) fn higher(self, other: Self) -> Self {
        if self.lower(other) == self { other } else { self }
    }

    /// As an amount of money is written: a part of one has two digits at least.
    pub(super) fn money(self) -> String {
        let text = self.to_string();
        match text.split_once('.') {
            Some((_, part)) if part.len() == 1 => format!("{text}0"),
            _ => text,
        }
    }

    fn at(self, scale: u32) -> Option<i128> {
        self.units.checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10_u128.pow(self.scale);
        let (whole, part) = (self.units.unsigned_abs() / one, self.units.unsigned_abs() % one);
        let sign = if self.units < 0 { "−" } else { "" };
        write!(f, "{sign}{}", grouped(i64::try_from(whole).unwrap_or(i64::MAX)))?;
        if part == 0 {
            return Ok(());
        }
        let digits = format!("{part:0width$}", width = self.scale as usize);
        write!(f, ".{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> Result<Exact, String> {
        Exact::of(value).ok_or_else(|| format!("{value} is no number"))
    }

    #[test]
    fn what_is_written_is_added_exactly() -> Result<(), String> {
        let sum = |values: &[Value]| {
            values.iter().try_fold(Exact::ZERO, |sum, value| sum.plus(of(value)?).ok_or_else(|| "too large".to_owned()))
        };
        assert_eq!(sum(&[json!(0.1), json!(0.2)])?.to_string(), "0.3");
        assert_eq!(sum(&[json!(1_200), json!(0.5)])?.money(), "1,200.50");
        assert_eq!(sum(&[json!(-0.25), json!(0.05)])?.to_string(), "−0.2");
        assert_eq!(sum(&[json!(20.0), json!(-20)])?.money(), "0");
        assert_eq!(sum(&[json!(19.999)])?.money(), "19.999");
        Ok(())
    }

    #[test]
    fn the_lower_and_the_higher_are_found_whatever_their_digits() -> Result<(), String> {
        let (less, more) = (of(&json!(-1.5))?, of(&json!(2))?);
        assert_eq!((less.lower(more), more.lower(less)), (less, less));
        assert_eq!((less.higher(more), more.higher(less)), (more, more));
        Ok(())
    }

    #[test]
    fn what_nobody_adds_is_no_number() {
        for value in [json!("1"), json!(null), json!(1e300), json!(1e-12), json!(u64::MAX)] {
            assert_eq!(Exact::of(&value), None, "{value}");
        }
    }
}
