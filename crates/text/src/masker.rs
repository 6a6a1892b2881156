//! The masker: finds personal data and puts a typed token in its place.

use std::fmt;
use std::ops::Range;

use crate::scan::{Found, Marks, Scan, Scope};
use crate::shadow::Shadow;
use crate::{email, iban, identity, network, number, pseudonym, secret, url};

/// A kind of data that is taken out of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataKind {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// The number of a payment card.
    Card,
    /// An international bank account number.
    Iban,
    /// A number that a state gives a person: social security, tax, identity card.
    NationalId,
    /// An address of the Internet protocol that can belong to a person.
    IpAddress,
    /// A password, key, signature or the user part of an address.
    Secret,
    /// A signed token (JWT).
    Token,
    /// A long number that may be an account or a phone number.
    Number,
    /// A value whose name says that it is personal.
    Personal,
}

impl DataKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Email,
        Self::Phone,
        Self::Card,
        Self::Iban,
        Self::NationalId,
        Self::IpAddress,
        Self::Secret,
        Self::Token,
        Self::Number,
        Self::Personal,
    ];

    /// What stands in the text in place of the data.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Email => "[email]",
            Self::Phone => "[phone]",
            Self::Card => "[card]",
            Self::Iban => "[iban]",
            Self::NationalId => "[national_id]",
            Self::IpAddress => "[ip]",
            Self::Secret => "[secret]",
            Self::Token => "[token]",
            Self::Number => "[number]",
            Self::Personal => "[personal]",
        }
    }

    /// The kind's name, the token without its brackets.
    pub fn as_str(self) -> &'static str {
        self.token().trim_matches(['[', ']'])
    }
}

impl fmt::Display for DataKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What was replaced and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// What it was taken for.
    pub kind: DataKind,
    /// Where it stood in the original text, in bytes, between whole characters.
    pub span: Range<usize>,
}

/// A text without its personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// The text with tokens such as `[email]`.
    pub text: String,
    /// What the tokens replace, in the order of the original text.
    pub replaced: Vec<Replacement>,
}

/// Takes personal data out of text. Holds the key with which ids that are themselves personal become
/// pseudonyms.
#[derive(Clone)]
pub struct Masker {
    key: Box<[u8]>,
}

impl fmt::Debug for Masker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key must not get into logs.
        formatter.debug_struct("Masker").finish_non_exhaustive()
    }
}

/// How often what remains between the findings is looked through again.
const ROUNDS: usize = 5;

impl Masker {
    /// A masker with a secret key, at best 32 random bytes, one for each workspace: the same id under
    /// the same key always becomes the same pseudonym, under another key another.
    pub fn new(key: &[u8]) -> Self {
        Self { key: key.into() }
    }

    /// The text without its personal data. Masking the result again changes nothing.
    pub fn mask(&self, text: &str) -> Masked {
        let replaced = self.find(text);
        Masked {
            text: replace(text, &replaced),
            replaced,
        }
    }

    /// What [`Self::mask`] would replace.
    pub fn find(&self, text: &str) -> Vec<Replacement> {
        find(text, Scope::Prose)
    }

    /// The value of a field that a system set, without its personal data. Unlike in text, a long number
    /// that nothing marks as personal stays: there it is most likely a key.
    pub fn mask_value(&self, value: &str) -> Masked {
        let replaced = find(value, Scope::Field);
        Masked {
            text: replace(value, &replaced),
            replaced,
        }
    }

    /// A page's address, whole or from its path on, without user part, and without the values of its
    /// query and fragment that are secret or personal.
    pub fn mask_address(&self, address: &str) -> Masked {
        let replaced = find_in_address(address);
        Masked {
            text: replace(address, &replaced),
            replaced,
        }
    }

    /// Whether an id is, or contains, an e-mail address or a phone number in international form.
    pub fn is_contact(&self, id: &str) -> bool {
        pseudonym::is_contact(id)
    }

    /// The pseudonym of an id: the prefix and 32 hexadecimal digits of its keyed hash (HMAC-SHA-256).
    /// Who lacks the key can neither turn it back nor try ids against it.
    pub fn pseudonym(&self, prefix: &str, id: &str) -> String {
        pseudonym::pseudonym(&self.key, prefix, id)
    }
}

