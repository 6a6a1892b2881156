//! Ids that are themselves personal, and what takes their place.

use sha2::{Digest, Sha256};

use crate::masker::{DataKind, find};
use crate::scan::Scope;

/// Whether an id is, or contains, data by which a person is reached or known.
pub(crate) fn is_contact(id: &str) -> bool {
    if id.is_ascii() && (is_sparse(id) || is_uuid(id)) {
        return false;
    }
    find(id, Scope::Field).iter().any(|found| {
        matches!(
            found.kind,
            DataKind::Email
                | DataKind::Phone
                | DataKind::Card
                | DataKind::Iban
                | DataKind::NationalId
                | DataKind::IpAddress
        )
    })
}

/// Whether an id has too few digits and no sign for any of these kinds. Ids are many: most are told by
/// one look.
fn is_sparse(id: &str) -> bool {
    let digits = id.bytes().filter(u8::is_ascii_digit).count();
    digits < 4 && !id.contains(['@', '(', '[', '{', ':'])
}

/// Whether an id is a UUID: hexadecimal digits in groups of 8, 4, 4, 4 and 12.
fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The prefix and the first 128 bits of the keyed hash, as hexadecimal digits.
pub(crate) fn pseudonym(key: &[u8], prefix: &str, id: &str) -> String {
    let hash = keyed_hash(key, id.as_bytes());
    let mut pseudonym = String::with_capacity(prefix.len() + 32);
    pseudonym.push_str(prefix);
    for byte in &hash[..16] {
        for digit in [byte >> 4, byte & 15] {
            pseudonym.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    pseudonym
}

/// HMAC-SHA-256 (RFC 2104).
fn keyed_hash(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut padded = [0_u8; BLOCK];
    if key.len() > BLOCK {
        padded[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new()
        .chain_update(padded.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(padded.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hexadecimal(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // RFC 4231, test cases 2 and 6.
    #[test]
    fn keyed_hash_agrees_with_the_standard() {
        assert_eq!(
            hexadecimal(&keyed_hash(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hexadecimal(&keyed_hash(
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            )),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
