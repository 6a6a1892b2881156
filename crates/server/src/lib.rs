//! The HTTP interface: events come in, numbers go out, and the web app is sent to browsers.
//!
//! This crate turns requests into calls of the lake and of the query engine, and their answers into
//! JSON. It computes no numbers, keeps nothing between requests but answers to be given again (`answers`), and
//! never logs a body or a key. Where to start reading: [`router()`] lists what there is, [`serve()`] listens, [`events`]
//! is the way in, [`problem`] is how everything that goes wrong is said, and [`access`] says who may
//! ask.

pub mod access;
pub mod ahead;
mod annotations;
mod answers;
mod app;
mod asking;
mod boards;
pub mod body;
mod changes;
mod checks;
mod conditional;
pub mod demo;
pub mod drilldown;
pub mod erasures;
pub mod events;
mod explain;
mod export;
pub mod fact_sets;
pub mod facts;
pub mod health;
mod import;
mod input;
pub mod keeping;
mod live;
mod messages;
mod notes;
mod observe;
pub mod openapi;
pub mod options;
mod paths;
pub mod prices;
pub mod problem;
mod queries;
mod query;
mod registry;
mod releases;
mod router;
pub mod segments;
mod selection;
mod serve;
pub mod sessions;
pub mod settings;
mod sources;
mod state;
mod telemetry;
pub mod text_mode;
mod turns;
mod under;
mod views;

pub use options::{Limits, ServerOptions};
pub use router::router;
pub use serve::{ServerError, serve, serve_on};
pub use state::ServerState;
