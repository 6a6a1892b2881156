//! Lists of sessions, and one session with all that belongs to it.

use upshot_core::words::Role;
use upshot_core::{Message, Step};
use upshot_lake::schema::BatchBuilder;
use upshot_lake::{Table, TableCapture};
use upshot_metrics::sessions::cursor_after;
use upshot_metrics::{EnvironmentChoice, SessionQuery};

use crate::facts::{Layout, capture, sessions};
use crate::worked::engine;

const TABLE: &str = "
start                | channel | messages | environment
2026-01-05T10:00:00Z | web     | 5        | production
2026-01-05T11:00:00Z | voice   | 9        | production
2026-01-06T10:00:00Z | web     | 1        | production
2026-01-07T10:00:00Z | web     | 7        | test
2026-01-08T10:00:00Z | voice   | 5        | production
2026-01-08T10:00:00Z | web     | 3        | production
";

async fn messages(query: SessionQuery, layout: Layout) -> Vec<i64> {
    let held = capture(&sessions(TABLE), layout);
    let found = engine().sessions(&query, &held.capture).await.unwrap();
    found.iter().map(|session| session.messages).collect()
}

#[tokio::test]
async fn the_newest_come_first_wherever_they_lie() {
    for layout in [Layout::Memory(2), Layout::Files, Layout::Mixed] {
        assert_eq!(
            messages(SessionQuery::default(), layout).await,
            [3, 5, 1, 9, 5],
            "{layout:?}"
        );
        let two = SessionQuery {
            limit: Some(2),
            ..SessionQuery::default()
        };
        assert_eq!(messages(two, layout).await, [3, 5], "{layout:?}");
        let web = SessionQuery {
            filters: vec!["channel = web".to_owned()],
            ..SessionQuery::default()
        };
        assert_eq!(messages(web, layout).await, [3, 1, 5], "{layout:?}");
        let longest = SessionQuery {
            order: Some("messages desc".to_owned()),
            environment: EnvironmentChoice::All,
            limit: Some(3),
            ..SessionQuery::default()
        };
        assert_eq!(messages(longest, layout).await, [9, 7, 5], "{layout:?}");
    }
}

#[tokio::test]
async fn a_cursor_goes_on_without_gap_or_repeat() {
    for order in [
        "start_time",
        "start_time asc",
        "messages desc",
        "messages asc",
    ] {
        let held = capture(&sessions(TABLE), Layout::Mixed);
        let engine = engine();
        let base = SessionQuery {
            order: Some(order.to_owned()),
            ..SessionQuery::default()
        };
        let all = engine.sessions(&base, &held.capture).await.unwrap();
        let mut query = SessionQuery {
            limit: Some(2),
            ..base
        };
        let mut pages = Vec::new();
        loop {
            let page = engine.sessions(&query, &held.capture).await.unwrap();
            let Some(last) = page.last() else { break };
            query.cursor = cursor_after(&query, last);
            pages.extend(page);
        }
        assert_eq!(pages, all, "{order}");
    }
}

#[tokio::test]
async fn one_session_has_its_messages_and_steps() {
    let mut held = capture(&sessions(TABLE), Layout::Files);
    let session = sessions(TABLE)[1].clone();
    let message = |position: i64, of: &str| Message {
        event_id: format!("event-{position}").into(),
        session_id: Some(of.into()),
        conversation_id: session.conversation_id.clone(),
        session_start: session.start_time,
        position,
        role: Some(Role::User),
        ..Message::default()
    };
    let mut messages = BatchBuilder::new(Table::Messages);
    for (position, of) in [
        (2, &*session.session_id),
        (1, &session.session_id),
        (1, "another"),
    ] {
        messages.push(&message(position, of), 0, 0);
    }
    let mut steps = BatchBuilder::new(Table::Steps);
    let step = Step {
        session_id: session.session_id.clone(),
        conversation_id: session.conversation_id.clone(),
        ..Step::default()
    };
    steps.push(&step, 0, 0);
    for (table, mut builder) in [(Table::Messages, messages), (Table::Steps, steps)] {
        held.capture.tables.retain(|held| held.table != table);
        held.capture.tables.push(TableCapture {
            table,
            files: Vec::new(),
            memory: vec![builder.finish().unwrap()],
            replaced: Default::default(),
            replaced_in: Default::default(),
        });
    }
    let engine = engine();
    let found = engine
        .session(&session.session_id, &held.capture)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.0, session);
    assert_eq!(
        found
            .1
            .iter()
            .map(|message| message.position)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(found.2.len(), 1);
    assert!(
        engine
            .session("no such", &held.capture)
            .await
            .unwrap()
            .is_none()
    );
}
