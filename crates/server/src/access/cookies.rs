//! The cookies: a person's sign-in, and the link to a shared view.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jar {
    SignIn,
    Share,
}

impl Jar {
    /// Over https the name begins with what makes browsers refuse a cookie that another host or plain http set.
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::SignIn, false) => "upshot",
            (Self::SignIn, true) => "__Host-upshot",
            (Self::Share, false) => "upshot-share",
            (Self::Share, true) => "__Host-upshot-share",
        }
    }

    /// What the request's cookie holds.
    pub fn read(self, headers: &HeaderMap, secure: bool) -> Option<&str> {
        let name = self.name(secure);
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// Gives the browser a cookie for so many seconds; none for 0 seconds.
    pub fn set(self, headers: &mut HeaderMap, token: &str, seconds: i64, secure: bool) {
        let name = self.name(secure);
        let only_https = if secure { "; Secure" } else { "" };
        let cookie = format!(
            "{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{only_https}"
        );
        // Tokens are letters and digits.
        if let Ok(mut value) = HeaderValue::from_str(&cookie) {
            value.set_sensitive(true);
            headers.append(SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cookie_is_found_under_its_name_only() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; upshot=plain".parse().unwrap());
        headers.append(COOKIE, "upshot-share=shared; xupshot=no".parse().unwrap());
        assert_eq!(Jar::SignIn.read(&headers, false), Some("plain"));
        assert_eq!(Jar::Share.read(&headers, false), Some("shared"));
        assert_eq!(Jar::SignIn.read(&headers, true), None);
    }

    #[test]
    fn a_cookie_is_out_of_reach_of_scripts_and_of_plain_http() {
        let set = |secure: bool| {
            let mut headers = HeaderMap::new();
            Jar::SignIn.set(&mut headers, "token", 60, secure);
            headers[SET_COOKIE].to_str().unwrap().to_owned()
        };
        assert_eq!(
            set(false),
            "upshot=token; Path=/; HttpOnly; SameSite=Lax; Max-Age=60"
        );
        assert_eq!(
            set(true),
            "__Host-upshot=token; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
        );
    }
}
