//! `upshot metrics`.

use upshot_metrics::registry;

use crate::arguments::{Common, MetricsArguments, OutputFormat};
use crate::failure::Failure;
use crate::output::{self, Column};

/// Runs the command.
pub fn run(common: &Common, arguments: &MetricsArguments) -> Result<u8, Failure> {
    if let Some(id) = &arguments.id {
        let metric = registry::metric(id).ok_or_else(|| {
            let near = upshot_metrics::error::nearest(
                id,
                registry::metrics().iter().map(|metric| metric.id),
            );
            let hint = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            Failure::usage(format!(
                "there is no metric `{id}`{hint}; `upshot metrics` lists them"
            ))
        })?;
        output::line(registry::describe(metric).trim_end())?;
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = registry::metrics()
        .iter()
        .map(|metric| {
            vec![
                metric.id.to_owned(),
                unit(metric.unit),
                metric.definition.to_owned(),
            ]
        })
        .collect();
    if common.output == OutputFormat::Json {
        let list: Vec<_> = rows
            .iter()
            .map(|row| serde_json::json!({"id": row[0], "unit": row[1], "definition": row[2]}))
            .collect();
        output::json(&list)?;
        return Ok(0);
    }
    output::rows(
        common,
        &[
            Column::text("id"),
            Column::text("unit"),
            Column::text("definition"),
        ],
        &rows,
    )?;
    output::note(
        common,
        "\n`upshot metrics ID` shows one in full, with a worked example.",
    );
    Ok(0)
}

/// The unit as JSON has it.
fn unit(unit: registry::Unit) -> String {
    serde_json::to_value(unit)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
