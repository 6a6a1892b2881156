//! The web app's files, within the program.
//!
//! `ui/` is the app; its build leaves files with hashed names and packed copies in `ui/dist/app`, and
//! this crate's `build.rs` puts them into the program. It knows no HTTP: the server says when which
//! file is sent. Built without the app, it holds no files, and [`is_built`] says so.

/// A file of the app.
#[derive(Debug)]
pub struct Asset {
    /// Its path below the app's root, `assets/index-4f2a.js`.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// A hash of its content.
    pub tag: &'static str,
    /// Its content.
    pub plain: &'static [u8],
    /// The same packed with gzip, where that is shorter.
    pub gzip: Option<&'static [u8]>,
    /// The same packed with brotli, where that is shorter.
    pub brotli: Option<&'static [u8]>,
}

impl Asset {
    /// Whether the name holds a hash of the content, so that it may be kept for ever.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        self.path.starts_with("assets/")
    }
}

/// All files, by path.
static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// What stands in for the app where it was not built.
const NOT_BUILT: Asset = Asset {
    path: "index.html",
    content_type: "text/html; charset=utf-8",
    tag: "not-built",
    plain: include_bytes!("not-built.html"),
    gzip: None,
    brotli: None,
};

/// Whether the program holds the app.
#[must_use]
pub fn is_built() -> bool {
    asset("index.html").is_some()
}

/// The file of this path, without a slash before it.
#[must_use]
pub fn asset(path: &str) -> Option<&'static Asset> {
    let position = ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    ASSETS.get(position)
}

/// The page that all paths of the app begin with; where the app was not built, one that says how to.
#[must_use]
pub fn index() -> &'static Asset {
    asset("index.html").unwrap_or(&NOT_BUILT)
}

/// All files of the app, by path.
#[must_use]
pub fn assets() -> &'static [Asset] {
    ASSETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_paths_and_nothing_else_is() {
        for asset in assets() {
            assert!(super::asset(asset.path).is_some_and(|found| found.tag == asset.tag));
            assert!(!asset.path.ends_with(".br") && !asset.path.ends_with(".gz"));
            assert_ne!(
                asset.content_type, "application/octet-stream",
                "{}",
                asset.path
            );
        }
        assert!(asset("no/such/file").is_none());
        assert!(asset("").is_none());
    }

    #[test]
    fn there_is_always_a_page_to_begin_with() {
        assert_eq!(index().path, "index.html");
        assert_eq!(is_built(), index().tag != "not-built");
        assert!(!index().is_immutable());
    }
}
