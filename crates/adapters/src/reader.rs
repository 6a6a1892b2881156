//! From bytes to records: encoding, recognition, cutting.

use crate::Format;
use crate::botframework::BotFramework;
use crate::copilot_studio::CopilotStudio;
use crate::encoding::{Decoder, Encoding};
use crate::mapping::Mapped;
use crate::output::{Adapter, Data, Occurrences, Output, Record};
use crate::recognise::{Layout, PROBE_BYTES, Recognised, recognise};
use crate::report::{Batch, ImportOptions, Position, Summary};
use crate::split::{CsvSplitter, JsonSplitter, MAXIMUM_DEPTH, Piece, Problem, Step, fields_of};
use crate::upshot::Upshot;

/// Reads one file or body, bytes pushed as they come. The result does not depend on how the bytes
/// are divided. Memory is bounded by the largest record, some 300 KiB and the table that counts
/// equal events.
pub struct Reader {
    options: ImportOptions,
    decoder: Decoder,
    buffer: Vec<u8>,
    /// Bytes of the file before the buffer.
    byte: u64,
    /// Line breaks before the buffer.
    lines: u64,
    state: State,
    occurrences: Occurrences,
    summary: Summary,
}

enum State {
    Probing,
    Reading(Box<Reading>),
    Ignoring,
}

struct Reading {
    adapter: Box<dyn Adapter + Send>,
    splitter: Splitter,
}

enum Splitter {
    Json(JsonSplitter),
    Csv(Table),
}

struct Table {
    splitter: CsvSplitter,
    delimiter: u8,
    header: Option<Vec<String>>,
    /// After a row without end: lines that are no rows are passed over.
    recovering: bool,
}

impl Reader {
    /// A reader of one file or body.
    pub fn new(options: ImportOptions) -> Self {
        Self {
            options,
            decoder: Decoder::new(),
            buffer: Vec::new(),
            byte: 0,
            lines: 0,
            state: State::Probing,
            occurrences: Occurrences::default(),
            summary: Summary::default(),
        }
    }

    /// Takes some bytes and writes what they complete.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Batch) {
        self.advance(bytes, false, out);
    }

    /// Says that no bytes follow, and writes what is left.
    pub fn finish(&mut self, out: &mut Batch) -> Summary {
        self.advance(&[], true, out);
        if let State::Reading(mut reading) = std::mem::replace(&mut self.state, State::Ignoring) {
            reading.adapter.finish(&mut Output {
                options: &self.options,
                batch: out,
                occurrences: &mut self.occurrences,
                summary: &mut self.summary,
            });
        }
        self.summary
    }

    fn advance(&mut self, bytes: &[u8], last: bool, out: &mut Batch) {
        if matches!(self.state, State::Ignoring) {
            return;
        }
        self.decoder.decode(bytes, last, &mut self.buffer);
        if matches!(self.state, State::Probing) {
            if self.buffer.len() < PROBE_BYTES && !last {
                return;
            }
            self.byte = self.decoder.mark_length();
            self.state = self.begin(out);
        }
        let State::Reading(mut reading) = std::mem::replace(&mut self.state, State::Ignoring)
        else {
            self.buffer = Vec::new();
            return;
        };
        self.read(&mut reading, last, out);
        self.state = State::Reading(reading);
    }

    fn begin(&mut self, out: &mut Batch) -> State {
        let probe = &self.buffer[..self.buffer.len().min(PROBE_BYTES)];
        let limit = self.options.maximum_record_bytes;
        let recognised = match &self.options.mapping {
            Some(_) if probe.trim_ascii().is_empty() => Recognised::Nothing,
            Some(mapping) => Recognised::As(Format::Mapping, mapping.layout()),
            None => recognise(probe, self.options.format),
        };
        let (format, splitter) = match recognised {
            Recognised::As(format, Layout::Json(layout)) => {
                (format, Splitter::Json(JsonSplitter::new(layout, limit)))
            }
            Recognised::As(format, Layout::Csv(delimiter)) => {
                let table = Table {
                    splitter: CsvSplitter::new(delimiter, limit),
                    delimiter,
                    header: self.options.mapping.as_ref().and_then(|it| it.columns()),
                    recovering: false,
                };
                (format, Splitter::Csv(table))
            }
            Recognised::Nothing => {
                self.summary.format = self.options.format;
                return State::Ignoring;
            }
            Recognised::Unknown(seen) => {
                self.reject_file(&seen, out);
                return State::Ignoring;
            }
        };
        self.summary.format = Some(format);
        State::Reading(Box::new(Reading {
            adapter: self.adapter(format),
            splitter,
        }))
    }

    fn adapter(&self, format: Format) -> Box<dyn Adapter + Send> {
        if let Some(mapping) = &self.options.mapping {
            return Box::new(Mapped::new(mapping.clone(), &self.options));
        }
        match format {
            // Without a mapping there is none to apply.
            Format::Upshot | Format::Mapping => Box::new(Upshot::new(&self.options)),
            Format::CopilotStudio => Box::new(CopilotStudio::new(&self.options)),
            Format::BotFramework => Box::new(BotFramework::new(&self.options)),
        }
    }

    fn reject_file(&mut self, seen: &str, out: &mut Batch) {
        let known = Format::ALL
            .iter()
            .map(|it| format!("`{it}` ({})", it.meaning()))
            .collect::<Vec<_>>();
        let reason = match self.options.format {
            Some(format) => format!("the file is not in the format `{format}`: it holds {seen}"),
            None => format!("the format is not known: the file holds {seen}"),
        };
        self.summary.records += 1;
        let position = Position {
            record: 1,
            line: Some(1),
            byte: 0,
        };
        let text = std::mem::take(&mut self.buffer);
        self.output(out).reject(
            position,
            &text,
            None,
            reason,
            format!("use one of the known formats: {}", known.join("; ")),
        );
    }

    fn output<'a>(&'a mut self, batch: &'a mut Batch) -> Output<'a> {
        Output {
            options: &self.options,
            batch,
            occurrences: &mut self.occurrences,
            summary: &mut self.summary,
        }
    }

    /// Cuts what is in the buffer and hands it on.
    fn read(&mut self, reading: &mut Reading, last: bool, out: &mut Batch) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut place = Place {
            at: 0,
            byte: self.byte,
            lines: self.lines,
        };
        loop {
            let step = match &mut reading.splitter {
                Splitter::Json(splitter) => splitter.next(&buffer, last),
                Splitter::Csv(table) => table.splitter.next(&buffer, last),
            };
            let Step::Piece(piece) = step else { break };
            place.move_to(piece.start, &buffer, self.decoder.encoding());
            self.summary.records += 1;
            let position = Position {
                record: self.summary.records,
                line: Some(place.lines + 1),
                byte: place.byte,
            };
            let record = Record {
                position,
                encoding: self.decoder.encoding(),
                text: &buffer[piece.start..piece.end],
                data: Data::Json,
                complete: piece.problem.is_none(),
            };
            let mut output = self.output(out);
            match &mut reading.splitter {
                Splitter::Json(_) => {
                    json_record(&mut *reading.adapter, piece, &record, &mut output);
                }
                Splitter::Csv(table) => {
                    table.row(&mut *reading.adapter, piece, &record, &mut output);
                }
            }
        }
        let needed = match &reading.splitter {
            Splitter::Json(splitter) => splitter.needed_from(),
            Splitter::Csv(table) => table.splitter.needed_from(),
        };
        self.buffer = buffer;
        // A record that goes on is moved to the front once, not with every chunk.
        if needed > 0 {
            place.move_to(needed, &self.buffer, self.decoder.encoding());
            self.byte = place.byte;
            self.lines = place.lines;
            self.buffer.drain(..needed);
            match &mut reading.splitter {
                Splitter::Json(splitter) => splitter.forget(needed),
                Splitter::Csv(table) => table.splitter.forget(needed),
            }
        }
    }
}

