//! Conversations as people write them down, and facts as people read them.
//!
//! A line is a time, a word and what belongs to it, for example `31m topic Order kind=custom`.
//! Times are `5s`, `10m`, `2h`, `3d` after a fixed instant; `+5s` is after the line before. The word
//! is who speaks (`user`, `bot`, `agent`, `system`, followed by the text) or the type of the event
//! (followed by its main field). `name=value` sets any field of the event; `@3` in the facts is the
//! event of the third line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::marker::PhantomData;

use upshot_core::event::TEXT_FIELDS;
use upshot_core::fold::{Carry, Facts, FoldContext, fold, sort_and_deduplicate};
use upshot_core::profile::Profile;
use upshot_core::record::{Attributes, FieldKind, FieldSource, Record};
use upshot_core::time::{DAY, HOUR, MINUTE, SECOND};
use upshot_core::words::{EventType, Role, Word};
use upshot_core::{Event, Session};

/// The instant from which the lines count: 2026-01-05 09:00 UTC, a Monday.
pub const ORIGIN: i64 = 1_767_603_600 * SECOND;

struct Row(BTreeMap<String, String>);

impl Row {
    fn get(&self, index: usize) -> Option<&str> {
        self.0.get(Event::FIELDS[index].name).map(String::as_str)
    }
}

impl FieldSource for Row {
    fn text(&self, index: usize) -> Option<&str> {
        self.get(index)
    }
    fn integer(&self, index: usize) -> Option<i64> {
        let text = self.get(index)?;
        Some(duration(text).unwrap_or_else(|| text.parse().unwrap()))
    }
    fn real(&self, index: usize) -> Option<f64> {
        Some(self.get(index)?.parse().unwrap())
    }
    fn flag(&self, index: usize) -> Option<bool> {
        Some(self.get(index)? == "yes")
    }
    fn map(&self, _: usize) -> Attributes {
        let own = self.0.iter().filter_map(|(name, value)| {
            Some((
                name.strip_prefix("attributes.")?.into(),
                value.as_str().into(),
            ))
        });
        own.collect()
    }
}

fn duration(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: i64 = digits.parse().ok()?;
    let unit = match &text[digits.len()..] {
        "us" => 1,
        "ms" => 1_000,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return None,
    };
    Some(number * unit)
}

/// The events of a scene. Lines that are empty or begin with `#` say nothing.
pub fn events(scene: &str) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let lines = scene.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let before = events.last().map_or(0, |event| event.time - ORIGIN);
        events.push(event(line, before, events.len() + 1));
    }
    events
}

fn event(line: &str, before: i64, number: usize) -> Event {
    let mut words = line.split_whitespace();
    let time = words.next().unwrap();
    let time = match time.strip_prefix('+') {
        Some(later) => before + duration(later).unwrap_or_else(|| panic!("time of `{line}`")),
        None => duration(time).unwrap_or_else(|| panic!("time of `{line}`")),
    };
    let verb = words.next().unwrap_or_else(|| panic!("word of `{line}`"));
    let role = Role::parse(verb);
    let kind = match role {
        Some(_) => EventType::Message,
        None => verb
            .parse()
            .unwrap_or_else(|error| panic!("{error} in `{line}`")),
    };
    let mut row = BTreeMap::new();
    let mut free = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some((name, value)) => {
                row.insert(field_name(name, kind, line), value.to_owned());
            }
            None => free.push(word),
        }
    }
    if !free.is_empty() {
        row.insert(main_field(kind).to_owned(), free.join(" "));
    }
    if kind == EventType::Message && role == Some(Role::User) {
        row.entry("message_kind".into()).or_insert("text".into());
    }
    if let Some(role) = role {
        row.insert("role".into(), role.to_string());
    }
    row.insert("event_type".into(), kind.to_string());
    let id = row.entry("event_id".into()).or_insert(format!("@{number}"));
    let message = id.clone();
    if kind == EventType::Message {
        row.entry("message_id".into()).or_insert(message);
    }
    row.entry("conversation_id".into()).or_insert("c".into());
    row.insert("time".into(), (ORIGIN + time).to_string());
    row.insert("source_sequence".into(), number.to_string());
    for name in ["reported_start", "reported_end"] {
        if let Some(value) = row.get_mut(name) {
            *value = (ORIGIN + duration(value).unwrap()).to_string();
        }
    }
    Event::read(&Row(row))
}

