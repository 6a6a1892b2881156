//! The adapters from outside: bytes in, events out.
#![allow(clippy::unwrap_used)]

mod botframework;
mod copilot_studio;
mod copilot_studio_fold;
mod copilot_studio_people;
mod copilot_studio_rows;
mod copilot_studio_support;
mod copilot_studio_traps;
mod mapping;
mod reader;
mod support;
mod upshot;
