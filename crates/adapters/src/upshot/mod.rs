//! Our own JSON: one object, an array or JSON Lines; the keys are the names of the fields of
//! [`Event`](upshot_core::Event). See `docs/formats/upshot.md`.

mod read;
mod write;

pub use write::write_event;

use crate::Format;
use crate::output::{Adapter, Output, Record};
use crate::reader::Reader;
use crate::report::{Batch, ImportOptions};

/// The source of events that name none.
const SOURCE: &str = "upshot";

/// Reads events, each record for itself.
pub(crate) struct Upshot;

impl Upshot {
    pub(crate) fn new(_options: &ImportOptions) -> Self {
        Self
    }
}

impl Adapter for Upshot {
    fn record(&mut self, record: &Record<'_>, out: &mut Output<'_>) {
        match read::event(record.text) {
            Ok(mut event) => {
                event.source = event.source.or_else(|| Some(SOURCE.into()));
                event.source_sequence = event
                    .source_sequence
                    .or_else(|| i64::try_from(record.position.record).ok());
                out.event(event);
            }
            Err(problem) => out.reject(
                record.position,
                record.text,
                problem.field.as_deref(),
                problem.reason,
                problem.cure,
            ),
        }
    }

    fn finish(&mut self, _out: &mut Output<'_>) {}
}

/// Reads the events of a body: one object, an array or JSON Lines. `received_time` is in UTC
/// microseconds. The position of an event is its number in the body.
pub fn parse_events(body: &[u8], received_time: i64) -> Batch {
    let mut reader = Reader::new(ImportOptions {
        format: Some(Format::Upshot),
        received_time,
        ..ImportOptions::default()
    });
    let mut batch = Batch::default();
    reader.feed(body, &mut batch);
    reader.finish(&mut batch);
    batch
}
