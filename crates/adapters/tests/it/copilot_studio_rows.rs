//! Rows: their columns, names and wrappings, and contents that stand in several of them.

use serde_json::{Value, json};
use upshot_adapters::{Batch, Format, ImportOptions};

use crate::copilot_studio_support::*;
use crate::support::*;

fn expect(found: &[String], expected: &[&str]) {
    assert_eq!(found, expected);
}

#[test]
fn contents_in_every_wrapping_give_the_same() {
    let activities = [user(0, "hello"), bot(1, "hi")];
    let object = json!({ "activities": activities });
    let row = |content: Value| {
        let mut row = row_of(&activities);
        row["content"] = content;
        row
    };
    let rows = [
        row(object.clone()),
        row(json!(object.to_string())),
        row(json!(activities)),
        row(json!(json!(activities).to_string())),
        row(json!(json!(object.to_string()).to_string())),
        row(json!({ "activities": json!(activities).to_string() })),
    ];
    let expected = compact(&read_rows(&rows[..1]));
    assert!(expected.contains("hello"));
    for row in rows {
        assert_eq!(compact(&read_rows(std::slice::from_ref(&row))), expected);
        for text in [row.to_string(), json!([row]).to_string()] {
            let (batch, _) = read_as(Format::CopilotStudio, text.as_bytes());
            assert_eq!(compact(&batch), expected);
        }
    }
}

#[test]
fn bare_contents_are_named_by_what_they_hold() {
    let id = "5b2f0d7e-1111-4222-8333-944455556666";
    let mut message = user(0, "hello");
    message["id"] = json!(id);
    let name = |text: String, file: &str| {
        let options = upshot_adapters::ImportOptions {
            format: Some(Format::CopilotStudio),
            ..options(file)
        };
        let (batch, _) = read_with(options, &[text.as_bytes()]);
        values(&batch, "message", &["conversation_id"])
    };
    let activities = json!({ "activities": [message] });
    expect(&name(activities.to_string(), "x.json"), &[id]);
    let mut named = message.clone();
    named["conversation"] = json!({ "id": "c9" });
    expect(&name(json!([named]).to_string(), "x.json"), &["c9"]);
    expect(
        &name(json!([user(0, "a")]).to_string(), "in/x.y.json"),
        &["x"],
    );
}

#[test]
fn names_are_split_from_the_right() {
    let id = |name: &str, metadata: Value| {
        let mut row = row_of(&[user(0, "hello")]);
        row["name"] = json!(name);
        row["metadata"] = metadata;
        let batch = read_rows(&[row]);
        values(&batch, "message", &["conversation_id", "bot"]).concat()
    };
    let metadata = json!({ "BotId": BOT_ID, "BotName": "bot" }).to_string();
    let metadata = json!(metadata);
    assert_eq!(
        id(&format!("a_b-c_{BOT_ID}"), metadata.clone()),
        "a_b-c bot"
    );
    let upper = BOT_ID.to_uppercase();
    assert_eq!(id(&format!("a_b_{upper}"), metadata.clone()), "a_b bot");
    assert_eq!(id(&format!("a_b_{BOT_ID}_3"), metadata.clone()), "a_b bot");
    // Without metadata the last GUID is the bot.
    assert_eq!(
        id(&format!("a_b_{BOT_ID}"), json!(null)),
        format!("a_b {BOT_ID}")
    );
    assert_eq!(
        id(&format!("a_b_{BOT_ID}_2"), json!("")),
        format!("a_b {BOT_ID}")
    );
    assert_eq!(id("no bot here", json!("{}")), "no bot here -");
    // A name holds a hundred letters: the bot's id is cut off.
    let long = "19:meeting_".to_owned() + &"x".repeat(80);
    let cut: String = format!("{long}_{BOT_ID}").chars().take(100).collect();
    assert_eq!(id(&cut, metadata), format!("{long} bot"));
}

#[test]
fn a_name_that_was_cut_gives_way_to_what_the_content_says() {
    let mut message = user(0, "hello");
    let long = "19:meeting_".to_owned() + &"x".repeat(120);
    message["conversation"] = json!({ "id": long });
    let mut row = row_of(&[message]);
    row["name"] = json!(format!("{long}_{BOT_ID}")[..100]);
    expect(
        &values(&read_rows(&[row]), "message", &["conversation_id"]),
        &[&long],
    );
}

/// Rows that hold pieces of one content, with these numbers.
fn part_rows(pieces: &[(Value, &str)]) -> Vec<Value> {
    let row = |(batch, piece): &(Value, &str)| {
        let mut metadata = json!({ "BotId": BOT_ID, "BotName": "bot" });
        if !batch.is_null() {
            metadata["BatchId"] = batch.clone();
        }
        let mut row = row_of(&[]);
        row["metadata"] = json!(metadata.to_string());
        row["content"] = json!(piece);
        row
    };
    pieces.iter().map(row).collect()
}

fn three_pieces(text: &str) -> [&str; 3] {
    let (first, rest) = text.split_at(text.len() / 3);
    let (second, third) = rest.split_at(rest.len() / 2);
    [first, second, third]
}

