//! Progress for people: one line per step, with the time since the start.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::OnceLock;
use std::time::Instant;

static START: OnceLock<Instant> = OnceLock::new();

/// Starts the clock.
pub(crate) fn start() {
    START.get_or_init(Instant::now);
}

/// Writes `[ 12.3 s] …`. A closed output is nobody's concern.
pub(crate) fn step(words: Arguments<'_>) {
    let seconds = START.get_or_init(Instant::now).elapsed().as_secs_f64();
    plain(format_args!("[{seconds:6.1} s] {words}"));
}

/// Writes a line as it is.
pub(crate) fn plain(words: Arguments<'_>) {
    let mut output = io::stdout().lock();
    drop(writeln!(output, "{words}").and_then(|()| output.flush()));
}

/// Says what happens now, with the elapsed time.
macro_rules! say {
    ($($words:tt)*) => { $crate::say::step(format_args!($($words)*)) };
}

/// Prints a line without the time.
macro_rules! print_line {
    ($($words:tt)*) => { $crate::say::plain(format_args!($($words)*)) };
}

pub(crate) use {print_line, say};
