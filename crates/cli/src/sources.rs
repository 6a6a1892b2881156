//! Where imported bytes come from: files, folders, globs, standard input; packed or not.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use upshot_import::unpacked;

use crate::failure::Failure;

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Standard input.
    StandardInput,
    /// A file.
    File(PathBuf),
}

impl Source {
    /// The name under which its records are reported.
    pub fn name(&self) -> String {
        match self {
            Self::StandardInput => "-".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Its size on disk, if that is known.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::StandardInput => 0,
            Self::File(path) => path.metadata().map_or(0, |metadata| metadata.len()),
        }
    }

    /// Opens it; `.gz` and `.zst` are unpacked, by their first bytes, not their names. `passed` is
    /// told how many packed bytes were read.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open<'a>(
        &self,
        passed: impl FnMut(u64) + Send + 'a,
    ) -> io::Result<Box<dyn Read + Send + 'a>> {
        let raw: Box<dyn Read + Send> = match self {
            Self::StandardInput => Box::new(io::stdin()),
            Self::File(path) => Box::new(File::open(path)?),
        };
        // Whoever runs the command may let a frame ask for as much as zstd allows by itself.
        const WINDOW_LOG: u32 = 27;
        unpacked(Counting { inner: raw, passed }, WINDOW_LOG)
    }
}

struct Counting<R, F> {
    inner: R,
    passed: F,
}

impl<R: Read, F: FnMut(u64)> Read for Counting<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        (self.passed)(count as u64);
        Ok(count)
    }
}

/// The files that these paths name, in order and each once: a folder stands for all files in it, at
/// any depth, that are not hidden.
///
/// # Errors
/// When a path names nothing, or a glob is not one.
pub fn expand(paths: &[String]) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for path in paths {
        if path == "-" {
            sources.push(Source::StandardInput);
            continue;
        }
        let found = expand_one(path)?;
        if found.is_empty() {
            return Err(Failure::usage(format!(
                "`{path}` names no file; give a file, a folder, a glob in quotes, or - for standard input"
            )));
        }
        sources.extend(found.into_iter().map(Source::File));
    }
    let mut seen = std::collections::HashSet::new();
    sources.retain(|source| seen.insert(source.name()));
    Ok(sources)
}

fn expand_one(path: &str) -> Result<Vec<PathBuf>, Failure> {
    let plain = Path::new(path);
    if plain.exists() {
        let mut files = Vec::new();
        collect(plain, &mut files)?;
        return Ok(files);
    }
    let matches = glob::glob(path)
        .map_err(|error| Failure::usage(format!("`{path}` is not a glob: {error}")))?;
    let mut files = Vec::new();
    for found in matches {
        let found = found.map_err(|error| Failure::failed(error.to_string()))?;
        collect(&found, &mut files)?;
    }
    Ok(files)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let fail =
        |error: io::Error| Failure::failed(format!("cannot list {}: {error}", path.display()));
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
        .map_err(fail)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    entries.sort();
    for entry in entries {
        let hidden = entry
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden {
            collect(&entry, files)?;
        }
    }
    Ok(())
}
