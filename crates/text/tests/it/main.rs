//! The corpus of what must go and what must stay, properties for any text, and whole events.
#![allow(clippy::unwrap_used)]

mod corpus;
mod events;
mod properties;
