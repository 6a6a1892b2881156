//! Facts as rows of named cells, so that the two accounts are compared field by field.

use std::collections::BTreeMap;

use upshot_core::record::Attributes;
use upshot_core::words::Word;
use upshot_core::{FieldSink, Record};

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Number(i64),
    Real(f64),
    Flag(bool),
    Map(Attributes),
}

/// A row: every field by its name, also those that hold nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row(pub BTreeMap<&'static str, Option<Cell>>);

impl Row {
    pub fn text(&mut self, name: &'static str, value: Option<&str>) {
        self.0
            .insert(name, value.map(|text| Cell::Text(text.to_owned())));
    }

    pub fn word<W: Word>(&mut self, name: &'static str, value: Option<W>) {
        self.text(name, value.map(Word::as_str));
    }

    pub fn number(&mut self, name: &'static str, value: Option<i64>) {
        self.0.insert(name, value.map(Cell::Number));
    }

    pub fn count(&mut self, name: &'static str, value: usize) {
        self.number(name, Some(value as i64));
    }

    pub fn real(&mut self, name: &'static str, value: Option<f64>) {
        self.0.insert(name, value.map(Cell::Real));
    }

    pub fn flag(&mut self, name: &'static str, value: Option<bool>) {
        self.0.insert(name, value.map(Cell::Flag));
    }

    pub fn put(&mut self, name: &'static str, value: Option<Cell>) {
        self.0.insert(name, value);
    }

    /// What a field holds; nothing also for a field that the row does not have.
    pub fn get(&self, name: &str) -> Option<&Cell> {
        self.0.get(name)?.as_ref()
    }

    pub fn text_of(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn number_of(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Cell::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// A record as a row.
pub fn row_of<R: Record>(record: &R) -> Row {
    let mut reading = Reading {
        row: Row::default(),
        names: R::FIELDS.iter().map(|field| field.name).collect(),
    };
    record.write(&mut reading);
    reading.row
}

struct Reading {
    row: Row,
    names: Vec<&'static str>,
}

impl FieldSink for Reading {
    fn text(&mut self, index: usize, value: Option<&str>) {
        self.row.text(self.names[index], value);
    }
    fn integer(&mut self, index: usize, value: Option<i64>) {
        self.row.number(self.names[index], value);
    }
    fn real(&mut self, index: usize, value: Option<f64>) {
        self.row.real(self.names[index], value);
    }
    fn flag(&mut self, index: usize, value: Option<bool>) {
        self.row.flag(self.names[index], value);
    }
    fn map(&mut self, index: usize, value: &Attributes) {
        self.row
            .put(self.names[index], Some(Cell::Map(value.clone())));
    }
}
