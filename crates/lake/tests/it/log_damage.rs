//! A log that is torn, flipped or incomplete: what was never acknowledged goes, and everything else
//! that is wrong is said, with segment and place.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use upshot_lake::LakeError;
use upshot_lake::files::DiskFiles;
use upshot_lake::log::{Log, Recovery};

fn open(folder: &Path, mark: u64) -> Result<(Log, Recovery), LakeError> {
    Log::open(Arc::new(DiskFiles), folder, mark, 1 << 20)
}

fn payload(number: u64) -> Vec<u8> {
    // The mark of a frame inside of a payload must not be taken for one.
    format!("payload {number} UPFR {}", "x".repeat(number as usize % 7)).into_bytes()
}

/// A log of so many frames in one segment, and where each frame begins.
fn filled(frames: u64) -> (TempDir, PathBuf, Vec<u64>) {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = open(folder.path(), 0).unwrap();
    let path = folder.path().join(upshot_lake::log::segment::name(1));
    let mut starts = Vec::new();
    for number in 1..=frames {
        starts.push(fs::metadata(&path).unwrap().len());
        assert_eq!(log.append(&payload(number)).unwrap(), number);
    }
    (folder, path, starts)
}

fn sequences(recovery: &Recovery) -> Vec<u64> {
    recovery.frames.iter().map(|frame| frame.sequence).collect()
}

#[track_caller]
fn assert_refused(result: Result<(Log, Recovery), LakeError>, place: &str, reason: &str) {
    let error = result
        .err()
        .unwrap_or_else(|| panic!("{place}: {reason}: opened"));
    assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(place) && text.contains(reason), "{text}");
}

#[test]
fn the_last_frame_cut_anywhere_was_never_acknowledged_and_goes() {
    let (folder, path, starts) = filled(3);
    let whole = fs::read(&path).unwrap();
    let start = starts[2] as usize;
    for end in start..whole.len() {
        for zeros in [0, 5, whole.len() - end] {
            let mut torn = whole[..end].to_vec();
            torn.resize(end + zeros, 0);
            fs::write(&path, torn).unwrap();
            let (mut log, recovery) = open(folder.path(), 0).unwrap();
            assert_eq!(sequences(&recovery), [1, 2], "cut at {end}");
            assert_eq!(recovery.torn_bytes, (end + zeros - start) as u64);
            assert_eq!(log.append(b"after").unwrap(), 3);
            drop(log);
            let (_, recovery) = open(folder.path(), 0).unwrap();
            assert_eq!(sequences(&recovery), [1, 2, 3], "cut at {end}");
            for entry in fs::read_dir(folder.path()).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
        }
    }
}

#[test]
fn a_flipped_byte_before_the_last_frame_is_damage_of_this_segment_at_this_byte() {
    let (folder, path, starts) = filled(4);
    let whole = fs::read(&path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    for position in starts[0] as usize..starts[3] as usize {
        let mut flipped = whole.clone();
        flipped[position] ^= 0x20;
        fs::write(&path, &flipped).unwrap();
        let frame = starts
            .iter()
            .rev()
            .find(|start| **start as usize <= position);
        let place = format!("{name} at byte {}", frame.unwrap());
        assert_refused(
            open(folder.path(), 0),
            &place,
            "an acknowledged frame is not whole",
        );
        assert_eq!(fs::read(&path).unwrap(), flipped, "nothing is changed");
    }
}

#[test]
fn a_flipped_byte_of_the_head_does_not_make_a_segment_with_frames_look_empty() {
    let (folder, path, starts) = filled(2);
    let whole = fs::read(&path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    for position in (0..starts[0] as usize).step_by(3) {
        let mut flipped = whole.clone();
        flipped[position] ^= 0x20;
        fs::write(&path, &flipped).unwrap();
        match open(folder.path(), 0) {
            Err(LakeError::Version { .. }) => assert!((8..12).contains(&position)),
            result => assert_refused(result, &format!("{name} at byte 0"), "it"),
        }
        assert_eq!(fs::read(&path).unwrap(), flipped, "nothing is changed");
    }
}

#[test]
fn an_older_segment_must_be_whole_to_its_last_byte() {
    let (folder, path, _) = filled(3);
    let (mut log, _) = open(folder.path(), 0).unwrap();
    log.append(b"in a segment of its own").unwrap();
    drop(log);
    let whole = fs::read(&path).unwrap();
    for position in (0..whole.len()).step_by(11) {
        let mut flipped = whole.clone();
        flipped[position] ^= 1;
        fs::write(&path, &flipped).unwrap();
        assert!(open(folder.path(), 0).is_err(), "flipped at {position}");
    }
    for end in (0..whole.len()).step_by(13) {
        fs::write(&path, &whole[..end]).unwrap();
        assert!(open(folder.path(), 0).is_err(), "cut at {end}");
    }
    fs::write(&path, &whole).unwrap();
    let (_, recovery) = open(folder.path(), 0).unwrap();
    assert_eq!(sequences(&recovery), [1, 2, 3, 4]);
}

#[test]
fn a_missing_segment_is_said_unless_its_frames_are_in_data_files() {
    let (folder, path, _) = filled(3);
    let (mut log, _) = open(folder.path(), 0).unwrap();
    log.append(b"in a segment of its own").unwrap();
    drop(log);
    fs::remove_file(&path).unwrap();
    assert_refused(
        open(folder.path(), 0),
        "segment",
        "frames up to 3 are missing",
    );
    let (mut log, recovery) = open(folder.path(), 3).unwrap();
    assert_eq!(sequences(&recovery), [4]);
    assert_eq!(log.append(b"next").unwrap(), 5);
}

#[test]
fn a_mark_beyond_the_log_is_said_and_an_empty_log_begins_behind_it() {
    let (folder, _, _) = filled(3);
    assert_refused(
        open(folder.path(), 4),
        "log",
        "up to 4 are in data files, but the log ends with frame 3",
    );
    assert!(open(folder.path(), 3).is_ok());
    let restored = tempfile::tempdir().unwrap();
    let (mut log, _) = open(restored.path(), 41).unwrap();
    assert_eq!(log.append(b"first after a restore").unwrap(), 42);
}
