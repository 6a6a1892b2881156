//! Our own JSON.

use expect_test::expect;
use proptest::prelude::*;
use upshot_adapters::{Format, parse_events, write_event};
use upshot_core::words::{EventType, Word};
use upshot_core::{Attributes, Event, Field, FieldKind, FieldSource, Record};

use crate::support::*;

const GOOD: &str =
    r#"{"event_type":"message","time":"2026-01-31T09:30:00Z","conversation_id":"c1"}"#;

/// The reason and the cure of the one rejection of a record.
fn problem(record: &str) -> String {
    let batch = parse_events(record.as_bytes(), RECEIVED);
    assert!(batch.events.is_empty(), "{record} was read");
    let [rejected] = batch.rejected.as_slice() else {
        panic!("{record}: {:?}", batch.rejected)
    };
    assert_eq!(rejected.raw, record.trim());
    let field = rejected.field.as_deref().unwrap_or("-");
    format!("{field} | {} | {}", rejected.reason, rejected.cure)
}

fn with(fields: &str) -> String {
    format!("{}, {fields}}}", &GOOD[..GOOD.len() - 1])
}

#[test]
fn fixtures_are_read() {
    let (batch, summary) = read(&fixture("upshot/events.jsonl"));
    assert_eq!(summary.format, Some(Format::Upshot));
    expect![[r#"
        conversation_start time=2026-01-31T09:30:00Z #1 conversation_id=web-1 bot=parcel-helper bot_version=14 channel=web locale=de-AT user_id=u-81 page="/parcels" utm_source=newsletter
        message time=2026-01-31T09:30:04.25Z #2 conversation_id=web-1 message_id=m-1 role=user message_kind=text text="Wo ist mein Paket?" language=de
        intent time=2026-01-31T09:30:04.3Z #3 conversation_id=web-1 message_id=m-1 intent=track_parcel confidence=0.91 intent_candidates="[{\"confidence\":0.06,\"intent\":\"new_parcel\"}]"
        topic time=2026-01-31T09:30:04.4Z #4 conversation_id=web-1 topic_id=track topic_name="Track a parcel" topic_kind=custom topic_trigger=direct
        model_call time=2026-01-31T09:30:05Z #5 conversation_id=web-1 model_provider=openai model=small model_operation=chat tokens_input=420 tokens_output=37 latency=812000
        message time=2026-01-31T09:30:06Z #6 conversation_id=web-1 message_id=m-2 role=bot message_kind=text text="Es ist unterwegs." reply_to=m-1 attributes={"depot": "Wien 3", "express": "true", "weight": "2.5"}
        feedback time=2026-01-31T09:30:10.5Z #7 conversation_id=web-1 message_id=m-2 role=user feedback=up
        rejected record 8 line Some(8) byte 1367 field Some("event_type"): `event_type` may not be `mesage`; did you mean `message`? -> use one of message, conversation_start, conversation_end, topic, topic_end, intent, question, option, handover, outcome, survey, feedback, attribute, model_call, knowledge, exposure, experiment, conversion, label, interaction, error, report, other
    "#]].assert_eq(&render(&batch));
}

#[test]
fn object_array_and_lines_give_the_same() {
    let one = parse_events(GOOD.as_bytes(), RECEIVED);
    assert_eq!(one.events.len(), 1);
    assert_eq!(one.events[0].received_time, Some(RECEIVED));
    assert_eq!(one.events[0].source.as_deref(), Some("upshot"));
    for text in [
        format!("[{GOOD}]"),
        format!(" [\n  {GOOD}\n]\n"),
        format!("{GOOD}\n"),
        format!("\r\n\r\n{GOOD}\r\n"),
        GOOD.replace(',', ",\n  "),
        format!("\u{feff}{GOOD}"),
    ] {
        assert_eq!(parse_events(text.as_bytes(), RECEIVED), one, "{text}");
        assert_eq!(read(text.as_bytes()).0.events, one.events, "{text}");
    }
}

#[test]
fn problems_name_field_cause_and_cure() {
    let cases = [
        with(r#""chanel":"web""#),
        with(r#""conversationId":"web""#),
        with(r#""zebra":1"#),
        with(r#""role":"usr""#),
        with(r#""tokens_input":"12""#),
        with(r#""tokens_input":1.5"#),
        with(r#""confidence":"high""#),
        with(r#""authenticated":"yes""#),
        with(r#""user_id":42"#),
        with(r#""attributes":{"plan":{"a":1}}"#),
        with(r#""attributes":"gold""#),
        with(r#""id":"1","event_id":"2""#),
        GOOD.replace("Z\"", "\""),
        GOOD.replace("2026-01-31T09:30:00Z", "yesterday"),
        GOOD.replace("\"2026-01-31T09:30:00Z\"", "-5"),
        GOOD.replace("\"c1\"", "\"\""),
        GOOD.replace("\"c1\"", "null"),
        GOOD.replace("\"event_type\":\"message\",", ""),
        GOOD.replace("message", "mesage"),
        r#"{"event_type":"message""#.to_owned(),
        format!("{GOOD}{GOOD}"),
        "17".to_owned(),
    ];
    let found = cases
        .iter()
        .map(|it| problem(it) + "\n")
        .collect::<String>();
    expect![[r#"
        chanel | unknown field `chanel`; did you mean `channel`? | use the name of a field, or put what is your own under `attributes`
        conversationId | unknown field `conversationId`; did you mean `conversation_id`? | use the name of a field, or put what is your own under `attributes`
        zebra | unknown field `zebra` | use the name of a field, or put what is your own under `attributes`
        role | `role` may not be `usr`; did you mean `user`? | use one of user, bot, agent, system
        tokens_input | `tokens_input` holds a text, not a whole number | write a whole number
        tokens_input | `tokens_input` holds a number, not a whole number | write a whole number
        confidence | `confidence` holds a text, not a number | write a number
        authenticated | `authenticated` holds a text, not `true` or `false` | write `true` or `false`
        user_id | `user_id` holds a number, not a text | write a text
        attributes.plan | `attributes.plan` holds an object | give each name one text, number or truth value
        attributes | `attributes` holds a text, not an object of names and values | write an object of names and values
        event_id | `event_id` is given twice | give each field once
        time | `time` has no time zone: `2026-01-31T09:30:00` | write RFC 3339 with a zone, such as 2026-01-31T09:30:00Z, or whole seconds, milliseconds or microseconds since 1970
        time | `time` is no time: `yesterday` | write RFC 3339 with a zone, such as 2026-01-31T09:30:00Z, or whole seconds, milliseconds or microseconds since 1970
        time | `time` lies before 1970: -5 | write RFC 3339 with a zone, such as 2026-01-31T09:30:00Z, or whole seconds, milliseconds or microseconds since 1970
        conversation_id | `conversation_id` is empty | give all events of a conversation the same id
        conversation_id | `conversation_id` is missing | give all events of a conversation the same id
        event_type | `event_type` is missing | say what happened, for example `message`
        event_type | `event_type` may not be `mesage`; did you mean `message`? | use one of message, conversation_start, conversation_end, topic, topic_end, intent, question, option, handover, outcome, survey, feedback, attribute, model_call, knowledge, exposure, experiment, conversion, label, interaction, error, report, other
        - | the record is no JSON object: EOF while parsing an object at line 1 column 23 | write one JSON object for each event
        - | the record is no JSON object: trailing characters at line 1 column 78 | write one JSON object for each event
        - | the file is not in the format `upshot`: it holds text that begins with "17" | use one of the known formats: `upshot` (our own JSON: one object, an array or JSON Lines); `copilot-studio` (Copilot Studio transcripts: Dataverse rows as JSON or CSV, or their contents); `botframework` (Bot Framework activities: .transcript files and Direct Line activity sets)
    "#]].assert_eq(&found);
}

#[test]
fn times_in_every_spelling_are_one() {
    for time in [
        "\"2026-01-31T09:30:00Z\"",
        "\"2026-01-31T10:30:00+01:00\"",
        "\"2026-01-31T09:30:00.000000000Z\"",
        "1769851800",
        "1769851800.0",
        "1769851800000",
        "1769851800000000",
    ] {
        let record = GOOD.replace("\"2026-01-31T09:30:00Z\"", time);
        let batch = parse_events(record.as_bytes(), RECEIVED);
        assert_eq!(batch.events[0].time, 1_769_851_800_000_000, "{time}");
    }
}

#[test]
fn aliases_lists_and_attributes_are_understood() {
    let record = r#"{"type":"knowledge","id":"e1","timestamp":1769851800,"conversation_id":"c",
        "sources_cited":[ "a", "b" ],"sources_retrieved":"[\"a\"]","text":null,
        "attributes":{"plan":"gold","seats":3,"ratio":0.5,"trial":false,"none":null}}"#;
    let batch = parse_events(record.as_bytes(), RECEIVED);
    expect![[r#"
        knowledge time=2026-01-31T09:30:00Z #1 conversation_id=c sources_retrieved="[\"a\"]" sources_cited="[\"a\",\"b\"]" attributes={"plan": "gold", "ratio": "0.5", "seats": "3", "trial": "false"}
    "#]].assert_eq(&render(&batch));
    assert_eq!(&*batch.events[0].event_id, "e1");
}

#[test]
fn equal_events_get_ids_of_their_own_and_keep_them() {
    let other = GOOD.replace("c1", "c2");
    let file = [GOOD, GOOD, &other, GOOD].join("\n");
    let first = parse_events(file.as_bytes(), RECEIVED);
    let again = parse_events(file.as_bytes(), RECEIVED + 1);
    assert_eq!(ids(&first), ids(&again));
    let unique = ids(&first)
        .into_iter()
        .collect::<std::collections::BTreeSet<_>>();
    assert_eq!(unique.len(), 4);

    let grown = format!("{other}\n{file}\n{GOOD}\n");
    let grown = parse_events(grown.as_bytes(), RECEIVED);
    assert!(ids(&first).iter().all(|id| ids(&grown).contains(id)));
    assert_eq!(grown.events.len(), 6);
}

#[test]
fn a_bad_record_costs_itself_only() {
    let bad = [
        GOOD.replace("}", ""),
        GOOD.replace("\"c1\"", "\"c1"),
        GOOD.replace("{", "{{"),
        GOOD.replace("}", "}}"),
        GOOD.replace("message", "mess\u{1}age"),
        "null".to_owned(),
        "\"text".to_owned(),
        with(r#""text":"#) + &"[".repeat(200) + &"]".repeat(200) + "}",
    ];
    for bad in bad {
        for (open, between, close) in [("", "\n", "\n"), ("[\n  ", ",\n  ", "\n]"), ("[", ",", "]")]
        {
            let records = [GOOD, bad.as_str(), GOOD, GOOD].join(between);
            let file = format!("{open}{records}{close}");
            let batch = parse_events(file.as_bytes(), RECEIVED);
            // What stands before a surplus brace is whole.
            let whole = usize::from(bad.ends_with("}}") && !open.is_empty());
            assert_eq!(batch.events.len(), 3 + whole, "{file}\n{}", render(&batch));
            assert!(!batch.rejected.is_empty(), "{file}");
        }
    }
}

#[test]
fn positions_are_true() {
    let file = format!("{GOOD}\n\n  {{\"zebra\":1}}\r\n{GOOD}\n{{}}");
    let batch = parse_events(file.as_bytes(), RECEIVED);
    for rejected in &batch.rejected {
        let from = rejected.position.byte as usize;
        assert!(file[from..].starts_with(&rejected.raw));
        let line = file[..from].matches('\n').count() as u64 + 1;
        assert_eq!(rejected.position.line, Some(line));
    }
    let records = batch.rejected.iter().map(|it| it.position.record);
    assert_eq!(records.collect::<Vec<_>>(), [2, 4]);
}

/// Values for every field, made of a few numbers.
struct Seeded(u64);

impl Seeded {
    fn pick(&self, index: usize) -> u64 {
        Generator(self.0 ^ (index as u64) << 32).next()
    }
    fn field(index: usize) -> &'static Field {
        &Event::FIELDS[index]
    }
}

const TEXTS: &[&str] = &[
    "",
    "a",
    "two words",
    "«ü»",
    "\"quoted\\\"",
    "\u{0}\u{1f}\u{7f}",
    "line\r\nbreak\t",
    "😀",
    "[]",
    " ",
];

impl FieldSource for Seeded {
    fn text(&self, index: usize) -> Option<&str> {
        let pick = self.pick(index);
        match Self::field(index).kind {
            FieldKind::Key => Some(TEXTS[1 + (pick % 9) as usize]),
            FieldKind::Word if Self::field(index).name == "event_type" => {
                Some(EventType::ALL[pick as usize % EventType::ALL.len()].as_str())
            }
            FieldKind::Word if pick.is_multiple_of(2) => {
                let words = Self::field(index).words.unwrap()();
                Some(words[(pick / 2) as usize % words.len()])
            }
            FieldKind::Word => None,
            _ if pick.is_multiple_of(3) => None,
            _ => Some(TEXTS[(pick % 10) as usize]),
        }
    }
    fn integer(&self, index: usize) -> Option<i64> {
        let pick = self.pick(index);
        match Self::field(index).kind {
            FieldKind::Instant => Some((pick % 4_000_000_000_000_000) as i64),
            FieldKind::Time => pick
                .is_multiple_of(2)
                .then_some((pick % 4_000_000_000_000_000) as i64),
            _ => pick.is_multiple_of(2).then_some(pick as i64),
        }
    }
    fn real(&self, index: usize) -> Option<f64> {
        let pick = self.pick(index);
        pick.is_multiple_of(2)
            .then(|| f64::from_bits(pick))
            .filter(|it| it.is_finite())
    }
    fn flag(&self, index: usize) -> Option<bool> {
        let pick = self.pick(index);
        pick.is_multiple_of(2).then_some(pick.is_multiple_of(4))
    }
    fn map(&self, index: usize) -> Attributes {
        let pick = self.pick(index) as usize;
        (0..pick % 4)
            .map(|it| {
                (
                    TEXTS[(pick + it) % 10].into(),
                    TEXTS[(pick / 7 + it) % 10].into(),
                )
            })
            .collect()
    }
}

proptest! {
    #[test]
    fn writing_and_reading_is_nothing(seed: u64) {
        let event = Event::read(&Seeded(seed));
        let line = write_event(&event);
        prop_assert!(!line.contains('\n'));
        let batch = parse_events(line.as_bytes(), RECEIVED);
        prop_assert_eq!(&batch.rejected, &[]);
        let mut expected = event;
        expected.received_time = expected.received_time.or(Some(RECEIVED));
        expected.source = expected.source.or(Some("upshot".into()));
        expected.source_sequence = expected.source_sequence.or(Some(1));
        prop_assert_eq!(&batch.events, &[expected]);
    }
}

/// The table of fields in the format's page is made from the record.
#[test]
fn the_page_names_every_field() {
    const MARK: &str = "<!-- fields -->\n";
    let page = expect_test::expect_file!["../../../../docs/formats/upshot.md"];
    let text = page.data();
    let (before, _) = text.split_once(MARK).unwrap();
    let mut expected = format!("{before}{MARK}\n| field | holds | says |\n|---|---|---|\n");
    for field in Event::FIELDS {
        let holds = match field.kind {
            FieldKind::Key | FieldKind::Text | FieldKind::Label => "text".to_owned(),
            FieldKind::Word => {
                let words = field.words.unwrap()();
                let words = words.iter().map(|word| format!("`{word}`"));
                words.collect::<Vec<_>>().join(", ")
            }
            FieldKind::Instant | FieldKind::Time => "time".to_owned(),
            FieldKind::Count | FieldKind::Integer => "whole number".to_owned(),
            FieldKind::Real => "number".to_owned(),
            FieldKind::Flag | FieldKind::Bool => "`true`, `false`".to_owned(),
            FieldKind::Map => "object".to_owned(),
        };
        let says = field.documentation.replace('|', "\\|");
        let says = says.split_whitespace().collect::<Vec<_>>().join(" ");
        expected.push_str(&format!("| `{}` | {holds} | {says} |\n", field.name));
    }
    page.assert_eq(&expected);
}
