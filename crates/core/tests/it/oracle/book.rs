//! The profile's file, read by itself: nothing is shared with the program's own reading.

use toml::{Table, Value};
use upshot_core::profile::built_in_text;
use upshot_core::time::{DAY, HOUR, MINUTE, SECOND};
use upshot_core::words::Word;

/// The rules of a profile, asked by the name of their key.
#[derive(Debug, Clone)]
pub struct Book {
    keys: Table,
}

impl Book {
    /// The rules of a profile's text.
    pub fn of(text: &str) -> Self {
        let own: Table = text.parse().unwrap();
        let is_default = own.get("name").and_then(Value::as_str) == Some("default");
        let keys = if is_default {
            own
        } else {
            let base = own.get("extends").and_then(Value::as_str);
            let base = built_in_text(base.unwrap_or("default")).unwrap();
            let mut keys = Self::of(base).keys;
            lay_over(&mut keys, own);
            keys
        };
        Self { keys }
    }

    fn value(&self, key: &str) -> &Value {
        let mut keys = key.split('.');
        let mut value = &self.keys[keys.next().unwrap()];
        for key in keys {
            value = &value[key];
        }
        value
    }

    pub fn is(&self, key: &str) -> bool {
        self.value(key).as_bool().unwrap()
    }

    pub fn number(&self, key: &str) -> i64 {
        self.value(key).as_integer().unwrap()
    }

    pub fn real(&self, key: &str) -> f64 {
        self.value(key).as_float().unwrap()
    }

    pub fn text(&self, key: &str) -> &str {
        self.value(key).as_str().unwrap()
    }

    /// A length of time in microseconds.
    pub fn length(&self, key: &str) -> i64 {
        length(self.text(key))
    }

    pub fn list(&self, key: &str) -> Vec<&str> {
        let list = self.value(key).as_array().unwrap();
        list.iter().map(|word| word.as_str().unwrap()).collect()
    }

    /// Whether the list under the key holds this word.
    pub fn lists(&self, key: &str, word: impl Word) -> bool {
        self.has(key, word.as_str())
    }

    /// Whether the list under the key holds this text.
    pub fn has(&self, key: &str, text: &str) -> bool {
        self.list(key).contains(&text)
    }

    /// Whether the list under the key holds this text, whatever the case of its letters.
    pub fn has_any_case(&self, key: &str, text: &str) -> bool {
        let list = self.list(key);
        list.iter().any(|known| known.eq_ignore_ascii_case(text))
    }

    pub fn timeout(&self, channel: Option<&str>) -> i64 {
        let channels = self.value("timeout.channels").as_table().unwrap();
        let own = channels
            .iter()
            .find(|(name, _)| channel.is_some_and(|channel| channel.eq_ignore_ascii_case(name)));
        own.map_or(self.length("timeout.default"), |(_, own)| {
            length(own.as_str().unwrap())
        })
    }

    /// The longest silence over which any rule looks back.
    pub fn cut_gap(&self) -> i64 {
        let channels = self.value("timeout.channels").as_table().unwrap();
        let timeouts = channels.values().map(|own| length(own.as_str().unwrap()));
        let longest = timeouts
            .chain([self.length("timeout.default")])
            .max()
            .unwrap();
        let windows = ["agent.window", "survey.answer_window", "billing.silence"];
        let windows = windows.map(|key| self.length(key));
        windows
            .into_iter()
            .chain([longest + self.length("session.goodbye_grace")])
            .max()
            .unwrap()
    }
}

fn length(text: &str) -> i64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => panic!("length `{text}`"),
    };
    number.parse::<i64>().unwrap() * unit
}

fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}
