//! Secrets: what sign-ins, keys and links are opened by.
//!
//! A secret is 256 random bits behind an id of 64 that finds its row; the row has its SHA-256 only, and the hashes
//! are compared, which takes the same time however much of them is right.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// With what a key begins, so that programs that look for leaked keys find it.
pub const KEY_PREFIX: &str = "upshot_";

/// A secret that was just made: shown once, and kept as its hash.
pub struct Secret {
    /// The id of what it opens.
    pub id: String,
    /// The hash of all of it but the id.
    pub hash: Vec<u8>,
    secret: String,
}

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn new() -> Result<Self, getrandom::Error> {
        let (mut id, mut secret) = ([0; 8], [0; 32]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        let secret = hexadecimal(&secret);
        Ok(Self {
            id: hexadecimal(&id),
            hash: hash(&secret).to_vec(),
            secret,
        })
    }

    /// What is given to whoever may open.
    pub fn token(&self) -> String {
        format!("{}{}", self.id, self.secret)
    }

    /// The same as a key.
    pub fn key(&self) -> String {
        format!("{KEY_PREFIX}{}", self.token())
    }
}

/// An id of 64 random bits for something that opens nothing.
///
/// # Errors
/// When the system has no random numbers.
pub fn new_id() -> Result<String, getrandom::Error> {
    let mut id = [0; 8];
    getrandom::fill(&mut id)?;
    Ok(hexadecimal(&id))
}

/// A token that somebody sent: the id of what it opens, and the secret.
#[derive(Clone, Copy)]
pub(crate) struct Token<'a> {
    pub id: &'a str,
    secret: &'a str,
}

impl<'a> Token<'a> {
    /// Takes a token apart; nothing where it is none.
    pub fn read(text: &'a str) -> Option<Self> {
        let plain = text.len() == 16 + 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (id, secret) = plain.then(|| text.split_at(16))?;
        Some(Self { id, secret })
    }

    /// Whether this is the hash of its secret.
    pub fn opens(self, stored: &[u8]) -> bool {
        hash(self.secret).ct_eq(stored).into()
    }
}

/// The SHA-256 of a secret.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_opens_its_own_hash_and_no_other() {
        let (mine, theirs) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_ne!(mine.token(), theirs.token());
        let text = mine.token();
        let token = Token::read(&text).unwrap();
        assert_eq!(token.id, mine.id);
        assert!(token.opens(&mine.hash));
        assert!(!token.opens(&theirs.hash));
        assert!(!token.opens(&mine.hash[..31]));
        assert!(!token.opens(&[]));
        assert!(!text.contains(&hexadecimal(&mine.hash)));
        for bad in ["", "abc", &text[1..], &format!("{text}0"), &mine.key()] {
            assert!(Token::read(bad).is_none(), "{bad}");
        }
    }
}
