//! Tests of the lake as a whole.
#![allow(clippy::unwrap_used)]

mod carries;
mod catalog;
mod catalog_cost;
mod catalog_open;
mod catalog_verify;
mod clearing;
mod common;
mod crashes;
mod engine;
mod engine_cost;
mod engine_laws;
mod erasing;
mod fact_sets;
mod interop;
mod keeping;
mod log_damage;
mod parquet;
mod planted;
mod prices;
mod rollups;
mod simulated_disk;
mod whole;