fn main_field(kind: EventType) -> &'static str {
    match kind {
        EventType::Message => "text",
        EventType::Topic | EventType::TopicEnd => "topic_id",
        EventType::Intent => "intent",
        EventType::Question => "question_stage",
        EventType::Option => "option_stage",
        EventType::Handover => "handover_stage",
        EventType::Outcome | EventType::ConversationEnd => "outcome",
        EventType::Survey => "survey_stage",
        EventType::Feedback => "feedback",
        EventType::ModelCall => "model",
        EventType::Knowledge => "knowledge_state",
        EventType::Exposure => "exposure",
        EventType::Experiment => "experiment",
        EventType::Conversion => "goal",
        EventType::Label => "label",
        EventType::Error => "error",
        EventType::Interaction => "interaction",
        _ => "attribute_type",
    }
}

/// A field's name, or its short form within this type of event.
fn field_name(name: &str, kind: EventType, line: &str) -> String {
    if name.starts_with("attributes.") {
        return name.to_owned();
    }
    let group = match kind {
        EventType::Message => "message",
        EventType::Topic | EventType::TopicEnd => "topic",
        EventType::Handover => "handover",
        EventType::Survey => "survey",
        EventType::Option => "option",
        EventType::Outcome => "resolution",
        EventType::Report => "reported",
        _ => "event",
    };
    let long = format!("{group}_{name}");
    let known = |name: &str| Event::field(name).is_some();
    if known(&long) {
        long
    } else if known(name) {
        name.to_owned()
    } else {
        panic!("no field `{name}` in `{line}`")
    }
}

/// The facts of a scene under a profile, a week later.
pub fn facts(profile: &Profile, scene: &str) -> Facts {
    facts_at(profile, scene, 7 * DAY)
}

/// The facts of a scene under a profile, so long after the beginning.
pub fn facts_at(profile: &Profile, scene: &str, as_of: i64) -> Facts {
    let mut events = events(scene);
    sort_and_deduplicate(&mut events);
    let context = FoldContext {
        workspace: "w",
        profile,
        as_of: ORIGIN + as_of,
    };
    let mut facts = Facts::default();
    fold(&context, &Carry::default(), &events, &mut facts);
    facts
}

/// The profile that comes with the program.
pub fn profile(name: &str) -> Profile {
    Profile::built_in(name).unwrap()
}

/// A profile that changes what comes with the program.
pub fn changed(base: &str, changes: &str) -> Profile {
    let text = format!("name = \"changed\"\nversion = 1\nextends = \"{base}\"\n{changes}");
    Profile::from_toml(&text).unwrap()
}

/// What came of a scene, one paragraph a session.
pub fn tell(facts: &Facts) -> String {
    let mut text = String::new();
    for session in &facts.sessions {
        tell_session(&mut text, session, facts);
    }
    let lone = facts
        .messages
        .iter()
        .filter(|message| message.session_id.is_none());
    for message in lone {
        let role = message.role.unwrap();
        writeln!(text, "outside: {role}{}", message.event_id).unwrap();
    }
    text
}

