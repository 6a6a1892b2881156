//! Tolerant access to JSON: the sources differ in the case of their keys, write numbers and flags as
//! text, and put JSON text where others put the value itself.

use std::borrow::Cow;

use serde_json::Value;

/// The member of this name; where no name is equal, the first that differs in case only.
pub(super) fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    let found = object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, member)| member)
    })?;
    (!found.is_null()).then_some(found)
}

/// The member at the end of this path of names.
pub(super) fn path<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().try_fold(value, |at, name| field(at, name))
}

/// Text that is not blank.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    as_text(field(value, name)?)
}

/// Text that is not blank.
pub(super) fn as_text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

/// Text, or a number or flag as text.
pub(super) fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => (!text.trim().is_empty()).then(|| text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(flag) => Some(flag.to_string().into()),
        _ => None,
    }
}

/// Yes or no: a flag, `true` or `false` as text in any case, yes and no, 1 and 0.
pub(super) fn as_flag(value: &Value) -> Option<bool> {
    match scalar(value)?.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "1.0" => Some(true),
        "false" | "no" | "0" | "0.0" => Some(false),
        _ => None,
    }
}

/// Yes or no; see [`as_flag`].
pub(super) fn flag(value: &Value, name: &str) -> Option<bool> {
    as_flag(field(value, name)?)
}

/// A number, or a number as text.
pub(super) fn as_number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A number, or a number as text.
pub(super) fn number(value: &Value, name: &str) -> Option<f64> {
    as_number(field(value, name)?)
}

/// A whole number, or one as text.
pub(super) fn integer(value: &Value, name: &str) -> Option<i64> {
    let found = field(value, name)?;
    found
        .as_i64()
        .or_else(|| found.as_str()?.trim().parse().ok())
        .or_else(|| {
            let number = as_number(found)?;
            (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
        })
}

/// The value, or what is encoded in it as JSON text.
pub(super) fn decoded(value: &Value) -> Cow<'_, Value> {
    if let Value::String(text) = value
        && text.trim_start().starts_with(['{', '['])
        && let Ok(inner) = serde_json::from_str(text)
    {
        return Cow::Owned(inner);
    }
    Cow::Borrowed(value)
}

/// The elements of an array, none where there is no array.
pub(super) fn elements<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    field(value, name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Letters and digits only, in lower case: how names are compared.
pub(super) fn plain(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
