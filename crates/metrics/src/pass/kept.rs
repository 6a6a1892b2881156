//! Which files a pass need not read, because what it would find there is kept, and of which it keeps what it finds.

use std::sync::Arc;

use upshot_lake::DataFile;

use super::Source;
use super::joined::Partitions;
use super::read::{Expected, Keep};
use super::shapes::FileShape;
use crate::error::QueryError;
use crate::rollup::{Fixed, Found, Keeping, Key, Slice, path_hash};
use crate::run::accumulate::Sampling;
use crate::run::worker::Shape;

/// What was found in a file.
#[derive(Debug)]
pub(crate) struct Known<F> {
    pub(crate) found: Arc<F>,
    /// By how many stretches of time its first lies after the first of the answer, by dimension.
    pub(crate) offsets: Vec<(usize, u32)>,
}

impl<F> Known<F> {
    /// What was found in any rows, with the stretches of time of the answer.
    pub(crate) fn anywhere(found: F) -> Self {
        Self {
            found: Arc::new(found),
            offsets: Vec::new(),
        }
    }
}

/// How a pass reads a file.
pub(super) struct Asking<'a> {
    pub(super) file: &'a DataFile,
    pub(super) shape: Arc<Shape>,
    pub(super) keep: Option<Keep>,
}

impl<'a> Source<'a> {
    /// How the files of a shape are read that have to be; what is kept of the others is known.
    pub(super) async fn asking<F: Found>(
        &self,
        FileShape { shape, files }: FileShape<'a>,
        keeping: Option<Keeping<'_>>,
        joined: &Partitions<'a>,
        pass: &mut Expected,
        known: &mut Vec<Known<F>>,
    ) -> Result<Vec<Asking<'a>>, QueryError> {
        let fixed = keeping.and_then(|keeping| Some((keeping, self.fixed(&shape, keeping)?)));
        let shape = Arc::new(shape);
        let read = |file| Asking {
            file,
            shape: Arc::clone(&shape),
            keep: None,
        };
        let Some((keeping, fixed)) = fixed else {
            return Ok(files.into_iter().map(|(file, _)| read(file)).collect());
        };
        let (files, tiny): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|(file, _)| keeping.rollups.is_worth(file));
        let mut asking: Vec<Asking<'a>> = tiny.into_iter().map(|(file, _)| read(file)).collect();
        let slices: Vec<Option<Slice>> = files
            .iter()
            .map(|(file, times)| fixed.slice(&shape, *times, &companions(file, joined)))
            .collect();
        let keys: Vec<Option<Key>> = files
            .iter()
            .zip(&slices)
            .map(|((file, _), slice)| {
                let replaced = self.rows.replacement(file);
                Some(Key::new(file, slice.as_ref()?.question, replaced))
            })
            .collect();
        let sampling = Sampling::for_rows(pass.rows);
        let paths = files.iter().map(|(file, _)| *file);
        let found = keeping.find(&keys, paths, sampling).await?;
        for ((((file, _), slice), key), found) in files.into_iter().zip(slices).zip(keys).zip(found)
        {
            let Some((slice, key)) = slice.zip(key) else {
                asking.push(read(file));
                continue;
            };
            match found {
                Some(found) => {
                    pass.effort.files_kept += 1;
                    known.push(Known {
                        found,
                        offsets: slice.offsets,
                    });
                }
                None => asking.push(Asking {
                    file,
                    shape: Arc::clone(&shape),
                    keep: Some(Keep {
                        key,
                        file: file.clone(),
                        offsets: slice.offsets,
                        shape: Arc::new(slice.shape),
                    }),
                }),
            }
        }
        Ok(asking)
    }

    /// The part of a shape that is the same whenever it is asked, where all columns are made of files.
    fn fixed(&self, shape: &Shape, keeping: Keeping<'_>) -> Option<Fixed> {
        let reading = self.reading([shape]);
        let mut derived = 0_u64;
        for (position, _) in &reading.derived {
            let version = self.providers[*position].version()?;
            derived = derived.rotate_left(17) ^ version;
        }
        Fixed::of(shape, keeping.purpose, derived)
    }
}

/// The files of sessions that are read with a file of another table.
fn companions(file: &DataFile, joined: &Partitions<'_>) -> Vec<u64> {
    let files = joined.get(&(file.day, file.bucket)).into_iter().flatten();
    files.map(|file| path_hash(&file.path)).collect()
}
