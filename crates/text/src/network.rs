//! Addresses of the Internet protocol. Those that cannot belong to a person stay: loopback, private
//! and link-local ones, and what is more likely a version or a section.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::context::{self, Context};
use crate::masker::DataKind;
use crate::scan::{Marks, Scan, is_word};

/// The longest spelling of an address.
const LONGEST: usize = 45;

pub(crate) fn find(scan: &mut Scan<'_>, marks: Marks) {
    let mut start = 0;
    while start < scan.bytes.len() {
        let byte = scan.bytes[start];
        if !(byte.is_ascii_hexdigit() || byte == b':') || !scan.begins_word(start) {
            start += 1;
            continue;
        }
        let end = version_six(scan, start, marks).or_else(|| version_four(scan, start));
        if let Some(end) = end
            && scan.claim(start..end, DataKind::IpAddress)
        {
            start = end;
        } else {
            start += 1;
        }
    }
}

fn version_four(scan: &Scan<'_>, start: usize) -> Option<usize> {
    if !scan.bytes[start].is_ascii_digit() {
        return None;
    }
    let run = scan.run_end(start, 16, |byte| byte.is_ascii_digit() || byte == b'.');
    let candidate = scan.text.get(start..run)?.trim_end_matches('.');
    let end = start + candidate.len();
    let address: Ipv4Addr = candidate.parse().ok()?;
    let continued = matches!(scan.byte(end), Some(b'.' | b'-'))
        && scan.byte(end + 1).is_some_and(|byte| byte.is_ascii_digit());
    let joined = matches!(scan.byte_before(start), Some(b'.' | b'-'))
        && start >= 2
        && is_word(scan.bytes[start - 2]);
    if continued || joined || !scan.ends_word(end) {
        return None;
    }
    let nobody = address.is_loopback()
        || address.is_private()
        || address.is_unspecified()
        || address.is_link_local()
        || address.is_broadcast()
        || address.octets().iter().all(|octet| *octet < 10);
    let version = context::before(scan.text, start) == Context::Order;
    (!nobody && !version).then_some(end)
}

fn version_six(scan: &Scan<'_>, start: usize, marks: Marks) -> Option<usize> {
    let early = scan.run_end(start, 5, |byte| byte != b':') < start + 5;
    if !marks.assignment || !early || scan.byte_before(start) == Some(b':') {
        return None;
    }
    let run = scan.run_end(start, LONGEST, |byte| {
        byte.is_ascii_hexdigit() || byte == b':' || byte == b'.'
    });
    let candidate = scan.text.get(start..run)?;
    if candidate.bytes().filter(|byte| *byte == b':').count() < 2 {
        return None;
    }
    let candidate = candidate.trim_end_matches('.');
    let candidate = match candidate.strip_suffix(':') {
        Some(shorter) if !shorter.ends_with(':') => shorter,
        _ => candidate,
    };
    let end = start + candidate.len();
    let address: Ipv6Addr = candidate.parse().ok()?;
    let groups = candidate.split(':').filter(|group| !group.is_empty());
    let digits = candidate.bytes().any(|byte| byte.is_ascii_digit());
    let nobody = address.is_loopback()
        || address.is_unspecified()
        || address.is_unicast_link_local()
        || address.is_unique_local();
    // `a::b` is more likely a path in a program.
    let sure = groups.count() >= 3 || (address.segments()[0] & 0xE000) == 0x2000;
    (scan.ends_word(end) && digits && sure && !nobody).then_some(end)
}
