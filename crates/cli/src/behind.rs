//! `upshot sessions --of METRIC`: the sessions behind a number of an answer.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use upshot_metrics::drilldown::Page;
use upshot_metrics::registry::{Subject, metric};
use upshot_metrics::{Cell, CellPart, Query, present};
use upshot_server::drilldown::{DrillDownQuery, SessionsBehind};

use crate::answers::{ask, explain};
use crate::arguments::{Common, OutputFormat, Scope, ServerChoice};
use crate::failure::Failure;
use crate::output::{self, Column, number};
use crate::query::{self, order_of, with_segments};
use crate::session::instant_or_now;
use crate::sessions;

/// Which number's sessions are listed.
#[derive(Debug, Args)]
pub struct BehindArguments {
    /// List the sessions behind the number of this metric; the scope is that of the query which gave it
    #[arg(long, value_name = "METRIC")]
    pub of: Option<String>,
    /// Those of the numerator (the number itself where nothing is divided) or of the denominator
    #[arg(long, value_enum, default_value_t = Part::Numerator, requires = "of")]
    pub part: Part,
    /// Of the row in which this dimension has this value, as channel=web or day=2026-03-01; nothing after = where
    /// nothing was said; several name the row by several dimensions
    #[arg(long = "cell", value_name = "DIMENSION=VALUE", requires = "of")]
    pub cells: Vec<String>,
    /// Of the row of all others, where so many groups of --by stand by themselves
    #[arg(long, value_name = "N", requires = "of", requires = "dimensions")]
    pub other: Option<usize>,
    /// With --other: the dimensions of the answer besides those of --cell, separated by commas
    #[arg(
        long = "by",
        id = "dimensions",
        value_delimiter = ',',
        value_name = "DIMENSION,…",
        requires = "other"
    )]
    pub dimensions: Vec<String>,
    /// With --other: by which metric the groups are ranked; - before it for the largest first
    #[arg(
        long,
        value_name = "ID",
        allow_hyphen_values = true,
        requires = "other"
    )]
    pub order: Option<String>,
    /// What the number was compared with: previous, year, year_by_weekday, FROM..TO or 'segment NAME'
    #[arg(long, value_name = "RANGE", requires = "of")]
    pub compare: Option<String>,
    /// Of the number that it was compared with
    #[arg(long, requires = "compare")]
    pub compared: bool,
    /// Say how the answer came about: definitions, files, rows and columns read, time of each stage
    #[arg(long, requires = "of")]
    pub explain: bool,
    /// Who counts as one user: device (a user on one device and browser) or id
    #[arg(
        long,
        default_value = "device",
        value_name = "IDENTITY",
        requires = "of"
    )]
    pub identity: String,
    /// Within which time another session on the topic is the same problem come back: 24h, 7d
    #[arg(long, value_name = "LENGTH", requires = "of")]
    pub window: Option<String>,
}

/// A part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// What was counted or summed.
    Numerator,
    /// What it was divided by.
    Denominator,
}

/// Lists the sessions behind a number.
pub async fn run(
    common: &Common,
    (scope, segments): (&Scope, &[String]),
    behind: &BehindArguments,
    (limit, cursor): (usize, Option<String>),
    server: &ServerChoice,
) -> Result<u8, Failure> {
    let (query, cell) = asked(scope, segments, behind)?;
    let page = Page {
        order: None,
        limit: Some(limit),
        cursor,
    };
    let question = DrillDownQuery { query, cell, page };
    let found = ask(common, server, &question).await?;
    print(common, &question.cell, &found)?;
    Ok(0)
}

