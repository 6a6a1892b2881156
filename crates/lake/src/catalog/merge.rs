//! Merging small files of one partition: which, and how.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Catalog, NewFile, Transaction};
use crate::capture::DataFile;
use crate::error::LakeError;
use crate::parquet_files::{self, FileCache};
use crate::schema::Table;

/// When files are worth merging. Files are taken by tiers of size, so that a row is written again
/// only when its file has grown by about the factor: as many times as there are tiers, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergePolicy {
    /// Files of one partition and tier that are merged together, at least.
    pub files: usize,
    /// Files that are merged together, at most.
    pub most_files: usize,
    /// The largest file of the lowest tier, in bytes.
    pub first_tier_bytes: u64,
    /// How much larger the files of the next tier may be.
    pub factor: u64,
    /// Files from this size on are left alone.
    pub largest_bytes: u64,
}

impl Default for MergePolicy {
    fn default() -> Self {
        Self {
            files: 6,
            most_files: 64,
            first_tier_bytes: 256 * 1024,
            factor: 8,
            largest_bytes: 64 * 1024 * 1024,
        }
    }
}

impl MergePolicy {
    /// The tier of a file of this size; none where it is left alone.
    fn tier(&self, bytes: u64) -> Option<u32> {
        if bytes >= self.largest_bytes {
            return None;
        }
        let mut tier = 0;
        let mut limit = self.first_tier_bytes.max(1);
        while bytes > limit {
            limit = limit.saturating_mul(self.factor.max(2));
            tier += 1;
        }
        Some(tier)
    }
}

/// Files of one partition that are worth making one of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeGroup {
    /// The table.
    pub table: Table,
    /// The UTC day of all rows.
    pub day: i32,
    /// The bucket of all rows.
    pub bucket: i32,
    /// The fact set of all rows; empty for events and texts.
    pub fact_set: String,
    /// The files, oldest first.
    pub files: Vec<DataFile>,
}

impl Catalog {
    /// What is worth merging in a workspace now: groups with the most files first.
    ///
    /// # Errors
    /// When there is no such workspace.
    pub fn merge_plan(
        &self,
        workspace: &str,
        policy: &MergePolicy,
    ) -> Result<Vec<MergeGroup>, LakeError> {
        let list = self
            .file_list(workspace)
            .ok_or_else(|| LakeError::UnknownWorkspace(workspace.to_owned()))?;
        let mut plan = Vec::new();
        for table in Table::ALL {
            let mut tiers: BTreeMap<_, Vec<&DataFile>> = BTreeMap::new();
            for file in list.files(table, None, None) {
                if let Some(tier) = policy.tier(file.bytes) {
                    let key = (file.day, file.bucket, file.fact_set.as_str(), tier);
                    tiers.entry(key).or_default().push(file);
                }
            }
            for ((day, bucket, fact_set, _), mut files) in tiers {
                if files.len() < policy.files.max(2) {
                    continue;
                }
                files.sort_by_key(|file| file.id);
                files.truncate(policy.most_files.max(2));
                plan.push(MergeGroup {
                    table,
                    day,
                    bucket,
                    fact_set: fact_set.to_owned(),
                    files: files.into_iter().cloned().collect(),
                });
            }
        }
        plan.sort_by_key(|group| std::cmp::Reverse(group.files.len()));
        Ok(plan)
    }

    /// Writes the file that a group becomes. Reads and writes files and takes its time: call it where
    /// blocking is allowed, then [`Catalog::commit_merge`].
    ///
    /// # Errors
    /// When a file cannot be read or written, or is not what it must be.
    pub fn merge_files(
        &self,
        cache: &FileCache,
        workspace: &str,
        group: &MergeGroup,
    ) -> Result<NewFile, LakeError> {
        let ids = self.field_ids(workspace, group.table)?;
        let (name, path) = self.new_file(workspace, group.table, group.day, group.bucket);
        let inputs: Vec<PathBuf> = group.files.iter().map(|file| file.path.clone()).collect();
        let info = parquet_files::merge(cache, &inputs, &path, group.table, &ids)?;
        let expected: u64 = group.files.iter().map(|file| file.rows).sum();
        if info.rows != expected {
            return Err(LakeError::Damaged {
                what: format!("a merge into {}", path.display()),
                reason: format!(
                    "it has {} rows where the catalog says {expected}",
                    info.rows
                ),
            });
        }
        Ok(NewFile {
            table: group.table,
            name,
            info,
            day: group.day,
            bucket: group.bucket,
            fact_set: group.fact_set.clone(),
        })
    }

    /// Replaces a group's files by the one that [`Catalog::merge_files`] wrote; gives the snapshot.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] when one of the files is no longer live: then the new file is removed
    /// and nothing has changed. Otherwise when the database refuses.
    pub async fn commit_merge(
        &self,
        workspace: &str,
        group: &MergeGroup,
        merged: NewFile,
        now: i64,
    ) -> Result<i64, LakeError> {
        let change = Transaction {
            workspace: workspace.to_owned(),
            end: group.files.iter().map(|file| file.id).collect(),
            add: vec![merged],
            is_merge: true,
            now,
            message: "merge files".to_owned(),
            ..Transaction::default()
        };
        self.commit(change).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_grow_by_the_factor_and_end() {
        let policy = MergePolicy::default();
        let tier = |bytes| policy.tier(bytes);
        assert_eq!(tier(0), Some(0));
        assert_eq!(tier(256 * 1024), Some(0));
        assert_eq!(tier(256 * 1024 + 1), Some(1));
        assert_eq!(tier(2 * 1024 * 1024 + 1), Some(2));
        assert_eq!(tier(63 * 1024 * 1024), Some(3));
        assert_eq!(tier(64 * 1024 * 1024), None);
    }
}
