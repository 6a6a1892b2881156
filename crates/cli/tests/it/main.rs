//! The product's binary from end to end: what is printed, which exit code, alone and with a server.
#![allow(clippy::unwrap_used, clippy::new_without_default, missing_docs)]

mod answers;
mod commands;
mod erase;
mod export;
mod kill;
mod mapping;
mod people;
mod prices;
mod profiles;
mod scenarios;
mod server;
mod tables;
mod text_mode;
mod workspace;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder of its own to run the binary in.
pub struct Scene {
    pub folder: TempDir,
}

impl Scene {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// With the first 300 conversations of the demo.
    pub fn demo() -> Self {
        let scene = Self::new();
        scene.ok(&[
            "demo",
            "--conversations",
            "300",
            "--end",
            "2026-03-01",
            "--quiet",
        ]);
        scene
    }

    pub fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_upshot"));
        command
            .current_dir(self.folder.path())
            .args(line)
            .env("UPSHOT_DATA", self.folder.path().join("data"))
            .env_remove("UPSHOT_KEY")
            .env_remove("UPSHOT_SERVER");
        command
    }

    pub fn run(&self, line: &[&str]) -> Output {
        self.command(line).output().unwrap()
    }

    /// Runs a command that must end well; gives its output.
    pub fn ok(&self, line: &[&str]) -> String {
        let output = self.run(line);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{line:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, line: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.ok(line)).unwrap()
    }

    /// Writes a file beside the data directory.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

/// A file of the repository's `examples` folder.
pub fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    folder.join(name).to_string_lossy().into_owned()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