/// The question, and which of its numbers is meant.
fn asked(
    scope: &Scope,
    segments: &[String],
    behind: &BehindArguments,
) -> Result<(Query, Cell), Failure> {
    let metric = behind.of.clone().unwrap_or_default();
    let order = behind.order.iter().map(|order| order_of(order)).collect();
    let ranked_by = behind
        .order
        .iter()
        .map(|order| order.trim_start_matches('-'));
    let mut metrics = vec![metric.clone()];
    // A dimension may rank, too.
    metrics.extend(
        ranked_by
            .filter(|id| upshot_metrics::registry::metric(id).is_some() && *id != metric)
            .map(str::to_owned),
    );
    let mut values = BTreeMap::new();
    for text in &behind.cells {
        let Some((dimension, value)) = text.split_once('=') else {
            let message = format!("`{text}` names no value; write --cell DIMENSION=VALUE");
            return Err(Failure::usage(message));
        };
        let value = Some(value.to_owned()).filter(|value| !value.is_empty());
        values.insert(dimension.to_owned(), value);
    }
    let named = values.keys().filter(|id| *id != "segment").cloned();
    let query = Query {
        metrics,
        dimensions: named.chain(behind.dimensions.iter().cloned()).collect(),
        filters: scope.filters.clone(),
        range: query::range(scope),
        time_zone: scope.timezone.clone(),
        compare: behind.compare.clone(),
        environment: query::environment(scope)?,
        identity: query::identity(&behind.identity)?,
        window: behind.window.clone(),
        order,
        limit: behind.other,
        other: behind.other.is_some(),
        profile: scope.fact_set.clone(),
        explain: behind.explain,
        now: instant_or_now(scope.now.as_deref())?,
        ..Query::default()
    };
    let cell = Cell {
        metric,
        part: match behind.part {
            Part::Numerator => CellPart::Numerator,
            Part::Denominator => CellPart::Denominator,
        },
        dimensions: values,
        other: behind.other.is_some(),
        compared: behind.compared,
    };
    Ok((with_segments(query, segments), cell))
}

fn print(common: &Common, cell: &Cell, found: &SessionsBehind) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(found);
    }
    let mut columns = sessions::columns(common);
    let rows_counted = found.subject != Subject::Sessions;
    columns.extend(rows_counted.then(|| Column::number(found.subject.name())));
    columns.extend(found.amount.map(|_| Column::number("amount")));
    let unit = metric(&cell.metric).map(|metric| metric.unit);
    let amount = |amount: f64| match (common.output, unit) {
        (OutputFormat::Table, Some(unit)) => present::value(unit, amount),
        _ => amount.to_string(),
    };
    let rows: Vec<Vec<String>> = found
        .sessions
        .iter()
        .map(|behind| {
            let mut row = sessions::row(common, behind.session());
            row.extend(rows_counted.then(|| behind.rows.to_string()));
            row.extend(
                found
                    .amount
                    .map(|_| behind.amount.map(amount).unwrap_or_default()),
            );
            row
        })
        .collect();
    output::rows(common, &columns, &rows)?;
    note(common, found, &amount);
    explain(
        found.explanation.as_ref(),
        (&found.fact_set, found.snapshot),
    )
}

/// Says how much there is in all, and how to ask for the same sessions.
fn note(common: &Common, found: &SessionsBehind, amount: &dyn Fn(f64) -> String) {
    let mut told = match found.session_count {
        1 => "1 session".to_owned(),
        count => format!("{} sessions", number(count)),
    };
    if found.subject != Subject::Sessions {
        let rows = number(found.row_count);
        told.push_str(&format!(" with {rows} {}", found.subject.name()));
        if found.rows_without_session > 0 {
            let outside = number(found.rows_without_session);
            told.push_str(&format!(", {outside} of them outside any session"));
        }
    }
    if let Some(distinct) = found.distinct {
        let distinct = number(distinct);
        told.push_str(&match found.days {
            None => format!(", {distinct} of them different users"),
            Some(days) => format!(", {distinct} different users a day, added up over {days} days"),
        });
    }
    if let Some(sum) = found.amount {
        told.push_str(&format!(", {} in all", amount(sum)));
    }
    output::note(common, &format!("\n{told}"));
    if let Some(cursor) = &found.next_cursor {
        output::note(
            common,
            &format!("the same with --cursor '{cursor}' shows the next"),
        );
    }
}
