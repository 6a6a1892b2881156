//! Where a JSON value ends, found without reading it.

/// Values that are nested deeper are not read: the limit of the JSON reader itself.
pub(crate) const MAXIMUM_DEPTH: u32 = 127;

/// Follows one JSON value from its first byte, in as many pieces as it comes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scan {
    depth: u32,
    deepest: u32,
    /// One bit for each open bracket of the first 128: set for an object.
    objects: u128,
    scalar: bool,
    string: bool,
    escaped: bool,
}

/// How far a value was followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// The value ends after this many of the bytes.
    End(usize),
    /// All bytes belong to the value and more must follow.
    More,
    /// The byte at this place cannot stand there.
    Broken(usize, &'static str),
}

impl Scan {
    /// As if the brace of an object had been read.
    pub fn within_object() -> Self {
        let mut scan = Self::default();
        scan.open(true);
        scan
    }

    /// Whether the value is nested deeper than is read.
    pub fn too_deep(&self) -> bool {
        self.deepest > MAXIMUM_DEPTH
    }

    /// Follows the next bytes of the value.
    pub fn advance(&mut self, bytes: &[u8]) -> Scanned {
        let mut at = 0;
        while at < bytes.len() {
            if self.string {
                match self.string_end(bytes, at) {
                    Ok(next) => at = next,
                    Err(place) => return Scanned::Broken(place, CONTROL),
                }
                if !self.string && self.depth == 0 {
                    return Scanned::End(at);
                }
                continue;
            }
            let byte = bytes[at];
            if self.scalar && matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}') {
                return Scanned::End(at);
            }
            match byte {
                b'"' => self.string = true,
                b'{' | b'[' => self.open(byte == b'{'),
                b'}' | b']' => {
                    if !self.close(byte == b'}') {
                        return Scanned::Broken(at, "a bracket is closed that is not open");
                    }
                    if self.depth == 0 {
                        return Scanned::End(at + 1);
                    }
                }
                _ if self.depth == 0 => self.scalar = true,
                _ => {}
            }
            at += 1;
        }
        Scanned::More
    }

    /// The place after the string, or after all bytes if it goes on.
    fn string_end(&mut self, bytes: &[u8], mut at: usize) -> Result<usize, usize> {
        if self.escaped {
            self.escaped = false;
            if bytes[at] < b' ' {
                return Err(at);
            }
            at += 1;
        }
        let rest = &bytes[at..];
        let length = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        if let Some(place) = rest[..length].iter().position(|byte| *byte < b' ') {
            return Err(at + place);
        }
        at += length;
        match bytes.get(at) {
            None => {}
            Some(b'"') => {
                self.string = false;
                at += 1;
            }
            Some(_) => {
                self.escaped = true;
                at += 1;
            }
        }
        Ok(at)
    }

    fn open(&mut self, object: bool) {
        if self.depth < 128 {
            let bit = 1 << self.depth;
            self.objects = if object {
                self.objects | bit
            } else {
                self.objects & !bit
            };
        }
        self.depth = self.depth.saturating_add(1);
        self.deepest = self.deepest.max(self.depth);
    }

    fn close(&mut self, object: bool) -> bool {
        if self.depth == 0 {
            return false;
        }
        self.depth -= 1;
        self.depth >= 128 || (self.objects >> self.depth & 1 == 1) == object
    }
}

const CONTROL: &str = "a text holds a line break or control character that is not escaped";

/// The first byte at or after `at` that is not white space.
pub(crate) fn skip_space(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .map_or(bytes.len(), |length| at + length)
}

/// One key of an object with the first byte of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    /// How many brackets are open around the key.
    pub depth: u32,
    /// The key as it is written, without the quotation marks.
    pub name: &'a [u8],
    /// Where the value begins.
    pub value: usize,
}

/// The keys of a JSON text that may be cut off or damaged, in their order.
pub(crate) struct Keys<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Keys<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            depth: 0,
        }
    }
}

/// The text that begins after the quotation mark at `at`, as it is written.
pub(crate) fn string_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let mut end = at + 1;
    loop {
        end += memchr::memchr2(b'"', b'\\', bytes.get(end..)?)?;
        if bytes[end] == b'"' {
            return Some(&bytes[at + 1..end]);
        }
        end += 2;
    }
}

impl<'a> Iterator for Keys<'a> {
    type Item = Key<'a>;

    fn next(&mut self) -> Option<Key<'a>> {
        loop {
            match *self.bytes.get(self.at)? {
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b'"' => {
                    let name = string_at(self.bytes, self.at)?;
                    self.at += name.len() + 2;
                    let colon = skip_space(self.bytes, self.at.min(self.bytes.len()));
                    if self.bytes.get(colon) == Some(&b':') {
                        let value = skip_space(self.bytes, colon + 1);
                        self.at = value;
                        return Some(Key {
                            depth: self.depth,
                            name,
                            value,
                        });
                    }
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}

/// Where the array begins that an object, perhaps damaged, holds under one of these keys.
pub(crate) fn array_under(object: &[u8], names: &[&str]) -> Option<usize> {
    Keys::new(object)
        .filter(|key| key.depth == 1)
        .find(|key| {
            object.get(key.value) == Some(&b'[')
                && names.iter().any(|name| name.as_bytes() == key.name)
        })
        .map(|key| key.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the value ends: a number, `…` if it goes on, or what is wrong.
    fn end(text: &str) -> String {
        let whole = describe(Scan::default().advance(text.as_bytes()));
        let mut scan = Scan::default();
        for (at, byte) in text.bytes().enumerate() {
            match scan.advance(&[byte]) {
                Scanned::More => {}
                Scanned::End(length) => {
                    assert_eq!(whole, (at + length).to_string());
                    return whole;
                }
                Scanned::Broken(place, _) => {
                    assert_eq!(whole, format!("! {}", at + place));
                    return whole;
                }
            }
        }
        assert_eq!(whole, "…");
        whole
    }

    fn describe(scanned: Scanned) -> String {
        match scanned {
            Scanned::End(length) => length.to_string(),
            Scanned::More => "…".to_owned(),
            Scanned::Broken(place, _) => format!("! {place}"),
        }
    }

    #[test]
    fn values_end_where_they_end() {
        assert_eq!(end("{} "), "2");
        assert_eq!(end(r#"{"a":"}\"]"}, "#), "12");
        assert_eq!(end("[[1,{}],2]]"), "10");
        assert_eq!(end(r#""a\\" "#), "5");
        assert_eq!(end("17,"), "2");
        assert_eq!(end("17"), "…");
        assert_eq!(end(r#"{"a":"#), "…");
        assert_eq!(end("[}"), "! 1");
        assert_eq!(end("]"), "! 0");
        assert_eq!(end("[\"a\nb\"]"), "! 3");
        assert_eq!(end("[\"a\\\nb\"]"), "! 4");
    }

    #[test]
    fn keys_are_found_in_damaged_text() {
        let text = br#"{"a": 1, "b\"c":{"d":[{"e":"f"}]}, "g":"#;
        let keys = Keys::new(text).map(|key| {
            let name = String::from_utf8_lossy(key.name).into_owned();
            (key.depth, name)
        });
        let expected = [(1, "a"), (1, "b\\\"c"), (2, "d"), (4, "e"), (1, "g")];
        let expected = expected.map(|(depth, name)| (depth, name.to_owned()));
        assert_eq!(keys.collect::<Vec<_>>(), expected);
        assert_eq!(array_under(br#"{"x":{"a":[]},"a":[1"#, &["a"]), Some(18));
    }
}
