//! `upshot explain`: a session's events in order, with what each did to the session and by which rule.

use serde::Serialize;
use upshot_core::words::{EventType, Role, Word};
use upshot_core::{Event, Session};
use upshot_lake::Table;
use upshot_metrics::sessions::times_of;
use upshot_server::sessions::{SessionEvents, events_of};

use crate::arguments::{Common, ExplainArguments, OutputFormat};
use crate::client::{path_part, read};
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::query;
use crate::session::{close, engine, instant, length, open_existing};
use crate::sessions::outcome;

/// One event of the session. The JSON shape is stable.
#[derive(Debug, Serialize)]
struct Line {
    time: String,
    event_id: String,
    event_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    what: String,
    /// What it did to the session, each with the rule.
    did: Vec<String>,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: ExplainArguments) -> Result<u8, Failure> {
    let (session, events) = match arguments.server.client() {
        Some(client) => {
            let path = format!("/api/v1/sessions/{}", path_part(&arguments.session));
            let answer = client.get(&path, &common.workspace, &[("events", "true")]);
            read::<SessionEvents>(answer.await?)?.into_parts()
        }
        None => {
            let lake = open_existing(common).await?;
            let found = find(common, &lake, &arguments.session).await;
            close(common, &lake).await?;
            found?
        }
    };
    let lines: Vec<Line> = events.iter().map(|event| line(&session, event)).collect();
    if common.output == OutputFormat::Json {
        output::json(&serde_json::json!({
            "session": crate::sessions::facts(&session),
            "events": lines,
        }))?;
        return Ok(0);
    }
    if common.output == OutputFormat::Table {
        print_head(&session)?;
    }
    let columns = [
        Column::text("time"),
        Column::text("who"),
        Column::text("what"),
        Column::text("what it did, by which rule"),
    ];
    let rows: Vec<Vec<String>> = lines
        .into_iter()
        .map(|line| {
            vec![
                line.time,
                line.role.unwrap_or_default().to_owned(),
                line.what,
                line.did.join("; "),
            ]
        })
        .collect();
    output::rows(common, &columns, &rows)?;
    Ok(0)
}

async fn find(
    common: &Common,
    lake: &upshot_lake::Lake,
    id: &str,
) -> Result<(Session, Vec<Event>), Failure> {
    let capture = lake.capture(&common.workspace, &Table::FACTS).await?;
    let details = engine()?
        .session(id, &capture)
        .await
        .map_err(query::failure)?;
    let Some(found) = details else {
        return Err(Failure::failed(format!(
            "there is no session `{id}` in workspace `{}`; `upshot sessions` lists them",
            common.workspace
        )));
    };
    let conversation = lake
        .conversation_between(
            &common.workspace,
            &found.0.conversation_id,
            times_of(&found),
        )
        .await?;
    let events = events_of(&found, conversation);
    Ok((found.0, events))
}

fn print_head(session: &Session) -> Result<(), Failure> {
    output::line(&format!("session {}", session.session_id))?;
    output::line(&format!(
        "{}, {}, {} messages, {} exchanges, profile {}",
        instant(session.start_time),
        length(session.duration),
        session.messages,
        session.exchanges,
        session.fact_set.as_deref().unwrap_or("unknown")
    ))?;
    let mut verdict = format!("computed: {}", outcome(session));
    if let Some(kind) = session.resolution_kind {
        verdict.push_str(&format!(" ({kind})"));
    }
    if let Some(reason) = session.end_reason {
        verdict.push_str(&format!(", ended by {reason}"));
    }
    output::line(&verdict)?;
    if session.reported_engaged.is_some() || session.reported_outcome.is_some() {
        let engaged = match session.reported_engaged {
            Some(true) => "engaged",
            Some(false) => "not engaged",
            None => "engagement not said",
        };
        let reported = session.reported_outcome.map_or("no outcome", Word::as_str);
        output::line(&format!("reported by the platform: {engaged}, {reported}"))?;
    }
    output::line("")
}

fn line(session: &Session, event: &Event) -> Line {
    Line {
        time: instant(event.time),
        event_id: event.event_id.to_string(),
        event_type: event.event_type.map_or("", Word::as_str).to_owned(),
        role: event.role.map(Word::as_str),
        what: what(event),
        did: did(session, event),
    }
}

