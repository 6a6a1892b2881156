//! How often something was tried in vain: passwords of an account, or from an address. What is tried is kept as its
//! hash. It outlives the process, so that a restart gives nobody more tries.

use sqlx::SqliteConnection;

use crate::error::StoreError;
use crate::store::Store;

/// What is tried, as its hash.
pub type Tried = [u8; 32];

/// How much is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// After so long without a try all is forgotten, in microseconds.
    pub time: i64,
    /// So many things at most; those that were tried longest ago are forgotten first.
    pub most: u32,
}

impl Store {
    /// Counts a try of each of these, unless one of them has to wait: then it gives until when, and counts nothing.
    /// `delay` is how long the next has to wait after so many tries, by position.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn begin_try(
        &self,
        tried: &[Tried],
        now: i64,
        remembered: Remembered,
        delay: &(dyn Fn(usize, u32) -> i64 + Sync),
    ) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut failed: Vec<u32> = Vec::with_capacity(tried.len());
        let mut until: Option<i64> = None;
        for one in tried {
            let found: Option<(u32, i64)> =
                sqlx::query_as("SELECT failed, next FROM tries WHERE tried = ?1 AND last > ?2")
                    .bind(&one[..])
                    .bind(now.saturating_sub(remembered.time))
                    .fetch_optional(&mut *transaction)
                    .await?;
            let (count, next) = found.unwrap_or((0, now));
            failed.push(count.saturating_add(1));
            until = until.max(Some(next).filter(|next| *next > now));
        }
        if until.is_some() {
            return Ok(until);
        }
        for (position, (one, count)) in tried.iter().zip(failed).enumerate() {
            sqlx::query(
                "INSERT INTO tries (tried, failed, last, next) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (tried) DO UPDATE SET
                    failed = excluded.failed, last = excluded.last, next = excluded.next",
            )
            .bind(&one[..])
            .bind(count)
            .bind(now)
            .bind(now.saturating_add(delay(position, count)))
            .execute(&mut *transaction)
            .await?;
        }
        forget(&mut transaction, now, remembered).await?;
        transaction.commit().await?;
        Ok(None)
    }

    /// A try was right: nothing of the account is held against anybody any more. What was tried in vain before
    /// from the address stays, but for this try.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn try_succeeded(
        &self,
        account: &Tried,
        address: Option<&Tried>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM tries WHERE tried = ?1")
            .bind(&account[..])
            .execute(&mut *transaction)
            .await?;
        if let Some(address) = address {
            sqlx::query(
                "UPDATE tries SET failed = max(failed - 1, 0), next = last WHERE tried = ?1",
            )
            .bind(&address[..])
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Forgets what is old, and what is too much.
async fn forget(
    connection: &mut SqliteConnection,
    now: i64,
    remembered: Remembered,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM tries WHERE last <= ?1")
        .bind(now.saturating_sub(remembered.time))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "DELETE FROM tries WHERE tried IN (
            SELECT tried FROM tries ORDER BY last, tried LIMIT max((SELECT count(*) FROM tries) - ?1, 0))",
    )
    .bind(remembered.most)
    .execute(connection)
    .await?;
    Ok(())
}
