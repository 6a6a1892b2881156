//! Answers as tables of text.

use upshot_metrics::present;
use upshot_metrics::registry::{Metric, Unit, metric};
use upshot_metrics::result::{Comparison, MetricValue, QueryResult};

/// The rows, the totals and the notes.
pub fn table(result: &QueryResult) -> String {
    let header = result
        .dimensions
        .iter()
        .chain(&result.metrics)
        .cloned()
        .collect::<Vec<_>>();
    let mut lines = vec![header];
    for row in &result.rows {
        let missing = if row.other { "other" } else { "–" };
        let dimensions = result.dimensions.iter().map(|id| {
            row.dimensions[id]
                .clone()
                .unwrap_or_else(|| missing.to_owned())
        });
        let metrics = result.metrics.iter().map(|id| cell(id, &row.metrics[id]));
        lines.push(dimensions.chain(metrics).collect());
    }
    for row in &result.subtotals {
        let cut = |id: &String| match row.dimensions.get(id) {
            None => "all".to_owned(),
            Some(value) => value.clone().unwrap_or_else(|| "–".to_owned()),
        };
        let dimensions = result.dimensions.iter().map(cut);
        let metrics = result.metrics.iter().map(|id| cell(id, &row.metrics[id]));
        lines.push(dimensions.chain(metrics).collect());
    }
    let all = result
        .dimensions
        .iter()
        .enumerate()
        .map(|(index, _)| match index {
            0 => "all".to_owned(),
            _ => String::new(),
        });
    lines.push(
        all.chain(result.metrics.iter().map(|id| cell(id, &result.totals[id])))
            .collect(),
    );
    let mut text = align(&lines);
    if result.next_cursor.is_some() {
        text.push_str("more rows follow\n");
    }
    for note in &result.notes {
        text.push_str(&format!("note: {}\n", note.text));
    }
    text
}

fn cell(id: &str, value: &MetricValue) -> String {
    let metric = metric(id).unwrap();
    let mut text = present::worked(metric, value);
    if let Some([lower, upper]) = value.interval {
        text.push_str(&format!(
            " [{} … {}]",
            short(metric, lower),
            short(metric, upper)
        ));
    }
    if value.pending > 0 {
        text.push_str(&format!(" ({} pending)", value.pending));
    }
    if let Some(comparison) = &value.compare {
        text.push_str(&format!("; {}", compared(metric, comparison)));
    }
    text
}

fn short(metric: &Metric, value: f64) -> String {
    match metric.unit {
        Unit::Share => format!("{:.1}", value * 100.0),
        _ => format!("{value:.2}"),
    }
}

fn compared(metric: &Metric, comparison: &Comparison) -> String {
    let was = comparison.value.map_or("nothing".to_owned(), |value| {
        present::value(metric.unit, value)
    });
    let change = match (comparison.points, comparison.relative) {
        (Some(points), _) => format!(" {points:+.1} points,"),
        (None, Some(relative)) => format!(" {:+.1} %,", relative * 100.0),
        (None, None) => String::new(),
    };
    let verdict = serde_json::to_string(&comparison.verdict)
        .unwrap()
        .replace(['"', '_'], " ");
    format!("was {was}:{change} {}", verdict.trim())
}

fn align(lines: &[Vec<String>]) -> String {
    let columns = lines[0].len();
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text.push_str(cells.join(" | ").trim_end());
        text.push('\n');
    }
    text
}
