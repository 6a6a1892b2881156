//! Passwords: argon2id, away from the threads that serve requests, a few at once.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::events::blocking;
use crate::problem::{INTERNAL, Problem, ProblemKind};

/// The fewest characters of a password.
pub(crate) const SHORTEST: usize = 12;
/// The most bytes: more would only take time.
const LONGEST: usize = 1024;

/// How many are worked on at once: each takes 19 MiB and some tens of milliseconds of a processor.
const AT_ONCE: usize = 2;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The least that OWASP's Password Storage Cheat Sheet recommends of argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What is compared with where nobody has the address, so that it takes as long as where somebody has.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now("nobody's password").unwrap_or_default());

/// Works on passwords.
pub(crate) struct Passwords {
    turns: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Semaphore::new(AT_ONCE),
        }
    }
}

impl Passwords {
    /// The hash of a new password.
    pub async fn hash(&self, password: &str) -> Result<String, Problem> {
        check(password)?;
        let password = password.to_owned();
        let hash = self.in_turn(move || hash_now(&password)).await?;
        hash.ok_or_else(|| {
            tracing::error!("a password cannot be hashed: is there memory and randomness?");
            Problem::new(ProblemKind::Internal, INTERNAL)
        })
    }

    /// Whether a password is the one of this hash. Without a hash it takes as long and is not.
    pub async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool, Problem> {
        let password: String = match password.len() <= LONGEST {
            true => password.to_owned(),
            false => String::new(),
        };
        let is_known = hash.is_some();
        let is_right = self
            .in_turn(move || verify_now(&password, hash.as_ref().unwrap_or(&*NOBODY)))
            .await?;
        Ok(is_right && is_known)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        match tokio::time::timeout(PATIENCE, self.turns.acquire()).await {
            Ok(Ok(_turn)) => blocking(work).await,
            Ok(Err(_)) => Err(Problem::new(
                ProblemKind::Unavailable,
                "the server is ending",
            )),
            Err(_) => Err(Problem::busy(
                "too many sign in at once; try again in 5 s",
                5,
            )),
        }
    }
}

/// Refuses what cannot be a password.
pub(crate) fn check(password: &str) -> Result<(), Problem> {
    let detail = match password.chars().count() {
        0..SHORTEST => format!("a password has at least {SHORTEST} characters"),
        _ if password.len() > LONGEST => format!("a password has at most {LONGEST} bytes"),
        _ => return Ok(()),
    };
    Err(Problem::field(ProblemKind::BadRequest, "password", detail))
}

fn hasher() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Option<String> {
    let hash = hasher()?.hash_password(password.as_bytes()).ok()?;
    Some(hash.to_string())
}

/// The parameters are those of the stored hash, so that older passwords go on working when they change.
fn verify_now(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits_its_hash() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_ne!(hash, passwords.hash("correct horse battery").await.unwrap());
        let fits = async |password: &str, hash: Option<&str>| {
            let hash = hash.map(str::to_owned);
            passwords.verify(password, hash).await.unwrap()
        };
        assert!(fits("correct horse battery", Some(&hash)).await);
        assert!(!fits("correct horse batterz", Some(&hash)).await);
        assert!(!fits("nobody's password", None).await);
        assert!(!fits("correct horse battery", Some("no hash")).await);
        assert!(passwords.hash("short").await.is_err());
        assert!(passwords.hash(&"x".repeat(2000)).await.is_err());
    }
}
