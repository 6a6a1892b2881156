//! The fold's rules a second time: obvious and slow.
//!
//! Written from docs/profiles.md, as the judge of the fold. It has the whole list of events before it
//! and asks it again for every question: nothing is counted on the way, nothing is remembered but which
//! event was given to which session. `book` reads the profile's file by itself, `part` says what an
//! event is to the course of sessions, `course` gives the events to sessions, `told` is a session and
//! what can be asked of it, `decide` what came of it; `summary`, `understanding`, `utterances` and
//! `visits` write its facts, `row` compares them with the fold's.

mod book;
mod course;
mod decide;
mod names;
mod part;
mod people;
mod row;
mod summary;
mod told;
mod understanding;
mod utterances;
mod visits;

pub use book::Book;
pub use row::{Row, row_of};

use upshot_core::Event;

/// The facts of a conversation as rows: sessions by start, messages and steps by their event.
#[derive(Debug, Default)]
pub struct Account {
    pub sessions: Vec<Row>,
    pub messages: Vec<Row>,
    pub steps: Vec<Row>,
}

/// What came of the events of one conversation, which are in order and without repeats.
pub fn account(book: &Book, workspace: &str, events: &[Event], as_of: i64) -> Account {
    let mut account = Account::default();
    // A silence longer than any rule looks back is a cut: each stretch is a conversation of its own.
    let gap = book.cut_gap();
    for stretch in events.chunk_by(|before, after| after.time - before.time <= gap) {
        let course = course::Course::of(book, stretch, as_of);
        for (place, session) in course.sessions.iter().enumerate() {
            if session.is_left_out() {
                continue;
            }
            let row = summary::session(session, workspace, course.billed_in(place));
            account.messages.extend(utterances::messages(session, &row));
            account.steps.extend(visits::steps(session, &row));
            account.sessions.push(row);
        }
        account.messages.extend(course.lone_messages());
    }
    account
}
