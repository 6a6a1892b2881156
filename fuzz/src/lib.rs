//! What every fuzz target checks: nothing panics, the result does not depend on how the bytes are
//! divided, every event has what it must have, and what is written can be read again.

use std::sync::Arc;

use upshot_adapters::{
    Batch, Format, ImportOptions, Mapping, Reader, Summary, parse_events, write_event,
};

const LIMIT: usize = 1 << 16;

/// What the bytes are taken for.
#[derive(Clone, Default)]
struct ReadAs {
    format: Option<Format>,
    mapping: Option<Arc<Mapping>>,
}

fn read(read_as: &ReadAs, bytes: &[u8], chunk: usize) -> (Batch, Summary) {
    let mut reader = Reader::new(ImportOptions {
        format: read_as.format,
        mapping: read_as.mapping.clone(),
        file_name: "folder/file".to_owned(),
        received_time: 1_700_000_000_000_000,
        maximum_record_bytes: LIMIT,
    });
    let mut batch = Batch::default();
    for part in bytes.chunks(chunk.max(1)) {
        reader.feed(part, &mut batch);
    }
    let summary = reader.finish(&mut batch);
    (batch, summary)
}

/// Reads the bytes; the first of them says how they are divided.
pub fn check(format: Option<Format>, bytes: &[u8]) {
    check_as(
        &ReadAs {
            format,
            ..ReadAs::default()
        },
        bytes,
    );
}

/// Reads the bytes by a mapping; the first of them says how they are divided.
pub fn check_mapped(mapping: Arc<Mapping>, bytes: &[u8]) {
    check_as(
        &ReadAs {
            mapping: Some(mapping),
            ..ReadAs::default()
        },
        bytes,
    );
}

fn check_as(read_as: &ReadAs, bytes: &[u8]) {
    let (batch, summary) = read(read_as, bytes, usize::MAX);
    let chunk = bytes.first().copied().unwrap_or(1);
    assert_eq!(
        (&batch, &summary),
        (&read(read_as, bytes, chunk.into()).0, &summary)
    );
    assert_eq!(summary.events, batch.events.len() as u64);
    assert_eq!(summary.rejected, batch.rejected.len() as u64);
    for event in &batch.events {
        assert!(event.event_type.is_some());
        assert!(!event.event_id.is_empty() && !event.conversation_id.is_empty());
    }
    let lines = batch.events.iter().map(|event| write_event(event) + "\n");
    let again = parse_events(lines.collect::<String>().as_bytes(), 0);
    assert_eq!(again.rejected, []);
    assert_eq!(again.events, batch.events);
    for rejected in &batch.rejected {
        assert!(!rejected.reason.is_empty() && !rejected.cure.is_empty());
        assert!(rejected.raw.len() <= 4 << 10);
        assert!(rejected.position.byte <= bytes.len() as u64);
    }
}
