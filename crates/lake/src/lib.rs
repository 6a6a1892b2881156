//! The lake: everything that is kept, and the only crate that writes data files.
//!
//! It knows nothing of HTTP, metrics or the formats of platforms. Where to start reading:
//! [`schema`] names the tables, [`capture`] is what a query reads.

pub mod capture;
pub mod catalog;
pub mod codec;
pub mod engine;
pub mod error;
pub mod files;
pub mod log;
pub mod parquet_files;
pub mod schema;
pub mod watched_files;

pub use capture::{
    Capture, DataFile, KeptFacts, Labels, Preferences, TableCapture, TicketBaseline,
};
pub use engine::{
    Cleared, Erasure, ErasureRequest, FactsInFiles, Foreseen, Keeping, KeptFrom, Lake, LakeOptions,
    Outdated, Receipt, Refused, Settings, Status,
};
pub use error::LakeError;

/// The folder of a data directory in which imports leave what could not be taken in, by workspace.
pub const REJECTED: &str = "rejected";
pub use schema::Table;
