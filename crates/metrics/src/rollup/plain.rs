//! Numbers as they are, eight bytes each: of hashes nothing is saved by writing small ones shorter.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(numbers: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    serializer.serialize_bytes(&bytes)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<u64>, D::Error> {
    deserializer.deserialize_bytes(Plain)
}

struct Plain;

impl Visitor<'_> for Plain {
    type Value = Vec<u64>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("eight bytes for each number")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u64>, E> {
        let (numbers, rest) = bytes.as_chunks();
        match rest {
            [] => Ok(numbers
                .iter()
                .map(|number| u64::from_le_bytes(*number))
                .collect()),
            _ => Err(E::invalid_length(bytes.len(), &self)),
        }
    }
}
