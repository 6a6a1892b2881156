//! How often somebody tried to sign in in vain: for an account and for an address, with growing delays.
//!
//! An account is what was typed, whether or not anybody has it, so that a delay tells nothing. A try counts as failed
//! when it begins, so that many at once are no way round. All of it is in the store, so that a restart is none either,
//! and bounded.

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use upshot_core::time::{HOUR, SECOND};
use upshot_store::Store;
use upshot_store::tries::{Remembered, Tried};

use crate::problem::{Problem, ProblemKind};

/// How often an account may be tried without delay.
const FREE_OF_ACCOUNT: u32 = 5;
/// How often from one address: many people may share one.
const FREE_OF_ADDRESS: u32 = 30;
/// The longest delay, in seconds.
const LONGEST_DELAY: i64 = 15 * 60;
/// How many accounts and addresses are remembered, and for how long without a try.
const REMEMBERED: Remembered = Remembered {
    time: 24 * HOUR,
    most: 10_000,
};

/// Counts a try.
///
/// # Errors
/// When one has to wait, or the store cannot be written.
pub(super) async fn begin(
    store: &Store,
    account: &str,
    address: Option<IpAddr>,
    now: i64,
) -> Result<(), Problem> {
    let tried: Vec<Tried> = std::iter::once(of_account(account))
        .chain(address.map(of_address))
        .collect();
    let wait = store.begin_try(&tried, now, REMEMBERED, &delay).await?;
    let Some(next) = wait else { return Ok(()) };
    let seconds = u32::try_from((next - now + SECOND - 1) / SECOND).unwrap_or(u32::MAX);
    Err(Problem::retry(
        ProblemKind::TooManyTries,
        format!("too many tries; wait {seconds} s"),
        seconds,
    ))
}

/// The try that began was right.
///
/// # Errors
/// When the store cannot be written.
pub(super) async fn succeeded(
    store: &Store,
    account: &str,
    address: Option<IpAddr>,
) -> Result<(), Problem> {
    let address = address.map(of_address);
    let account = of_account(account);
    Ok(store.try_succeeded(&account, address.as_ref()).await?)
}

fn of_account(account: &str) -> Tried {
    Sha256::digest(account.as_bytes()).into()
}

/// Whoever has an address of IPv6 has the 2^64 beside it.
fn of_address(address: IpAddr) -> Tried {
    let network = match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            IpAddr::V6(network.into())
        }
        address => address,
    };
    // No account is typed so: it would be no e-mail address.
    Sha256::digest(format!("address {network}").as_bytes()).into()
}

/// How long to wait after so many tries, of the account (the first) or from the address.
fn delay(position: usize, failed: u32) -> i64 {
    let free = match position {
        0 => FREE_OF_ACCOUNT,
        _ => FREE_OF_ADDRESS,
    };
    match failed.checked_sub(free) {
        None => 0,
        Some(more) => (1 << more.min(20)).min(LONGEST_DELAY) * SECOND,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Tries {
        store: Store,
        _folder: tempfile::TempDir,
    }

    impl Tries {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            Self {
                store: Store::open(folder.path()).await.unwrap(),
                _folder: folder,
            }
        }

        async fn begin(&self, account: &str, address: &str, now: i64) -> Result<(), Problem> {
            begin(&self.store, account, address.parse().ok(), now).await
        }
    }

    #[tokio::test]
    async fn delays_grow_and_end_with_success() {
        let tries = Tries::new().await;
        let (anna, home) = ("anna@example.org", "192.0.2.1");
        for _ in 0..FREE_OF_ACCOUNT {
            tries.begin(anna, home, 0).await.unwrap();
        }
        let mut waited = Vec::new();
        let mut now = 0;
        for _ in 0..12 {
            let mut seconds = 0;
            while tries.begin(anna, "", now).await.is_err() {
                seconds += 1;
                now += SECOND;
            }
            waited.push(seconds);
        }
        assert_eq!(waited, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        // Others, from anywhere, are not held up.
        tries.begin("ben@example.org", home, 0).await.unwrap();
        let address = home.parse().ok();
        succeeded(&tries.store, anna, address).await.unwrap();
        tries.begin(anna, home, now).await.unwrap();
    }

    #[tokio::test]
    async fn many_accounts_from_one_address_are_held_up_too() {
        let tries = Tries::new().await;
        for number in 0..FREE_OF_ADDRESS {
            let account = format!("{number}@example.org");
            tries.begin(&account, "2001:db8::1", 0).await.unwrap();
        }
        let held = tries.begin("other@example.org", "2001:db8::2", 0).await;
        assert_eq!(held.unwrap_err().kind(), ProblemKind::TooManyTries);
        let elsewhere = tries.begin("other@example.org", "2001:db8:1::1", 0).await;
        elsewhere.unwrap();
    }
}
