//! The adapters from outside: bytes in, events out.
#![allow(clippy::unwrap_used)]

mod botframework;
mod copilot_studio;
mod reader;
mod support;
mod upshot;
