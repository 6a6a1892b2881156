//! What holds for every format: chunks, encodings, limits, recognition, damage.

use proptest::prelude::*;
use upshot_adapters::{Batch, Format, ImportOptions, Summary};

use crate::support::*;

/// All fixtures of all formats.
fn all_fixtures() -> Vec<(String, Vec<u8>)> {
    ["upshot", "botframework", "copilot_studio"]
        .into_iter()
        .filter(|folder| fixture_path(folder).is_dir())
        .flat_map(|folder| {
            let named = |(name, bytes)| (format!("{folder}/{name}"), bytes);
            fixtures(folder).into_iter().map(named).collect::<Vec<_>>()
        })
        .collect()
}

fn limited(maximum_record_bytes: usize) -> ImportOptions {
    ImportOptions {
        maximum_record_bytes,
        ..options("file")
    }
}

fn same_in_chunks(bytes: &[u8], options: &ImportOptions, cuts: &[usize]) -> (Batch, Summary) {
    let whole = read_with(options.clone(), &[bytes]);
    let mut cuts = cuts
        .iter()
        .map(|cut| cut % (bytes.len() + 1))
        .collect::<Vec<_>>();
    cuts.sort_unstable();
    let mut chunks = Vec::new();
    let mut from = 0;
    for cut in cuts {
        chunks.push(&bytes[from..cut]);
        from = cut;
    }
    chunks.push(&bytes[from..]);
    let parts = read_with(options.clone(), &chunks);
    assert_eq!(render(&whole.0), render(&parts.0));
    assert_eq!(whole, parts);
    whole
}

#[test]
fn every_fixture_reads_the_same_byte_by_byte() {
    for (name, bytes) in all_fixtures() {
        let cuts = (0..bytes.len()).collect::<Vec<_>>();
        let (_, summary) = same_in_chunks(&bytes, &options(&name), &cuts);
        assert!(summary.format.is_some(), "{name} is not recognised");
        assert!(summary.events > 0, "{name} gives no event");
    }
}

#[test]
fn every_fixture_twice_gives_the_same_ids() {
    for (name, bytes) in all_fixtures() {
        let first = read_with(options(&name), &[&bytes]).0;
        let again = ImportOptions {
            received_time: RECEIVED + 1,
            ..options(&name)
        };
        let again = read_with(again, &[&bytes]).0;
        assert_eq!(ids(&first), ids(&again), "{name}");
        let unique = ids(&first)
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>();
        assert_eq!(unique.len(), first.events.len(), "{name} gives an id twice");
        assert!(
            first
                .events
                .iter()
                .all(|it| it.event_type.is_some() && !it.conversation_id.is_empty())
        );
    }
}

