//! How fast our own JSON is read: `cargo run --release --example speed -p upshot-adapters`.
//!
//! Reads made-up events, as JSON Lines and as an array, with and without ids, and prints events and
//! megabytes a second of one core.

use upshot_adapters::{Batch, Format, ImportOptions, Reader};

const EVENTS: usize = 400_000;
const CHUNK: usize = 64 << 10;

fn record(number: usize, with_id: bool) -> String {
    let id = match with_id {
        true => format!("\"event_id\":\"e{number:012}\","),
        false => String::new(),
    };
    let conversation = number / 12;
    let second = number % 60;
    match number % 3 {
        0 => format!(
            "{{{id}\"event_type\":\"message\",\"time\":\"2026-01-31T09:30:{second:02}.{number:06}Z\",\"conversation_id\":\"c{conversation}\",\"bot\":\"parcels\",\"channel\":\"web\",\"user_id\":\"u{conversation}\",\"message_id\":\"m{number}\",\"role\":\"user\",\"message_kind\":\"text\",\"text\":\"Where is my parcel number {number}? It should have been here yesterday.\"}}"
        ),
        1 => format!(
            "{{{id}\"event_type\":\"intent\",\"time\":\"2026-01-31T09:30:{second:02}.{number:06}Z\",\"conversation_id\":\"c{conversation}\",\"bot\":\"parcels\",\"channel\":\"web\",\"message_id\":\"m{number}\",\"intent\":\"track_parcel\",\"confidence\":0.93,\"unmatched\":false}}"
        ),
        _ => format!(
            "{{{id}\"event_type\":\"model_call\",\"time\":{},\"conversation_id\":\"c{conversation}\",\"bot\":\"parcels\",\"channel\":\"web\",\"model_provider\":\"openai\",\"model\":\"small\",\"tokens_input\":420,\"tokens_output\":37,\"latency\":812000,\"attributes\":{{\"depot\":\"north\"}}}}",
            1_769_851_800_000 + number
        ),
    }
}

/// Seconds that this process has computed, so that other work on the machine does not count. Linux
/// only.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|it| it.parse::<f64>().ok());
    nanoseconds.unwrap_or_default() / 1e9
}

fn measure(name: &str, text: &str) {
    let started = processor_seconds();
    let mut reader = Reader::new(ImportOptions {
        format: Some(Format::Upshot),
        ..ImportOptions::default()
    });
    let mut batch = Batch::default();
    let mut events = 0;
    for chunk in text.as_bytes().chunks(CHUNK) {
        reader.feed(chunk, &mut batch);
        events += batch.events.len();
        batch.events.clear();
    }
    reader.finish(&mut batch);
    events += batch.events.len();
    let seconds = processor_seconds() - started;
    println!(
        "{name:24} {events:>8} events {:>10.0} events/s {:>7.1} MB/s",
        events as f64 / seconds,
        text.len() as f64 / seconds / 1e6
    );
}

fn main() {
    for with_id in [true, false] {
        let records = (0..EVENTS).map(|it| record(it, with_id));
        let records = records.collect::<Vec<_>>();
        let ids = if with_id { "with ids" } else { "without ids" };
        measure(&format!("lines, {ids}"), &records.join("\n"));
        measure(
            &format!("array, {ids}"),
            &format!("[{}]", records.join(",")),
        );
    }
}
