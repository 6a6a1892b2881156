//! How answers about paths are printed.

use upshot_metrics::paths::{
    Basis, FlowDirection, FlowResult, FunnelLevel, FunnelResult, FunnelUnit, LiftResult,
    PathResult, StepName, TopicImpact, TopicResult,
};
use upshot_metrics::present;
use upshot_metrics::registry::{self, Unit};
use upshot_metrics::result::{MetricValue, Verdict};

use crate::answers::explain;
use crate::arguments::Common;
use crate::failure::Failure;
use crate::output::{self, Column};

/// Rows of text under columns.
struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// The value by which an answer is broken down comes first.
    fn new(by: Option<&str>, text: &[&str], numbers: &[&str]) -> Self {
        let mut columns: Vec<Column> = by
            .iter()
            .map(|by| Column::text(by.replace('_', " ")))
            .collect();
        columns.extend(text.iter().map(|name| Column::text(*name)));
        columns.extend(numbers.iter().map(|name| Column::number(*name)));
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, by: Option<&str>, value: Option<&String>, cells: Vec<String>) {
        let value = || value.cloned().unwrap_or_else(|| "(not said)".to_owned());
        let mut row: Vec<String> = by.iter().map(|_| value()).collect();
        row.extend(cells);
        self.rows.push(row);
    }

    fn print(&self, common: &Common) -> Result<(), Failure> {
        output::rows(common, &self.columns, &self.rows)
    }
}

fn share(value: &MetricValue) -> String {
    let share = value.value.map(|share| present::value(Unit::Share, share));
    share.unwrap_or_else(|| "–".to_owned())
}

fn interval(value: &MetricValue) -> String {
    value.interval.map_or_else(String::new, |ends| {
        let [low, high] = ends.map(|end| present::value(Unit::Share, end));
        format!("{low} … {high}")
    })
}

fn name(step: Option<&StepName>) -> String {
    step.map_or_else(|| "(others)".to_owned(), |step| step.name.clone())
}

/// How an answer came about, and what else whoever reads it should know.
fn rest(common: &Common, basis: &Basis, shown: Option<&str>) -> Result<(), Failure> {
    notes(common, basis);
    if let Some(shown) = shown {
        output::note(common, shown);
    }
    explain(
        basis.explanation.as_ref(),
        (&basis.fact_set, basis.snapshot),
    )
}

fn notes(common: &Common, basis: &Basis) {
    output::note(
        common,
        &format!(
            "\n{} of {} sessions have such steps; {} rows read in {:.0} ms",
            output::number(basis.sessions_with_steps),
            output::number(basis.sessions),
            output::number(basis.rows_read),
            basis.took_milliseconds
        ),
    );
    for note in &basis.notes {
        output::note(common, &note.text);
    }
}

/// Prints the commonest paths.
pub fn paths(common: &Common, result: &PathResult, by: Option<&str>) -> Result<(), Failure> {
    let numbers = [
        "sessions",
        "share",
        "95 %",
        "resolved",
        "escalated",
        "abandoned",
    ];
    let mut table = Table::new(by, &["path"], &numbers);
    for row in &result.paths {
        let mut steps: Vec<&str> = row.steps.iter().map(|step| step.name.as_str()).collect();
        steps.extend((!row.whole).then_some("…"));
        let outcomes = &row.outcomes;
        let cells = vec![
            steps.join(" > "),
            output::number(row.sessions),
            share(&row.share),
            interval(&row.share),
            share(&outcomes.resolution_rate),
            share(&outcomes.escalation_rate),
            share(&outcomes.abandon_rate),
        ];
        table.add(by, row.value.as_ref(), cells);
    }
    table.print(common)?;
    let shown = format!(
        "{} of {} paths shown",
        result.paths.len(),
        result.path_count
    );
    rest(common, &result.basis, Some(&shown))
}

/// Prints flows: links, with what ends where.
pub fn flows(common: &Common, result: &FlowResult, by: Option<&str>) -> Result<(), Failure> {
    let end = match result.direction {
        FlowDirection::Forward => "(end)",
        FlowDirection::Backward => "(beginning)",
    };
    let numbers = ["sessions", "share", "95 %"];
    let mut table = Table::new(by, &["depth", "from", "to"], &numbers);
    let mut rows: Vec<(usize, Option<&String>, Vec<String>)> = Vec::new();
    let row = |depth: usize, from: String, to: String, of: &MetricValue| {
        let sessions = output::number(of.numerator.unwrap_or(0.0) as u64);
        vec![
            depth.to_string(),
            from,
            to,
            sessions,
            share(of),
            interval(of),
        ]
    };
    for link in &result.links {
        let (from, to) = (name(link.from.as_ref()), name(link.to.as_ref()));
        rows.push((
            link.depth,
            link.value.as_ref(),
            row(link.depth, from, to, &link.share),
        ));
    }
    let ended = result
        .nodes
        .iter()
        .filter(|node| node.ended.numerator > Some(0.0));
    for node in ended {
        let from = name(node.step.as_ref());
        let cells = row(node.depth, from, end.to_owned(), &node.ended);
        rows.push((node.depth, node.value.as_ref(), cells));
    }
    // Links and ends of one depth stand together, each in their own order.
    rows.sort_by_key(|(depth, ..)| *depth);
    for (_, value, cells) in rows {
        table.add(by, value, cells);
    }
    table.print(common)?;
    let flowing = output::number(result.flowing);
    output::note(common, &format!("\nthe flow goes from {flowing} sessions"));
    rest(common, &result.basis, None)
}

