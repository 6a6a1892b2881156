//! A mapping: a small TOML file that says how the records of any source become events. See
//! `docs/formats/mapping.md`.
//!
//! [`load`] reads and checks it, [`apply`] makes events of a record. In between a mapping is a list
//! of [`Block`]s, each with a rule ([`rule`]) for every field that it sets.

mod apply;
mod clock;
mod condition;
mod load;
mod load_rule;
mod path;
mod problem;
mod rule;
mod unfound;

use std::borrow::Cow;
use std::sync::Arc;

pub use problem::{MappingError, MappingProblem};
pub use unfound::UnfoundPath;

use crate::json::Json;
use crate::output::{Adapter, Data, Output, Record};
use crate::recognise::Layout;
use crate::report::ImportOptions;
use crate::split::JsonLayout;

/// How the records of a source become events.
#[derive(Debug)]
pub struct Mapping {
    name: Box<str>,
    input: Input,
    blocks: Vec<Block>,
    /// The rules of all blocks.
    rules: Vec<rule::Rule>,
    /// What the records held that it was applied to.
    seen: unfound::Seen,
}

/// What a mapping reads.
#[derive(Debug)]
struct Input {
    format: String,
    /// The key under which a JSON object holds the records.
    records: Option<Arc<str>>,
    delimiter: u8,
    /// The names of the columns, of a table without a header.
    columns: Option<Vec<String>>,
    /// Columns whose cells hold JSON.
    json_columns: Vec<String>,
    /// Which records count.
    when: Option<condition::Condition>,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            format: String::new(),
            records: None,
            delimiter: b',',
            columns: None,
            json_columns: Vec::new(),
            when: None,
        }
    }
}

/// What makes events of one kind.
#[derive(Debug)]
struct Block {
    name: Option<String>,
    /// Its line in the mapping, from 1.
    line: usize,
    /// The steps up to each `[*]` and those behind the last; empty for the record itself.
    each: Vec<Vec<path::Step>>,
    when: Option<condition::Condition>,
    /// Blocks that stand one after another and go through the same list go through it together.
    group: usize,
    /// Positions in [`Mapping::rules`].
    rules: Vec<usize>,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with line and column, the cause and the cure.
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        load::load(text)
    }

    /// Its name, which is the source of the events that name none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its paths that led to nothing in any of the records that it was applied to.
    pub fn unfound(&self) -> Vec<UnfoundPath> {
        self.seen.unfound(&self.rules)
    }

    /// How a file is to be cut.
    pub(crate) fn layout(&self) -> Layout {
        match self.input.format.as_str() {
            "csv" => Layout::Csv(self.input.delimiter),
            format => Layout::Json(JsonLayout {
                lines: format == "json_lines",
                split_arrays: true,
                whole: false,
                wrapped: self.input.records.clone(),
            }),
        }
    }

    /// The names of the columns, of a table without a header.
    pub(crate) fn columns(&self) -> Option<Vec<String>> {
        self.input.columns.clone()
    }
}

/// Makes events by a mapping, each record for itself.
pub(crate) struct Mapped {
    mapping: Arc<Mapping>,
    file: String,
}

impl Mapped {
    pub(crate) fn new(mapping: Arc<Mapping>, options: &ImportOptions) -> Self {
        let name = options
            .file_name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default();
        let stem = name.split('.').find(|part| !part.is_empty());
        Self {
            mapping,
            file: stem.unwrap_or_default().to_owned(),
        }
    }

    /// The row as an object: an empty cell is nothing.
    fn row<'a>(
        &self,
        header: &'a [String],
        fields: &'a [String],
    ) -> Result<Json<'a>, (&'a str, String)> {
        let mut members = Vec::with_capacity(header.len());
        for (name, cell) in header.iter().zip(fields) {
            let value = if cell.is_empty() {
                Json::Null
            } else if self.mapping.input.json_columns.contains(name) {
                serde_json::from_str(cell).map_err(|error| (name.as_str(), error.to_string()))?
            } else {
                Json::Text(Cow::Borrowed(cell))
            };
            members.push((Cow::Borrowed(name.as_str()), value));
        }
        Ok(Json::Object(members))
    }
}

impl Adapter for Mapped {
    fn record(&mut self, record: &Record<'_>, out: &mut Output<'_>) {
        match record.data {
            Data::Json => match serde_json::from_slice::<Json<'_>>(record.text) {
                Ok(root) => apply::apply(&self.mapping, &self.file, &root, record, out),
                Err(error) => out.reject(
                    record.position,
                    record.text,
                    None,
                    format!("the record is no JSON: {error}"),
                    "correct the record, or say in the mapping's `[input]` what the file is",
                ),
            },
            Data::Csv { header, fields } => match self.row(header, fields) {
                Ok(root) => apply::apply(&self.mapping, &self.file, &root, record, out),
                Err((column, error)) => out.reject(
                    record.position,
                    record.text,
                    Some(column),
                    format!("the cell of `{column}` is no JSON: {error}"),
                    "correct the cell, or take the column out of `json_columns`",
                ),
            },
        }
    }

    fn finish(&mut self, _out: &mut Output<'_>) {}
}

#[cfg(test)]
mod tests {
    use upshot_core::{Event, Record as _};

    #[test]
    fn no_field_is_called_like_a_key_of_a_block() {
        let taken = super::load::BLOCK_KEYS
            .iter()
            .filter(|key| Event::field(key).is_some());
        assert_eq!(taken.count(), 0);
    }
}
