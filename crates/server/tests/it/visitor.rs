//! A browser: it keeps cookies, and says from which page it asks.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use upshot_server::access::links::owner_link;

use crate::common::{Answer, Bench};

pub const PASSWORD: &str = "correct horse battery";

/// A browser with its cookies.
pub struct Visitor<'a> {
    pub bench: &'a Bench,
    pub cookies: Vec<(String, String)>,
    /// Further headers of every request.
    pub headers: Vec<(&'static str, String)>,
}

impl<'a> Visitor<'a> {
    pub fn new(bench: &'a Bench) -> Self {
        Self {
            bench,
            cookies: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// The first owner, signed in.
    pub async fn owner(bench: &'a Bench) -> Self {
        let now = bench.clock.load(std::sync::atomic::Ordering::Relaxed);
        let link = owner_link(&bench.store, "main", now);
        let link = link.await.unwrap().expect("there is an owner already");
        let mut owner = Self::new(bench);
        let body = json!({
            "token": token_of(&link), "name": "Olga Owner", "email": "olga@example.org", "password": PASSWORD
        });
        let answer = owner.post("/api/v1/links/accept", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        owner
    }

    /// Somebody whom this one invites, signed in.
    pub async fn invite(&mut self, workspace: &str, email: &str, role: &str) -> Visitor<'a> {
        let path = format!("/api/v1/people/invitations?workspace={workspace}");
        let made = self
            .post(&path, &json!({"email": email, "role": role}))
            .await;
        assert_eq!(made.status, 201, "{}", made.text());
        let link = made.json()["link"].as_str().unwrap().to_owned();
        let mut guest = Visitor::new(self.bench);
        let body = json!({"token": token_of(&link), "name": email, "password": PASSWORD});
        let answer = guest.post("/api/v1/links/accept", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        guest
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.post("/api/v1/sign-in", &body).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    pub async fn put(&mut self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, Some(body)).await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }

    /// Asks as a page of the server does.
    pub async fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:7700")
            .header("origin", "http://localhost:7700");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.cookies.is_empty() {
            request = request.header("cookie", self.cookie());
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.bench.send(request.body(body).unwrap()).await;
        self.keep(&answer);
        answer
    }

    /// The cookies as the browser sends them.
    pub fn cookie(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("; HttpOnly; SameSite=Lax;") && cookie.contains("; Path=/"),
                "{cookie}"
            );
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !cookie.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }
}

/// The secret of a link.
pub fn token_of(link: &str) -> &str {
    let (page, token) = link.split_once('#').unwrap();
    assert!(["/welcome", "/shared"].contains(&page), "{link}");
    token
}
