//! Packed bytes as they were meant.

use std::io::{self, BufRead, BufReader, Read};

/// How many bytes are read at once.
const BUFFER: usize = 256 << 10;
/// What a zstd frame may ask its reader to remember unless whoever reads allows more: 8 MiB, that of the highest
/// ordinary level.
pub const WINDOW_LOG: u32 = 23;

/// The same bytes, unpacked where their first ones are those of gzip or zstd; names play no part. A zstd frame
/// may ask for a window of so many bits.
///
/// # Errors
/// When the first bytes cannot be read.
pub fn unpacked<'a>(
    packed: impl Read + Send + 'a,
    window_log: u32,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut reader = BufReader::with_capacity(BUFFER, packed);
    let head = reader.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(flate2::bufread::MultiGzDecoder::new(reader)));
    }
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(reader)?;
        decoder.window_log_max(window_log)?;
        return Ok(Box::new(decoder));
    }
    Ok(Box::new(reader))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write;

    use super::*;

    fn read(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        unpacked(bytes, WINDOW_LOG)?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn what_is_packed_is_known_by_its_first_bytes() {
        let text = "a\nb\n".repeat(10_000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let gzip = gzip.finish().unwrap();
        let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
        for bytes in [text.as_bytes(), &gzip, &zstd] {
            assert_eq!(read(bytes).unwrap(), text);
        }
        assert_eq!(read(b"").unwrap(), "");
        assert!(read(&gzip[..gzip.len() / 2]).is_err());
        assert!(read(&zstd[..zstd.len() / 2]).is_err());
    }
}
