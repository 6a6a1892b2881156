//! The price lists of workspaces: files in the folder `settings`, which people may also change while
//! nothing holds the data directory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use upshot_core::prices::PriceList;

use crate::engine::open::Layout;
use crate::engine::{Lake, check_workspace_name};
use crate::error::LakeError;
use crate::files::{Files, create_dir_durably, read_all, write_durably};

/// The file of a workspace's price list.
const FILE: &str = "prices.toml";

/// The price lists by workspace. Who has none of its own uses the one that comes with the program.
pub(crate) type PriceLists = BTreeMap<Box<str>, Arc<PriceList>>;

impl Lake {
    /// The price list of a workspace: its own, or the one that comes with the program.
    pub fn prices(&self, workspace: &str) -> Arc<PriceList> {
        self.own_prices(workspace)
            .unwrap_or_else(PriceList::built_in)
    }

    /// The price list that a workspace has of its own.
    pub fn own_prices(&self, workspace: &str) -> Option<Arc<PriceList>> {
        self.inner.lock_state().prices.get(workspace).cloned()
    }

    /// Gives a workspace a price list of its own; queries that begin afterwards use it.
    ///
    /// # Errors
    /// When the list is not valid, or cannot be written; then the old one stays.
    pub async fn set_prices(
        &self,
        workspace: &str,
        text: &str,
    ) -> Result<Arc<PriceList>, LakeError> {
        check_workspace_name(workspace)?;
        let list = Arc::new(PriceList::from_toml(text)?);
        let inner = self.inner.clone();
        let (name, kept) = (workspace.to_owned(), list.clone());
        let _committing = self.inner.committing.lock().await;
        let writing = tokio::task::spawn_blocking(move || {
            let files = inner.options.files.as_ref();
            let folder = Layout(inner.options.directory.clone())
                .settings()
                .join(&name);
            create_dir_durably(files, &folder)?;
            write_durably(files, &folder.join(FILE), kept.text().as_bytes())?;
            inner.lock_state().prices.insert(name.into(), kept);
            Ok::<(), LakeError>(())
        });
        writing
            .await
            .map_err(|error| LakeError::Stopped(error.to_string()))??;
        Ok(list)
    }
}

/// Reads all price lists of a data directory.
pub(super) fn read(files: &dyn Files, settings: &Path) -> Result<PriceLists, LakeError> {
    let mut lists = PriceLists::new();
    if !files.exists(settings) {
        return Ok(lists);
    }
    let entries = files
        .list(settings)
        .map_err(LakeError::io("list", settings))?;
    for entry in entries.into_iter().filter(|entry| entry.is_dir) {
        let path = entry.path.join(FILE);
        let name = entry.path.file_name().map(|name| name.to_string_lossy());
        let (Some(name), true) = (name, files.exists(&path)) else {
            continue;
        };
        let damaged = |reason: String| LakeError::Damaged {
            what: format!("the price list {}", path.display()),
            reason: format!(
                "{reason}\nset it right, or remove the file to use the list that comes with the program"
            ),
        };
        let text = String::from_utf8(read_all(files, &path)?)
            .map_err(|_| damaged("it is not UTF-8 text".to_owned()))?;
        let list = PriceList::from_toml(&text).map_err(|error| damaged(error.to_string()))?;
        lists.insert(name.as_ref().into(), Arc::new(list));
    }
    Ok(lists)
}
