//! Says how a query would be answered, without answering it.

use std::fmt::{self, Write};

use upshot_lake::Capture;

use crate::engine::{Engine, bounded, maturity};
use crate::error::QueryError;
use crate::filter::{Measure, NoSegments, NumberTest, Order, Predicate, TextSource};
use crate::pass::{FileShape, Source};
use crate::query::Query;
use crate::query::optimise::optimise;
use crate::query::plan::{Plan, plan};
use crate::query::resolve::resolve;
use crate::run::worker::Shape;
use crate::time::format_instant;

impl Engine {
    /// The stages of a query as text: what is selected, from which tables, which files are read and
    /// which columns of them, what is joined, and how many cells are filled.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn explain(&self, query: &Query, capture: &Capture) -> Result<String, QueryError> {
        let maturity = maturity(query.maturity, capture);
        let resolved = optimise(resolve(query, maturity, &NoSegments)?);
        let range = bounded(&resolved, capture, self.resources()).await?;
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
        for key in resolved.passes() {
            let plan = plan(&resolved, key, range)?;
            self.explain_pass(&plan, capture, &mut text).await?;
        }
        Ok(text)
    }

    async fn explain_pass(
        &self,
        plan: &Plan,
        capture: &Capture,
        text: &mut String,
    ) -> Result<(), QueryError> {
        let _ = writeln!(text, "table: {}", plan.subject.table().name());
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
        let source = Source::of(plan.subject, capture, plan.traffic)?;
        let base = Shape::new(plan);
        let resources = self.resources();
        let files = &source.rows.files;
        let possible = source.files(&base, &resources.footers);
        resources.load_footers(source.rows.table, possible).await?;
        let shapes = source.file_shapes(&base, &resources.footers)?;
        let kept: usize = shapes.iter().map(|shape| shape.files.len()).sum();
        let _ = writeln!(text, "files: {kept} of {}", files.len());
        for FileShape { shape, files } in &shapes {
            let reading = source.reading(shape);
            let columns: Vec<&str> = reading.stored().into_iter().collect();
            let _ = writeln!(
                text,
                "scan: {} files where {}; columns {}",
                files.len(),
                shape.selection,
                columns.join(", ")
            );
            for (_, derived) in &reading.derived {
                let derived: Vec<&str> = derived.iter().copied().collect();
                let _ = writeln!(text, "derived: {}", derived.join(", "));
            }
        }
        let rows: usize = source
            .rows
            .memory
            .iter()
            .map(|batch| batch.num_rows())
            .sum();
        let _ = writeln!(
            text,
            "memory: {rows} rows; {} replaced sessions",
            source.rows.replaced.len()
        );
        Ok(())
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
            Self::Since(column) => write!(formatter, "(now − {column})"),
            Self::Before(column, instant) => write!(formatter, "({instant} − {column})"),
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
            Self::ListHas(column, value) => write!(formatter, "{column} has \"{value}\""),
            Self::OnClock(column, clock, position) => {
                write!(formatter, "{column} at {}", clock.label(*position))
            }
            Self::Exists(of, condition) => write!(formatter, "any {} ({condition})", of.one()),
            Self::Path(path) => {
                let names: Vec<&str> = path.choice.kinds.iter().map(|sort| sort.name()).collect();
                let steps = path.items.len();
                write!(
                    formatter,
                    "a path of {} in {steps} steps",
                    names.join(" and ")
                )
            }
            Self::Funnel(funnel) => {
                let steps = funnel.steps.iter().enumerate();
                formatter.write_str("funnel (")?;
                for (index, (_, step)) in steps {
                    formatter.write_str(if index > 0 { " then " } else { "" })?;
                    write!(formatter, "{step}")?;
                }
                formatter.write_char(')')
            }
            Self::InSessions(set) => write!(formatter, "one of {} sessions", set.0.len()),
            Self::Number(measure, test) => write!(formatter, "{measure} {test}"),
            Self::AttributeNumber(name, test) => write!(formatter, "attribute.{name} {test}"),
        }
    }
}