/// What is personal in the text, in its order.
pub(crate) fn find(text: &str, scope: Scope) -> Vec<Replacement> {
    if text.is_ascii() && !Marks::of(text.as_bytes()).any() {
        return Vec::new();
    }
    find_by(text, &|stretch| detect(stretch, scope, true))
}

/// What is secret or personal in an address.
fn find_in_address(address: &str) -> Vec<Replacement> {
    find_by(address, &|stretch| {
        let mut scan = Scan::new(stretch, Scope::Field);
        url::examine(&mut scan, 0..stretch.len());
        scan.found
    })
}

/// What a way to look through a text finds in it.
fn find_by(text: &str, look: &dyn Fn(&str) -> Vec<Found>) -> Vec<Replacement> {
    let shadow = Shadow::of(text);
    let mut found = Vec::new();
    for stretch in between_tokens(&shadow.text) {
        search(&shadow.text, stretch, look, ROUNDS, &mut found);
    }
    replacements(found, &shadow)
}

fn replacements(found: Vec<Found>, shadow: &Shadow<'_>) -> Vec<Replacement> {
    found
        .into_iter()
        .map(|found| Replacement {
            kind: found.kind,
            span: shadow.origin(found.span),
        })
        .collect()
}

fn moved(found: Found, by: usize) -> Found {
    Found {
        span: found.span.start + by..found.span.end + by,
        kind: found.kind,
    }
}

/// Adds what is personal in a stretch of the text to `found`.
///
/// What lies between two findings is looked through again as a text of its own, until nothing is found
/// any more. A second masking sees exactly these stretches, which is why it changes nothing. A stretch
/// that still yields something after the last round, which no real text does, is taken out whole.
fn search(
    text: &str,
    stretch: Range<usize>,
    look: &dyn Fn(&str) -> Vec<Found>,
    rounds: usize,
    found: &mut Vec<Found>,
) {
    let mut here: Vec<Found> = look(&text[stretch.clone()])
        .into_iter()
        .map(|found| moved(found, stretch.start))
        .collect();
    if here.is_empty() {
        return;
    }
    if rounds == 0 {
        found.push(Found {
            span: stretch,
            kind: DataKind::Personal,
        });
        return;
    }
    here.sort_by_key(|found| found.span.start);
    let mut start = stretch.start;
    for finding in here {
        search(text, start..finding.span.start, look, rounds - 1, found);
        start = finding.span.end;
        found.push(finding);
    }
    search(text, start..stretch.end, look, rounds - 1, found);
}

/// One look through a text by all rules, the surest first; `addresses` says whether pages' addresses
/// are looked for, or the text is itself part of one.
pub(crate) fn detect(text: &str, scope: Scope, addresses: bool) -> Vec<Found> {
    let marks = Marks::of(text.as_bytes());
    if !marks.any() {
        return Vec::new();
    }
    let mut scan = Scan::new(text, scope);
    if addresses && marks.assignment {
        url::find(&mut scan);
    }
    secret::find(&mut scan, marks);
    if marks.at || marks.bracket {
        email::find(&mut scan, marks);
    }
    if marks.digit {
        network::find(&mut scan, marks);
        iban::find(&mut scan);
        identity::find(&mut scan);
        number::find(&mut scan);
    }
    scan.found
}

/// The stretches of a text between the tokens that it already holds.
fn between_tokens(text: &str) -> Vec<Range<usize>> {
    let mut stretches = Vec::new();
    let mut start = 0;
    for (place, _) in text.match_indices('[') {
        let rest = &text[place..];
        let Some(kind) = DataKind::ALL
            .iter()
            .find(|kind| rest.starts_with(kind.token()))
        else {
            continue;
        };
        stretches.push(start..place);
        start = place + kind.token().len();
    }
    stretches.push(start..text.len());
    stretches
}

fn replace(text: &str, replaced: &[Replacement]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut start = 0;
    for replacement in replaced {
        masked.push_str(&text[start..replacement.span.start]);
        masked.push_str(replacement.kind.token());
        start = replacement.span.end;
    }
    masked.push_str(&text[start..]);
    masked
}
