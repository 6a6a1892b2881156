//! What activities come in: a bare array, an object with a `transcript` or `activities`, or nothing.

use crate::output::{Data, Output, Record};
use crate::report::Position;
use crate::split::{Element, Keys, Problem, array_under, elements, skip_space, string_at};

use super::Item;

/// A record, opened.
pub(super) enum Opened<'a> {
    /// The activities of a transcript, and the conversation's id if the envelope names it.
    Transcript {
        items: Vec<Item<'a>>,
        name: Option<String>,
    },
    /// The record is one activity.
    Activity,
    /// Nothing could be read; that was said.
    Nothing,
}

/// The keys under which an object holds its activities.
const ARRAYS: &[&str] = &["activities", "transcript"];

/// Opens a record. What is damaged is rejected, what is whole is found.
pub(super) fn open<'a>(record: &Record<'a>, out: &mut Output<'_>) -> Opened<'a> {
    let text = record.text;
    if !matches!(record.data, Data::Json) {
        reject(record.position, text, "the record is no JSON", out);
        return Opened::Nothing;
    }
    let start = skip_space(text, 0);
    let array = match text.get(start) {
        Some(b'[') => start,
        Some(b'{') => match array_under(text, ARRAYS) {
            Some(array) => array,
            None => return single(record, out),
        },
        _ => {
            reject(record.position, text, "expected an array or an object", out);
            return Opened::Nothing;
        }
    };
    let mut items = Vec::new();
    let elements = elements(&text[array..], array > start);
    // Every activity counts as a record.
    out.summary.records += elements.len().saturating_sub(1) as u64;
    for (number, element) in elements.into_iter().enumerate() {
        let position = record.part(number as u64, array + element.offset);
        match element.problem {
            None => items.push(Item {
                position,
                text: element.text,
            }),
            Some(problem) => reject_element(position, &element, problem, out),
        }
    }
    Opened::Transcript {
        items,
        name: conversation_name(&text[..array]),
    }
}

fn single<'a>(record: &Record<'a>, out: &mut Output<'_>) -> Opened<'a> {
    if record.complete {
        return Opened::Activity;
    }
    let reason = "the file ends before the activity does, or the activity is damaged";
    reject(record.position, record.text, reason, out);
    Opened::Nothing
}

/// The conversation's id where an envelope names it before its activities.
fn conversation_name(head: &[u8]) -> Option<String> {
    let names = [b"conversationId".as_slice(), b"conversation_id"];
    let key = Keys::new(head).find(|key| key.depth == 1 && names.contains(&key.name))?;
    let text = std::str::from_utf8(string_at(head, key.value)?).ok()?;
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn reject_element(
    position: Position,
    element: &Element<'_>,
    problem: Problem,
    out: &mut Output<'_>,
) {
    let reason = match problem {
        Problem::Malformed(reason) => format!("the activity is no JSON: {reason}"),
        Problem::TooDeep => "the activity is nested too deep".to_owned(),
        _ => "the transcript ends before its last bracket".to_owned(),
    };
    reject(position, element.text, &reason, out);
}

fn reject(position: Position, text: &[u8], reason: &str, out: &mut Output<'_>) {
    let cure = "correct the activity, or save the transcript again";
    out.reject(position, text, None, reason, cure);
}
