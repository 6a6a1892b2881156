//! The crate as its callers see it: worked examples, golden queries and properties.
#![allow(clippy::unwrap_used, missing_docs)]

mod answers;
mod behind;
mod carried;
mod clocks;
mod command;
mod drivers;
mod export;
mod facts;
mod golden;
mod intervals;
mod judged;
mod listing;
mod messages;
mod one_session;
mod paths;
mod people;
mod properties;
mod read_ahead;
mod releases;
mod render;
mod retention;
mod rollups;
mod small_files;
mod together;
mod worked;
