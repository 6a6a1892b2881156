//! Bot Framework activities: `.transcript` files and Direct Line activity sets. See
//! `docs/formats/botframework.md`.
//!
//! An activity is read twice: first to learn who is who, then to make events of it.

mod activity;
mod cards;
mod convert;
mod envelope;
mod feedback;
mod handover;
mod people;
mod understanding;

use crate::output::{Adapter, Output, Record};
use crate::report::{ImportOptions, Position};

/// Reads transcripts and activity sets. A bare array of activities arrives as one record.
pub(crate) struct BotFramework {
    /// Activities that stand alone, one a record, until there are enough of them or no more.
    loose: Vec<(Position, Vec<u8>)>,
    loose_bytes: usize,
}

/// One activity's text with its place.
#[derive(Debug, Clone, Copy)]
struct Item<'a> {
    position: Position,
    text: &'a [u8],
}

impl BotFramework {
    pub(crate) fn new(_options: &ImportOptions) -> Self {
        Self {
            loose: Vec::new(),
            loose_bytes: 0,
        }
    }

    fn flush(&mut self, out: &mut Output<'_>) {
        let loose = std::mem::take(&mut self.loose);
        self.loose_bytes = 0;
        let items = loose.iter().map(|(position, text)| Item {
            position: *position,
            text,
        });
        convert::transcript(&items.collect::<Vec<_>>(), None, out);
    }
}

impl Adapter for BotFramework {
    fn record(&mut self, record: &Record<'_>, out: &mut Output<'_>) {
        let before = out.batch.rejected.len();
        match envelope::open(record, out) {
            envelope::Opened::Transcript { items, name } => {
                convert::transcript(&items, name.as_deref(), out);
            }
            envelope::Opened::Activity => {
                self.loose_bytes += record.text.len();
                self.loose.push((record.position, record.text.to_vec()));
                if self.loose_bytes > out.options.maximum_record_bytes {
                    self.flush(out);
                }
            }
            envelope::Opened::Nothing => {}
        }
        out.batch.rejected[before..].sort_by_key(|it| it.position.byte);
    }

    fn finish(&mut self, out: &mut Output<'_>) {
        self.flush(out);
    }
}
