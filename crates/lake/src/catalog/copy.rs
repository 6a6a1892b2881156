//! A copy of the catalog as it is after the last commit.

use std::path::Path;

use super::Catalog;
use crate::error::LakeError;

impl Catalog {
    /// Writes a copy of the catalog to a file that does not exist, and makes it durable.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub async fn copy_to(&self, path: &Path) -> Result<(), LakeError> {
        let mut writer = self.writer().await?;
        sqlx::query("VACUUM INTO ?1")
            .bind(path.to_string_lossy().into_owned())
            .execute(&mut writer.connection)
            .await?;
        let mut file = self
            .files
            .append(path)
            .map_err(LakeError::io("open", path))?;
        file.sync().map_err(LakeError::io("sync", path))
    }
}
