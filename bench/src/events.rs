//! Events as a file of JSON Lines in our own format, for the import.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use upshot_adapters::write_event;
use upshot_demo::{DemoOptions, generate};

use crate::failure::Result;

/// The end of the made-up history: 2026-04-01 00:00 UTC in microseconds.
pub const END: i64 = 1_775_001_600_000_000;

/// Enough conversations for any number of events: each has several.
pub fn history(conversations: u64) -> DemoOptions {
    DemoOptions {
        conversations,
        ..DemoOptions::until(END)
    }
}

/// Writes so many events of the demo's conversations, in the order in which the conversations start.
///
/// # Errors
/// When the file cannot be written.
pub fn make(file: &Path, count: u64) -> Result<Value> {
    let mut output = BufWriter::new(File::create(file)?);
    let mut rows = 0;
    for event in generate(&history(count)).flatten() {
        if rows == count {
            break;
        }
        writeln!(output, "{}", write_event(&event))?;
        rows += 1;
    }
    output.into_inner()?.sync_all()?;
    Ok(json!({ "rows": rows }))
}
