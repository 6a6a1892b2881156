//! Copilot Studio transcripts.

use upshot_core::words::{Environment, EventType};

use crate::support::*;

/// The rows of a public sample, if its folder is at hand.
#[test]
fn real_rows_give_what_they_report() {
    let Ok(folder) = std::env::var("UPSHOT_REAL_DATA") else {
        println!("skipped: UPSHOT_REAL_DATA does not name the folder of real data");
        return;
    };
    let path = format!("{folder}/copilotstudio_slg/conversationtranscripts.json");
    let (batch, _) = read(&std::fs::read(path).unwrap());
    assert_eq!(batch.rejected, []);
    let count = |kind| {
        let of_kind = batch.events.iter().filter(|it| it.event_type == Some(kind));
        of_kind.count()
    };
    assert_eq!(count(EventType::Report), 11);
    assert_eq!(count(EventType::Message), 36);
    assert!(
        batch
            .events
            .iter()
            .all(|it| it.environment == Some(Environment::Test))
    );
    let turns = batch.events.iter().filter_map(|it| it.reported_turns);
    assert_eq!(turns.sum::<i64>(), 36);
}
