//! Addresses of pages: the user part goes, values of secret and personal parameters go, the rest
//! stays, unless it is personal by itself.

use std::ops::Range;

use crate::masker::{DataKind, detect};
use crate::scan::{Scan, Scope};

/// Parameters whose value is secret; compared without case, dashes and underscores.
const SECRET: &[&str] = &[
    "token",
    "accesstoken",
    "idtoken",
    "refreshtoken",
    "authtoken",
    "apitoken",
    "csrftoken",
    "xsrftoken",
    "key",
    "apikey",
    "secret",
    "clientsecret",
    "accesskey",
    "privatekey",
    "sig",
    "signature",
    "sign",
    "hmac",
    "hash",
    "password",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "auth",
    "authorization",
    "authcode",
    "code",
    "otp",
    "pin",
    "session",
    "sessionid",
    "sid",
    "phpsessid",
    "jsessionid",
    "jwt",
    "bearer",
    "credential",
    "credentials",
    "ticket",
    "nonce",
    "samlresponse",
    "samlrequest",
    "xamzsignature",
    "xamzcredential",
    "xamzsecuritytoken",
    "xgoogsignature",
    "xgoogcredential",
    "sharedaccesssignature",
    "cvv",
    "cvc",
    "invite",
    "reset",
    "resettoken",
    "magic",
    "unlock",
    "verification",
    "verificationcode",
];

/// Parameters whose value is personal.
const PERSONAL: &[&str] = &[
    "email",
    "emailaddress",
    "mail",
    "userid",
    "user",
    "username",
    "login",
    "name",
    "firstname",
    "lastname",
    "fullname",
    "surname",
    "givenname",
    "familyname",
    "vorname",
    "nachname",
    "nombre",
    "apellido",
    "nom",
    "prenom",
    "phone",
    "phonenumber",
    "tel",
    "telephone",
    "telefon",
    "mobile",
    "msisdn",
    "fax",
    "address",
    "street",
    "strasse",
    "birthdate",
    "birthday",
    "dob",
    "dateofbirth",
    "ssn",
    "iban",
    "card",
    "cardnumber",
    "taxid",
    "passport",
    "ip",
    "ipaddress",
    "lat",
    "lng",
    "lon",
    "latitude",
    "longitude",
];

/// Hosts whose path is a phone number.
const PHONE_HOSTS: &[&str] = &["wa.me", "api.whatsapp.com", "viber.click", "signal.me"];

/// What a parameter's name says of its value.
pub(crate) fn named(name: &str) -> Option<DataKind> {
    if name.len() > 40 {
        return None;
    }
    let plain: String = name
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    if SECRET.contains(&plain.as_str()) {
        Some(DataKind::Secret)
    } else if PERSONAL.contains(&plain.as_str()) {
        Some(DataKind::Personal)
    } else {
        None
    }
}

/// Looks for addresses in text.
pub(crate) fn find(scan: &mut Scan<'_>) {
    let text = scan.text;
    let mut done = 0;
    for (place, _) in text.match_indices("://") {
        if place < done {
            continue;
        }
        let start = scheme_start(scan, place).max(done);
        if start < place {
            done = address_end(text, place + 3);
            examine(scan, start..done);
            scan.keep(start..done);
        }
    }
    done = 0;
    for (start, _) in text.match_indices("www.") {
        if start >= done && scan.begins_word(start) && scan.is_free(&(start..start + 4)) {
            done = address_end(text, start + 4);
            examine(scan, start..done);
            scan.keep(start..done);
        }
    }
}

fn scheme_start(scan: &Scan<'_>, place: usize) -> usize {
    let mut start = place;
    while start > 0
        && place - start < 16
        && (scan.bytes[start - 1].is_ascii_alphanumeric()
            || matches!(scan.bytes[start - 1], b'+' | b'.' | b'-'))
    {
        start -= 1;
    }
    start
}

/// The end of the address whose authority begins here.
fn address_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest
        .find(|character: char| character.is_whitespace() || "<>\"'`\\|^".contains(character))
        .unwrap_or(rest.len());
    let address = rest[..length].trim_end_matches([
        '.', ',', ';', ':', '!', '?', ')', ']', '}', '。', '，', '、', '）',
    ]);
    start + address.len()
}

