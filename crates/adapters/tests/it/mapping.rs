//! Mappings: the examples of the documentation, their laws, and their mistakes.

use std::path::PathBuf;
use std::sync::Arc;

use expect_test::{Expect, expect_file};
use proptest::prelude::*;
use upshot_adapters::{Batch, Format, ImportOptions, Mapping, Summary};
use upshot_core::{Event, FieldKind, Record};

use crate::support::*;

fn project_file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn text(path: &str) -> String {
    let path = project_file(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn mapping(text: &str) -> Arc<Mapping> {
    Arc::new(Mapping::from_toml(text).unwrap_or_else(|error| panic!("{error}")))
}

pub fn mapped(mapping: &Arc<Mapping>, file_name: &str, chunks: &[&[u8]]) -> (Batch, Summary) {
    let options = ImportOptions {
        mapping: Some(mapping.clone()),
        ..options(file_name)
    };
    read_with(options, chunks)
}

/// The mappings of the documentation, each with a file of its shape and the file's name.
fn examples() -> Vec<(&'static str, Arc<Mapping>, Vec<u8>)> {
    const FIXTURES: &str = "crates/adapters/tests/fixtures/mapping";
    let pairs = [
        (
            "star",
            "docs/examples/mappings/star.toml",
            format!("{FIXTURES}/wizard.jsonl"),
        ),
        (
            "sgd",
            "docs/examples/mappings/sgd.toml",
            format!("{FIXTURES}/dev.jsonl"),
        ),
        (
            "tau_bench",
            "docs/examples/mappings/tau_bench.toml",
            format!("{FIXTURES}/runs.json"),
        ),
        (
            "helpdesk",
            "examples/helpdesk.toml",
            "examples/helpdesk.csv".to_owned(),
        ),
        (
            "taxi",
            "examples/taxi.toml",
            "examples/taxi.json".to_owned(),
        ),
    ];
    pairs
        .into_iter()
        .map(|(name, toml, data)| {
            let mapping = mapping(&text(toml));
            assert_eq!(mapping.name(), name);
            (name, mapping, text(&data).into_bytes())
        })
        .collect()
}

#[test]
fn the_examples_give_the_expected_events() {
    for (name, mapping, bytes) in examples() {
        let (batch, summary) = mapped(&mapping, &format!("folder/{name}.part.jsonl"), &[&bytes]);
        assert_eq!(summary.format, Some(Format::Mapping));
        assert!(
            batch
                .events
                .iter()
                .all(|it| it.source.as_deref() == Some(name))
        );
        let expected = fixture_path("mapping/expected").join(format!("{name}.txt"));
        expect_file![expected].assert_eq(&render(&batch));
    }
}

#[test]
fn the_examples_read_the_same_byte_by_byte_and_again() {
    for (name, mapping, bytes) in examples() {
        let whole = mapped(&mapping, name, &[&bytes]);
        let single = bytes.chunks(1).collect::<Vec<_>>();
        assert_eq!(whole, mapped(&mapping, name, &single), "{name}");
        let unique = ids(&whole.0)
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>();
        assert_eq!(
            unique.len(),
            whole.0.events.len(),
            "{name} gives an id twice"
        );
    }
}

#[test]
fn a_grown_file_adds_only_what_is_new() {
    let (_, mapping, bytes) = examples().swap_remove(3);
    let grown = [
        &bytes[..],
        "T-3;02.02.2026 08:00;customer;Good morning;;;\n".as_bytes(),
    ]
    .concat();
    let (before, after) = (
        mapped(&mapping, "a", &[&bytes]).0,
        mapped(&mapping, "b", &[&grown]).0,
    );
    assert_eq!(ids(&before), ids(&after)[..before.events.len()]);
    assert_eq!(after.events.len(), before.events.len() + 1);
}

#[test]
fn other_encodings_and_damaged_records_are_read_as_in_any_format() {
    let (_, mapping, bytes) = examples().swap_remove(0);
    let plain = mapped(&mapping, "a", &[&bytes]).0;
    let utf16 = String::from_utf8(bytes.clone()).unwrap();
    let utf16 = utf16
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect::<Vec<_>>();
    let utf16 = [&[0xff, 0xfe][..], &utf16].concat();
    assert_eq!(ids(&plain), ids(&mapped(&mapping, "a", &[&utf16]).0));
    let damaged = [b"{\"Events\": [\n".as_slice(), &bytes].concat();
    let (batch, summary) = mapped(&mapping, "a", &[&damaged]);
    assert_eq!(ids(&plain), ids(&batch));
    assert_eq!(
        (summary.rejected, batch.rejected[0].position.line),
        (1, Some(1))
    );
    assert!(
        batch.rejected[0]
            .reason
            .starts_with("the record is no JSON")
    );
}

/// Events and rejections of a mapping without its usual beginning.
fn check(body: &str, data: &str, expected: Expect) {
    let mapping = mapping(&format!("name = \"test\"\n{body}"));
    expected.assert_eq(&render(&mapped(&mapping, "file", &[data.as_bytes()]).0));
}

const LINES: &str = "[input]\nformat = \"json_lines\"\n[defaults]\nevent_type = \"message\"\n\
    conversation_id = \"c\"\ntime = \"2026-01-01T00:00:00Z\"\n";

#[test]
fn values_are_picked_extracted_looked_up_and_scaled() {
    let body = format!(
        "{LINES}[[event]]\n\
        text = {{ from = \"@.words[*]\", pick = \"join\", separator = \" \" }}\n\
        tokens_input = {{ from = \"@.calls[*].tokens\", pick = \"sum\" }}\n\
        tokens_output = {{ from = \"@.calls[*]\", pick = \"count\" }}\n\
        latency = {{ from = \"@.ms\", scale = 1000 }}\n\
        confidence = {{ from = \"@.calls[*].sure\", pick = \"greatest\" }}\n\
        sources_cited = \"@.calls[*].name\"\n\
        topic_id = {{ from = \"@.link\", extract = \"/topic/([a-z]+)\" }}\n\
        role = {{ from = \"@.by\", words = {{ me = \"user\" }}, otherwise = \"bot\" }}\n\
        channel = [\"@.nowhere\", \"@.channel\"]\n\
        proactive = \"@.pushed\"\n\
        unmatched = {{ condition = \"@.ms > 3\" }}\n\
        attributes = {{ all = {{ from = \"@.words[*]\", pick = \"list\" }}, plan = \"{{@.plan.name}}/{{{{x}}}}\" }}\n"
    );
    check(
        &body,
        "{\"words\":[\"a\",\"b\"],\"calls\":[{\"tokens\":3,\"sure\":0.5,\"name\":\"x\"},{\"tokens\":4,\"sure\":0.7,\"name\":\"y\"}],\
         \"ms\":\"2.5\",\"link\":\"https://e.org/topic/pay\",\"by\":\"me\",\"channel\":\"web\",\"pushed\":\"yes\",\"plan\":{\"name\":\"gold\"}}\n\
         {\"by\":\"you\",\"words\":[]}\n",
        expect_test::expect![[r#"
            message time=2026-01-01T00:00:00Z #1 conversation_id=c channel=web role=user text="a b" proactive=true topic_id=pay confidence=0.7 unmatched=false tokens_input=7 tokens_output=2 latency=2500 sources_cited="[\"x\",\"y\"]" attributes={"all": "[\"a\",\"b\"]", "plan": "gold/{x}"}
            message time=2026-01-01T00:00:00Z #2 conversation_id=c role=bot unmatched=false tokens_output=0
        "#]],
    );
}

#[test]
fn what_cannot_be_made_names_the_data_and_the_block() {
    let body = format!(
        "{LINES}[[event]]\nname = \"turn\"\neach = \"turns[*]\"\nrole = {{ from = \"@.by\", words = {{ customer = \"user\" }} }}\n\
        [[event]]\neach = \"turns[*]\"\nrole = \"@.role\"\ntokens_input = \"@.tokens\"\n"
    );
    check(
        &body,
        "{\"turns\":[{\"by\":\"customer\",\"role\":\"user\"}]}\n\n{\"turns\":[{\"by\":\"custumer\",\"role\":\"users\"},{\"by\":\"customer\",\"tokens\":\"many\"},\
         {\"by\":\"customer\",\"role\":[1]}]}\n",
        expect_test::expect![[r#"
            message time=2026-01-01T00:00:00Z #1 conversation_id=c role=user
            message time=2026-01-01T00:00:00Z #2 conversation_id=c role=user
            message time=2026-01-01T00:00:00Z #3 conversation_id=c role=user
            message time=2026-01-01T00:00:00Z #4 conversation_id=c role=user
            rejected record 2 line Some(3) byte 45 field Some("role"): `custumer` is not among the words of `role`; did you mean `customer`? (line 11 of the mapping, block `turn`, element 0) -> add it to `words`, give `otherwise`, or set `unlisted` to `leave_out` or `keep`
            rejected record 2 line Some(3) byte 45 field Some("role"): `role` may not be `users`; did you mean `user`? (line 14 of the mapping, element 0) -> use one of user, bot, agent, system
            rejected record 2 line Some(3) byte 45 field Some("tokens_input"): `tokens_input` holds a text, not a whole number (line 15 of the mapping, element 1) -> write a whole number
            rejected record 2 line Some(3) byte 45 field Some("role"): `role` holds an array, not a text (line 14 of the mapping, element 2) -> write a text
        "#]],
    );
}

#[test]
fn a_record_that_gives_too_much_is_rejected() {
    let mapping = mapping(&format!(
        "name = \"test\"\n{LINES}[[event]]\neach = \"list[*]\"\n"
    ));
    let data = format!("{{\"list\":[{}1]}}", "1,".repeat(100_000));
    let batch = mapped(&mapping, "file", &[data.as_bytes()]).0;
    assert_eq!(batch.events.len(), 0);
    assert!(
        batch.rejected[0]
            .reason
            .contains("more than 100,000 events")
    );
    let bad = mapping_of_bad_times();
    let data = format!("{{\"list\":[{}1]}}", "1,".repeat(99));
    let batch = mapped(&bad, "file", &[data.as_bytes()]).0;
    assert_eq!(batch.rejected.len(), 21);
    assert!(
        batch.rejected[20]
            .reason
            .starts_with("80 more events of this record")
    );
}

#[test]
fn a_mapping_that_looks_too_often_is_stopped() {
    let head = format!("name = \"test\"\n{LINES}[[event]]\neach = \"list[*]\"\n");
    let data = format!("{{\"list\":[{}1]}}", "1,".repeat(9_999));
    let often = mapping(&format!(
        "{head}when = \"not @ = 2 and not ^.list[*] = 2\"\n"
    ));
    let batch = mapped(&often, "file", &[data.as_bytes()]).0;
    assert_eq!((batch.events.len(), batch.rejected.len()), (0, 1));
    assert!(batch.rejected[0].reason.contains("too often"));
    let once = mapping(&format!("{head}when = \"not $.list[*] = 2\"\n"));
    let batch = mapped(&once, "file", &[data.as_bytes()]).0;
    assert_eq!((batch.events.len(), batch.rejected.len()), (10_000, 0));
}

fn mapping_of_bad_times() -> Arc<Mapping> {
    mapping(
        "name = \"test\"\n[input]\nformat = \"json\"\n[[event]]\neach = \"list[*]\"\nevent_type = \"message\"\n\
         conversation_id = \"c\"\ntime = { from = \"@.x\", time = \"iso\" }\n",
    )
}

#[test]
fn every_field_of_an_event_can_be_set() {
    let mut body = String::from("name = \"all\"\n[input]\nformat = \"json\"\n[[event]]\n");
    let mut data = serde_json::Map::new();
    for field in Event::FIELDS {
        let value: serde_json::Value = match field.kind {
            FieldKind::Word => field.words.unwrap()()[0].into(),
            FieldKind::Instant | FieldKind::Time => "2026-01-01T00:00:00Z".into(),
            FieldKind::Integer | FieldKind::Count => 7.into(),
            FieldKind::Real => 0.5.into(),
            FieldKind::Flag | FieldKind::Bool => true.into(),
            FieldKind::Map => {
                body.push_str("attributes = { a = \"$.attributes.a\" }\n");
                data.insert(field.name.to_owned(), serde_json::json!({"a": "b"}));
                continue;
            }
            FieldKind::Key | FieldKind::Text | FieldKind::Label => "text".into(),
        };
        body.push_str(&format!("{} = \"$.{}\"\n", field.name, field.name));
        data.insert(field.name.to_owned(), value);
    }
    let data = serde_json::Value::Object(data).to_string();
    let batch = mapped(&mapping(&body), "file", &[data.as_bytes()]).0;
    let own = read_as(Format::Upshot, data.as_bytes()).0;
    assert_eq!(render(&own), render(&batch));
    assert_eq!(own, batch);
}

fn mistakes(text: &str, expected: Expect) {
    let error = Mapping::from_toml(text).map(|_| ()).unwrap_err();
    expected.assert_eq(&format!("{error}\n"));
}

#[test]
fn all_mistakes_are_reported_at_once_with_their_place() {
    mistakes(
        "name = \"my bot\"\nversion = 1\n\n[input]\nformat = \"jsonl\"\ndelimiter = \";\"\n\n[defaults]\nconversation = \"$.id\"\n\n\
         [[event]]\neach = \"turns\"\nwhen = \"@.a is nul\"\nevent_type = \"message\"\n\
         role = { from = \"@.by\", words = { me = \"usr\" }, unlisted = \"drop\" }\ntext = \"@text\"\n\
         time = { from = \"@.t\", time = \"%Y-%m-%d\", zone = \"Berlin\" }\nlatency = { from = \"@.ms\", steps = [] }\n\
         attributes = { a = \"{@.x\", b = { pick = \"last\" } }\n",
        expect_test::expect![[r#"
            line 1, column 8: the `name` must be 1 to 64 letters, digits, `-`, `_` or `.`; it becomes the source of the events, for example `helpdesk-export`
            line 2, column 1: a mapping has no key `version`; use one of name, description, input, words, defaults, event
            line 5, column 10: `format` may not be `jsonl`; did you mean `json`?; use one of json_lines, json, csv
            line 6, column 13: `delimiter` is of `format = "csv"` only; leave it out
            line 9, column 1: no event has a field `conversation`; did you mean `conversation_id`?; docs/formats/upshot.md lists the fields; what is your own goes under `attributes`
            line 11, column 1: the block gives its events no `conversation_id`; set `conversation_id` here, or under `[defaults]` for all blocks
            line 12, column 8: `each` names no list; write `turns[*]` for each element of `turns`
            line 13, column 16: `when` is no condition: `null` or `not null` is expected here; write for example `@.action in (say, ask) and @.text is not null`
            line 15, column 40: `role` may not be `usr`; did you mean `user`?; use one of user, bot, agent, system
            line 15, column 60: `unlisted` may not be `drop`; use one of reject, leave_out, keep
            line 16, column 9: `@text` is no path; a member is `@.text`, and there are `@index`, `@key`, `$index` and `$file`; write for example `@.text`, `$.id`, `^.speaker`, or `{ constant = "…" }` for a text with such signs
            line 17, column 50: `Berlin` is no time zone; write an IANA name, for example `Europe/Berlin` or `UTC`
            line 18, column 11: `steps` is of times only; `latency` is none; leave it out
            line 19, column 21: `{` stands alone; write `{$.path}`, or the sign twice for itself
            line 19, column 32: the field does not say where its value comes from; give one of `from`, `constant`, `condition`, or `start` for a time
        "#]],
    );
    mistakes(
        "name = \"x\"\n[input\nformat = 3\n",
        expect_test::expect![[r#"
            line 2, column 7: this is not TOML: unclosed table, expected `]`; correct the line
        "#]],
    );
    mistakes(
        "",
        expect_test::expect![[r#"
        line 1, column 1: the mapping does not say what it reads; write `[input]` and `format = "json_lines"`, `"json"` or `"csv"`
        line 1, column 1: the mapping has no `name`; begin with `name = "…"`: it becomes the source of the events
        line 1, column 1: the mapping makes no event; write `[[event]]` and the event's fields below it
    "#]],
    );
    mistakes(
        "name = \"x\"\n[input]\nformat = \"csv\"\ndelimiter = \"ab\"\nrecords = \"a\"\n[[event]]\nevent_type = \"message\"\n\
         time = { start = \"soon\", steps = [{ of = \"@indx\", length = \"30\" }] }\nconversation_id = { from = \"@.a\", constant = \"b\" }\n\
         text = { from = \"@.a\", extract = \"(\", words = \"none\" }\n",
        expect_test::expect![[r#"
            line 4, column 13: the `delimiter` must be one ASCII sign; write one sign, for example `";"` or `"\t"`
            line 5, column 11: `records` is of `format = "json"` only; leave it out: each line or row is a record
            line 8, column 18: `time` is no time: `soon`; write RFC 3339 with a zone, such as 2026-01-31T09:30:00Z, or whole seconds, milliseconds or microseconds since 1970
            line 8, column 43: `@indx` is no path; a member is `@.indx`, and there are `@index`, `@key`, `$index` and `$file`; write for example `@.text`, `$.id`, `^.speaker`, or `{ constant = "…" }` for a text with such signs
            line 8, column 60: `30` is no length of time; write a whole number and us, ms, s, m, h or d, for example `"30s"`
            line 9, column 19: the field says more than once where its value comes from; give one of `from`, `constant`, `condition`, or `start` for a time
            line 10, column 34: `extract` is no pattern: unclosed group; write for example `extract = "order-([0-9]+)"`
            line 10, column 47: there are no words called `none`; write `[words.none]` and the words below it
        "#]],
    );
}

/// Takes some bytes out of a text, or puts others into it.
fn mutate(bytes: &[u8], generator: &mut Generator) -> Vec<u8> {
    const PIECES: &[&[u8]] = &[
        b"[*]",
        b"@.",
        b"^",
        b"$",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"'",
        b",",
        b"null",
        b"=",
        b"-1",
        b"index",
        b"\n",
        b"\\",
        b"\xff",
        b"1e999",
        b"9223372036854775807",
        b"not ",
        b"steps",
        b"%",
    ];
    let mut bytes = bytes.to_vec();
    for _ in 0..=generator.below(3) {
        let at = generator.below(bytes.len() + 1);
        let end = (at + generator.below(6)).min(bytes.len());
        let piece = PIECES[generator.below(PIECES.len())];
        bytes.splice(at..end, piece.iter().copied());
    }
    bytes
}

#[test]
fn mutated_mappings_and_data_never_panic_and_do_not_depend_on_chunks() {
    let rounds = std::env::var("UPSHOT_MUTATIONS").map_or(400, |it| it.parse().unwrap());
    let mut generator = Generator(7);
    let tomls = [
        "docs/examples/mappings/star.toml",
        "docs/examples/mappings/sgd.toml",
        "docs/examples/mappings/tau_bench.toml",
        "examples/helpdesk.toml",
        "examples/taxi.toml",
    ];
    let examples = examples();
    for round in 0..rounds {
        let which = round % tomls.len();
        let (name, whole, bytes) = &examples[which];
        let toml = mutate(text(tomls[which]).as_bytes(), &mut generator);
        let changed = Mapping::from_toml(&String::from_utf8_lossy(&toml))
            .ok()
            .map(Arc::new);
        let data = mutate(bytes, &mut generator);
        let chunk = 1 + generator.below(64);
        for mapping in [Some(whole.clone()), changed].into_iter().flatten() {
            let once = mapped(&mapping, name, &[&data]);
            let parts = data.chunks(chunk).collect::<Vec<_>>();
            assert_eq!(
                once,
                mapped(&mapping, name, &parts),
                "{name}, round {round}"
            );
            assert!(
                once.0
                    .events
                    .iter()
                    .all(|it| it.event_type.is_some() && !it.conversation_id.is_empty())
            );
            assert!(
                once.0
                    .rejected
                    .iter()
                    .all(|it| !it.reason.is_empty() && !it.cure.is_empty())
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_result_does_not_depend_on_how_the_bytes_are_divided(which in 0_usize..5, cuts in prop::collection::vec(any::<usize>(), 0..8)) {
        let (name, mapping, bytes) = examples().swap_remove(which);
        let mut cuts = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect::<Vec<_>>();
        cuts.sort_unstable();
        let mut parts = Vec::new();
        let mut from = 0;
        for cut in cuts {
            parts.push(&bytes[from..cut]);
            from = cut;
        }
        parts.push(&bytes[from..]);
        prop_assert_eq!(mapped(&mapping, name, &[&bytes]), mapped(&mapping, name, &parts));
    }

    #[test]
    fn no_text_makes_reading_a_mapping_panic(text in "[a-z\\[\\]{}=\"'@$^.*0-9 \n]{0,80}") {
        let _ = Mapping::from_toml(&format!("name = \"x\"\n[input]\nformat = \"json\"\n[[event]]\n{text}"));
        let _ = Mapping::from_toml(&text);
    }
}
