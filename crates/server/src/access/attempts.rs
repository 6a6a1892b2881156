//! How often somebody tried to sign in in vain: for an account and for an address, with growing delays.
//!
//! An account is what was typed, whether or not anybody has it, so that a delay tells nothing. A try counts as failed
//! when it begins, so that many at once are no way round. All of it is in memory and bounded.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use upshot_core::time::{HOUR, SECOND};

use crate::problem::{Problem, ProblemKind};

/// How often an account may be tried without delay.
const FREE_OF_ACCOUNT: u32 = 5;
/// How often from one address: many people may share one.
const FREE_OF_ADDRESS: u32 = 30;
/// The longest delay, in seconds.
const LONGEST_DELAY: i64 = 15 * 60;
/// After so long without a try all is forgotten.
const MEMORY: i64 = 24 * HOUR;
/// How many accounts and addresses are remembered.
const MOST: usize = 10_000;

/// See the module.
#[derive(Default)]
pub(crate) struct Attempts {
    tries: Mutex<HashMap<Tried, Tries>>,
}

/// An account, as a hash of what was typed, or an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Tried {
    Account([u8; 32]),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy, Default)]
struct Tries {
    failed: u32,
    last: i64,
    /// The next is allowed from then on.
    next: i64,
}

impl Attempts {
    /// Counts a try; an error where one has to wait.
    pub fn begin(&self, account: &str, address: Option<IpAddr>, now: i64) -> Result<(), Problem> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = both(account, address);
        let waits = tried.iter().flatten().filter_map(|tried| tries.get(tried));
        let next = waits.map(|tries| tries.next).max().unwrap_or(now);
        if next > now {
            let seconds = u32::try_from((next - now + SECOND - 1) / SECOND).unwrap_or(u32::MAX);
            return Err(Problem::retry(
                ProblemKind::TooManyTries,
                format!("too many tries; wait {seconds} s"),
                seconds,
            ));
        }
        for tried in tried.into_iter().flatten() {
            make_room(&mut tries, now);
            let entry = tries.entry(tried).or_default();
            entry.failed += 1;
            entry.last = now;
            entry.next = now + delay(tried, entry.failed);
        }
        Ok(())
    }

    /// The try that began was right.
    pub fn succeeded(&self, account: &str, address: Option<IpAddr>) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let [account, address] = both(account, address);
        if let Some(account) = account {
            tries.remove(&account);
        }
        if let Some(entry) = address.and_then(|address| tries.get_mut(&address)) {
            // What was tried before from the address in vain stays.
            entry.failed = entry.failed.saturating_sub(1);
            entry.next = entry.last;
        }
    }
}

fn both(account: &str, address: Option<IpAddr>) -> [Option<Tried>; 2] {
    let account = Sha256::digest(account.as_bytes()).into();
    [
        Some(Tried::Account(account)),
        address.map(|address| Tried::Address(network(address))),
    ]
}

/// Whoever has an address of IPv6 has the 2^64 beside it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            IpAddr::V6(network.into())
        }
        address => address,
    }
}

/// How long to wait after so many tries.
fn delay(tried: Tried, failed: u32) -> i64 {
    let free = match tried {
        Tried::Account(_) => FREE_OF_ACCOUNT,
        Tried::Address(_) => FREE_OF_ADDRESS,
    };
    match failed.checked_sub(free) {
        None => 0,
        Some(more) => (1 << more.min(20)).min(LONGEST_DELAY) * SECOND,
    }
}

fn make_room(tries: &mut HashMap<Tried, Tries>, now: i64) {
    if tries.len() < MOST {
        return;
    }
    tries.retain(|_, entry| now - entry.last < MEMORY);
    let oldest = tries.iter().min_by_key(|(_, entry)| entry.last);
    if let Some(oldest) = oldest
        .map(|(tried, _)| *tried)
        .filter(|_| tries.len() >= MOST)
    {
        tries.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn delays_grow_and_end_with_success() {
        let attempts = Attempts::default();
        let home = address("192.0.2.1");
        for _ in 0..FREE_OF_ACCOUNT {
            attempts.begin("anna@example.org", home, 0).unwrap();
        }
        let mut waited = Vec::new();
        let mut now = 0;
        for _ in 0..12 {
            let mut seconds = 0;
            while attempts.begin("anna@example.org", None, now).is_err() {
                seconds += 1;
                now += SECOND;
            }
            waited.push(seconds);
        }
        assert_eq!(waited, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        // Others, from anywhere, are not held up.
        attempts.begin("ben@example.org", home, 0).unwrap();
        attempts.succeeded("anna@example.org", home);
        attempts.begin("anna@example.org", home, now).unwrap();
    }

    #[test]
    fn many_accounts_from_one_address_are_held_up_too() {
        let attempts = Attempts::default();
        for number in 0..FREE_OF_ADDRESS {
            let account = format!("{number}@example.org");
            attempts.begin(&account, address("2001:db8::1"), 0).unwrap();
        }
        let held = attempts.begin("other@example.org", address("2001:db8::2"), 0);
        assert_eq!(held.unwrap_err().kind(), ProblemKind::TooManyTries);
        let elsewhere = address("2001:db8:1::1");
        attempts.begin("other@example.org", elsewhere, 0).unwrap();
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let attempts = Attempts::default();
        for number in 0..MOST as i64 + 100 {
            let account = format!("{number}@example.org");
            attempts.begin(&account, None, number).unwrap();
        }
        assert_eq!(attempts.tries.lock().unwrap().len(), MOST);
    }
}
