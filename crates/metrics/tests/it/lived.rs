//! A lake as it is while a bot is used.

use std::sync::{Arc, OnceLock};

use tempfile::TempDir;
use upshot_core::Event;
use upshot_demo::{DemoOptions, generate};
use upshot_lake::{Capture, Lake, LakeOptions, Table};

use crate::facts::instant;

pub const END: &str = "2026-03-29T00:00:00Z";

/// A lake of which some is in files, some in memory, and some in both.
pub struct Lived {
    pub events: Vec<Event>,
    pub capture: Arc<Capture>,
    _lake: Lake,
    _folder: TempDir,
}

pub fn lived() -> &'static Lived {
    static LIVED: OnceLock<Lived> = OnceLock::new();
    LIVED.get_or_init(|| {
        // On a thread of its own: whoever asks may be within a runtime already.
        let making = std::thread::spawn(|| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let lived = runtime.block_on(live());
            // The lake works on the runtime's threads.
            std::mem::forget(runtime);
            lived
        });
        making.join().unwrap()
    })
}

async fn live() -> Lived {
    let options = DemoOptions {
        conversations: 240,
        days: 12,
        ..DemoOptions::until(instant(END))
    };
    let events: Vec<Event> = generate(&options).flatten().collect();
    let folder = tempfile::tempdir().unwrap();
    let clock: upshot_lake::engine::Clock = Arc::new(|| instant(END));
    let mut options = LakeOptions::new(folder.path(), clock);
    options.buckets = 3;
    let lake = Lake::open(options).await.unwrap();
    // Sealed, waiting in files, and in memory alone; the last late events belong to sealed conversations.
    let late = |event: &&Event| event.content_hash().is_multiple_of(11);
    let (late, timely): (Vec<Event>, Vec<Event>) =
        events.iter().cloned().partition(|event| late(&event));
    let (first, second) = (timely.len() / 2, timely.len() * 3 / 4);
    lake.append("main", &timely[..first]).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    lake.append("main", &timely[first..second]).await.unwrap();
    lake.flush().await.unwrap();
    lake.append("main", &timely[second..]).await.unwrap();
    lake.append("main", &late).await.unwrap();
    let capture = lake.capture("main", &Table::ALL).await.unwrap();
    assert!(!capture.table(Table::Sessions).unwrap().replaced.is_empty());
    Lived {
        events,
        capture: Arc::new(capture),
        _lake: lake,
        _folder: folder,
    }
}
