//! Which format a file has, by its content.

use crate::Format;
use crate::split::{JsonLayout, Keys, Scan, Scanned, fields_of, skip_space, string_at};

/// How much of a file is looked at.
pub(crate) const PROBE_BYTES: usize = 256 << 10;
/// How many keys of it.
const PROBE_KEYS: usize = 20_000;

/// How a file is to be cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Layout {
    /// As JSON.
    Json(JsonLayout),
    /// As comma-separated values with this delimiter.
    Csv(u8),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// This format, in this layout.
    As(Format, Layout),
    /// Nothing but white space or empty brackets.
    Nothing,
    /// None of the formats; what was seen instead.
    Unknown(String),
}

/// Trace and event names that only Copilot Studio writes.
const COPILOT_NAMES: &[&str] = &[
    "conversationinfo",
    "sessioninfo",
    "intentrecognition",
    "intentcandidates",
    "unknownintent",
    "dialogredirect",
    "variableassignment",
    "gptanswer",
    "csatsurveyrequest",
    "csatsurveyresponse",
    "prrsurveyrequest",
    "prrsurveyresponse",
    "impliedsuccess",
    "escalationrequested",
    "errortracedata",
    "knowledgetracedata",
    "nodetracedata",
    "protocolinfo",
    "skillinfo",
    "dialogtracinginfo",
    "dialogtracing",
    "dynamicplanreceived",
    "dynamicplansteptriggered",
    "dynamicplanstepfinished",
    "dynamicplanfinished",
    "dynamicserverinitialize",
    "generativeanswerssupportdata",
    "universalsearchtooltracedata",
    "pvasetcontext",
    "connectedagentinitializetracedata",
    "connectedagentcompletedtracedata",
];

/// Keys that, beside `type`, make an object an activity.
const ACTIVITY_KEYS: &[&str] = &[
    "from",
    "channelid",
    "recipient",
    "valuetype",
    "serviceurl",
    "replytoid",
    "channeldata",
    "conversation",
    "textformat",
    "membersadded",
    "attachments",
];

/// What the keys of a file say.
#[derive(Debug, Default)]
struct Traits {
    event: bool,
    row: bool,
    content: bool,
    kind: bool,
    activity: bool,
    /// Key of an array of activities.
    activities: bool,
    wrapped: bool,
    copilot: bool,
    names: Vec<String>,
}

/// Finds the format and how the file is cut. `wanted` is the format that the user named.
pub(crate) fn recognise(probe: &[u8], wanted: Option<Format>) -> Recognised {
    let start = skip_space(probe, 0);
    let Some(first) = probe.get(start) else {
        return Recognised::Nothing;
    };
    let text = &probe[start..];
    if !matches!(first, b'{' | b'[') {
        return recognise_text(text, wanted);
    }
    let inner = skip_space(text, 1);
    let empty = *first == b'[' && text.get(inner) == Some(&b']');
    if empty && skip_space(text, inner + 1) == text.len() {
        return Recognised::Nothing;
    }
    if wanted == Some(Format::Upshot) {
        let layout = JsonLayout {
            lines: *first == b'{' && is_lines(text),
            split_arrays: true,
            whole: false,
            wrapped: None,
        };
        return Recognised::As(Format::Upshot, Layout::Json(layout));
    }
    // `[[…], […]]` holds one transcript an element.
    let nested = *first == b'[' && probe.get(skip_space(probe, start + 1)) == Some(&b'[');
    let depth = match (first, nested) {
        (b'{', _) => 1,
        (_, false) => 2,
        (_, true) => 3,
    };
    let traits = traits_of(text, depth);
    let Some(format) = wanted.or_else(|| format_of(&traits, text)) else {
        return Recognised::Unknown(seen(&traits));
    };
    let bare = *first == b'[' && !nested && !traits.row && !traits.content && !traits.activities;
    let layout = JsonLayout {
        // An answer of OData is one object, however long and however its lines are broken.
        lines: *first == b'{'
            && !(traits.wrapped && format == Format::CopilotStudio)
            && is_lines(text),
        split_arrays: format == Format::Upshot || !bare,
        whole: format != Format::Upshot,
        wrapped: (traits.wrapped && format == Format::CopilotStudio).then(|| "value".into()),
    };
    Recognised::As(format, Layout::Json(layout))
}