/// A place in the buffer with the file's bytes and lines before it.
struct Place {
    at: usize,
    byte: u64,
    lines: u64,
}

impl Place {
    fn move_to(&mut self, to: usize, buffer: &[u8], encoding: Encoding) {
        // A retried row begins before the end of the one that was given up, never before its start.
        let between = buffer.get(self.at..to).unwrap_or_default();
        self.byte += encoding.source_length(between);
        self.lines += memchr::memchr_iter(b'\n', between).count() as u64;
        self.at = self.at.max(to);
    }
}

fn json_record(adapter: &mut dyn Adapter, piece: Piece, record: &Record<'_>, out: &mut Output<'_>) {
    match piece.problem {
        None | Some(Problem::Damaged) => adapter.record(record, out),
        Some(Problem::CutByLimit) => {
            adapter.record(record, out);
            reject_piece(Problem::CutByLimit, record, out);
        }
        Some(problem) => reject_piece(problem, record, out),
    }
}

fn reject_piece(problem: Problem, record: &Record<'_>, out: &mut Output<'_>) {
    let limit = out.options.maximum_record_bytes;
    let (reason, cure) = match problem {
        Problem::TooLarge => (
            format!("the record is larger than {limit} bytes"),
            "raise the limit for a record, or divide it",
        ),
        Problem::CutByLimit => (
            format!("the transcript is larger than {limit} bytes; only its first part was read"),
            "raise the limit for a record, or divide the transcript",
        ),
        Problem::TooDeep => (
            format!("the record is nested deeper than {MAXIMUM_DEPTH} levels"),
            "write deep values as text",
        ),
        Problem::Malformed(reason) => (
            format!("the record is no JSON: {reason}"),
            "correct the record, or export the file again",
        ),
        Problem::Cut | Problem::Damaged => (
            "the file ends before the record does".to_owned(),
            "the file may have been cut off; export it again",
        ),
        Problem::OpenQuote => (
            "a quotation mark is not closed, or stands within a field".to_owned(),
            "double the quotation marks within a field, or export the file again",
        ),
    };
    out.reject(record.position, record.text, None, reason, cure);
}

impl Table {
    fn row(
        &mut self,
        adapter: &mut dyn Adapter,
        piece: Piece,
        record: &Record<'_>,
        out: &mut Output<'_>,
    ) {
        if let Some(problem) = piece.problem {
            // What follows the first line of a spoiled row may be the rest of it.
            match std::mem::replace(&mut self.recovering, true) {
                false => reject_piece(problem, record, out),
                true => out.summary.records -= 1,
            }
            return;
        }
        let Ok(row) = std::str::from_utf8(record.text) else {
            let (reason, cure) = ("the row is not UTF-8", "export the file as UTF-8");
            out.reject(record.position, record.text, None, reason, cure);
            return;
        };
        let fields = fields_of(row, self.delimiter);
        let Some(header) = &self.header else {
            out.summary.records -= 1;
            self.header = Some(fields.iter().map(|name| name.trim().to_owned()).collect());
            return;
        };
        if self.recovering && fields.len() != header.len() {
            out.summary.records -= 1;
            return;
        }
        self.recovering = false;
        let fields = &fields;
        let data = Data::Csv { header, fields };
        adapter.record(&Record { data, ..*record }, out);
    }
}
