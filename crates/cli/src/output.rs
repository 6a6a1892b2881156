//! How answers are printed: tables for people, JSON and CSV for programs.

use std::fs::File;
use std::io::{IsTerminal, Stdout, Write};
use std::path::{Path, PathBuf};

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table, TableComponent};
use serde::Serialize;
use upshot_metrics::RowFormat;
use upshot_metrics::export::format::csv_cell;

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
        let columns = columns.iter();
        return csv(
            columns.map(|column| (column.name.as_str(), column.is_number)),
            rows,
        );
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
        return csv(pairs.iter().map(|(name, _)| (*name, false)), &[values]);
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

/// Columns are named, each with whether it holds numbers, which no spreadsheet takes for formulas.
fn csv<'a>(
    columns: impl Iterator<Item = (&'a str, bool)>,
    rows: &[Vec<String>],
) -> Result<(), Failure> {
    let columns: Vec<(&str, bool)> = columns.collect();
    let names: Vec<_> = columns
        .iter()
        .map(|(name, _)| csv_cell(name, true))
        .collect();
    line(&names.join(","))?;
    for row in rows {
        let cells = row.iter().zip(&columns);
        let cells: Vec<_> = cells
            .map(|(cell, (_, number))| csv_cell(cell, *number))
            .collect();
        line(&cells.join(","))?;
    }
    Ok(())
}

/// Where bytes go: a file, which is there only when all of it is, or standard output.
pub enum Target {
    /// The file's name, and that under which it is written.
    File(PathBuf, PathBuf, File),
    /// Standard output.
    Standard(Stdout),
}

impl Target {
    /// The file of this name; standard output for nothing or `-`.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        match path.filter(|path| *path != Path::new("-")) {
            None => Ok(Self::Standard(std::io::stdout())),
            Some(path) => {
                let mut name = path.as_os_str().to_owned();
                name.push(".part");
                let part = PathBuf::from(name);
                let file = File::create(&part).map_err(|error| {
                    Failure::failed(format!("cannot write {}: {error}", part.display()))
                })?;
                Ok(Self::File(path.to_owned(), part, file))
            }
        }
    }

    /// Refuses what a terminal cannot show.
    pub fn check(&self, format: RowFormat) -> Result<(), Failure> {
        match self {
            Self::Standard(out) if !format.is_text() && out.is_terminal() => Err(Failure::usage(
                format!("a terminal cannot show {format}; write to a file with --to-file FILE"),
            )),
            _ => Ok(()),
        }
    }

    /// Writes; says whether anybody still reads.
    pub fn write(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        let written = match self {
            Self::File(_, _, file) => file.write_all(bytes),
            Self::Standard(out) => out.write_all(bytes),
        };
        match (written, &self) {
            (Ok(()), _) => Ok(true),
            (Err(error), Self::Standard(_)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                Ok(false)
            }
            (Err(error), Self::Standard(_)) => Err(error.into()),
            (Err(error), Self::File(_, part, _)) => Err(Failure::failed(format!(
                "cannot write {}: {error}",
                part.display()
            ))),
        }
    }

    /// All is written: the file gets its name.
    pub fn finish(mut self) -> Result<(), Failure> {
        match &mut self {
            Self::Standard(out) => match out.flush() {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                result => Ok(result?),
            },
            Self::File(path, part, _) => std::fs::rename(part, &path).map_err(|error| {
                Failure::failed(format!("cannot write {}: {error}", path.display()))
            }),
        }
    }

    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::File(path, ..) => path.display().to_string(),
            Self::Standard(_) => "standard output".to_owned(),
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Self::File(_, part, _) = self {
            // A part is not kept. After the whole got its name there is none.
            let _ = std::fs::remove_file(part);
        }
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
