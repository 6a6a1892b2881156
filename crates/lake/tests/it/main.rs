//! Tests of the lake as a whole.
#![allow(clippy::unwrap_used)]

mod catalog;
mod common;
mod engine;
mod interop;
mod parquet;