fn long_content() -> String {
    let texts = ["one", "two", "three", "four", "five", "six"];
    let activities = texts.iter().zip(0..).map(|(text, at)| user(at, text));
    json!({ "activities": activities.collect::<Vec<_>>() }).to_string()
}

const ALL_TEXTS: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

fn reasons(batch: &Batch) -> Vec<(u64, &str)> {
    let rejected = batch.rejected.iter();
    rejected
        .map(|it| (it.position.record, it.reason.as_str()))
        .collect()
}

#[test]
fn parts_are_joined_in_the_order_of_their_numbers() {
    let content = long_content();
    let [first, second, third] = three_pieces(&content);
    for (one, two, three) in [
        (json!(1), json!(2), json!(3)),
        (json!(0), json!(1), json!(2)),
        (json!("1"), json!("2"), json!("3")),
        (json!(null), json!(1), json!(2)),
        (json!(""), json!(2), json!(3)),
    ] {
        let pieces = [(three, third), (one, first), (two, second)];
        let batch = read_rows(&part_rows(&pieces));
        assert_eq!(reasons(&batch), []);
        expect(&values(&batch, "message", &["text"]), &ALL_TEXTS);
    }
    // The same part exported twice.
    let pieces = [
        (json!(1), first),
        (json!(3), third),
        (json!(2), second),
        (json!(3), third),
    ];
    let batch = read_rows(&part_rows(&pieces));
    expect(&values(&batch, "message", &["text"]), &ALL_TEXTS);
}

#[test]
fn a_missing_part_is_named() {
    let content = long_content();
    let [first, second, third] = three_pieces(&content);
    let middle = read_rows(&part_rows(&[(json!(3), third), (json!(1), first)]));
    assert_eq!(middle.events, []);
    let reason =
        "part 2 of the content is missing; found part 1, 3, which cannot be read without it";
    assert_eq!(reasons(&middle), [(2, reason), (1, reason)]);
    assert!(middle.rejected[0].cure.contains("export all rows"));

    let last = read_rows(&part_rows(&[(json!(2), second), (json!(1), first)]));
    assert!(
        reasons(&last)[0].1.contains("part 3 is missing"),
        "{:?}",
        reasons(&last)
    );
    let begun = read_rows(&part_rows(&[(json!(2), second), (json!(3), third)]));
    assert!(
        reasons(&begun)[0].1.starts_with("part 1 of the content"),
        "{:?}",
        reasons(&begun)
    );
    let zero = read_rows(&part_rows(&[(json!(1), second), (json!(2), third)]));
    assert_eq!(
        reasons(&zero)[0].1,
        "the beginning of the content is missing"
    );
    let alone = read_rows(&part_rows(&[(json!(null), first)]));
    let cut = format!(
        "the content ends within the JSON text, after {} characters",
        first.len()
    );
    assert_eq!(reasons(&alone), [(1, cut.as_str())]);
    assert!(alone.rejected[0].cure.contains("32,766"));
}

#[test]
fn whole_parts_go_in_though_one_is_missing() {
    let piece = |text: &str, at| json!({ "activities": [user(at, text)] }).to_string();
    let (one, three) = (piece("one", 0), piece("three", 9));
    let batch = read_rows(&part_rows(&[(json!(3), &three), (json!(1), &one)]));
    expect(&values(&batch, "message", &["text"]), &["one", "three"]);
    let reason = "part 2 of the content is missing; found part 1, 3, which went in";
    assert_eq!(reasons(&batch), [(2, reason)]);
    // What the first part says of the conversation holds for all.
    let info = json!({ "activities": [
        { "type": "trace", "valueType": "ConversationInfo", "timestamp": 1_767_261_600, "value": { "isDesignMode": true } },
    ] });
    let info = info.to_string();
    let batch = read_rows(&part_rows(&[(json!(2), &three), (json!(1), &info)]));
    expect(&values(&batch, "message", &["environment"]), &["test"]);
}

#[test]
fn a_first_part_without_a_number_may_be_whole() {
    let piece = |text: &str, at| json!({ "activities": [user(at, text)] }).to_string();
    let (one, two) = (piece("one", 0), piece("two", 9));
    let batch = read_rows(&part_rows(&[(json!(null), &one), (json!(2), &two)]));
    assert_eq!(reasons(&batch), []);
    expect(&values(&batch, "message", &["text"]), &["one", "two"]);
}

#[test]
fn rows_that_wait_are_bounded() {
    let content = long_content();
    let rows: Vec<Value> = (0..50)
        .flat_map(|conversation| {
            let pieces: Vec<_> = three_pieces(&content).into_iter().zip(1..).collect();
            let pieces = pieces
                .into_iter()
                .map(|(piece, number)| (json!(number), piece));
            let mut rows = part_rows(&pieces.collect::<Vec<_>>());
            for row in &mut rows {
                row["name"] = json!(format!("c{conversation}_{BOT_ID}"));
            }
            rows
        })
        .collect();
    let options = ImportOptions {
        format: Some(Format::CopilotStudio),
        maximum_record_bytes: 3 * content.len(),
        ..options("file")
    };
    let text = json!({ "value": rows }).to_string();
    let (batch, _) = read_with(options, &[text.as_bytes()]);
    assert_eq!(reasons(&batch), []);
    assert_eq!(
        values(&batch, "message", &["text"]).len(),
        50 * ALL_TEXTS.len()
    );
}

