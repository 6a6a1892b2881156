//! Drivers as rows.

use arrow::array::RecordBatch;

use super::{Answer, Rows, forget};
use crate::drivers::DriverResult;
use crate::error::QueryError;
use crate::registry;

impl Answer for DriverResult {
    fn forget_effort(&mut self) {
        let (took, read) = (&mut self.took_milliseconds, &mut self.rows_read);
        forget(took, read, self.explanation.as_mut());
    }

    fn rows(&self) -> Result<RecordBatch, QueryError> {
        let definition = registry::metric(&self.metric).map_or("", |metric| metric.definition);
        let meaning = format!("the number over the sessions with the value: {definition}");
        Rows::of(&self.rows)
            .text(
                "value",
                "the value; nothing where nothing was said",
                |row| row.value.as_deref(),
            )
            .text("name", "the name of the topic, where it is one", |row| {
                row.name.as_deref()
            })
            .value(&self.metric, &meaning, |row| Some(&row.metric))
            .real(
                "share",
                "their share of all sessions that the overall number rests on",
                |row| Some(row.share),
            )
            .real("without", "the overall number without them", |row| {
                row.without
            })
            .real(
                "impact",
                "the overall number minus that without them, in the unit of the number",
                |row| row.impact,
            )
            .interval("impact", |row| row.interval)
            .real(
                "p_value",
                "how likely so large an impact is if the value were like the rest",
                |row| row.p_value,
            )
            .text(
                "verdict",
                "`better`, `worse`, `noise`, `too_few` or `no_data`",
                |row| Some(row.verdict.name()),
            )
            .text(
                "filter",
                "the filter that lists the sessions with the value on which the number rests",
                |row| Some(&row.filter),
            )
            .finish()
    }
}
