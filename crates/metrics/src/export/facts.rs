//! Facts as they are kept: the selected rows of a subject, file after file.

use arrow::array::RecordBatch;

use super::{Job, Sink};
use crate::error::QueryError;
use crate::fact_rows::FactRows;
use crate::pass::Resources;
use crate::registry::Subject;
use crate::texts::{Keys, Texts};

/// By which columns the texts of messages are found.
const KEYS: [&str; 3] = ["message.event_id", "conversation_id", "message.time"];

/// Gives on sessions, messages or steps.
pub(super) async fn export(
    job: &Job,
    subject: Subject,
    resources: &Resources,
    sink: &mut Sink,
) -> Result<(), QueryError> {
    let mut wanted = job.outputs.rows();
    let texts = match job.outputs.texts() {
        texts if texts.is_empty() => None,
        columns => {
            wanted.extend(KEYS);
            Some(Texts::new(&job.capture, columns, resources)?)
        }
    };
    let (capture, selection) = (&job.capture, job.selection.clone());
    let rows = FactRows::new(
        subject,
        capture,
        job.environment,
        selection,
        wanted,
        resources,
    );
    let rows = rows.await?;
    let files = rows.files();
    sink.expect(rows.memory_rows() + files.iter().map(|file| file.rows).sum::<u64>());
    for file in files {
        if let Some(mut found) = rows.of_file(file, &[]).await? {
            while let Some(batch) = found.next().await? {
                give(job, &batch, texts.as_ref(), Some(file.bucket), sink).await?;
            }
        }
        sink.read(file.rows);
    }
    for batch in rows.of_memory().await? {
        give(job, &batch, texts.as_ref(), None, sink).await?;
    }
    Ok(())
}

async fn give(
    job: &Job,
    rows: &RecordBatch,
    texts: Option<&Texts<'_>>,
    bucket: Option<i32>,
    sink: &mut Sink,
) -> Result<(), QueryError> {
    if rows.num_rows() == 0 {
        return Ok(());
    }
    let found = match (texts, Keys::of(rows, KEYS)) {
        (Some(texts), Some(keys)) => texts.of(&keys, bucket).await?,
        _ => Vec::new(),
    };
    sink.give(&job.outputs.project(rows, &found)?).await
}
