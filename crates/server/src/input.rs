//! What handlers take from requests, with errors as problems.

use std::time::Duration;

use axum::extract::{FromRequestParts, Path, Request};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Uri};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use upshot_metrics::{QueryError, RowFormat, asks_for_ids};

use crate::access::caller::Caller;
use crate::body::{Packing, Room, receive, unpack};
use crate::options::Limits;
use crate::problem::{FieldProblem, Problem, ProblemKind};
use crate::state::ServerState;

/// The header that names the workspace.
pub(crate) const WORKSPACE: HeaderName = HeaderName::from_static("x-upshot-workspace");

/// The workspace that a request is about, which the guard granted.
pub(crate) struct Workspace(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Workspace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(Self(caller.workspace))
    }
}

/// What the path of a request names.
pub(crate) struct InPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = Path::<T>::from_request_parts(parts, state).await;
        named
            .map(|Path(named)| Self(named))
            .map_err(|rejection| Problem::new(ProblemKind::BadRequest, rejection.body_text()))
    }
}

/// The values of a parameter in the query of an address.
pub(crate) fn parameters(query: Option<&str>, name: &str) -> Vec<String> {
    pairs(query.unwrap_or_default())
        .into_iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value)
        .collect()
}

/// The names and values of the query of an address, in its order.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescaped(name), unescaped(value))
        })
        .collect()
}

/// Percent-encoded text as it was meant; bytes that are not UTF-8 are replaced.
pub(crate) fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |offset: usize| {
            bytes
                .get(at + offset)
                .and_then(|digit| char::from(*digit).to_digit(16))
        };
        match (bytes[at], hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'+', ..) => {
                plain.push(b' ');
                at += 1;
            }
            (byte, ..) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// What a parameter says that is true or false.
pub(crate) fn flag(name: &str, value: &str) -> Result<bool, Problem> {
    value.parse().map_err(|_| {
        let short: String = value.chars().take(40).collect();
        let detail = format!("`{short}` is neither true nor false");
        Problem::field(ProblemKind::InvalidQuery, name, detail)
    })
}

/// A parameter that there is not.
pub(crate) fn unknown_parameter(name: &str, known: &[&str]) -> Problem {
    let short: String = name.chars().take(40).collect();
    let detail = format!(
        "there is no parameter `{short}`; expected one of {}",
        known.join(", ")
    );
    Problem::new(ProblemKind::InvalidQuery, detail.clone()).with_errors(vec![FieldProblem {
        field: short,
        position: None,
        detail,
        suggestion: nearest(name, known.iter().copied()),
    }])
}

/// The format in which the client wants rows: the parameter `format`, else what `accept` likes best. Nothing
/// where neither names one, or JSON is liked as well. A client that takes none of them is refused.
pub(crate) fn row_format(uri: &Uri, headers: &HeaderMap) -> Result<Option<RowFormat>, Problem> {
    if let Some(named) = parameters(uri.query(), "format").pop() {
        return match named.as_str() {
            "json" => Ok(None),
            named => Ok(Some(named.parse().map_err(QueryError::from)?)),
        };
    }
    let accepted = headers.get_all(ACCEPT).iter();
    let accepted = accepted.filter_map(|value| value.to_str().ok());
    let accepted = accepted.flat_map(|value| value.split(','));
    let accepted: Vec<&str> = accepted.filter(|range| !range.trim().is_empty()).collect();
    let mut best: (f32, Option<RowFormat>) = (0.0, None);
    for range in &accepted {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
        let quality = quality.unwrap_or(1.0);
        let known = RowFormat::ALL
            .into_iter()
            .find(|format| format.media_type() == kind)
            .or((kind == "text/*").then_some(RowFormat::Csv));
        let json = ["application/json", "application/*", "*/*"].contains(&kind.as_str());
        if (json || known.is_some()) && quality > best.0 {
            best = (quality, known);
        }
    }
    if best.0 > 0.0 || accepted.is_empty() {
        return Ok(best.1);
    }
    let types = RowFormat::ALL.map(RowFormat::media_type);
    let detail = format!(
        "the answer is in none of the types that `accept` names; take application/json, {}, or leave `accept` out",
        types.join(", ")
    );
    Err(Problem::new(ProblemKind::NotAcceptable, detail))
}

