use std::net::TcpListener;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::{Scene, code, errors, example};

/// A server that ends with the test.
pub struct Served(pub Child);

impl Served {
    /// Ends it as a power cut would end the process: at once.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself, which the test notices elsewhere.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn serve(scene: &Scene) -> (Served, String) {
    serve_with(scene, &[], None)
}

/// An address of loopback at which nobody listens.
pub fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A server with further arguments and perhaps a variable of its environment, and its address.
pub fn serve_with(
    scene: &Scene,
    arguments: &[&str],
    variable: Option<(&str, &str)>,
) -> (Served, String) {
    let address = free_address();
    let child = scene
        .command(&["serve", "--quiet", "--listen", &address])
        .args(arguments)
        .envs(variable)
        .spawn()
        .unwrap();
    let served = Served(child);
    let deadline = Instant::now() + Duration::from_secs(30);
    while std::net::TcpStream::connect(&address).is_err() {
        assert!(Instant::now() < deadline, "the server does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    (served, format!("http://{address}"))
}

#[test]
fn import_and_query_work_through_a_server_that_holds_the_data() {
    let scene = Scene::new();
    let (served, url) = serve(&scene);
    let alone = scene.run(&["query", "--metrics", "sessions"]);
    assert_eq!(code(&alone), 4, "{}", errors(&alone));
    assert!(errors(&alone).contains("--server"), "{}", errors(&alone));
    let file = example("bot-framework.transcript");
    let first = scene.json(&["import", "--server", &url, &file, "--output", "json"]);
    assert!(first["added"].as_u64().unwrap() > 5, "{first}");
    let again = scene.json(&["import", "--server", &url, &file, "--output", "json"]);
    assert_eq!(again["added"], 0, "{again}");
    let query = [
        "query",
        "--metrics",
        "sessions,messages",
        "--environment",
        "all",
        "--output",
        "json",
    ];
    let through: Vec<&str> = query
        .iter()
        .copied()
        .chain(["--server", url.as_str()])
        .collect();
    let answer = scene.json(&through);
    let lists = [
        &["sessions", "--limit", "1"][..],
        &["sessions", "--of", "messages", "--limit", "1"],
        &[
            "sessions",
            "--of",
            "user_messages",
            "--cell",
            "message.role=user",
        ],
    ];
    let now = ["--environment", "all", "--now", "2030-01-01T00:00:00Z"];
    let listed = |server: &[&str]| -> Vec<(serde_json::Value, String)> {
        let ask = |list: &&[&str]| {
            let line = [list, &now[..], server].concat();
            let table = scene.run(&line);
            let table = format!(
                "{}{}",
                String::from_utf8_lossy(&table.stdout),
                errors(&table)
            );
            let mut answer = scene.json(&[&line[..], &["--output", "json"]].concat());
            // What was in memory lies in files after the next start.
            answer
                .as_object_mut()
                .map(|answer| answer.remove("snapshot"));
            (answer, table)
        };
        lists.iter().map(ask).collect()
    };
    let of_server = listed(&["--server", &url]);
    drop(served);
    // Killed, not closed: what was acknowledged is there all the same.
    assert_eq!(scene.json(&query)["totals"], answer["totals"]);
    assert_eq!(listed(&[]), of_server);
}

#[test]
fn a_server_listens_elsewhere_only_with_a_key() {
    let scene = Scene::new();
    let output = scene.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(code(&output), 1);
    assert!(errors(&output).contains("key"), "{}", errors(&output));
}