/// What the event is, in a line.
fn what(event: &Event) -> String {
    let text = |text: &Option<Box<str>>| text.as_deref().unwrap_or_default().to_owned();
    let word = |word: &str, detail: String| {
        if detail.is_empty() {
            word.to_owned()
        } else {
            format!("{word}: {detail}")
        }
    };
    let topic = || {
        let name = event
            .topic_name
            .as_deref()
            .or(event.topic_id.as_deref())
            .unwrap_or_default();
        let kind = event.topic_kind.map_or("", Word::as_str);
        let trigger = event.topic_trigger.map_or("", Word::as_str);
        [name, kind, trigger]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    };
    match event.event_type.unwrap_or_default() {
        EventType::Message => {
            let kind = event.message_kind.map_or("", Word::as_str);
            let said = event.text.as_deref().unwrap_or("(no text)");
            if kind.is_empty() || kind == "text" {
                shortened(said)
            } else {
                format!("[{kind}] {}", shortened(said))
            }
        }
        EventType::Topic => word("topic", topic()),
        EventType::TopicEnd => word("topic left", topic()),
        EventType::Intent if event.unmatched == Some(true) => "not understood".to_owned(),
        EventType::Intent => {
            let confidence = event
                .confidence
                .map(|value| format!(" ({value:.2})"))
                .unwrap_or_default();
            word("intent", format!("{}{confidence}", text(&event.intent)))
        }
        EventType::Question => word(
            "question",
            format!(
                "{} {}",
                text(&event.question_id),
                event.question_stage.map_or("", Word::as_str)
            ),
        ),
        EventType::Option => word(
            "option",
            format!(
                "{} {}",
                text(&event.option_title),
                event.option_stage.map_or("", Word::as_str)
            ),
        ),
        EventType::Handover => {
            let trigger = event
                .handover_trigger
                .map(|trigger| format!(", {trigger}"))
                .unwrap_or_default();
            word(
                "handover",
                format!("{}{trigger}", event.handover_stage.map_or("", Word::as_str)),
            )
        }
        EventType::Outcome => word(
            "declared",
            event.outcome.map_or("", Word::as_str).to_owned(),
        ),
        EventType::Survey => {
            let score = event
                .survey_score
                .map(|score| format!(" {score}"))
                .unwrap_or_default();
            word(
                "survey",
                format!(
                    "{} {}{score}",
                    event.survey_kind.map_or("", Word::as_str),
                    event.survey_stage.map_or("", Word::as_str)
                ),
            )
        }
        EventType::Feedback => word(
            "feedback",
            event.feedback.map_or("", Word::as_str).to_owned(),
        ),
        EventType::ModelCall => word(
            "model",
            format!("{} {}", text(&event.model), text(&event.tool))
                .trim()
                .to_owned(),
        ),
        EventType::Knowledge => word("knowledge", text(&event.knowledge_state)),
        EventType::Report => word(
            "reported",
            event.reported_outcome.map_or("", Word::as_str).to_owned(),
        ),
        EventType::Error => word("error", text(&event.error)),
        other => other.as_str().replace('_', " "),
    }
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let cut: String = line.chars().take(LONGEST - 1).collect();
    format!("{cut}…")
}

/// What the event did to the session.
fn did(session: &Session, event: &Event) -> Vec<String> {
    let id = Some(&*event.event_id);
    let mut did = Vec::new();
    let mut note =
        |done: &str, evidence: &Option<Box<str>>, rule: Option<upshot_core::words::Rule>| {
            if evidence.as_deref() == id {
                did.push(format!("{done} ({})", rule.map_or("no rule", Word::as_str)));
            }
        };
    note("session begins", &session.start_event, session.start_rule);
    note("engaged", &session.engaged_event, session.engaged_rule);
    note(
        "escalated",
        &session.escalated_event,
        session.escalated_rule,
    );
    note("resolved", &session.resolved_event, session.resolved_rule);
    if session.end_event.as_deref() == id {
        did.push(format!(
            "session ends ({})",
            session.end_reason.map_or("no reason", Word::as_str)
        ));
    }
    if event.role == Some(Role::Agent) && event.event_type == Some(EventType::Message) {
        did.push("an agent's part of the escalated session".to_owned());
    }
    did
}
