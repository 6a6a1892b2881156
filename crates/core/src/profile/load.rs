//! From a profile's file to its settings: the profile that it extends, then what it sets itself.
//! Errors name the key, the cause and the near miss.

use toml::{Table, Value};

use super::settings::{Precedence, Settings};

/// Why a profile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The file is not TOML.
    #[error("the profile is not valid TOML: {cause}")]
    Syntax {
        /// Where and why, from the parser.
        cause: String,
    },
    /// A key that no profile has.
    #[error("the profile has an unknown key `{key}`{}", near_text(.near))]
    UnknownKey {
        /// The key with its section.
        key: String,
        /// The known key that looks most like it.
        near: Option<String>,
    },
    /// A key whose value cannot be.
    #[error("the profile's key `{key}` cannot be used: {cause}{}", near_text(.near))]
    BadValue {
        /// The key with its section.
        key: String,
        /// Why.
        cause: String,
        /// The value that looks most like it.
        near: Option<String>,
    },
    /// A profile that extends what does not exist.
    #[error("the profile extends `{base}`, which does not come with the program{}; expected one of {known}", near_text(.near))]
    UnknownBase {
        /// The name that `extends` gives.
        base: String,
        /// The names that would do.
        known: String,
        /// The name that looks most like it.
        near: Option<String>,
    },
}

fn near_text(near: &Option<String>) -> String {
    near.as_ref()
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}

/// Keys under this table are names of channels, not of settings.
const FREE_TABLE: &str = "timeout.channels";

/// Profiles extend each other at most this deep.
const MAXIMUM_DEPTH: usize = 4;

/// Reads the settings of a profile.
pub(super) fn settings(text: &str) -> Result<Settings, ProfileError> {
    let merged = merged(text, 0)?;
    let settings: Settings = read(merged).map_err(|cause| ProfileError::BadValue {
        key: "profile".into(),
        cause,
        near: None,
    })?;
    check(&settings)?;
    Ok(settings)
}

fn merged(text: &str, depth: usize) -> Result<Table, ProfileError> {
    let mut own = parse(text)?;
    let base_name = match own.remove("extends") {
        None if own.get("name").and_then(Value::as_str) == Some("default") => return complete(own),
        None => "default".to_owned(),
        Some(Value::String(base)) => base,
        Some(_) => return Err(bad("extends", "it must be a profile's name", None)),
    };
    let base_text = super::built_in_text(&base_name).filter(|_| depth < MAXIMUM_DEPTH);
    let base_text = base_text.ok_or_else(|| ProfileError::UnknownBase {
        known: super::NAMES.join(", "),
        near: nearest(&base_name, super::NAMES.iter().copied()),
        base: base_name,
    })?;
    let base = if depth == 0 && own.is_empty() {
        return Err(bad("name", "a profile needs a name of its own", None));
    } else {
        merged(base_text, depth + 1)?
    };
    if !own.contains_key("name") {
        return Err(bad("name", "a profile needs a name of its own", None));
    }
    check_keys(&own, &base, "")?;
    for (section, value) in &own {
        check_values(&base, &[section], value)?;
    }
    Ok(overlay(base, own))
}

/// The profile `default` itself stands on nothing: what it leaves out comes from the program's own.
fn complete(own: Table) -> Result<Table, ProfileError> {
    let base = parse(super::BUILT_IN[0].1)?;
    check_keys(&own, &base, "")?;
    for (section, value) in &own {
        check_values(&base, &[section], value)?;
    }
    Ok(overlay(base, own))
}

fn parse(text: &str) -> Result<Table, ProfileError> {
    text.parse::<Table>().map_err(|error| ProfileError::Syntax {
        cause: error.to_string().trim_end().to_owned(),
    })
}

