//! People: what needs more than one conversation.
//!
//! The second fold of the core ([`upshot_core::people`]) over all sessions that a capture holds. It is made
//! when a question needs it and never stored, so that late events and erasures leave nothing wrong behind
//! (see `docs/adr/0034-second-fold-at-query-time.md`). [`Histories`] keeps what was made of files, which
//! never change; [`PeopleColumns`] appends the columns `user.…` to
//! the rows of a pass.
//!
//! Where to start reading: [`layer`] holds sessions by person, [`entries`] keeps those that are too many for
//! memory in files without a name, [`read`] fills it from files and memory,
//! [`history`] brings it from one capture to the next, [`columns`] says what comes of it.
//!
//! **Who is followed.** Sessions of one environment, whose source gives a user id that lasts. Sessions of
//! unlinkable users are no part of a history and have no value in any of its columns.

mod columns;
mod entries;
mod history;
mod layer;
mod read;

pub(crate) use columns::{PeopleColumns, USER_COLUMNS, USER_DURATIONS};
pub(crate) use history::Histories;

#[cfg(test)]
mod tests;
