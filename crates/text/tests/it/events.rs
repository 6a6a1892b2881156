//! Whole events under each mode.

use upshot_core::Event;
use upshot_core::event::TEXT_FIELDS;
use upshot_core::record::{Attributes, FieldKind, FieldSink, FieldSource, Record};
use upshot_core::words::{DestinationKind, EventType};
use upshot_text::{Masker, PrivacyMode, apply, apply_all};

const ADDRESS: &str = "anna@example.org";

/// Gives the address for every field of text.
struct Everywhere;

impl FieldSource for Everywhere {
    fn text(&self, index: usize) -> Option<&str> {
        let kind = Event::FIELDS[index].kind;
        matches!(kind, FieldKind::Key | FieldKind::Text | FieldKind::Label).then_some(ADDRESS)
    }
    fn integer(&self, _: usize) -> Option<i64> {
        None
    }
    fn real(&self, _: usize) -> Option<f64> {
        None
    }
    fn flag(&self, _: usize) -> Option<bool> {
        None
    }
    fn map(&self, _: usize) -> Attributes {
        [("note".into(), ADDRESS.into())].into()
    }
}

/// The names of the fields that still hold the address, and those that hold nothing.
#[derive(Default)]
struct Left {
    address: Vec<&'static str>,
    nothing: Vec<&'static str>,
}

impl FieldSink for Left {
    fn text(&mut self, index: usize, value: Option<&str>) {
        match value {
            Some(ADDRESS) => self.address.push(Event::FIELDS[index].name),
            None => self.nothing.push(Event::FIELDS[index].name),
            Some(_) => {}
        }
    }
    fn integer(&mut self, _: usize, _: Option<i64>) {}
    fn real(&mut self, _: usize, _: Option<f64>) {}
    fn flag(&mut self, _: usize, _: Option<bool>) {}
    fn map(&mut self, index: usize, value: &Attributes) {
        if value.values().any(|value| &**value == ADDRESS) {
            self.address.push(Event::FIELDS[index].name);
        }
    }
}

fn after(mode: PrivacyMode) -> Left {
    let mut event = Event::read(&Everywhere);
    apply(mode, &Masker::new(b"key"), &mut event);
    let mut left = Left::default();
    event.write(&mut left);
    left
}

/// Fields whose content is a name or code that the bot's author or the platform set. A new field of
/// text is either treated by `apply` or named here.
const NOT_TREATED: &[&str] = &[
    "source",
    "bot",
    "bot_version",
    "channel",
    "locale",
    "device",
    "browser",
    "operating_system",
    "country",
    "language",
    "topic_id",
    "topic_name",
    "intent",
    "intent_candidates",
    "question_id",
    "question_name",
    "option_id",
    "skill",
    "queue",
    "survey_question",
    "attribute_type",
    "goal",
    "currency",
    "model_provider",
    "model",
    "model_operation",
    "cost_currency",
    "finish_reason",
    "tool",
    "knowledge_state",
    "experiment",
    "variant",
    "label",
];

#[test]
fn every_field_is_treated_or_named() {
    assert_eq!(after(PrivacyMode::Masked).address, NOT_TREATED);
    assert_eq!(after(PrivacyMode::None).address, NOT_TREATED);
}

#[test]
fn texts_go_under_none() {
    let left = after(PrivacyMode::None);
    for field in TEXT_FIELDS {
        assert!(left.nothing.contains(field), "{field} is kept");
        assert!(!after(PrivacyMode::Masked).nothing.contains(field));
    }
}

#[test]
fn full_takes_nothing_out() {
    let mut before = Event::read(&Everywhere);
    let mut event = before.clone();
    apply(PrivacyMode::Full, &Masker::new(b"key"), &mut event);
    before.note_texts(true);
    assert_eq!(event, before);
}

#[test]
fn facts_of_texts_outlive_them() {
    let noted = |mode, text: &str| {
        let mut event = Event::new(EventType::Message, 1, "c");
        event.text = Some(text.into());
        event.survey_comment = Some("well done".into());
        apply(mode, &Masker::new(b"key"), &mut event);
        (event.commented, event.text_fingerprint)
    };
    let (commented, print) = noted(PrivacyMode::Masked, "Where is it?");
    assert_eq!(commented, Some(true));
    assert!(print.is_some_and(|print| (0..1 << 16).contains(&print)));
    assert_eq!(noted(PrivacyMode::Full, "where IS it").1, print);
    assert_ne!(noted(PrivacyMode::Masked, "where is that").1, print);
    assert_eq!(noted(PrivacyMode::Masked, "?!").1, None);
    assert_eq!(noted(PrivacyMode::None, "Where is it?"), (Some(true), None));
}

fn sample() -> Event {
    let mut event = Event::new(EventType::Message, 1, "conversation-1");
    event.text = Some("I am anna@example.org, order 123456789".into());
    event.user_id = Some("anna@example.org".into());
    event.agent_id = Some("agent-7".into());
    event.page = Some("https://example.org/a?token=abc&plan=2".into());
    event.referrer = Some("/start?email=anna%40example.org".into());
    event.option_title = Some("Send to anna@example.org".into());
    event.option_destination = Some("tel:+12025550143".into());
    event.destination_kind = Some(DestinationKind::Phone);
    event.attributes = [
        ("customer", "1002003004"),
        ("e-mail", "none of your business"),
        ("first_name", "Anna"),
        ("plan", "gold"),
        ("note", "call +1 202-555-0143"),
        ("link", "https://example.org/?sig=abc"),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value.into()))
    .collect();
    event
}