fn read(table: Table) -> Result<Settings, String> {
    Value::Table(table)
        .try_into::<Settings>()
        .map_err(|error| first_line(&error.to_string()))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

fn check_keys(own: &Table, known: &Table, prefix: &str) -> Result<(), ProfileError> {
    for (name, value) in own {
        let path = path(prefix, name);
        let Some(model) = known.get(name) else {
            return Err(ProfileError::UnknownKey {
                near: nearest(name, known.keys().map(String::as_str))
                    .map(|near| self::path(prefix, &near)),
                key: path,
            });
        };
        match (value, model) {
            (Value::Table(own), Value::Table(known)) if path != FREE_TABLE => {
                check_keys(own, known, &path)?;
            }
            (Value::Table(_), Value::Table(_)) => {}
            (_, Value::Table(_)) => return Err(bad(&path, "it must be a table of keys", None)),
            _ => {}
        }
    }
    Ok(())
}

/// Tries each value alone in the base profile, so that an error can name its key.
fn check_values(base: &Table, keys: &[&str], value: &Value) -> Result<(), ProfileError> {
    if let Value::Table(table) = value {
        for (name, value) in table {
            let mut keys = keys.to_vec();
            keys.push(name);
            check_values(base, &keys, value)?;
        }
        return Ok(());
    }
    let lone = keys.iter().rev().fold(value.clone(), |value, key| {
        Value::Table(Table::from_iter([((*key).to_owned(), value)]))
    });
    let Value::Table(lone) = lone else {
        return Ok(());
    };
    read(overlay(base.clone(), lone))
        .map(|_| ())
        .map_err(|cause| {
            let near = near_word(value, &cause);
            bad(&keys.join("."), &cause, near)
        })
}

/// The word of a value that the cause does not know, and the expected word that is nearest.
fn near_word(value: &Value, cause: &str) -> Option<String> {
    let quoted = cause.split('`').skip(1).step_by(2).collect::<Vec<_>>();
    let expected = match cause.split_once("expected one of ") {
        Some((_, words)) if !words.contains('`') => words.split(", ").map(str::to_owned).collect(),
        Some(_) => quoted
            .iter()
            .skip(1)
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>(),
        None => return None,
    };
    let words: Vec<&str> = match value {
        Value::String(word) => vec![word],
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let wrong = words
        .into_iter()
        .find(|word| !expected.iter().any(|known| known == word))?;
    nearest(wrong, expected.iter().map(String::as_str))
}

fn overlay(mut base: Table, own: Table) -> Table {
    for (name, value) in own {
        let merged = match (base.remove(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => Value::Table(overlay(below, above)),
            (_, above) => above,
        };
        base.insert(name, merged);
    }
    base
}

/// What no single value can get wrong alone.
fn check(settings: &Settings) -> Result<(), ProfileError> {
    let name = &settings.name;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        let cause = "it must be 1 to 64 letters, digits, `-`, `_` or `.`";
        return Err(bad("name", cause, None));
    }
    if settings.session.cap_events < 10 {
        return Err(bad("session.cap_events", "it must be at least 10", None));
    }
    for (key, length) in [
        ("session.cap_length", settings.session.cap_length),
        ("timeout.default", settings.timeout.default),
        ("billing.length", settings.billing.length),
    ] {
        if length.0 == 0 {
            return Err(bad(key, "it must be longer than nothing", None));
        }
    }
    if settings.billing.turns == 0 {
        return Err(bad("billing.turns", "it must be at least 1", None));
    }
    let survey = &settings.survey;
    let finite = survey.csat_minimum.is_finite() && survey.csat_maximum.is_finite();
    if !finite || survey.csat_minimum >= survey.csat_maximum {
        let cause = "the highest answer must be greater than `survey.csat_minimum`";
        return Err(bad("survey.csat_maximum", cause, None));
    }
    let [first, second]: [Precedence; 2] = settings.ends.precedence;
    if first == second {
        return Err(bad(
            "ends.precedence",
            "it must name both outcomes once",
            None,
        ));
    }
    Ok(())
}

fn bad(key: &str, cause: &str, near: Option<String>) -> ProfileError {
    ProfileError::BadValue {
        key: key.to_owned(),
        cause: cause.to_owned(),
        near,
    }
}

fn path(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

/// The known name that looks most like this one.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate.to_owned())
}
