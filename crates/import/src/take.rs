//! Storing batches of events, or saying what storing them would do.

use upshot_adapters::Batch;
use upshot_lake::{Lake, LakeError};
use upshot_text::{Masker, PrivacyModes};

use crate::rejection::Rejection;

/// What became of a batch, or would become of it.
#[derive(Debug, Default)]
pub struct Taken {
    /// Events that are new.
    pub added: u64,
    /// Events that were there.
    pub repeated: u64,
    /// Events of users who were erased, and of their conversations: they are not stored.
    pub erased: u64,
    /// Events that are older than what the workspace keeps: they are not stored.
    pub outdated: u64,
    /// Events that were refused.
    pub refused: Vec<Rejection>,
    /// The log's position: everything up to it is on disk. 0 where nothing was stored.
    pub sequence: u64,
}

/// Takes events into a workspace of a lake.
pub struct Taker<'a> {
    /// The lake.
    pub lake: &'a Lake,
    /// The workspace.
    pub workspace: &'a str,
    /// What is kept of texts.
    pub modes: &'a PrivacyModes,
    /// What masks them.
    pub masker: &'a Masker,
}

impl Taker<'_> {
    /// Stores the events of a batch, with what the mode of its source leaves of each one's texts; waits while memory is full.
    /// They are durable when this returns.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub async fn store(&self, batch: &mut Batch) -> Result<Taken, LakeError> {
        upshot_text::apply_all(self.modes, self.masker, &mut batch.events);
        let receipt = self
            .lake
            .append_waiting(self.workspace, &batch.events)
            .await?;
        Ok(taken(batch, receipt))
    }

    /// What storing them would do, as far as the lake knows now. Nothing is stored.
    ///
    /// # Errors
    /// When files cannot be read.
    pub async fn look(&self, batch: &Batch) -> Result<Taken, LakeError> {
        let receipt = self.lake.foresee(self.workspace, &batch.events).await?;
        Ok(taken(batch, receipt))
    }
}

fn taken(batch: &Batch, receipt: upshot_lake::Receipt) -> Taken {
    let refused = receipt.refused.iter().filter_map(|refused| {
        let event = batch.events.get(refused.index)?;
        Some(Rejection::refused(event, &refused.reason))
    });
    Taken {
        added: receipt.added as u64,
        repeated: receipt.repeated as u64,
        erased: receipt.erased as u64,
        outdated: receipt.outdated as u64,
        refused: refused.collect(),
        sequence: receipt.sequence,
    }
}
