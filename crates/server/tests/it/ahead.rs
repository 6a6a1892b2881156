//! What people will ask is asked ahead, once files changed and nothing happens.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use upshot_server::ServerOptions;

use crate::common::{Bench, conversation};

/// What the web app asks, of which a workspace is asked where nobody asked anything.
const BY_THE_APP: &str = include_str!("../../src/ahead/app_questions.json");

const QUIET: Duration = Duration::from_millis(20);

struct Ahead {
    bench: Bench,
    task: Option<JoinHandle<()>>,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.task.take().inspect(JoinHandle::abort);
    }
}

impl Ahead {
    async fn new() -> Self {
        let options = |options: &mut ServerOptions| {
            options.ahead_after = Some(QUIET);
            options.ahead_from = 1;
        };
        let bench = Bench::with_server(options).await;
        Self { bench, task: None }
    }

    async fn started() -> Self {
        let mut ahead = Self::new().await;
        ahead.start();
        ahead
    }

    fn start(&mut self) {
        let run = upshot_server::ahead::run(self.bench.state.clone());
        self.task = Some(tokio::spawn(run));
    }

    /// Brings in a conversation of a day that is long over, and writes it into a file.
    async fn file(&self, id: &str, day: &str) {
        let mut events = conversation(id, "web");
        for (event, second) in events.as_array_mut().unwrap().iter_mut().zip(["00", "02"]) {
            event["time"] = json!(format!("{day}T10:00:{second}Z"));
        }
        let answer = self.bench.events("main", &events).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        self.bench.lake.flush_and_seal().await.unwrap();
    }

    /// How many questions were asked ahead.
    async fn asked(&self) -> usize {
        let page = self.bench.get("/metrics").await;
        let mut all = 0;
        for line in page.text().lines() {
            if let Some(rest) = line.strip_prefix("upshot_ahead_duration_seconds_count{outcome=\"")
            {
                let (outcome, count) = rest.split_once("\"} ").unwrap();
                assert_ne!(outcome, "failed");
                if outcome == "made" {
                    all = count.parse().unwrap();
                }
            }
        }
        all
    }

    /// Waits until so many were asked.
    async fn wait_until(&self, questions: usize) {
        for _ in 0..6_000 {
            if self.asked().await >= questions {
                return;
            }
            tokio::time::sleep(QUIET).await;
        }
        panic!("{} of {questions} questions were asked", self.asked().await);
    }

    /// Waits until so many were asked, and shows that no more are.
    async fn wait_for(&self, questions: usize) {
        self.wait_until(questions).await;
        tokio::time::sleep(20 * QUIET).await;
        assert_eq!(self.asked().await, questions);
    }

    /// Asks how many sessions there are; the pass that found them.
    async fn sessions(&self, expected: u64) -> Value {
        let query = json!({"metrics": ["sessions"], "range": {"last": "28d"}, "explain": true});
        let answer = self.bench.query(&query).await.json();
        assert_eq!(answer["totals"]["sessions"]["value"], expected, "{answer}");
        answer["explanation"]["passes"][0].clone()
    }
}

fn by_the_app() -> usize {
    let questions: Vec<Value> = serde_json::from_str(BY_THE_APP).unwrap();
    questions.len()
}

#[tokio::test]
async fn whoever_asks_first_reads_no_file() {
    let ahead = Ahead::started().await;
    ahead.file("c1", "2026-02-20").await;
    ahead.wait_for(by_the_app()).await;
    let pass = ahead.sessions(1).await;
    assert_eq!(
        (&pass["files"], &pass["files_kept"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&pass["files_read"], &pass["rows_read"]),
        (&json!(0), &json!(0))
    );
    // From now on that is what is asked of new files, and no more what the app might ask.
    ahead.file("c2", "2026-02-21").await;
    ahead.wait_for(by_the_app() + 1).await;
    let pass = ahead.sessions(2).await;
    assert_eq!(
        (&pass["files"], &pass["files_kept"]),
        (&json!(2), &json!(2))
    );
}

#[tokio::test]
async fn without_new_files_nothing_is_asked() {
    let ahead = Ahead::started().await;
    ahead.bench.events("main", &conversation("c0", "web")).await;
    ahead.wait_for(0).await;
    ahead.file("c1", "2026-02-20").await;
    ahead.wait_for(by_the_app()).await;
    ahead.bench.events("main", &conversation("c2", "web")).await;
    ahead.sessions(3).await;
    ahead.wait_for(by_the_app()).await;
}

#[tokio::test]
async fn what_was_asked_is_forgotten_with_whom_is_erased() {
    let mut ahead = Ahead::new().await;
    ahead.file("c1", "2026-02-20").await;
    ahead.file("c2", "2026-02-21").await;
    ahead.sessions(2).await;
    ahead.start();
    ahead.wait_for(1).await;
    let wish = json!({"user_ids": ["user-of-c1"], "reason": "a wish"}).to_string();
    let erased = ahead.bench.send_json("POST", "/api/v1/erasures", wish);
    assert_eq!(erased.await.status, 200);
    // What was asked would be asked once more, and nothing else.
    ahead.wait_until(1 + by_the_app()).await;
}

#[tokio::test]
async fn questions_that_are_asked_together_are_remembered_too() {
    let mut ahead = Ahead::new().await;
    ahead.file("c1", "2026-02-20").await;
    let queries = json!({"queries": [
        {"metrics": ["sessions"]}, {"metrics": ["users"]}, {"metrics": ["no_such"]}, {"metrics": ["users"]}
    ]});
    let asked = ahead
        .bench
        .post("/api/v1/queries", "application/json", queries.to_string());
    assert_eq!(asked.await.status, 200);
    ahead.start();
    ahead.wait_for(2).await;
    ahead.file("c2", "2026-02-21").await;
    ahead.wait_for(4).await;
}

#[tokio::test]
async fn it_can_be_left_off() {
    let bench = Bench::with_server(|options| options.ahead_after = None).await;
    let ahead = Ahead { bench, task: None };
    ahead.file("c1", "2026-02-20").await;
    ahead.sessions(1).await;
    // It ends at once.
    upshot_server::ahead::run(ahead.bench.state.clone()).await;
    ahead.wait_for(0).await;
}

#[tokio::test]
async fn few_sessions_are_not_asked_about() {
    let options = |options: &mut ServerOptions| {
        options.ahead_after = Some(QUIET);
        options.ahead_from = 2;
    };
    let bench = Bench::with_server(options).await;
    let mut ahead = Ahead { bench, task: None };
    ahead.start();
    ahead.file("c1", "2026-02-20").await;
    ahead.sessions(1).await;
    tokio::time::sleep(QUIET * 10).await;
    ahead.wait_for(0).await;
    ahead.file("c2", "2026-02-21").await;
    ahead.wait_for(by_the_app()).await;
}
