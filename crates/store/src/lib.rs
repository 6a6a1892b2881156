//! Operational data: what people set beside what the bots' events say. The first of it are segments, filters that
//! are saved under a name.
//!
//! It lies in one SQLite database, `store.sqlite`, in the data directory. This crate knows nothing of events, facts
//! and numbers, and never checks what a filter means: whoever saves one does that before. Everything belongs to a
//! workspace, and every call names it; nothing of another workspace is ever given. Where to start reading: [`Store`]
//! opens the database, [`schema`] has its tables and how older ones become newer, [`segments`] is its content.

mod error;
pub mod schema;
pub mod segments;
mod store;

pub use error::StoreError;
pub use segments::Segment;
pub use store::{STORE_FILE, Store, restore};
