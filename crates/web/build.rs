//! Writes the list of the web app's files, as `cargo xtask` or `npm run build` left them in
//! `ui/dist/app`. Without them the list is empty and the server says how to build the app.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What a file is, by the end of its name.
const CONTENT_TYPES: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("txt", "text/plain; charset=utf-8"),
    ("webmanifest", "application/manifest+json"),
    ("woff2", "font/woff2"),
];

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = here.join("../../ui/dist");
    // The folder is in the repository, its contents are not: cargo looks into it at every build.
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    let root = dist.join("app");
    let mut files = Vec::new();
    if root.is_dir() {
        collect(&root, &mut files)?;
    }
    let mut names: Vec<(String, PathBuf)> = files
        .into_iter()
        .filter_map(|file| Some((relative(&root, &file)?, file)))
        .filter(|(name, _)| !name.ends_with(".gz") && !name.ends_with(".br"))
        .collect();
    names.sort();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("assets.rs"), list(&names)?)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn relative(root: &Path, file: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = file
        .strip_prefix(root)
        .ok()?
        .iter()
        .map(|part| part.to_str())
        .collect();
    Some(parts?.join("/"))
}

fn list(names: &[(String, PathBuf)]) -> io::Result<String> {
    let mut text = String::from("&[\n");
    for (name, file) in names {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let content_type = CONTENT_TYPES
            .iter()
            .find(|(known, _)| *known == extension)
            .map_or("application/octet-stream", |(_, kind)| kind);
        let packed = |suffix: &str| {
            let path = PathBuf::from(format!("{}.{suffix}", file.display()));
            path.is_file().then_some(path)
        };
        let bytes = |path: &Path| format!("include_bytes!({:?})", path.display().to_string());
        let maybe = |path: Option<PathBuf>| {
            path.map_or("None".to_owned(), |path| format!("Some({})", bytes(&path)))
        };
        // A `String` takes all that is written to it.
        let _ = writeln!(
            text,
            "    Asset {{ path: {name:?}, content_type: {content_type:?}, tag: {:?}, plain: {}, gzip: {}, brotli: {} }},",
            tag(&fs::read(file)?),
            bytes(file),
            maybe(packed("gz")),
            maybe(packed("br")),
        );
    }
    text.push(']');
    Ok(text)
}

/// A short name of the content: FNV-1a with 64 bits.
fn tag(content: &[u8]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in content {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}
