//! A lake of many sessions: the facts of the demo's conversations, folded as the product folds them, without
//! the events behind them.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde_json::{Value, json};
use upshot_core::Event;
use upshot_core::facts::{Message, Session, Step};
use upshot_core::fold::{Carry, FactSink, FoldContext, fold};
use upshot_core::time::day_of;
use upshot_demo::generate;
use upshot_lake::catalog::DEFAULT_WORKSPACE;
use upshot_lake::{Settings, Table};

use crate::days::{Days, new_catalog, pattern};
use crate::events::history;
use crate::failure::Result;

/// Conversations that are handed on at once.
const AT_ONCE: usize = 4096;

/// A day is written when conversations start so many days after it; what comes later is another file.
const DAYS_IN_MEMORY: i32 = 3;

/// Makes so many sessions in a new data directory, with their messages and steps.
///
/// # Errors
/// When it cannot be written.
pub fn make(directory: &Path, count: u64) -> Result<Value> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (sender, receiver) = sync_channel(4);
    std::thread::scope(|scope| {
        scope.spawn(move || generate_all(count, &sender));
        runtime.block_on(write_all(directory, count, receiver))
    })
}

/// Hands conversations on until nobody wants any more: every one has a session.
fn generate_all(count: u64, sender: &SyncSender<Vec<Vec<Event>>>) {
    let mut conversations = Vec::with_capacity(AT_ONCE);
    for events in generate(&history(count)) {
        conversations.push(events);
        if conversations.len() == AT_ONCE
            && sender.send(std::mem::take(&mut conversations)).is_err()
        {
            return;
        }
    }
    // Whoever receives has enough.
    let _ = sender.send(conversations);
}

async fn write_all(
    directory: &Path,
    count: u64,
    receiver: Receiver<Vec<Vec<Event>>>,
) -> Result<Value> {
    let catalog = new_catalog(directory).await?;
    let settings = Settings::built_in()?;
    let mut facts = Facts {
        left: count,
        ..Facts::default()
    };
    let mut newest = i32::MIN;
    for conversations in receiver {
        for events in &conversations {
            // Conversations come in the order in which they start. A session of one of them may begin weeks
            // after that, and says nothing of which days are over.
            if let Some(first) = events.first() {
                newest = newest.max(day_of(first.time));
            }
            let context = FoldContext {
                workspace: DEFAULT_WORKSPACE,
                profile: settings.default_profile(),
                as_of: i64::MAX,
            };
            fold(&context, &Carry::default(), events, &mut facts);
        }
        facts.days.close_batches()?;
        let first_open = newest.saturating_sub(DAYS_IN_MEMORY);
        let fact_set = settings.fact_set();
        facts.days.write(&catalog, &fact_set, first_open).await?;
        if facts.left == 0 {
            break;
        }
    }
    facts
        .days
        .write(&catalog, &settings.fact_set(), i32::MAX)
        .await?;
    let [sessions, messages, steps] = Table::FACTS.map(|table| [pattern(&catalog, table)]);
    catalog.close().await?;
    Ok(json!({
        "rows": count - facts.left,
        "messages": facts.messages,
        "steps": facts.steps,
        "files": sessions,
        "message_files": messages,
        "step_files": steps,
    }))
}

/// The facts that were made and are not yet written.
#[derive(Default)]
struct Facts {
    days: Days,
    /// How many sessions are still wanted.
    left: u64,
    messages: u64,
    steps: u64,
}

impl FactSink for Facts {
    fn session(&mut self, session: Session) {
        if self.left > 0 {
            self.left -= 1;
            let day = day_of(session.start_time);
            self.days.push(Table::Sessions, day, &session);
        }
    }
    fn message(&mut self, message: Message) {
        if self.left > 0 {
            self.messages += 1;
            let day = day_of(message.session_start);
            self.days.push(Table::Messages, day, &message);
        }
    }
    fn step(&mut self, step: Step) {
        if self.left > 0 {
            self.steps += 1;
            let day = day_of(step.session_start);
            self.days.push(Table::Steps, day, &step);
        }
    }
}