#[test]
fn one_damaged_activity_of_a_text_costs_itself_only() {
    let content = long_content().replacen("\"two\"", "\"two", 1);
    let mut row = row_of(&[]);
    row["content"] = json!(content);
    let batch = read_rows(&[row]);
    assert!(values(&batch, "message", &["text"]).contains(&"six".to_owned()));
    assert_eq!(
        batch.rejected[0].field.as_deref(),
        Some("content.activities[2]")
    );
}

#[test]
fn rows_without_their_columns() {
    let rejected = |change: &dyn Fn(&mut Value)| {
        let mut row = row_of(&[user(0, "hello")]);
        change(&mut row);
        let batch = read_rows(&[row]);
        (
            values(&batch, "message", &["conversation_id", "bot"]).concat(),
            batch.rejected.len(),
        )
    };
    let is = |text: &str, rejected| (text.to_owned(), rejected);
    assert_eq!(rejected(&|_| ()), is("c1 bot", 0));
    assert_eq!(rejected(&|row| row["content"] = json!(null)), is("", 1));
    assert_eq!(rejected(&|row| row["content"] = json!("")), is("", 1));
    assert_eq!(rejected(&|row| row["content"] = json!("hello")), is("", 1));
    assert_eq!(rejected(&|row| row["content"] = json!("{}")), is("", 1));
    assert_eq!(
        rejected(&|row| row["content"] = json!({ "activities": 7 })),
        is("", 1)
    );
    assert_eq!(
        rejected(&|row| row["metadata"] = json!("not JSON")),
        is(&format!("c1 {BOT_ID}"), 0)
    );
    assert_eq!(
        rejected(&|row| row["conversationstarttime"] = json!("noon")),
        is("c1 bot", 0)
    );
    // Nothing names the conversation: the file does.
    assert_eq!(
        rejected(&|row| row["name"] = json!(null)),
        is("file bot", 0)
    );
}

#[test]
fn tables_are_read_by_either_header() {
    let content = json!([user(0, "hello, \"you\"")])
        .to_string()
        .replace('"', "\"\"");
    let name = format!("c1_{BOT_ID}");
    let metadata = json!({ "BotId": BOT_ID, "BotName": "bot" })
        .to_string()
        .replace('"', "\"\"");
    for (header, separator) in [
        ("Name,Content,ConversationStartTime,Metadata", ","),
        ("name;content;conversationstarttime;metadata", ";"),
        (
            "\"Name\"\t\"Content\"\t\"Conversation Start Time\"\t\"Metadata\"",
            "\t",
        ),
    ] {
        let fields = [
            name.clone(),
            format!("\"{content}\""),
            "2026-01-01".to_owned(),
            format!("\"{metadata}\""),
        ];
        let text = format!("{header}\r\n{}\r\n", fields.join(separator));
        let (batch, _) = read(text.as_bytes());
        assert_eq!(reasons(&batch), []);
        expect(
            &values(&batch, "message", &["conversation_id", "bot", "text"]),
            &["c1 bot hello, \"you\""],
        );
    }
    let text =
        format!("conversationid,content,createdon\nc7,\"{content}\",2026-01-01\nc8,\"[{{\",x\n");
    let (batch, _) = read(text.as_bytes());
    expect(&values(&batch, "message", &["conversation_id"]), &["c7"]);
    assert_eq!(reasons(&batch).len(), 1);
    assert_eq!(batch.rejected[0].position.record, 2);
}

#[test]
fn a_row_has_the_same_ids_however_it_is_exported() {
    let rows = fixture("copilot_studio/rows.json");
    let rows: Value = serde_json::from_slice(&rows).unwrap();
    let row = &rows["value"][0];
    let json = read_rows(std::slice::from_ref(row));

    let columns = ["name", "content", "conversationstarttime", "metadata"];
    let quoted = |column: &&str| {
        let text = row[*column].as_str().unwrap().replace('"', "\"\"");
        format!("\"{text}\"")
    };
    let fields: Vec<String> = columns.iter().map(quoted).collect();
    let table = format!("{}\n{}\n", columns.join(","), fields.join(","));
    let (csv, _) = read(table.as_bytes());
    assert_eq!(ids(&json), ids(&csv));

    let content = row["content"].as_str().unwrap();
    let middle = content.char_indices().nth(content.len() / 2).unwrap().0;
    let (first, second) = content.split_at(middle);
    let mut parts = [row.clone(), row.clone()];
    for (part, (number, piece)) in parts.iter_mut().zip([(1, first), (2, second)]) {
        let mut metadata: Value = serde_json::from_str(row["metadata"].as_str().unwrap()).unwrap();
        metadata["BatchId"] = json!(number);
        part["metadata"] = json!(metadata.to_string());
        part["content"] = json!(piece);
    }
    assert_eq!(ids(&json), ids(&read_rows(&parts)));
}
