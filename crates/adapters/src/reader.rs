//! From bytes to records: encoding, recognition, cutting.

use crate::Format;
use crate::botframework::BotFramework;
use crate::copilot_studio::CopilotStudio;
use crate::output::{Adapter, Data, Occurrences, Output, Record};
use crate::report::{Batch, ImportOptions, Position, Summary};
use crate::upshot::Upshot;

/// Reads one file or body, bytes pushed as they come.
pub struct Reader {
    options: ImportOptions,
    buffer: Vec<u8>,
    occurrences: Occurrences,
    summary: Summary,
}

impl Reader {
    /// A reader of one file or body.
    pub fn new(options: ImportOptions) -> Self {
        Self {
            options,
            buffer: Vec::new(),
            occurrences: Occurrences::default(),
            summary: Summary::default(),
        }
    }

    /// Takes some bytes and writes what they complete.
    pub fn feed(&mut self, bytes: &[u8], _out: &mut Batch) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that no bytes follow, and writes what is left.
    pub fn finish(&mut self, out: &mut Batch) -> Summary {
        let format = self.options.format.unwrap_or(Format::Upshot);
        let mut adapter: Box<dyn Adapter> = match format {
            Format::Upshot => Box::new(Upshot::new(&self.options)),
            Format::CopilotStudio => Box::new(CopilotStudio::new(&self.options)),
            Format::BotFramework => Box::new(BotFramework::new(&self.options)),
        };
        let mut output = Output {
            options: &self.options,
            batch: out,
            occurrences: &mut self.occurrences,
            summary: &mut self.summary,
        };
        let record = Record {
            position: Position {
                record: 1,
                line: Some(1),
                byte: 0,
            },
            text: &self.buffer,
            data: Data::Json,
            complete: true,
        };
        adapter.record(&record, &mut output);
        adapter.finish(&mut output);
        self.summary.format = Some(format);
        self.summary
    }
}
