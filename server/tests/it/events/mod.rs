//! Events for programs: reading on, and the documentation of what there is to read.

mod described;
mod reading;
