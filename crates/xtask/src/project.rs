//! Where things are: the repository, the build folder, the caches.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::{Context, Failure, Result};
use crate::shell::Shell;

/// The places that the commands work in.
pub struct Project {
    /// The repository's root.
    pub root: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
    /// Where things live that outlast a checkout: Python environments.
    pub cache: PathBuf,
    /// What cargo says of the workspace's own packages.
    pub metadata: Value,
}

impl Project {
    /// Asks cargo where it is.
    pub fn find() -> Result<Self> {
        // Of the checkout that runs it: a shared build folder may hold the program of another one.
        let running = std::env::var_os("CARGO_MANIFEST_DIR");
        let here = running.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let here = Path::new(&here);
        let root = here
            .ancestors()
            .nth(2)
            .context(|| format!("find the root above {here:?}"))?;
        let text = Shell::new("cargo")
            .arguments([
                "metadata",
                "--format-version",
                "1",
                "--no-deps",
                "--offline",
            ])
            .folder(root)
            .quiet_output()?;
        let metadata: Value =
            serde_json::from_str(&text).context(|| "read what cargo metadata says".to_owned())?;
        let target = metadata["target_directory"]
            .as_str()
            .context(|| "find the build folder in what cargo metadata says".to_owned())?;
        Ok(Self {
            root: root.to_owned(),
            target: PathBuf::from(target),
            cache: cache_folder()?,
            metadata,
        })
    }

    /// A command that runs in the repository's root.
    pub fn shell(&self, program: impl AsRef<Path>) -> Shell {
        Shell::new(program).folder(&self.root)
    }

    /// A cargo command in the repository's root.
    pub fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Shell {
        self.shell("cargo").arguments(arguments)
    }

    /// The product as `cargo build` leaves it.
    pub fn product(&self) -> PathBuf {
        self.target.join("debug").join("upshot")
    }

    /// A path for people: relative to the repository where it is inside.
    pub fn relative<'a>(&self, path: &'a Path) -> std::borrow::Cow<'a, str> {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .to_string_lossy()
    }

    /// The files of the repository: what git tracks or would track, sorted, relative to the root.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let listed = self
            .shell("git")
            .arguments([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .quiet_output()?;
        let mut files: Vec<PathBuf> = listed
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
            .filter(|path| self.root.join(path).is_file())
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The packages of the workspace.
    pub fn packages(&self) -> Result<&[Value]> {
        self.metadata["packages"]
            .as_array()
            .map(Vec::as_slice)
            .context(|| "find the packages in what cargo metadata says".to_owned())
    }
}

/// `$XDG_CACHE_HOME/upshot`, or the same under the home folder.
fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder).join("upshot"));
    }
    std::env::var_os("HOME")
        .map(|home| PathBuf::from(home).join(".cache").join("upshot"))
        .ok_or_else(|| Failure::new("neither HOME nor XDG_CACHE_HOME is set: set HOME"))
}