/// UTF-16, with its mark or without, in both orders.
fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    mark.into_iter()
        .chain(text.encode_utf16())
        .flat_map(|unit| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

#[test]
fn encodings_give_the_same_events_and_true_positions() {
    for (name, bytes) in all_fixtures() {
        let Ok(text) = String::from_utf8(bytes.clone()) else {
            continue;
        };
        let plain = read_with(options(&name), &[&bytes]).0;
        let text = text.trim_start_matches('\u{feff}');
        for (little, mark) in [(true, true), (false, true), (true, false), (false, false)] {
            let encoded = utf16(text, little, mark);
            let read = read_with(options(&name), &[&encoded]).0;
            assert_eq!(ids(&plain), ids(&read), "{name}");
        }
    }
    let text = "{\"event_type\":\"message\",\"time\":1,\"conversation_id\":\"«😀»\"}\n{\"x\":1}";
    let (batch, _) = read(&utf16(text, true, true));
    assert_eq!(batch.events.len(), 1);
    let before = text.find('\n').unwrap() + 1;
    let units = text[..before].encode_utf16().count() as u64;
    assert_eq!(batch.rejected[0].position.byte, 2 + 2 * units);
}

#[test]
fn formats_are_recognised_by_content() {
    let cases: &[(&str, Option<Format>)] = &[
        (r#"{"event_type":"message"}"#, Some(Format::Upshot)),
        (
            r#"{"type":"message","conversation_id":"c"}"#,
            Some(Format::Upshot),
        ),
        (
            r#"[{"type":"message","from":{"id":"u"}}]"#,
            Some(Format::BotFramework),
        ),
        (
            r#"{"activities":[{"type":"message","from":{"id":"u"}}],"watermark":"1"}"#,
            Some(Format::BotFramework),
        ),
        (
            r#"{"transcript":[{"type":"message","from":{"id":"u"}}]}"#,
            Some(Format::BotFramework),
        ),
        (
            r#"{"activities":[{"type":"trace","valueType":"SessionInfo","value":{}}]}"#,
            Some(Format::CopilotStudio),
        ),
        (
            r#"[{"type":"message","text":"a","from":{"id":"u"},"channelId":"pva-studio"}]"#,
            Some(Format::CopilotStudio),
        ),
        (
            r#"{"value":[{"content":"{}","conversationtranscriptid":"1"}]}"#,
            Some(Format::CopilotStudio),
        ),
        (
            r#"{"@odata.context":"x","value":[{"conversationtranscriptid":"1"}]}"#,
            Some(Format::CopilotStudio),
        ),
        (
            r#"[{"content":"{}","conversationstarttime":"x"}]"#,
            Some(Format::CopilotStudio),
        ),
        (
            "conversationid,content,createdon\na,b,c\n",
            Some(Format::CopilotStudio),
        ),
        (
            "Name;Content;ConversationStartTime\na;b;c\n",
            Some(Format::CopilotStudio),
        ),
        (
            r#"{"type":"event","value":[1],"from":{"id":"b"}}"#,
            Some(Format::BotFramework),
        ),
        ("hello, world", None),
        ("id,name\n1,2\n", None),
        (r#"{"resourceSpans":[]}"#, None),
        ("[1,2]", None),
        ("{}", None),
    ];
    for (text, format) in cases {
        let (batch, summary) = read(text.as_bytes());
        assert_eq!(summary.format, *format, "{text}");
        if format.is_none() {
            assert_eq!(batch.rejected.len(), 1, "{text}");
            let rejected = &batch.rejected[0];
            assert!(
                rejected.reason.contains("the format is not known"),
                "{}",
                rejected.reason
            );
            assert!(
                Format::ALL
                    .iter()
                    .all(|it| rejected.cure.contains(it.as_str()))
            );
        }
    }
    for nothing in ["", " \n", "[]", "\u{feff}", "[ ]\n"] {
        let (batch, summary) = read(nothing.as_bytes());
        assert_eq!(batch, Batch::default(), "{nothing:?}");
        assert_eq!(summary, Summary::default());
    }
}

#[test]
fn giant_records_are_rejected_and_the_rest_goes_in() {
    let good = r#"{"event_type":"message","time":1,"conversation_id":"c"}"#;
    let giant = good.replace("}", &format!(",\"text\":\"{}\"}}", "x".repeat(100_000)));
    for (open, between, close) in [("", "\n", ""), ("[", ",", "]"), ("[\n", ",\n", "\n]")] {
        let file = format!("{open}{}{close}", [good, &giant, good].join(between));
        let cuts = (0..50).map(|it| it * 4_001).collect::<Vec<_>>();
        let (batch, _) = same_in_chunks(file.as_bytes(), &limited(1000), &cuts);
        assert_eq!(batch.events.len(), 2);
        assert_eq!(batch.rejected.len(), 1, "{}", render(&batch));
        assert!(batch.rejected[0].reason.contains("larger than 1000 bytes"));
    }
}

#[test]
fn deep_nesting_is_rejected() {
    for depth in [127, 128, 129, 1_000, 1_000_000] {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let record =
            format!(r#"{{"event_type":"message","time":1,"conversation_id":"c","text":{deep}}}"#);
        let (batch, _) = read(format!("[{record}]").as_bytes());
        assert_eq!(
            (batch.events.len(), batch.rejected.len()),
            (0, 1),
            "{depth}"
        );
        let (batch, _) = read_as(Format::BotFramework, format!("[{record}]").as_bytes());
        assert!(batch.rejected.len() <= 2);
        read_as(Format::CopilotStudio, deep.as_bytes());
    }
}

#[test]
fn rows_of_a_table_are_cut_in_chunks_and_survive_damage() {
    let content = r#""{""activities"":[{""type"":""message"",""id"":""m"",
""timestamp"":1767225600,""from"":{""id"":""u"",""role"":1},""text"":""a;b""}]}""#;
    let row = |number: usize| format!("c{number};{content};2026-01-01T00:00:00Z");
    let rows = (0..5).map(row).collect::<Vec<_>>();
    let header = "conversationid;content;createdon";
    let cuts = (0..400).map(|it| it * 3).collect::<Vec<_>>();
    let read = |rows: &[String]| {
        let file = format!("{header}\r\n{}\r\n", rows.join("\r\n"));
        same_in_chunks(file.as_bytes(), &options("file"), &cuts).0
    };
    let whole = read(&rows);
    assert_eq!(whole.rejected, []);
    let messages = |batch: &Batch| batch.events.iter().filter(|it| it.text.is_some()).count();
    assert_eq!(messages(&whole), 5);
    // The quotation mark at the end of one content is lost.
    let mut damaged = rows.clone();
    damaged[2] = damaged[2].replace("}]}\"", "}]}");
    let damaged = read(&damaged);
    assert_eq!(messages(&damaged), 4, "{}", render(&damaged));
    assert!(!damaged.rejected.is_empty());
}

#[test]
fn places_are_true_in_a_long_file_however_it_comes() {
    let record = |number: usize| match number % 1000 {
        999 => format!(r#"{{"zebra":"ü😀","number":{number}}}"#),
        _ => format!(r#"{{"event_type":"message","time":1,"conversation_id":"ü{number}"}}"#),
    };
    for (open, between, close) in [("", "\n", "\n"), ("[\n", ",\n", "\n]"), ("[", ", ", "]")] {
        let records = (0..9000).map(record).collect::<Vec<_>>();
        let text = format!("{open}{}{close}", records.join(between));
        for (bytes, wide) in [
            (text.clone().into_bytes(), false),
            (utf16(&text, true, true), true),
        ] {
            for size in [999, 65_536, bytes.len()] {
                let chunks = bytes.chunks(size).collect::<Vec<_>>();
                let (batch, summary) = read_with(options("file"), &chunks);
                assert_eq!((summary.records, summary.events), (9000, 8991));
                for (number, rejected) in batch.rejected.iter().enumerate() {
                    assert_eq!(rejected.position.record, 1000 * (number as u64 + 1));
                    let from = rejected.position.byte as usize;
                    let raw = match wide {
                        false => rejected.raw.as_bytes().to_vec(),
                        true => utf16(&rejected.raw, true, false),
                    };
                    assert_eq!(&bytes[from..from + raw.len()], raw);
                    let line = match between {
                        ", " => 1,
                        _ => 1000 * (number as u64 + 1) + u64::from(open == "[\n"),
                    };
                    assert_eq!(rejected.position.line, Some(line));
                }
                assert_eq!(batch.rejected.len(), 9);
            }
        }
    }
}

/// Changes a few bytes, or cuts, doubles or joins parts.
fn mutate(bytes: &[u8], generator: &mut Generator) -> Vec<u8> {
    const BYTES: &[u8] = b"\"\\{}[],:\n\r\t \0\x01\xff\xc3enullt0-9";
    let mut bytes = bytes.to_vec();
    for _ in 0..=generator.below(4) {
        let at = generator.below(bytes.len());
        let length = generator.below(bytes.len() - at).min(200);
        match generator.below(6) {
            0 if !bytes.is_empty() => bytes[at] = BYTES[generator.below(BYTES.len())],
            1 => bytes.insert(at, BYTES[generator.below(BYTES.len())]),
            2 => drop(bytes.drain(at..at + length)),
            3 => bytes.truncate(at),
            4 => {
                let copy = bytes[at..at + length].to_vec();
                bytes.splice(at..at, copy);
            }
            _ if !bytes.is_empty() => bytes[at] ^= 1 << generator.below(8),
            _ => {}
        }
    }
    bytes
}

#[test]
fn mutated_files_never_panic_and_never_depend_on_chunks() {
    let rounds = std::env::var("UPSHOT_MUTATIONS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(150);
    let mut generator = Generator(7);
    for (name, bytes) in all_fixtures() {
        for _ in 0..rounds {
            let mutated = mutate(&bytes, &mut generator);
            let mut options = options(&name);
            options.format = [
                None,
                None,
                Some(Format::Upshot),
                Some(Format::CopilotStudio),
                Some(Format::BotFramework),
            ][generator.below(5)];
            options.maximum_record_bytes = [64 << 20, 3000][generator.below(2)];
            let cuts = (0..generator.below(20))
                .map(|_| generator.below(mutated.len() + 1))
                .collect::<Vec<_>>();
            same_in_chunks(&mutated, &options, &cuts);
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, cuts: Vec<usize>) {
        for format in [None, Some(Format::Upshot), Some(Format::CopilotStudio), Some(Format::BotFramework)] {
            same_in_chunks(&bytes, &ImportOptions { format, ..limited(50) }, &cuts);
        }
    }

    #[test]
    fn arbitrary_json_like_text_never_panics(text in "[\\[\\]{}\",:\\\\ \n0-9a-e]{0,200}", cuts: Vec<usize>) {
        for format in [None, Some(Format::Upshot), Some(Format::CopilotStudio), Some(Format::BotFramework)] {
            same_in_chunks(text.as_bytes(), &ImportOptions { format, ..limited(50) }, &cuts);
        }
    }

    #[test]
    fn damage_within_one_line_costs_that_line_only(line in 0usize..20, seed: u64) {
        let record = |it: usize| format!(r#"{{"event_type":"message","time":1,"conversation_id":"c{it}","text":"{it}"}}"#);
        let mut records = (0..20).map(|it| record(it).into_bytes()).collect::<Vec<_>>();
        let mutated = mutate(&records[line], &mut Generator(seed));
        records[line] = mutated.into_iter().filter(|byte| *byte != b'\n').collect();
        // How a file begins tells what it is: lines or one list, and in which encoding.
        prop_assume!(line > 0 || records[0].starts_with(b"{\""));
        let file = records.join(&b'\n');
        let (batch, _) = read_as(Format::Upshot, &file);
        let found = batch.events.iter().map(|it| it.conversation_id.to_string()).collect::<std::collections::BTreeSet<_>>();
        for other in (0..20).filter(|it| *it != line) {
            prop_assert!(found.contains(&format!("c{other}")), "{other}");
        }
    }

    #[test]
    fn damage_within_one_element_costs_that_element_only(element in 1usize..20, at: usize, byte in 32u8..127) {
        let record = |it: usize| format!(r#"{{"event_type":"message","time":1,"conversation_id":"c{it}","text":"{it}"}}"#);
        for (open, between, close) in [("[", ",", "]"), ("[\n  ", ",\n  ", "\n]")] {
            let mut records = (0..20).map(|it| record(it).into_bytes()).collect::<Vec<_>>();
            let at = at % records[element].len();
            records[element][at] = byte;
            let file = [open.as_bytes(), &records.join(between.as_bytes()), close.as_bytes()].concat();
            let (batch, _) = read_as(Format::Upshot, &file);
            let found = batch.events.iter().map(|it| it.conversation_id.to_string()).collect::<std::collections::BTreeSet<_>>();
            for other in (0..20).filter(|it| *it != element) {
                prop_assert!(found.contains(&format!("c{other}")), "{other} {}", String::from_utf8_lossy(&file));
            }
        }
    }
}

/// Files of all kinds, if there are any: each is read or refused, none breaks anything.
#[test]
fn real_files_are_read_or_refused() {
    let Some(folder) = std::env::var_os("UPSHOT_REAL_DATA") else {
        println!("skipped: UPSHOT_REAL_DATA names no folder");
        return;
    };
    let mut folders = vec![std::path::PathBuf::from(folder)];
    let mut found = std::collections::BTreeMap::<_, [u64; 4]>::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut reader = upshot_adapters::Reader::new(options("file"));
            let mut batch = Batch::default();
            for chunk in std::fs::read(&path).unwrap().chunks(1 << 16) {
                reader.feed(chunk, &mut batch);
            }
            let summary = reader.finish(&mut batch);
            let format = summary.format.map_or("none", Format::as_str);
            let counts = found.entry((format, folder.clone())).or_default();
            let more = [1, summary.records, summary.events, summary.rejected];
            for (count, more) in counts.iter_mut().zip(more) {
                *count += more;
            }
        }
    }
    for ((format, folder), [files, records, events, rejected]) in found {
        println!(
            "{format}: {files} files, {records} records, {events} events, {rejected} rejected in {}",
            folder.display()
        );
    }
}
