//! How answers are printed: tables for people, JSON and CSV for programs.

use std::io::Write;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table, TableComponent};
use serde::Serialize;

use crate::arguments::{Common, OutputFormat};
use crate::failure::Failure;

/// A column of a table.
pub struct Column {
    /// The heading.
    pub name: String,
    /// Whether it holds numbers, which stand at the right.
    pub is_number: bool,
}

impl Column {
    /// A column of words.
    pub fn text(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_number: false,
        }
    }
    /// A column of numbers.
    pub fn number(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_number: true,
        }
    }
}

/// Prints rows as a table or as CSV.
pub fn rows(common: &Common, columns: &[Column], rows: &[Vec<String>]) -> Result<(), Failure> {
    if common.output == OutputFormat::Csv {
        return csv(columns.iter().map(|column| column.name.as_str()), rows);
    }
    let mut table = Table::new();
    table
        .load_preset(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic);
    for between_rows in [
        TableComponent::HorizontalLines,
        TableComponent::LeftBorderIntersections,
        TableComponent::MiddleIntersections,
        TableComponent::RightBorderIntersections,
        TableComponent::TopBorder,
        TableComponent::TopLeftCorner,
        TableComponent::TopRightCorner,
        TableComponent::TopBorderIntersections,
        TableComponent::BottomBorder,
        TableComponent::BottomLeftCorner,
        TableComponent::BottomRightCorner,
        TableComponent::BottomBorderIntersections,
    ] {
        table.remove_style(between_rows);
    }
    if !table.is_tty() {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    let aligned = |cell: Cell, column: &Column| {
        if column.is_number {
            cell.set_alignment(CellAlignment::Right)
        } else {
            cell
        }
    };
    table.set_header(columns.iter().map(|column| {
        aligned(
            Cell::new(&column.name).add_attribute(Attribute::Bold),
            column,
        )
    }));
    for row in rows {
        table.add_row(
            row.iter()
                .zip(columns)
                .map(|(text, column)| aligned(Cell::new(text), column)),
        );
    }
    line(&table.trim_fmt())
}

/// Prints names and values under each other.
pub fn pairs(common: &Common, pairs: &[(&str, String)]) -> Result<(), Failure> {
    if common.output == OutputFormat::Csv {
        let values: Vec<String> = pairs
            .iter()
            .map(|(_, value)| value.replace(',', ""))
            .collect();
        return csv(pairs.iter().map(|(name, _)| *name), &[values]);
    }
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in pairs {
        line(&format!("{name:width$}  {value}"))?;
    }
    Ok(())
}

/// Prints one JSON document.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::failed(error.to_string()))?;
    line(&text)
}

/// Prints a line; that nobody reads any more is no failure.
pub fn line(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

fn csv<'a>(header: impl Iterator<Item = &'a str>, rows: &[Vec<String>]) -> Result<(), Failure> {
    let header: Vec<String> = header.map(str::to_owned).collect();
    for row in std::iter::once(&header).chain(rows) {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        line(&cells.join(","))?;
    }
    Ok(())
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// A whole number with commas between thousands.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A note beside the answer, on standard error.
pub fn note(common: &Common, text: &str) {
    if !common.quiet {
        eprintln!("{text}");
    }
}
