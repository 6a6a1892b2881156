//! From where a request comes: by http or https, from which address, from which site's page.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{Extensions, HeaderMap, Method, Uri};

/// Whether the request came to the proxy before this server by https. Without a proxy that is trusted it did not:
/// this server speaks http.
pub(crate) fn is_https(headers: &HeaderMap, behind_proxy: bool) -> bool {
    behind_proxy && forwarded(headers, "x-forwarded-proto") == Some("https")
}

/// The address from which the request came; behind a proxy that is trusted, the one that came to it.
pub(crate) fn address(
    extensions: &Extensions,
    headers: &HeaderMap,
    behind_proxy: bool,
) -> Option<IpAddr> {
    // The proxy adds to the end of what the client may have written.
    let told = behind_proxy.then(|| forwarded(headers, "x-forwarded-for"));
    let told = told.flatten().and_then(|address| address.parse().ok());
    told.or_else(|| {
        let from = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(from.0.ip())
    })
}

/// The last value of a header that a proxy adds to.
fn forwarded<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next().map(str::trim)
}

/// What is known of the page that made a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// One of this server's.
    Own,
    /// One of another site.
    Foreign,
    /// The request does not say; a program's do not.
    Unknown,
}

/// Which page made the request. Browsers say it themselves, and no page can make them say something else.
pub(crate) fn page(headers: &HeaderMap, behind_proxy: bool) -> Page {
    if let Some(site) = headers.get("sec-fetch-site") {
        return match site.as_bytes() == b"same-origin" {
            true => Page::Own,
            false => Page::Foreign,
        };
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return Page::Unknown;
    };
    let host = behind_proxy
        .then(|| forwarded(headers, "x-forwarded-host"))
        .flatten()
        .or_else(|| headers.get(HOST)?.to_str().ok());
    let authority = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.parse::<Uri>().ok())
        .and_then(|origin| origin.authority().cloned());
    let same = authority
        .zip(host)
        .is_some_and(|(authority, host)| authority.as_str().eq_ignore_ascii_case(host));
    if same { Page::Own } else { Page::Foreign }
}

/// Whether a method only reads.
pub(crate) fn only_reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_the_servers_own_pages_are_its_own() {
        for (pairs, expected) in [
            (&[][..], Page::Unknown),
            (&[("sec-fetch-site", "same-origin")][..], Page::Own),
            (&[("sec-fetch-site", "same-site")], Page::Foreign),
            (&[("sec-fetch-site", "cross-site")], Page::Foreign),
            (&[("sec-fetch-site", "none")], Page::Foreign),
            (
                &[
                    ("host", "a.example:7700"),
                    ("origin", "http://a.example:7700"),
                ],
                Page::Own,
            ),
            (
                &[("host", "a.example"), ("origin", "https://a.example")],
                Page::Own,
            ),
            (
                &[("host", "a.example"), ("origin", "https://a.example.evil")],
                Page::Foreign,
            ),
            (
                &[
                    ("host", "a.example:7700"),
                    ("origin", "http://a.example:7701"),
                ],
                Page::Foreign,
            ),
            (&[("host", "a.example"), ("origin", "null")], Page::Foreign),
            (&[("origin", "https://a.example")], Page::Foreign),
            (
                &[
                    ("host", "a.example"),
                    ("origin", "https://a.example"),
                    ("sec-fetch-site", "cross-site"),
                ],
                Page::Foreign,
            ),
            (
                &[
                    ("host", "inner"),
                    ("x-forwarded-host", "a.example"),
                    ("origin", "https://a.example"),
                ],
                Page::Foreign,
            ),
        ] {
            assert_eq!(page(&headers(pairs), false), expected, "{pairs:?}");
        }
        let behind = headers(&[
            ("host", "inner"),
            ("x-forwarded-host", "a.example"),
            ("origin", "https://a.example"),
        ]);
        assert_eq!(page(&behind, true), Page::Own);
    }

    #[test]
    fn a_proxy_is_believed_only_when_told_to() {
        let told = headers(&[
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "203.0.113.9, 192.0.2.7"),
        ]);
        assert!(is_https(&told, true));
        assert!(!is_https(&told, false));
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5000))));
        let asked = |behind_proxy| {
            address(&extensions, &told, behind_proxy)
                .unwrap()
                .to_string()
        };
        assert_eq!(asked(true), "192.0.2.7");
        assert_eq!(asked(false), "127.0.0.1");
        assert_eq!(address(&Extensions::new(), &told, false), None);
    }
}
