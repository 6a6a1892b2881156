//! One session with all that was said and done in it: only files that may hold it are read.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use upshot_core::time::day_of;
use upshot_core::{Message, Session, Step};
use upshot_lake::{Capture, DataFile, Table, TableCapture};

use crate::engine::{Engine, captured};
use crate::error::QueryError;
use crate::filter::{Predicate, TextSource};
use crate::listed::Reading;
use crate::registry::Subject;
use crate::scan::Form;

/// A session with all that was said and done in it.
pub type SessionDetail = (Session, Vec<Message>, Vec<Step>);

/// From the first to the last time at which something happened to a session: what belongs to it happened between them.
pub fn times_of((session, messages, steps): &SessionDetail) -> RangeInclusive<i64> {
    let of_session = [
        Some(session.end_time),
        session.engaged_time,
        session.escalated_time,
        session.resolved_time,
        session.ended_time,
    ];
    let times = of_session.into_iter().flatten();
    let times = times
        .chain(messages.iter().map(|message| message.time))
        .chain(steps.iter().map(|step| step.time));
    let start = session.start_time;
    let (first, last) = times.fold((start, start), |(first, last), time| {
        (first.min(time), last.max(time))
    });
    first..=last
}

impl Engine {
    /// One session with its messages and steps, in their order.
    ///
    /// # Errors
    /// When data could not be read.
    pub async fn session(
        &self,
        id: &str,
        capture: &Capture,
    ) -> Result<Option<SessionDetail>, QueryError> {
        let sessions = captured(capture, Table::Sessions)?;
        let by_id = Predicate::TextIn(TextSource::Column("session_id"), vec![id.into()]);
        let files = self.holding(sessions, "session_id", id).await?;
        let subject = Subject::Sessions;
        let reading = &mut Reading::default();
        let found: Vec<Session> = self
            .fetch((subject, Form::Plain), sessions, files, &by_id, reading)
            .await?;
        let Some(session) = found.into_iter().next() else {
            return Ok(None);
        };
        let conversation = Predicate::TextIn(
            TextSource::Column("conversation_id"),
            vec![session.conversation_id.clone()],
        );
        let of_session = by_id.and(conversation);
        let messages = captured(capture, Table::Messages)?;
        let mut messages: Vec<Message> = self
            .fetch(
                (Subject::Messages, Form::Plain),
                messages,
                of_day(messages, &session),
                &of_session,
                reading,
            )
            .await?;
        messages.sort_by_key(|message| (message.position, message.time));
        let steps = captured(capture, Table::Steps)?;
        let mut steps: Vec<Step> = self
            .fetch(
                (Subject::Steps, Form::Plain),
                steps,
                of_day(steps, &session),
                &of_session,
                reading,
            )
            .await?;
        steps.sort_by_key(|step| (step.position, step.time));
        Ok(Some((session, messages, steps)))
    }

    /// The files of a table that may hold a text in a column.
    async fn holding<'a>(
        &self,
        capture: &'a TableCapture,
        column: &'static str,
        value: &str,
    ) -> Result<Vec<&'a DataFile>, QueryError> {
        let resources = self.resources();
        resources
            .load_footers(capture.table, capture.files.iter())
            .await?;
        let (table, footers) = (capture.table, Arc::clone(&resources.footers));
        let paths: Vec<PathBuf> = capture.files.iter().map(|file| file.path.clone()).collect();
        let value = value.to_owned();
        let task = resources.handle.spawn_blocking(move || {
            let may_hold = |path: &PathBuf| footers.may_hold((table, path), column, &value);
            paths.iter().map(may_hold).collect::<Result<Vec<bool>, _>>()
        });
        let may_hold = task
            .await
            .map_err(|error| QueryError::Stopped(error.to_string()))??;
        let files = capture.files.iter().zip(may_hold);
        Ok(files
            .filter_map(|(file, may)| may.then_some(file))
            .collect())
    }
}

fn of_day<'a>(capture: &'a TableCapture, session: &Session) -> Vec<&'a DataFile> {
    let day = day_of(session.start_time);
    capture
        .files
        .iter()
        .filter(|file| file.day == day)
        .collect()
}
