//! Says how a query would be answered, without answering it.

use std::fmt::{self, Write};

use upshot_lake::Capture;

use crate::engine::{Engine, bounded, captured, maturity};
use crate::error::QueryError;
use crate::filter::{Measure, NumberTest, Order, Predicate, TextSource};
use crate::pass::{base_shape, file_shapes};
use crate::query::Query;
use crate::query::optimise::optimise;
use crate::query::plan::{decide_table, plan};
use crate::query::resolve::resolve;
use crate::time::format_instant;

impl Engine {
    /// The stages of a query as text: what is selected, from which table, which files are read and
    /// which columns of them, and how many cells are filled.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub fn explain(&self, query: &Query, capture: &Capture) -> Result<String, QueryError> {
        let resolved = optimise(resolve(query, maturity(query.maturity, capture))?);
        let table = decide_table(&resolved);
        let sessions = captured(capture, table)?;
        let range = bounded(&resolved, sessions, &self.resources().footers)?;
        let plan = plan(&resolved, range)?;
        let mut text = String::new();
        let end = |time: i64| match time {
            i64::MIN | i64::MAX => "open".to_owned(),
            time => format_instant(time, &resolved.zone),
        };
        let metrics: Vec<&str> = resolved.metrics.iter().map(|metric| metric.id).collect();
        let groups: Vec<&str> = resolved
            .groups
            .iter()
            .map(|group| group.id.as_str())
            .collect();
        let _ = writeln!(text, "metrics: {}", metrics.join(", "));
        let _ = writeln!(text, "dimensions: {}", groups.join(", "));
        let _ = writeln!(text, "range: {} until {}", end(range.from), end(range.to));
        if let Some(other) = resolved.compare_range(range)? {
            let _ = writeln!(
                text,
                "compared with: {} until {}",
                end(other.from),
                end(other.to)
            );
        }
        let _ = writeln!(text, "table: {}", table.name());
        let _ = writeln!(text, "selection: {}", plan.selection);
        let _ = writeln!(text, "environment: {}", plan.environment);
        let cells = &plan.cells;
        let _ = writeln!(
            text,
            "cells: {} conditions, {} counters, {} sums, {} collections, {} sets, {} clustered ratios",
            cells.predicates.len(),
            cells.counters.len(),
            cells.sums.len(),
            cells.collections.len(),
            cells.sets.len(),
            cells.clusters.len()
        );
        let footers = &self.resources().footers;
        let shapes = file_shapes(&base_shape(&plan, sessions), sessions, footers)?;
        let kept: usize = shapes.iter().map(|shape| shape.files.len()).sum();
        let _ = writeln!(text, "files: {kept} of {}", sessions.files.len());
        for shape in &shapes {
            let columns: Vec<&str> = shape.shape.columns().into_iter().collect();
            let _ = writeln!(
                text,
                "scan: {} files where {}; columns {}",
                shape.files.len(),
                shape.shape.selection,
                columns.join(", ")
            );
        }
        let rows: usize = sessions.memory.iter().map(|batch| batch.num_rows()).sum();
        let _ = writeln!(
            text,
            "memory: {rows} rows; {} replaced sessions",
            sessions.replaced.len()
        );
        Ok(text)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl fmt::Display for NumberTest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(order, number) => write!(formatter, "{order} {number}"),
            Self::Real(order, number) => write!(formatter, "{order} {}", number.0),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => formatter.write_str(column),
            Self::Difference(later, earlier) => write!(formatter, "({later} − {earlier})"),
            Self::Sum(columns) => write!(formatter, "({})", columns.join(" + ")),
            Self::CsatNormalised => formatter.write_str("csat_normalised"),
            Self::NetPromoter => formatter.write_str("net_promoter"),
        }
    }
}

impl fmt::Display for TextSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => formatter.write_str(column),
            Self::Attribute(name) => write!(formatter, "attribute.{name}"),
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |formatter: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            formatter.write_char('(')?;
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    write!(formatter, " {word} ")?;
                }
                write!(formatter, "{part}")?;
            }
            formatter.write_char(')')
        };
        match self {
            Self::Constant(true) => formatter.write_str("always"),
            Self::Constant(false) => formatter.write_str("never"),
            Self::All(parts) => join(formatter, parts, "and"),
            Self::Any(parts) => join(formatter, parts, "or"),
            Self::Not(inner) => write!(formatter, "not {inner}"),
            Self::Present(column) => write!(formatter, "{column} is not null"),
            Self::TextPresent(source) => write!(formatter, "{source} is not null"),
            Self::Flag(column) => formatter.write_str(column),
            Self::TextIn(source, values) => match values.as_slice() {
                [only] => write!(formatter, "{source} = \"{only}\""),
                several => write!(formatter, "{source} in ({})", several.join(", ")),
            },
            Self::TextContains(source, part) => write!(formatter, "{source} contains \"{part}\""),
            Self::HasTopic(topic) => write!(formatter, "topics has \"{topic}\""),
            Self::Number(measure, test) => write!(formatter, "{measure} {test}"),
            Self::AttributeNumber(name, test) => write!(formatter, "attribute.{name} {test}"),
        }
    }
}