#[test]
fn masked_event() {
    let masker = Masker::new(b"key");
    let mut event = sample();
    apply(PrivacyMode::Masked, &masker, &mut event);
    assert_eq!(event.text.as_deref(), Some("I am [email], order 123456789"));
    assert_eq!(
        event.page.as_deref(),
        Some("https://example.org/a?token=[secret]&plan=2")
    );
    assert_eq!(event.referrer.as_deref(), Some("/start?email=[personal]"));
    assert_eq!(event.option_title.as_deref(), Some("Send to [email]"));
    assert_eq!(
        event.option_destination.as_deref(),
        Some("tel:+12025550143")
    );
    assert_eq!(&*event.conversation_id, "conversation-1");
    assert_eq!(event.agent_id.as_deref(), Some("agent-7"));
    let attribute = |name: &str| event.attributes[name].to_string();
    assert_eq!(attribute("customer"), "1002003004");
    assert_eq!(attribute("e-mail"), "[personal]");
    assert_eq!(attribute("first_name"), "[personal]");
    assert_eq!(attribute("plan"), "gold");
    assert_eq!(attribute("note"), "call [phone]");
    assert_eq!(attribute("link"), "https://example.org/?sig=[secret]");
    let again = event.clone();
    apply(PrivacyMode::Masked, &masker, &mut event);
    assert_eq!(event, again);
}

#[test]
fn many_events_become_what_each_becomes_alone() {
    let masker = Masker::new(b"key");
    let users = [
        "anna@example.org",
        "4915112345678",
        "user-1",
        "anna@example.org",
    ];
    let mut events = Vec::new();
    for user in users {
        // The same digits are a phone number on one channel and a customer's number on another.
        for channel in ["web", "whatsapp"] {
            let mut event = sample();
            event.user_id = Some(user.into());
            event.channel = Some(channel.into());
            events.push(event);
        }
    }
    let mut alone = events.clone();
    for event in &mut alone {
        apply(PrivacyMode::Masked, &masker, event);
    }
    apply_all(&PrivacyMode::Masked.into(), &masker, &mut events);
    assert_eq!(events, alone);
    assert_ne!(events[2].user_id, events[3].user_id);
}

#[test]
fn pseudonyms_are_stable_and_keyed() {
    let user = |key: &[u8], id: &str, channel: &str| {
        let mut event = Event::new(EventType::Message, 1, "c");
        event.user_id = Some(id.into());
        event.channel = Some(channel.into());
        apply(PrivacyMode::Masked, &Masker::new(key), &mut event);
        event.user_id.unwrap().to_string()
    };
    let first = user(b"one", "anna@example.org", "web");
    assert_eq!(first, user(b"one", "anna@example.org", "teams"));
    assert_ne!(first, user(b"two", "anna@example.org", "web"));
    assert_ne!(first, user(b"one", "bob@example.org", "web"));
    assert!(first.starts_with("u_") && first.len() == 34);
    for (id, channel) in [
        ("whatsapp:+12025550143", "twilio"),
        ("+1 202-555-0143", "web"),
        ("12025550143@s.whatsapp.net", "web"),
        ("12025550143", "whatsapp"),
        ("auth0|anna@example.org", "web"),
    ] {
        assert!(user(b"one", id, channel).starts_with("u_"), "{id} stays");
    }
    for (id, channel) in [
        ("1002003004", "web"),
        ("user-17", "web"),
        ("550e8400-e29b-41d4-a716-446655440000", "web"),
        ("19:abc123@thread.skype", "teams"),
        ("29:1AbCdEf-GhIjKl", "teams"),
        ("u_0123456789abcdef0123456789abcdef", "whatsapp"),
    ] {
        assert_eq!(user(b"one", id, channel), id);
    }
}

#[test]
fn phone_channels_name_conversations_by_phone() {
    let mut event = Event::new(EventType::Message, 1, "12025550143");
    event.channel = Some("WhatsApp".into());
    apply(PrivacyMode::None, &Masker::new(b"key"), &mut event);
    assert!(event.conversation_id.starts_with("c_"));
}

#[test]
fn answers_still_point_to_their_messages() {
    let masker = Masker::new(b"key");
    let mut question = Event::new(EventType::Message, 1, "c");
    question.message_id = Some("true_12025550143@c.us_3EB0".into());
    let mut answer = Event::new(EventType::Message, 2, "c");
    answer.reply_to = question.message_id.clone();
    apply(PrivacyMode::Masked, &masker, &mut question);
    apply(PrivacyMode::Masked, &masker, &mut answer);
    assert!(question.message_id.as_deref().unwrap().starts_with("m_"));
    assert_eq!(answer.reply_to, question.message_id);
}

#[test]
fn modes_have_names() {
    for mode in PrivacyMode::ALL {
        assert_eq!(mode.as_str().parse(), Ok(mode));
    }
    assert_eq!(PrivacyMode::default(), PrivacyMode::Masked);
    let error = PrivacyMode::parse("open").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`open` is not a privacy mode; expected masked, full or none"
    );
}
