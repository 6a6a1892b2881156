//! From an event to a line of our own JSON.

use upshot_core::{Attributes, Event, FieldKind, FieldSink, Record};

/// Writes an event as one line of JSON, without the line break: the inverse of reading it. Fields
/// that hold nothing are left out; times are RFC 3339 in UTC with microseconds.
pub fn write_event(event: &Event) -> String {
    let mut writer = Writer {
        line: String::with_capacity(512),
    };
    writer.line.push('{');
    event.write(&mut writer);
    writer.line.push('}');
    writer.line
}

struct Writer {
    line: String,
}

impl Writer {
    fn name(&mut self, index: usize) {
        if self.line.len() > 1 {
            self.line.push(',');
        }
        self.line.push('"');
        self.line.push_str(Event::FIELDS[index].name);
        self.line.push_str("\":");
    }

    fn quoted(&mut self, text: &str) {
        self.line.push('"');
        for character in text.chars() {
            match character {
                '"' => self.line.push_str("\\\""),
                '\\' => self.line.push_str("\\\\"),
                '\n' => self.line.push_str("\\n"),
                '\r' => self.line.push_str("\\r"),
                '\t' => self.line.push_str("\\t"),
                '\0'..=' ' if character != ' ' => {
                    self.line
                        .push_str(&format!("\\u{:04x}", u32::from(character)));
                }
                _ => self.line.push(character),
            }
        }
        self.line.push('"');
    }
}

impl FieldSink for Writer {
    fn text(&mut self, index: usize, value: Option<&str>) {
        let Some(text) = value.filter(|text| {
            // An id that is not there yet is no id.
            !text.is_empty()
                || Event::FIELDS[index].kind == FieldKind::Text
                || Event::FIELDS[index].kind == FieldKind::Label
        }) else {
            return;
        };
        self.name(index);
        self.quoted(text);
    }

    fn integer(&mut self, index: usize, value: Option<i64>) {
        let Some(number) = value else { return };
        self.name(index);
        let kind = Event::FIELDS[index].kind;
        if matches!(kind, FieldKind::Instant | FieldKind::Time)
            && let Ok(timestamp) = jiff::Timestamp::from_microsecond(number)
        {
            self.line.push_str(&format!("\"{timestamp:.6}\""));
            return;
        }
        self.line.push_str(&number.to_string());
    }

    fn real(&mut self, index: usize, value: Option<f64>) {
        let Some(number) = value.filter(|it| it.is_finite()) else {
            return;
        };
        self.name(index);
        self.line.push_str(&format!("{number:?}"));
    }

    fn flag(&mut self, index: usize, value: Option<bool>) {
        let Some(flag) = value else { return };
        self.name(index);
        self.line.push_str(if flag { "true" } else { "false" });
    }

    fn map(&mut self, index: usize, value: &Attributes) {
        if value.is_empty() {
            return;
        }
        self.name(index);
        for (number, (name, text)) in value.iter().enumerate() {
            self.line.push(if number == 0 { '{' } else { ',' });
            self.quoted(name);
            self.line.push(':');
            self.quoted(text);
        }
        self.line.push('}');
    }
}
