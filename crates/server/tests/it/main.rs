//! The HTTP interface over a lake in a temporary folder.
#![allow(clippy::unwrap_used)]

mod access;
mod answers;
mod app;
mod checks;
mod common;
mod demo;
mod description;
mod doors;
mod drilldown;
mod erasures;
mod events;
mod export;
mod fact_sets;
mod failing;
mod health;
mod import;
mod keeping;
mod live;
mod logging;
mod mail;
mod notes;
mod people;
mod queries;
mod query;
mod releases;
mod schema;
mod segments;
mod serving;
mod sessions;
mod settings;
mod sources;
mod text_mode;
mod under;
mod views;
mod visitor;