fn format_of(traits: &Traits, text: &[u8]) -> Option<Format> {
    let activities = if traits.copilot {
        Format::CopilotStudio
    } else {
        Format::BotFramework
    };
    match () {
        () if traits.event => Some(Format::Upshot),
        () if traits.row || traits.wrapped => Some(Format::CopilotStudio),
        () if traits.activities || (traits.kind && traits.activity) => Some(activities),
        () if traits.content => Some(Format::CopilotStudio),
        // The first record may be damaged, so that the depth of the keys says nothing.
        () if holds_events(text) => Some(Format::Upshot),
        () if holds(text, b"\"conversationtranscriptid\"") => Some(Format::CopilotStudio),
        () if holds(text, b"\"channelId\"") => Some(activities),
        () => None,
    }
}

fn holds(text: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(text, needle).is_some()
}

fn holds_events(text: &[u8]) -> bool {
    let kind = holds(text, b"\"event_type\"") || holds(text, b"\"type\"");
    kind && holds(text, b"\"conversation_id\"")
}

fn traits_of(text: &[u8], depth: u32) -> Traits {
    let mut traits = Traits::default();
    let mut wrapper = false;
    for key in Keys::new(text).take(PROBE_KEYS) {
        let name = String::from_utf8_lossy(key.name).to_ascii_lowercase();
        let value = string_at(text, key.value).map(|it| String::from_utf8_lossy(it));
        let array = text.get(key.value) == Some(&b'[');
        let bracket = array || text.get(key.value) == Some(&b'{');
        if key.depth == depth {
            match name.as_str() {
                "event_type" | "conversation_id" => traits.event = true,
                "content" => traits.content |= value.is_some() || bracket,
                "activities" | "transcript" if array => traits.activities = true,
                "value" if array => wrapper = traits.names.iter().all(|it| it.starts_with('@')),
                "type" => traits.kind = true,
                _ => {}
            }
            traits.row |= is_row(&name);
            traits.activity |= ACTIVITY_KEYS.contains(&name.as_str());
            if traits.names.len() < 8 && !traits.names.contains(&name) {
                traits.names.push(name.clone());
            }
        }
        // An answer of OData holds the rows under `value`.
        traits.wrapped |= wrapper && key.depth == depth + 2 && (is_row(&name) || name == "content");
        if let Some(value) = value {
            traits.copilot |= is_copilot(&name, &value);
        }
    }
    traits
}

fn is_row(name: &str) -> bool {
    matches!(
        name,
        "conversationtranscriptid" | "conversationstarttime" | "schematype"
    )
}

fn is_copilot(name: &str, value: &str) -> bool {
    match name {
        "valuetype" | "name" => COPILOT_NAMES.contains(&value.to_ascii_lowercase().as_str()),
        "channelid" => value.starts_with("pva-"),
        "schematype" => value.eq_ignore_ascii_case("powervirtualagents"),
        _ => false,
    }
}

/// Whether every line is a value of its own: the first line is whole, or the second begins like it.
fn is_lines(text: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', text) else {
        return true;
    };
    let line = text[..end].trim_ascii();
    if Scan::default().advance(line) == Scanned::End(line.len()) {
        return true;
    }
    text[end + 1..].starts_with(b"{")
}

/// What is no JSON: a table, or a damaged file of the format that the user named.
fn recognise_text(text: &[u8], wanted: Option<Format>) -> Recognised {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(4096)]).into_owned();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|it| line.bytes().filter(|byte| byte == it).count())
        .unwrap_or(b',');
    let header = fields_of(line.trim_end(), delimiter)
        .iter()
        .map(|name| name.trim().to_ascii_lowercase())
        .collect::<Vec<_>>();
    let table = header.len() > 1 && header.iter().any(|name| name == "content");
    if table && wanted.is_none_or(|it| it == Format::CopilotStudio) {
        return Recognised::As(Format::CopilotStudio, Layout::Csv(delimiter));
    }
    let lines = JsonLayout {
        lines: true,
        split_arrays: true,
        whole: false,
        wrapped: None,
    };
    let event = holds_events(text).then_some(Format::Upshot);
    match wanted.filter(|_| holds(text, b"{")).or(event) {
        Some(format) => Recognised::As(format, Layout::Json(lines)),
        None if header.len() > 1 => {
            let names = header.iter().take(8).map(|it| format!("`{it}`"));
            Recognised::Unknown(format!(
                "a table with the columns {}",
                names.collect::<Vec<_>>().join(", ")
            ))
        }
        None => {
            let start = line.chars().take(40).collect::<String>();
            Recognised::Unknown(format!("text that begins with {start:?}"))
        }
    }
}

fn seen(traits: &Traits) -> String {
    if traits.names.is_empty() {
        return "JSON without objects".to_owned();
    }
    let names = traits.names.iter().map(|it| format!("`{it}`"));
    format!(
        "JSON objects with the keys {}",
        names.collect::<Vec<_>>().join(", ")
    )
}