/// Prints a funnel.
pub fn funnel(common: &Common, result: &FunnelResult, by: Option<&str>) -> Result<(), Failure> {
    let unit = match result.unit {
        FunnelUnit::Session => "sessions",
        FunnelUnit::User => "users",
    };
    let numbers = [
        unit,
        "from previous",
        "95 %",
        "from start",
        "dropped",
        "half within",
        "90 % within",
    ];
    let mut table = Table::new(by, &["step"], &numbers);
    let cells = |level: &FunnelLevel| {
        let time = |seconds: fn(&upshot_metrics::paths::FunnelTime) -> f64| {
            let time = level.time.as_ref().map(seconds);
            time.map_or_else(String::new, |time| present::value(Unit::Seconds, time))
        };
        vec![
            level.condition.clone(),
            output::number(level.reached),
            share(&level.from_previous),
            interval(&level.from_previous),
            share(&level.from_start),
            output::number(level.dropped),
            time(|time| time.p50),
            time(|time| time.p90),
        ]
    };
    let all = "all".to_owned();
    for level in &result.levels {
        table.add(by, Some(&all), cells(level));
    }
    for group in &result.groups {
        for level in &group.levels {
            table.add(by, group.value.as_ref(), cells(level));
        }
    }
    table.print(common)?;
    rest(common, &result.basis, None)
}

/// Prints which step follows which.
pub fn lift(common: &Common, result: &LiftResult) -> Result<(), Failure> {
    let numbers = [
        "sessions",
        "expected",
        "lift",
        "95 %",
        "p, corrected",
        "more than noise",
    ];
    let mut table = Table::new(None, &["first", "next"], &numbers);
    for row in &result.pairs {
        let number =
            |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
        let p_value = row.p_value_corrected.map(|p_value| match p_value < 0.001 {
            true => "< 0.001".to_owned(),
            false => format!("{p_value:.3}"),
        });
        let interval = row
            .interval
            .map(|[low, high]| format!("{low:.2} … {high:.2}"));
        let cells = vec![
            row.first.name.clone(),
            row.next.name.clone(),
            output::number(row.sessions),
            format!("{:.1}", row.expected),
            number(row.lift),
            interval.unwrap_or_default(),
            p_value.unwrap_or_default(),
            match row.verdict {
                Verdict::Changed => "yes",
                Verdict::Noise => "no",
                _ => "too few",
            }
            .to_owned(),
        ];
        table.add(None, None, cells);
    }
    table.print(common)?;
    let shown = format!(
        "{} of {} pairs shown",
        result.pairs.len(),
        result.pair_count
    );
    rest(common, &result.basis, Some(&shown))
}

/// Prints the report on topics.
pub fn topics(common: &Common, result: &TopicResult) -> Result<(), Failure> {
    let numbers = [
        "visits",
        "sessions",
        "change",
        "resolved",
        "escalated",
        "abandoned",
        "csat",
        "thumbs up",
        "on resolution",
        "on escalation",
    ];
    let mut table = Table::new(None, &["topic"], &numbers);
    for row in &result.topics {
        let metric = |id: &str| {
            let value = registry::metric(id).zip(row.metrics.get(id));
            value.map_or_else(
                || "–".to_owned(),
                |(metric, value)| present::metric_value(metric, value),
            )
        };
        let change = row
            .metrics
            .get("sessions")
            .and_then(|value| value.compare.as_ref());
        let change = change.and_then(|compare| compare.relative);
        let impact = |outcome: &str| points(row.impacts.get(outcome));
        let cells = vec![
            row.name.clone().unwrap_or_else(|| row.topic.clone()),
            output::number(row.visits),
            metric("sessions"),
            change.map_or_else(String::new, |change| format!("{:+.1} %", change * 100.0)),
            metric("resolution_rate"),
            metric("escalation_rate"),
            metric("abandon_rate"),
            metric("csat_score"),
            share(&row.feedback),
            impact("resolution"),
            impact("escalation"),
        ];
        table.add(None, None, cells);
    }
    table.print(common)?;
    let shown = format!(
        "{} of {} topics shown",
        result.topics.len(),
        result.topic_count
    );
    rest(common, &result.basis, Some(&shown))
}

/// An impact on a rate, with a mark where it is more than noise.
fn points(impact: Option<&TopicImpact>) -> String {
    let found = impact.and_then(|found| found.impact.map(|points| (points, found.verdict)));
    found.map_or_else(String::new, |(points, verdict)| {
        let mark = match verdict {
            Verdict::Better => " helps",
            Verdict::Worse => " hurts",
            _ => "",
        };
        format!("{:+.1} pp{mark}", points * 100.0)
    })
}
