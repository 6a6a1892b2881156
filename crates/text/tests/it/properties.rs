//! What must hold for any text.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use upshot_text::{Masked, Masker};

/// Pieces of which hostile text is made: what the rules look for, whole and broken.
const PIECES: &[&str] = &[
    "4111 1111 1111 1111",
    "4111",
    "5500000000000004",
    "1",
    "12",
    "0",
    "00",
    "+",
    "+49",
    "(",
    ")",
    " ",
    "-",
    ".",
    "/",
    ":",
    "@",
    "=",
    "&",
    "?",
    "#",
    "%40",
    "%",
    "a",
    "Z",
    "é",
    "中",
    "٤",
    "＠",
    "\u{200b}",
    "\u{a0}",
    "\n",
    "[",
    "]",
    "[email]",
    "[phone",
    "anna@example.org",
    "example",
    "://",
    "https://",
    "www.",
    "user:pw@",
    "token=",
    "password: ",
    "PIN ",
    "order ",
    "phone ",
    "DE89370400440532013000",
    "DE89",
    "12345678Z",
    "219-09-9999",
    "2024-01-31",
    "12:30",
    "eyJ",
    ".eyJzdWIiOiIx",
    "sk-",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    "::",
    "2001:db8::1",
    "203.0.113.77",
    " (at) ",
    "[dot]",
    "€",
    "kg",
    "account ",
    "030 23125123",
    "06 12 34 56 78",
    "x",
    "_",
    "\"",
    "ß",
    "İ",
    "ﬁ",
];

fn hostile() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

fn check(text: &str, masked: &Masked) {
    let mut rebuilt = String::new();
    let mut end = 0;
    for replacement in &masked.replaced {
        let span = &replacement.span;
        assert!(
            span.start >= end && span.end > span.start,
            "{span:?} in {text:?}"
        );
        rebuilt.push_str(text.get(end..span.start).unwrap());
        assert!(text.get(span.clone()).is_some());
        rebuilt.push_str(replacement.kind.token());
        end = span.end;
    }
    rebuilt.push_str(&text[end..]);
    assert_eq!(rebuilt, masked.text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn masking_is_idempotent_and_exact(text in prop_oneof![hostile(), any::<String>(), "[0-9 ()./+-]{0,60}"]) {
        let masker = Masker::new(b"key");
        for mask in [Masker::mask, Masker::mask_value, Masker::mask_address] {
            let once = mask(&masker, &text);
            check(&text, &once);
            let twice = mask(&masker, &once.text);
            prop_assert_eq!(&twice.text, &once.text);
            prop_assert!(twice.replaced.is_empty());
        }
    }

    #[test]
    fn cards_never_stay(digits in prop::collection::vec(0_u8..10, 14), grouped in any::<bool>(), before in hostile()) {
        // A Visa number with its check digit.
        let mut digits: Vec<u8> = [4].into_iter().chain(digits).collect();
        let sum: u32 = digits.iter().rev().enumerate().map(|(index, digit)| {
            let doubled = u32::from(*digit) * if index % 2 == 0 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        }).sum();
        digits.push(u8::try_from((10 - sum % 10) % 10).unwrap());
        let mut number = String::new();
        for (index, digit) in digits.iter().enumerate() {
            if grouped && index > 0 && index % 4 == 0 {
                number.push(' ');
            }
            number.push(char::from(b'0' + digit));
        }
        let masker = Masker::new(b"key");
        let text = format!("{before}\nis {number}, please");
        prop_assert!(!masker.mask(&text).text.contains(&number));
    }

    #[test]
    fn addresses_never_stay(local in "[a-z]{1,10}([._+-][a-z0-9]{1,8})?", domain in "[a-z]{2,10}(\\.[a-z]{2,8})?\\.[a-z]{2,6}") {
        let masker = Masker::new(b"key");
        let address = format!("{local}@{domain}");
        let found = masker.mask(&format!("write to {address}, please"));
        prop_assert_eq!(found.text, "write to [email], please");
    }
}

#[test]
fn text_without_marks_is_left_alone() {
    let masker = Masker::new(b"key");
    let text = "nothing of the kind, whatever – really";
    let masked = masker.mask(text);
    assert_eq!(masked.text, text);
    assert!(masked.replaced.is_empty());
}

/// Work must grow with the length of the text, not with its square: hostile texts of a mebibyte, each
/// of which takes a quadratic rule minutes.
#[test]
fn hostile_megabytes_take_seconds() {
    let masker = Masker::new(b"key");
    for piece in [
        "1",
        "1 ",
        "2019 ",
        "0 ",
        "00",
        "4111 ",
        "+1",
        "a@",
        "a@b.",
        "@",
        "(at)",
        "a (at) b",
        "[",
        "[email",
        "://",
        "a://",
        "https://a/?b=",
        "%25",
        "?a=%40",
        "eyJ.",
        "eyJhbGc",
        "password: ",
        "password",
        "-----BEGIN PRIVATE KEY",
        "-----BEGIN PRIVATE KEY-----",
        "a1",
        "A1b",
        "::",
        "1:",
        "f:",
        "1.",
        "DE89",
        "DE89 ",
        "12:30 ",
        "2024-01-31 ",
        "01.02.",
        "www.",
        "٤",
        "\u{200b}",
        "é@",
        "pin ",
        "anna@example.org ",
        "4111 1111 1111 1111 ",
        "030 23125123, ",
    ] {
        let text = piece.repeat((1 << 18) / piece.len());
        let start = Instant::now();
        let masked = masker.mask(&text);
        let address = masker.mask_address(&text);
        let elapsed = start.elapsed();
        assert!(
            elapsed < Duration::from_secs(20),
            "{piece:?} took {elapsed:?}"
        );
        check(&text, &masked);
        check(&text, &address);
    }
}