fn tell_session(text: &mut String, session: &Session, facts: &Facts) {
    let span = format!("{}..{}", clock(session.start_time), clock(session.end_time));
    let rule = session.start_rule.unwrap();
    let event = session.start_event.as_deref().unwrap();
    write!(text, "{span} {rule}{event}").unwrap();
    if let (Some(rule), Some(event)) = (session.engaged_rule, &session.engaged_event) {
        write!(text, ", engaged {rule}{event}").unwrap();
    }
    if let (Some(rule), Some(event)) = (session.escalated_rule, &session.escalated_event) {
        let kind = session.escalation_kind.unwrap();
        write!(text, ", escalated {rule}{event} {kind}").unwrap();
    }
    if let (Some(rule), Some(kind)) = (session.resolved_rule, session.resolution_kind) {
        let event = session.resolved_event.as_deref().unwrap_or("");
        write!(text, ", {kind} {rule}{event}").unwrap();
    }
    text.push('\n');
    tell_end(text, session);
    let ids = |of: &str| {
        let own = facts.messages.iter().filter(|message| {
            message.session_id.as_ref() == Some(&session.session_id)
                && message.role.unwrap().as_str() == of
        });
        own.map(|message| message.event_id.as_ref())
            .collect::<String>()
    };
    let parts = ["user", "bot", "agent"].map(|role| (role, ids(role)));
    for (role, ids) in parts.into_iter().filter(|(_, ids)| !ids.is_empty()) {
        write!(text, "  {role} {ids}").unwrap();
    }
    text.push('\n');
}

fn tell_end(text: &mut String, session: &Session) {
    if session.open {
        text.push_str("  open\n");
        return;
    }
    let outcome = session.outcome.unwrap();
    let reason = session.end_reason.unwrap();
    let by = session.closed_by.unwrap();
    let event = session.end_event.as_deref().unwrap_or("");
    let ended = clock(session.ended_time.unwrap());
    writeln!(text, "  {outcome}: {reason}{event} by {by} at {ended}").unwrap();
}

/// A time as the scene's lines give it.
pub fn clock(time: i64) -> String {
    let after = time - ORIGIN;
    for (unit, name) in [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")] {
        if after % unit == 0 {
            return format!("{}{name}", after / unit);
        }
    }
    format!("{after}us")
}

/// These fields of a session, message or step, by name; `-` for what it does not say.
pub fn fields<R: Record>(record: &R, names: &[&str]) -> String {
    let all = values(record);
    let mut text = String::new();
    for name in names {
        assert!(R::field(name).is_some(), "no field `{name}`");
        let value = all.get(name).map_or("-", String::as_str);
        writeln!(text, "{name}: {value}").unwrap();
    }
    text
}

/// These fields of messages or steps, a line each.
pub fn rows<R: Record>(records: &[R], names: &[&str]) -> String {
    let mut text = String::new();
    for record in records {
        let all = values(record);
        let value = |name: &&str| {
            assert!(R::field(name).is_some(), "no field `{name}`");
            all.get(*name).map_or("-", String::as_str).to_owned()
        };
        let line: Vec<String> = names.iter().map(value).collect();
        writeln!(text, "{}", line.join(" ")).unwrap();
    }
    text
}

fn values<R: Record>(record: &R) -> BTreeMap<&'static str, String> {
    let mut sink = Named::<R>(BTreeMap::new(), PhantomData);
    record.write(&mut sink);
    sink.0
}

struct Named<R>(BTreeMap<&'static str, String>, PhantomData<R>);

impl<R: Record> Named<R> {
    fn put(&mut self, index: usize, value: Option<String>) {
        if let Some(value) = value {
            self.0.insert(R::FIELDS[index].name, value);
        }
    }
}

impl<R: Record> upshot_core::FieldSink for Named<R> {
    fn text(&mut self, index: usize, value: Option<&str>) {
        self.put(index, value.map(|text| text.replace('\u{1f}', " > ")));
    }
    fn integer(&mut self, index: usize, value: Option<i64>) {
        let time = matches!(R::FIELDS[index].kind, FieldKind::Time | FieldKind::Instant);
        let show = |value| {
            if time {
                clock(value)
            } else {
                value.to_string()
            }
        };
        self.put(index, value.map(show));
    }
    fn real(&mut self, index: usize, value: Option<f64>) {
        self.put(index, value.map(|value| value.to_string()));
    }
    fn flag(&mut self, index: usize, value: Option<bool>) {
        self.put(index, value.map(|value| value.to_string()));
    }
    fn map(&mut self, index: usize, value: &Attributes) {
        self.put(index, Some(format!("{value:?}")));
    }
}

#[test]
fn texts_are_named_as_the_event_names_them() {
    assert!(TEXT_FIELDS.iter().all(|name| Event::field(name).is_some()));
}
