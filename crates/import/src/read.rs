//! From bytes to batches of events.

use std::io::{self, Read};
use std::sync::Arc;

use upshot_adapters::{Batch, Format, ImportOptions, Mapping, Reader};

/// Events are handed on in batches of about this many.
const BATCH_EVENTS: usize = 4096;
/// How many bytes are understood at once.
const BUFFER: usize = 256 << 10;

/// What files are taken for.
#[derive(Debug, Clone, Default)]
pub struct ReadAs {
    /// The format; recognised by content where none is named.
    pub format: Option<Format>,
    /// The mapping, which goes before any format.
    pub mapping: Option<Arc<Mapping>>,
}

/// A name that no format has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFormat {
    /// The name, cut short.
    pub name: String,
}

impl std::fmt::Display for UnknownFormat {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = ReadAs::names().join(", ");
        write!(
            formatter,
            "`{}` is not a format; known are {known}",
            self.name
        )
    }
}

impl std::error::Error for UnknownFormat {}

impl ReadAs {
    /// For the format of this name, which may be `auto`.
    ///
    /// # Errors
    /// When there is none of the name.
    pub fn format(name: &str) -> Result<Self, UnknownFormat> {
        if name == "auto" {
            return Ok(Self::default());
        }
        let format = Format::parse(name).ok_or_else(|| UnknownFormat {
            name: name.chars().take(80).collect(),
        })?;
        Ok(Self {
            format: Some(format),
            mapping: None,
        })
    }

    /// The names of formats, with `auto`.
    pub fn names() -> Vec<&'static str> {
        let formats = Format::ALL.iter().map(|format| format.as_str());
        std::iter::once("auto").chain(formats).collect()
    }

    /// The name of what was read, for reports.
    pub fn name(&self, format: Option<Format>) -> String {
        match &self.mapping {
            Some(mapping) => format!("mapping {}", mapping.name()),
            None => format.map_or("unknown", Format::as_str).to_owned(),
        }
    }
}

/// What reading hands on.
#[derive(Debug)]
pub enum Part {
    /// Events and rejections.
    Batch(Batch),
    /// A file was read.
    File {
        /// How many records it holds.
        records: u64,
        /// What was read.
        name: String,
    },
    /// A file could not be read.
    Failed(String),
}

/// Reads one file and hands on what it gives, until nobody takes it: whether it was taken is what `hand_on` says.
/// `received` is when its bytes came, in UTC microseconds. Blocks.
pub fn read(
    opened: io::Result<Box<dyn Read + Send + '_>>,
    file_name: &str,
    read_as: &ReadAs,
    received: i64,
    mut hand_on: impl FnMut(Part) -> bool,
) -> bool {
    let mut reader = Reader::new(ImportOptions {
        format: read_as.format,
        mapping: read_as.mapping.clone(),
        file_name: file_name.to_owned(),
        received_time: received,
        ..ImportOptions::default()
    });
    let mut batch = Batch::default();
    let result = opened.and_then(|mut input| {
        let mut buffer = vec![0; BUFFER];
        loop {
            let count = match input.read(&mut buffer) {
                Ok(0) => return Ok(true),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            reader.feed(&buffer[..count], &mut batch);
            let full = batch.events.len().max(batch.rejected.len()) >= BATCH_EVENTS;
            if full && !hand_on(Part::Batch(std::mem::take(&mut batch))) {
                return Ok(false);
            }
        }
    });
    if matches!(result, Ok(false)) {
        return false;
    }
    // What was read before an error is complete as far as it goes, and goes in.
    let summary = reader.finish(&mut batch);
    let end = match result {
        Ok(_) => Part::File {
            records: summary.records,
            name: read_as.name(summary.format),
        },
        Err(error) => Part::Failed(format!(
            "cannot read {file_name}: {error}; what came before is in"
        )),
    };
    hand_on(Part::Batch(batch)) && hand_on(end)
}
