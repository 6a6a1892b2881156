//! A lake of many sessions: the facts of the demo's conversations, folded as the product folds them, without
//! the events behind them.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde_json::{Value, json};
use upshot_core::Event;
use upshot_core::facts::{Message, Session, Step};
use upshot_core::fold::{Carry, FactSink, FoldContext, fold};
use upshot_core::time::day_of;
use upshot_core::words::EventType;
use upshot_demo::generate;
use upshot_lake::catalog::DEFAULT_WORKSPACE;
use upshot_lake::{Settings, Table};

use crate::days::{Days, new_catalog, pattern};
use crate::events::history;
use crate::failure::Result;

/// Conversations that are handed on at once.
const AT_ONCE: usize = 512;

/// At most about so many different conversations are made: of more sessions each is stored several times, under other
/// ids. Making and folding millions of different ones takes longer than anything that is measured.
const DIFFERENT: u64 = 200_000;

/// A day is written when conversations start so many days after it; what comes later is another file.
const DAYS_IN_MEMORY: i32 = 1;

/// Which sessions are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Those of the demo, with about six messages each.
    Usual,
    /// Without messages and steps.
    Alone,
    /// About ten messages each: conversations go on with what others say.
    Long,
}

/// Makes so many sessions in a new data directory, or a few more, with their messages and steps.
///
/// # Errors
/// When it cannot be written.
pub fn make(directory: &Path, count: u64, kind: Kind) -> Result<Value> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (sender, receiver) = sync_channel(4);
    let copies = count.div_ceil(DIFFERENT).max(1);
    let conversations = count.div_ceil(copies);
    std::thread::scope(|scope| {
        scope.spawn(move || match kind {
            // As many as are needed: each takes up to three.
            Kind::Long => hand_on(joined(generate(&history(3 * conversations))), &sender),
            _ => hand_on(generate(&history(conversations)), &sender),
        });
        runtime.block_on(async {
            let facts = Facts {
                days: Days::copied(copies),
                left: conversations,
                alone: kind == Kind::Alone,
                ..Facts::default()
            };
            write_all(directory, copies, facts, receiver).await
        })
    })
}

/// Conversations that go on with what the next two say; each third with what the next one says.
fn joined(mut conversations: impl Iterator<Item = Vec<Event>>) -> impl Iterator<Item = Vec<Event>> {
    let mut number = 0_usize;
    std::iter::from_fn(move || {
        let first = conversations.next()?;
        number += 1;
        let others = if number.is_multiple_of(3) { 1 } else { 2 };
        Some(conversations.by_ref().take(others).fold(first, gone_on))
    })
}

/// One conversation that goes on with what another says, half a minute after its end.
fn gone_on(mut first: Vec<Event>, second: Vec<Event>) -> Vec<Event> {
    const PAUSE: i64 = 30_000_000;
    first.retain(|event| event.event_type != Some(EventType::ConversationEnd));
    let Some((last, begin)) = first.last().cloned().zip(second.first()) else {
        return first;
    };
    let later = last.time + PAUSE - begin.time;
    let sequence = last.source_sequence.unwrap_or(0) + 1;
    first.extend(second.into_iter().filter_map(|event| {
        let begins = matches!(
            event.event_type,
            Some(EventType::ConversationStart | EventType::Exposure)
        );
        (!begins).then(|| Event {
            time: event.time + later,
            source: last.source.clone(),
            source_sequence: event.source_sequence.map(|own| own + sequence),
            conversation_id: last.conversation_id.clone(),
            bot: last.bot.clone(),
            bot_version: last.bot_version.clone(),
            environment: last.environment,
            channel: last.channel.clone(),
            locale: last.locale.clone(),
            window_id: last.window_id.clone(),
            user_id: last.user_id.clone(),
            device: last.device.clone(),
            browser: last.browser.clone(),
            operating_system: last.operating_system.clone(),
            country: last.country.clone(),
            authenticated: last.authenticated,
            unlinkable: last.unlinkable,
            ..event
        })
    }));
    first
}

/// Hands conversations on until nobody wants any more: every one has a session.
fn hand_on(all: impl Iterator<Item = Vec<Event>>, sender: &SyncSender<Vec<Vec<Event>>>) {
    let mut conversations = Vec::with_capacity(AT_ONCE);
    for events in all {
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
    copies: u64,
    mut facts: Facts,
    receiver: Receiver<Vec<Vec<Event>>>,
) -> Result<Value> {
    let catalog = new_catalog(directory).await?;
    let settings = Settings::built_in()?;
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
            facts.days.close_batches()?;
        }
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
        "rows": copies * facts.sessions,
        "messages": copies * facts.messages,
        "steps": copies * facts.steps,
        "files": sessions,
        "message_files": messages,
        "step_files": steps,
    }))
}

/// The facts that were made and are not yet written.
#[derive(Default)]
struct Facts {
    days: Days,
    /// How many different sessions are still wanted.
    left: u64,
    /// Whether messages and steps are left out.
    alone: bool,
    sessions: u64,
    messages: u64,
    steps: u64,
}

impl Facts {
    /// Whether the rows of the conversation that is folded are wanted: messages and steps come before their session.
    const fn wants_rows(&self) -> bool {
        !self.alone && self.left > 0
    }
}

impl FactSink for Facts {
    fn session(&mut self, session: Session) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let day = day_of(session.start_time);
        self.days.push(Table::Sessions, day, &session);
        self.sessions += 1;
    }
    fn message(&mut self, message: Message) {
        if self.wants_rows() {
            let day = day_of(message.session_start);
            self.days.push(Table::Messages, day, &message);
            self.messages += 1;
        }
    }
    fn step(&mut self, step: Step) {
        if self.wants_rows() {
            let day = day_of(step.session_start);
            self.days.push(Table::Steps, day, &step);
            self.steps += 1;
        }
    }
}