/// Takes out of an address, whole or from its path on, what is secret or personal.
pub(crate) fn examine(scan: &mut Scan<'_>, span: Range<usize>) {
    let text = scan.text;
    let address = text.get(span.clone()).unwrap_or_default();
    let mut start = span.start;
    let mut host = "";
    if let Some(scheme) = address.find("://") {
        let authority = span.start + scheme + 3;
        let authority_end = text[authority..span.end]
            .find(['/', '?', '#'])
            .map_or(span.end, |length| authority + length);
        start = authority;
        if let Some(at) = text[authority..authority_end].rfind('@') {
            let user = authority..authority + at;
            // The user part, and the name of a mail's sender with it, goes whole.
            scan.claim(user, DataKind::Secret);
            start = authority + at + 1;
        }
        host = &text[start..authority_end];
        start = authority_end;
    }
    let phone_host = PHONE_HOSTS
        .iter()
        .any(|name| host.eq_ignore_ascii_case(name));
    examine_parts(scan, start..span.end, phone_host);
}

/// Goes through what lies between the signs that separate the parts of an address.
fn examine_parts(scan: &mut Scan<'_>, span: Range<usize>, phone_host: bool) {
    let text = scan.text;
    let mut place = span.start;
    let mut in_query = false;
    while place < span.end {
        let rest = &text[place..span.end];
        let length = rest.find(['/', '?', '&', '#', ';']).unwrap_or(rest.len());
        let part = &rest[..length];
        let mut end = place + length;
        if let Some((name, _)) = part.split_once('=') {
            let value = place + name.len() + 1;
            if let Some(kind) = named(name) {
                // A value may hold separators that were not encoded; in a query only these end it.
                if in_query {
                    let longer = &text[value..span.end];
                    end = value + longer.find(['&', '#']).unwrap_or(longer.len());
                }
                scan.claim(value..end, kind);
            } else {
                examine_value(scan, value..end);
            }
        } else if phone_host && part.bytes().filter(u8::is_ascii_digit).count() >= 7 {
            scan.claim(place..end, DataKind::Phone);
        } else {
            examine_value(scan, place..end);
        }
        in_query |= text[end..].starts_with(['?', '#']);
        place = end + text[end..span.end].chars().next().map_or(1, char::len_utf8);
    }
}

/// Takes a value out whole if anything in it, decoded, is personal.
fn examine_value(scan: &mut Scan<'_>, span: Range<usize>) {
    let value = scan.text.get(span.clone()).unwrap_or_default();
    if value.is_empty() {
        return;
    }
    let found = match decoded(value) {
        None => detect_part(value),
        Some(plain) => detect_part(&plain).or_else(|| {
            // An address within an address.
            let hidden = plain.contains(['=', '?']) && hides_something(&plain);
            hidden.then_some(DataKind::Personal)
        }),
    };
    if let Some(kind) = found {
        scan.claim(span, kind);
    }
}

fn detect_part(value: &str) -> Option<DataKind> {
    // Most parts are short words: no rule begins to look at these.
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    if value.len() < 15 && digits < 4 && !value.contains(['@', ':', '(', '[', '{']) {
        return None;
    }
    detect(value, Scope::Field, false)
        .first()
        .map(|found| found.kind)
}

/// Whether a decoded value has a parameter that is secret or personal.
fn hides_something(plain: &str) -> bool {
    plain.split(['/', '?', '&', '#', ';']).any(|part| {
        part.split_once('=')
            .is_some_and(|(name, value)| !value.is_empty() && named(name).is_some())
            || detect_part(part).is_some()
    })
}

/// The value with its percent signs resolved; `None` if there is none, or if the result is no text.
fn decoded(value: &str) -> Option<String> {
    if !value.contains('%') {
        return None;
    }
    let bytes = value.as_bytes();
    let digit = |index: usize| {
        bytes
            .get(index)
            .and_then(|byte| char::from(*byte).to_digit(16))
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut plain = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while place < bytes.len() {
        match (bytes[place], digit(place + 1), digit(place + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push(high * 16 + low);
                place += 3;
            }
            (byte, _, _) => {
                plain.push(byte);
                place += 1;
            }
        }
    }
    String::from_utf8(plain).ok()
}
