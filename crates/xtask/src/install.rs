//! Installs what is missing, by name, and says so: Debian packages, cargo's extensions, packages of Node.js, Python
//! environments. What is there already is left alone.

use std::path::{Path, PathBuf};

use crate::arguments::Arguments;
use crate::failure::{Context, Failure, Result};
use crate::project::Project;
use crate::shell::{Shell, find_program};

/// The version of cargo-deny that `deny.toml` was written for.
const CARGO_DENY: &str = "0.20.2";

/// `cargo xtask install`.
pub fn run(project: &Project, arguments: Arguments) -> Result<()> {
    arguments.finish()?;
    for_build()?;
    crate::web::install(project)?;
    cargo_deny()?;
    test_python(project)?;
    http_python(project)?;
    bench_python(project)?;
    println!("everything is installed");
    Ok(())
}

/// What a build needs beside Rust: a C compiler, for SQLite and zstd.
pub fn for_build() -> Result<()> {
    program("cc", "gcc", "compiles the C of SQLite and zstd")
}

/// A program of the system, from a Debian package.
pub fn program(name: &str, package: &str, purpose: &str) -> Result<()> {
    if find_program(name).is_some() {
        return Ok(());
    }
    println!("{name} is missing ({purpose}): installing the package {package}");
    apt(&[package])
}

/// Installs Debian packages; needs root, or a sudo that asks for no password.
fn apt(packages: &[&str]) -> Result<()> {
    let cure = || {
        format!(
            "install {} with your system's package manager",
            packages.join(" ")
        )
    };
    if find_program("apt-get").is_none() {
        return Err(Failure::new(format!("apt-get is not here: {}", cure())));
    }
    let as_root = || -> Result<Shell> {
        if Shell::new("id").argument("-u").quiet_output()?.trim() == "0" {
            return Ok(Shell::new("env"));
        }
        if Shell::new("sudo").arguments(["-n", "true"]).succeeds() {
            return Ok(Shell::new("sudo").argument("env"));
        }
        Err(Failure::new(format!("apt-get needs root: {}", cure())))
    };
    let apt_get = || -> Result<Shell> {
        Ok(as_root()?.arguments(["DEBIAN_FRONTEND=noninteractive", "apt-get"]))
    };
    apt_get()?.arguments(["update", "-qq"]).run()?;
    apt_get()?
        .arguments(["install", "-y", "-qq", "--no-install-recommends"])
        .arguments(packages.iter().copied())
        .run()
}

/// Builds cargo-deny once, quickly rather than fast: it runs for seconds.
pub fn cargo_deny() -> Result<()> {
    if Shell::new("cargo")
        .arguments(["deny", "--version"])
        .succeeds()
    {
        return Ok(());
    }
    println!(
        "cargo-deny is missing: building it once into cargo's own folder (about 3 minutes on 2 cores)"
    );
    Shell::new("cargo")
        .arguments([
            "install",
            "cargo-deny",
            "--version",
            CARGO_DENY,
            "--locked",
            "--debug",
        ])
        .arguments([
            "--config",
            "profile.dev.debug=false",
            "--config",
            "profile.dev.opt-level=1",
        ])
        .run()
}

/// The Python of the interoperability tests.
pub fn test_python(project: &Project) -> Result<PathBuf> {
    python(
        project,
        &project.root.join("tests/interop/requirements.txt"),
    )
}

/// The Python of what asks the server.
pub fn http_python(project: &Project) -> Result<PathBuf> {
    python(project, &project.root.join("tests/http/requirements.txt"))
}

/// The Python of the benchmarks.
pub fn bench_python(project: &Project) -> Result<PathBuf> {
    python(project, &project.root.join("bench/requirements.txt"))
}

/// An environment with the packages of a requirements file, made once for each of its versions.
fn python(project: &Project, requirements: &Path) -> Result<PathBuf> {
    let text = std::fs::read_to_string(requirements)
        .context(|| format!("read {}", requirements.display()))?;
    program("python3", "python3", "runs what the tests compare with")?;
    let version = Shell::new("python3").argument("--version").quiet_output()?;
    let folder = project
        .cache
        .join(format!("venv-{:016x}", fingerprint(&[&version, &text])));
    let python = folder.join("bin").join("python");
    let complete = folder.join("complete");
    if complete.is_file() && Shell::new(&python).argument("--version").succeeds() {
        return Ok(python);
    }
    println!(
        "installing the Python packages of {} into {}",
        project.relative(requirements),
        folder.display()
    );
    make_environment(&folder)?;
    Shell::new(&python)
        .arguments([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .arguments(["--no-input", "--requirement"])
        .argument(requirements)
        .run()?;
    std::fs::write(&complete, text).context(|| format!("write {}", complete.display()))?;
    Ok(python)
}

/// Makes an empty environment; whatever an interrupted attempt left is removed.
fn make_environment(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).context(|| format!("remove {}", folder.display()))?;
    }
    let venv = || {
        Shell::new("python3")
            .arguments(["-m", "venv"])
            .argument(folder)
    };
    if venv().succeeds() {
        return Ok(());
    }
    println!("python3 cannot make environments: installing the package python3-venv");
    apt(&["python3-venv"])?;
    venv().run()
}

/// A number that tells texts apart: FNV-1a with 64 bits.
pub fn fingerprint(texts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in texts.iter().flat_map(|text| text.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_depends_on_every_byte_and_on_where_texts_end() {
        assert_ne!(
            fingerprint(&["duckdb==1.5.5"]),
            fingerprint(&["duckdb==1.5.6"])
        );
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(fingerprint(&["a"]), fingerprint(&["a"]));
    }
}