/// The media type of the body, in lower case, without parameters.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// Refuses bodies of other types. A page in a browser cannot send these types to another site
/// without asking, so this also keeps such pages out.
pub(crate) fn check_media_type(headers: &HeaderMap, accepted: &[&str]) -> Result<(), Problem> {
    let found = media_type(headers);
    if found
        .as_deref()
        .is_some_and(|found| accepted.contains(&found))
    {
        return Ok(());
    }
    let found = found.map_or_else(
        || "the body has no content type".to_owned(),
        |found| {
            let short: String = found.chars().take(80).collect();
            format!("the content type `{short}` is not accepted")
        },
    );
    let detail = format!("{found}; send {}", accepted.join(" or "));
    Err(Problem::new(ProblemKind::UnsupportedMediaType, detail))
}

/// Receives a small JSON document.
pub(crate) async fn json<T: DeserializeOwned>(
    state: &ServerState,
    request: Request,
) -> Result<T, Problem> {
    check_media_type(request.headers(), &["application/json"])?;
    let packing = Packing::of(request.headers())?;
    let bytes = state.options.limits.query_bytes;
    let time: Duration = state.options.limits.body_time;
    let (parts, body) = request.into_parts();
    let by_share = parts.extensions.get().is_some_and(Caller::is_share);
    let room = Room::new(&state.body_room);
    let packed = receive(&parts.headers, body, bytes, time, room).await?;
    let limits = Limits {
        unpacked_bytes: bytes,
        ..state.options.limits.clone()
    };
    let document = unpack(packing, packed, &limits)?;
    // Serde would take a list for an object whose members it names in order.
    let first = document.bytes.trim_ascii_start().first();
    if first == Some(&b'[') {
        return Err(Problem::new(
            ProblemKind::InvalidQuery,
            "the body is a list; send an object",
        ));
    }
    if by_share && serde_json::from_slice(&document.bytes).is_ok_and(|body| asks_within(&body)) {
        return Err(no_ids());
    }
    let mut document = serde_json::Deserializer::from_slice(&document.bytes);
    let read = serde_path_to_error::deserialize(&mut document).map_err(|error| {
        let place = error.path().to_string();
        not_of_shape(error.inner(), &place)
    })?;
    document.end().map_err(|error| not_of_shape(&error, ""))?;
    Ok(read)
}

/// What a funnel counts, sessions or users: a word of a short list, which is also called as an id is.
pub(crate) const UNIT: &str = "unit";

/// Whether a document holds a filter that asks for ids, wherever it stands.
pub(crate) fn asks_within(document: &Value) -> bool {
    match document {
        Value::String(text) => asks_for_ids(text),
        Value::Array(parts) => parts.iter().any(asks_within),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name != UNIT && asks_within(value)),
        _ => false,
    }
}

/// Who looks through the link to a shared view learns nothing of somebody whose id they know.
pub(crate) fn no_ids() -> Problem {
    Problem::new(
        ProblemKind::Forbidden,
        "through a shared view no filter asks for ids of users, conversations, sessions or messages; leave them out, or sign in",
    )
}

/// Reads an object within a document: serde alone would take a list for an object whose members it names in order.
pub(crate) fn named_members<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let members = Map::<String, Value>::deserialize(deserializer)?;
    T::deserialize(Value::Object(members)).map_err(D::Error::custom)
}

/// Reads a list of objects within a document, see [`named_members`].
pub(crate) fn named_members_of_each<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let each = Vec::<Map<String, Value>>::deserialize(deserializer)?;
    let read = |members| T::deserialize(Value::Object(members)).map_err(D::Error::custom);
    each.into_iter().map(read).collect()
}

/// JSON that cannot be read, or is not of the expected shape at this place of the document.
pub(crate) fn not_of_shape(error: &serde_json::Error, place: &str) -> Problem {
    let text = plain(&error.to_string());
    if error.classify() != serde_json::error::Category::Data {
        return Problem::new(ProblemKind::InvalidJson, text);
    }
    if let Some((name, expected)) = unknown_name(&text) {
        let unknown = FieldProblem {
            field: name.to_owned(),
            position: None,
            detail: text.clone(),
            suggestion: nearest(name, expected),
        };
        return Problem::new(ProblemKind::InvalidQuery, text.clone()).with_errors(vec![unknown]);
    }
    match place {
        "" | "." => Problem::new(ProblemKind::InvalidQuery, text),
        field => Problem::field(ProblemKind::InvalidQuery, field, text),
    }
}

