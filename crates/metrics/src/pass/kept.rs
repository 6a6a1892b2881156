//! Which files a pass need not read, because what it would find there is kept, and of which it keeps what it finds.

use std::sync::Arc;

use upshot_lake::DataFile;

use super::joined::Partitions;
use super::read::{Expected, Keep};
use super::{FileShape, Source};
use crate::rollup::{Fixed, Key, Rollups, Slice, path_hash};
use crate::run::accumulate::Sampling;
use crate::run::gather::Piece;
use crate::run::worker::Shape;

/// How a pass reads a file.
pub(super) struct Asking<'a> {
    pub(super) file: &'a DataFile,
    pub(super) shape: Arc<Shape>,
    pub(super) keep: Option<Keep>,
}

impl<'a> Source<'a> {
    /// How the files of a shape are read that have to be; what is kept of the others goes to the pass.
    pub(super) fn asking(
        &self,
        FileShape { shape, files }: FileShape<'a>,
        rollups: Option<&Rollups>,
        joined: &Partitions<'a>,
        pass: &mut Expected,
    ) -> Vec<Asking<'a>> {
        let sampling = Sampling::for_rows(pass.rows);
        let rollups = rollups.filter(|rollups| rollups.keep());
        let fixed = rollups.and_then(|rollups| Some((rollups, self.fixed(&shape)?)));
        let shape = Arc::new(shape);
        let Some((rollups, fixed)) = fixed else {
            let reading = files.into_iter().map(|(file, _)| Asking {
                file,
                shape: Arc::clone(&shape),
                keep: None,
            });
            return reading.collect();
        };
        let slices: Vec<Option<Slice>> = files
            .iter()
            .map(|(file, times)| fixed.slice(&shape, *times, &companions(file, joined)))
            .collect();
        let keys: Vec<Option<Key>> = files
            .iter()
            .zip(&slices)
            .map(|((file, _), slice)| Some(Key::new(file, slice.as_ref()?.question)))
            .collect();
        let found = rollups.find(&keys, sampling);
        let mut asking = Vec::new();
        for ((((file, _), slice), key), share) in files.into_iter().zip(slices).zip(keys).zip(found)
        {
            let Some((slice, key)) = slice.zip(key) else {
                asking.push(Asking {
                    file,
                    shape: Arc::clone(&shape),
                    keep: None,
                });
                continue;
            };
            match share {
                Some(share) => {
                    pass.effort.files_kept += 1;
                    pass.kept.push(Piece {
                        share,
                        offsets: slice.offsets,
                        known: true,
                    });
                }
                None => asking.push(Asking {
                    file,
                    shape: Arc::new(slice.shape),
                    keep: Some(Keep {
                        key,
                        offsets: slice.offsets,
                    }),
                }),
            }
        }
        asking
    }

    /// The part of a shape that is the same whenever it is asked, where all columns are made of files.
    fn fixed(&self, shape: &Shape) -> Option<Fixed> {
        let reading = self.reading([shape]);
        let mut derived = 0_u64;
        for (position, _) in &reading.derived {
            let version = self.providers[*position].version()?;
            derived = derived.rotate_left(17) ^ version;
        }
        Fixed::of(shape, derived)
    }
}

/// The files of sessions that are read with a file of another table.
fn companions(file: &DataFile, joined: &Partitions<'_>) -> Vec<u64> {
    let files = joined.get(&(file.day, file.bucket)).into_iter().flatten();
    files.map(|file| path_hash(&file.path)).collect()
}
