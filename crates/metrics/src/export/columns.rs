//! Which columns an export has, and how they come about.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, ListBuilder, RecordBatch, StringBuilder, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use upshot_core::event::TEXT_FIELDS;
use upshot_core::facts::{LIST_FIELDS, TOPIC_SEPARATOR};
use upshot_core::{Event, Field, FieldKind, Record, Session};
use upshot_lake::schema::{Column as StoredColumn, ColumnKind};

use super::ExportTable;
use super::conversations;
use crate::columns::{Columns, Owner, column};
use crate::error::{Problem, ProblemCode, QueryError, nearest};
use crate::people::USER_COLUMNS;
use crate::price::PRICE_COLUMNS;
use crate::registry::Subject;

/// Where the values of a column come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A column of the rows, by the name that it has everywhere.
    Row(&'static str),
    /// What was written, by the event's id.
    Text(&'static str),
    /// Made of a whole conversation.
    Conversation,
}

/// A column of an export.
#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) origin: Origin,
    pub(super) field: ArrowField,
}

impl Output {
    fn of(name: &str, field: &Field, origin: Origin) -> Self {
        let stored = StoredColumn {
            name: field.name,
            kind: ColumnKind::Field(field.kind),
            field: None,
        };
        let data_type = match LIST_FIELDS.contains(&field.name) {
            true => list_of(DataType::Utf8),
            false => stored.data_type(),
        };
        Self {
            origin,
            field: ArrowField::new(name, data_type, true),
        }
    }
}

/// Lists as Arrow's builders make them.
pub(super) fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(ArrowField::new_list_field(item, true)))
}

/// The columns of an export, in the order that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Outputs {
    pub(super) columns: Vec<Output>,
    pub(super) schema: SchemaRef,
}

/// What messages have beside the facts of the fold.
const TEXT: Field = Field {
    name: "text",
    kind: FieldKind::Text,
    documentation: "What was said, as the privacy mode left it.",
    words: None,
};

/// What stands before the facts of a row's session.
const OF_SESSION: &str = "session.";

impl Outputs {
    /// The columns of these names; all of the table's own where none is named.
    pub(super) fn resolve(
        table: ExportTable,
        names: &[String],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let known = known(table);
        let columns = match names {
            [] => known
                .iter()
                .filter(|(_, own)| *own)
                .map(|(output, _)| output.clone())
                .collect(),
            names => chosen(table, names, &known, problems),
        };
        let fields: Vec<ArrowField> = columns.iter().map(|column| column.field.clone()).collect();
        Self {
            columns,
            schema: Arc::new(Schema::new(fields)),
        }
    }

    /// The columns of rows that are read for them.
    pub(super) fn rows(&self) -> Columns {
        let origins = self.columns.iter().map(|column| column.origin);
        origins
            .filter_map(|origin| match origin {
                Origin::Row(name) => Some(name),
                _ => None,
            })
            .collect()
    }

    /// What was written that is asked for.
    pub(super) fn texts(&self) -> Vec<&'static str> {
        let origins = self.columns.iter().map(|column| column.origin);
        origins
            .filter_map(|origin| match origin {
                Origin::Text(name) => Some(name),
                _ => None,
            })
            .collect()
    }

    /// The rows of an export, of rows as they were read and the texts in the order of [`Outputs::texts`].
    pub(super) fn project(
        &self,
        rows: &RecordBatch,
        texts: &[ArrayRef],
    ) -> Result<RecordBatch, QueryError> {
        let mut texts = texts.iter();
        let mut arrays = Vec::with_capacity(self.columns.len());
        for Output { origin, field } in &self.columns {
            let found = match origin {
                Origin::Row(name) => rows.column_by_name(name),
                Origin::Text(_) => texts.next(),
                Origin::Conversation => None,
            };
            arrays.push(match found {
                None => new_null_array(field.data_type(), rows.num_rows()),
                Some(array) => shaped(array, field.data_type())?,
            });
        }
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        let schema = Arc::clone(&self.schema);
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }
}

/// A column in the type in which it is given on.
fn shaped(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, QueryError> {
    if array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    match wanted {
        DataType::List(_) => {
            let texts = cast(array, &DataType::Utf8)?;
            Ok(lists(texts.as_string::<i32>().iter()))
        }
        _ => Ok(cast(array, wanted)?),
    }
}

/// Lists of the names that stand in a text between separators.
fn lists<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for text in texts {
        let names = text
            .into_iter()
            .flat_map(|text| text.split(TOPIC_SEPARATOR));
        for name in names.filter(|name| !name.is_empty()) {
            builder.values().append_value(name);
        }
        builder.append(text.is_some());
    }
    Arc::new(builder.finish())
}

/// All columns that a table can have; with each whether it is there unless others are named.
fn known(table: ExportTable) -> Vec<(Output, bool)> {
    let Some(subject) = table.subject() else {
        return match table {
            ExportTable::Events => of_events(),
            _ => conversations::outputs()
                .into_iter()
                .map(|field| {
                    let origin = Origin::Conversation;
                    (Output { origin, field }, true)
                })
                .collect(),
        };
    };
    let everywhere = |prefix: &str, field: &Field| column(&format!("{prefix}{}", field.name));
    let owner = Owner::of(subject);
    let mut known = Vec::new();
    for field in table.fields() {
        if let Some(found) = everywhere(owner.prefix(), field) {
            known.push((Output::of(field.name, field, Origin::Row(found.name)), true));
        }
    }
    match subject {
        Subject::Messages => known.push((Output::of("text", &TEXT, Origin::Text("text")), true)),
        Subject::Steps => {
            for field in PRICE_COLUMNS {
                if let Some(found) = everywhere(owner.prefix(), field) {
                    known.push((
                        Output::of(field.name, field, Origin::Row(found.name)),
                        false,
                    ));
                }
            }
        }
        Subject::Sessions => {}
    }
    if subject != Subject::Sessions {
        for field in Session::FIELDS {
            let name = format!("{OF_SESSION}{}", field.name);
            known.push((Output::of(&name, field, Origin::Row(field.name)), false));
        }
    }
    for field in USER_COLUMNS {
        known.push((
            Output::of(field.name, field, Origin::Row(field.name)),
            false,
        ));
    }
    known
}

fn of_events() -> Vec<(Output, bool)> {
    let fields = Event::FIELDS.iter();
    fields
        .map(|field| {
            let origin = match TEXT_FIELDS.contains(&field.name) {
                true => Origin::Text(field.name),
                false => Origin::Row(field.name),
            };
            (Output::of(field.name, field, origin), true)
        })
        .collect()
}

fn chosen(
    table: ExportTable,
    names: &[String],
    known: &[(Output, bool)],
    problems: &mut Vec<Problem>,
) -> Vec<Output> {
    let mut chosen: Vec<Output> = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let field = || format!("columns[{index}]");
        let found = known.iter().find(|(output, _)| output.field.name() == name);
        if chosen.iter().any(|output| output.field.name() == name) {
            let message = format!("the column `{name}` is named twice");
            problems.push(Problem::new(ProblemCode::Conflict, field(), message));
        } else if let Some((output, _)) = found {
            chosen.push(output.clone());
        } else {
            let names = known.iter().map(|(output, _)| output.field.name().as_str());
            let message = format!("{table} have no column `{name}`; docs/export.md lists them");
            let problem = Problem::new(ProblemCode::UnknownName, field(), message);
            problems.push(problem.suggest(nearest(name, names)));
        }
    }
    chosen
}