/// An error of serde without the names that numbers have in the program.
fn plain(error: &str) -> String {
    const NUMBERS: [(&str, &str); 7] = [
        ("usize", "a whole number, 0 or more"),
        ("u64", "a whole number, 0 or more"),
        ("u32", "a whole number, 0 or more"),
        ("i64", "a whole number"),
        ("i32", "a whole number"),
        ("f64", "a number"),
        ("f32", "a number"),
    ];
    let Some((before, rest)) = error.split_once(", expected ") else {
        return error.to_owned();
    };
    for (name, meant) in NUMBERS {
        if let Some(rest) = rest.strip_prefix(name) {
            return format!("{before}, expected {meant}{rest}");
        }
    }
    error.to_owned()
}

/// The name, and those that would do, of an error about a name: «unknown field `a`, expected one of
/// `b`, `c` at line 1 column 2».
fn unknown_name(error: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    let rest = error
        .strip_prefix("unknown field `")
        .or_else(|| error.strip_prefix("unknown variant `"))?;
    let (name, rest) = rest.split_once("`, expected ")?;
    // Between marks: every second part.
    Some((name, rest.split('`').skip(1).step_by(2)))
}

/// The name that was perhaps meant.
pub(crate) fn nearest<'a>(
    written: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let allowed = (written.chars().count() / 3).clamp(1, 4);
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_in_json_is_told_with_the_one_that_was_meant() {
        let error =
            "unknown field `metrcs`, expected one of `metrics`, `dimensions` at line 1 column 9";
        let (name, expected) = unknown_name(error).expect("not read");
        assert_eq!(name, "metrcs");
        assert_eq!(nearest(name, expected), Some("metrics".to_owned()));
        assert!(unknown_name("invalid type: string \"a\", expected u64").is_none());
    }

    #[test]
    fn an_error_about_a_number_says_what_would_do() {
        let told = plain("invalid value: integer `-1`, expected usize at line 1 column 64");
        let wanted =
            "invalid value: integer `-1`, expected a whole number, 0 or more at line 1 column 64";
        assert_eq!(told, wanted);
        let other = "invalid type: map, expected a string at line 1 column 2";
        assert_eq!(plain(other), other);
    }

    #[test]
    fn the_format_is_the_parameter_or_what_the_client_likes_best() {
        let asked = |uri: &str, accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().expect("a header"));
            row_format(&uri.parse().expect("an address"), &headers)
                .map_err(|problem| problem.kind())
        };
        for (uri, accept, wanted) in [
            ("/", "*/*", None),
            ("/", "text/csv", Some(RowFormat::Csv)),
            ("/", "text/html, Text/CSV;q=0.5", Some(RowFormat::Csv)),
            ("/", "application/json, text/csv", None),
            (
                "/",
                "application/json;q=0.1, text/csv; q=0.2",
                Some(RowFormat::Csv),
            ),
            ("/", "text/html, */*;q=0.1", None),
            ("/", "text/*", Some(RowFormat::Csv)),
            ("/", "", None),
            (
                "/",
                "application/vnd.apache.parquet",
                Some(RowFormat::Parquet),
            ),
            ("/?format=arrow", "text/csv", Some(RowFormat::Arrow)),
            ("/?format=json", "text/csv", None),
        ] {
            assert_eq!(asked(uri, accept), Ok(wanted), "{uri} {accept}");
        }
        assert_eq!(asked("/?format=xls", "*/*"), Err(ProblemKind::InvalidQuery));
        for unknown in ["text/html", "image/png, application/pdf", "text/csv;q=0"] {
            assert_eq!(asked("/", unknown), Err(ProblemKind::NotAcceptable));
        }
        assert_eq!(asked("/?format=csv", "text/html"), Ok(Some(RowFormat::Csv)));
    }

    #[test]
    fn the_query_of_an_address_is_read_as_browsers_write_it() {
        let read = pairs("filter=channel+%3D+web&filter=a%26b&&last=28d&empty&broken=%4");
        let expected = [
            ("filter", "channel = web"),
            ("filter", "a&b"),
            ("last", "28d"),
            ("empty", ""),
            ("broken", "%4"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, expected);
    }
}
