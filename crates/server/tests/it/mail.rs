//! Mail, against a small server on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use upshot_core::time::{DAY, HOUR, SECOND};

use crate::common::{Bench, conversation};
use crate::visitor::{PASSWORD, Visitor};

/// Takes mails and keeps them.
pub struct Postbox {
    pub port: u16,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Postbox {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = mails.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, kept.clone()));
            }
        });
        Self { port, mails }
    }

    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }

    /// Waits until there are so many mails.
    pub async fn wait_for(&self, count: usize) -> Vec<String> {
        for _ in 0..250 {
            if self.mails().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mails = self.mails();
        assert_eq!(mails.len(), count, "{mails:#?}");
        mails
    }
}

/// As much of RFC 5321 as a client needs.
async fn talk(stream: TcpStream, mails: Arc<Mutex<Vec<String>>>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 postbox\r\n").await.unwrap();
    let mut mail = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let word = line.split(' ').next().unwrap().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250-postbox\r\n250 AUTH PLAIN",
            "AUTH" => "235 welcome",
            "RCPT" if line.contains("nobody@") => "550 no such box",
            "MAIL" | "RCPT" | "RSET" | "NOOP" => {
                mail.push_str(&format!("{line}\n"));
                "250 fine"
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await.unwrap();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    mail.push_str(&format!("{line}\n"));
                }
                mails.lock().unwrap().push(std::mem::take(&mut mail));
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "502 what?",
        };
        if writer
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .is_err()
        {
            return;
        }
    }
}

pub fn settings(port: u16) -> Value {
    json!({"host": "127.0.0.1", "port": port, "security": "none", "from": "Upshot <upshot@example.org>"})
}

#[tokio::test]
async fn a_mail_server_is_set_tested_and_taken_away() {
    let postbox = Postbox::open().await;
    let bench = Bench::new().await;
    let mut owner = Visitor::owner(&bench).await;
    let test = json!({"to": "olga@example.org"});
    owner
        .post("/api/v1/mail/test", &test)
        .await
        .problem(409, "conflict");
    let mut body = settings(postbox.port);
    body["username"] = json!("upshot");
    body["password"] = json!("a password of the mail server");
    let set = owner.put("/api/v1/mail", &body).await;
    assert_eq!(set.status, 200, "{}", set.text());
    let shown = owner.get("/api/v1/mail").await;
    assert_eq!(shown.json(), set.json());
    assert_eq!(shown.json()["password_set"], true);
    assert!(!shown.text().contains("a password of"));
    let sent = owner.post("/api/v1/mail/test", &test).await;
    assert_eq!(sent.status, 204, "{}", sent.text());
    let mails = postbox.wait_for(1).await;
    assert!(
        mails[0].contains("RCPT TO:<olga@example.org>"),
        "{}",
        mails[0]
    );
    assert!(
        mails[0].contains("From: Upshot <upshot@example.org>"),
        "{}",
        mails[0]
    );
    let refused = json!({"to": "nobody@example.org"});
    let problem = owner
        .post("/api/v1/mail/test", &refused)
        .await
        .problem(502, "mail-failed");
    assert!(
        problem["detail"].as_str().unwrap().contains("no such box"),
        "{problem}"
    );
    let bad = json!({"to": "a@b\r\nRCPT TO:<x@y>"});
    owner
        .post("/api/v1/mail/test", &bad)
        .await
        .problem(400, "bad-request");
    // The password stays with its server and goes to no other.
    let mut again = settings(postbox.port);
    again["username"] = json!("upshot");
    assert_eq!(
        owner.put("/api/v1/mail", &again).await.json()["password_set"],
        true
    );
    again["host"] = json!("localhost");
    assert_eq!(
        owner.put("/api/v1/mail", &again).await.json()["password_set"],
        false
    );
    again["host"] = json!("mail.example.org");
    let problem = owner
        .put("/api/v1/mail", &again)
        .await
        .problem(400, "bad-request");
    assert_eq!(problem["errors"][0]["field"], "security");
    for (field, value) in [("from", "nobody"), ("host", "a b")] {
        let mut bad = settings(postbox.port);
        bad[field] = json!(value);
        let problem = owner
            .put("/api/v1/mail", &bad)
            .await
            .problem(400, "bad-request");
        assert_eq!(problem["errors"][0]["field"], field);
    }
    let gone = owner.put("/api/v1/mail", &json!({"host": ""})).await.json();
    assert_eq!(
        (&gone["host"], &gone["password_set"]),
        (&json!(""), &json!(false))
    );
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_a_link_that_comes_by_mail() {
    let postbox = Postbox::open().await;
    let bench = Bench::with_server(|options| {
        options.public_url = Some("https://upshot.example.org/".to_owned());
    })
    .await;
    let mut owner = Visitor::owner(&bench).await;
    owner.put("/api/v1/mail", &settings(postbox.port)).await;
    let mut visitor = Visitor::new(&bench);
    let path = "/api/v1/sign-in/forgotten";
    for email in ["olga@example.org", "nobody-here@example.org", "no address"] {
        let answer = visitor.post(path, &json!({"email": email})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (202, ""),
            "{email}"
        );
    }
    let mail = &postbox.wait_for(1).await[0];
    let start = mail
        .find("https://upshot.example.org/welcome#")
        .unwrap_or_else(|| panic!("{mail}"));
    // Long lines are broken by `=` where a mail is quoted-printable.
    let link = mail[start..].replace("=\n", "");
    let link = link.split_whitespace().next().unwrap();
    let body =
        json!({"token": link.split_once('#').unwrap().1, "password": "battery horse correct"});
    bench
        .clock
        .fetch_add(HOUR - 1, std::sync::atomic::Ordering::Relaxed);
    let me = visitor.post("/api/v1/links/accept", &body).await;
    assert_eq!(me.status, 200, "{} {link}", me.text());
    owner.get("/api/v1/me").await.problem(401, "unauthorized");
    visitor
        .sign_in("olga@example.org", PASSWORD)
        .await
        .problem(401, "sign-in-refused");
    for _ in 0..4 {
        visitor
            .post(path, &json!({"email": "olga@example.org"}))
            .await;
    }
    let held = visitor
        .post(path, &json!({"email": "olga@example.org"}))
        .await;
    held.problem(429, "too-many-tries");
}

/// Whoever says by which server mail is sent reads the links that go that way. So an admin may not, and no workspace
/// may read what opens another.
#[tokio::test]
async fn no_link_for_a_password_comes_to_who_could_not_make_it() {
    let (own, other) = (Postbox::open().await, Postbox::open().await);
    let key = "a-key-of-twenty-letters";
    let bench = Bench::with_server(|options| options.key = Some(key.to_owned())).await;
    let mut operator = Visitor::new(&bench);
    operator.headers = vec![("authorization", format!("Bearer {key}"))];
    let mut owner = operator.invite("main", "olga@example.org", "owner").await;
    let mut admin = owner.invite("main", "ada@example.org", "admin").await;
    let (mine, theirs) = (settings(own.port), settings(other.port));
    admin
        .put("/api/v1/mail", &theirs)
        .await
        .problem(403, "forbidden");
    let scopes = json!({"name": "a", "scopes": ["admin"]});
    let admins_key = admin.post("/api/v1/keys", &scopes).await.json();
    let mut program = Visitor::new(&bench);
    let bearer = format!("Bearer {}", admins_key["key"].as_str().unwrap());
    program.headers = vec![("authorization", bearer)];
    program
        .put("/api/v1/mail", &theirs)
        .await
        .problem(403, "forbidden");
    assert_eq!(owner.put("/api/v1/mail", &mine).await.status, 200);
    let mut visitor = Visitor::new(&bench);
    let forgets = json!({"email": "olga@example.org"});
    let forgotten = "/api/v1/sign-in/forgotten";
    visitor.post(forgotten, &forgets).await;
    let mail = own.wait_for(1).await.remove(0);
    assert!(mail.contains("Message-ID: <"), "{mail}");
    // Another workspace, whose name comes first, by a server of its own.
    let again = json!({"email": "olga@example.org", "role": "viewer"});
    let invitation = operator
        .post("/api/v1/people/invitations?workspace=acme", &again)
        .await;
    let link = invitation.json()["link"].as_str().unwrap().to_owned();
    let token = crate::visitor::token_of(&link);
    let accepted = json!({"token": token, "password": crate::visitor::PASSWORD});
    let accepted = owner.post("/api/v1/links/accept", &accepted).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    for (acme, mails) in [(json!({"host": ""}), 1), (theirs, 1), (mine, 2)] {
        let set = operator.put("/api/v1/mail?workspace=acme", &acme).await;
        assert_eq!(set.status, 200, "{}", set.text());
        assert_eq!(visitor.post(forgotten, &forgets).await.status, 202);
        // A mail that must not come has time to come.
        tokio::time::sleep(Duration::from_millis(200)).await;
        own.wait_for(mails).await;
        assert!(other.mails().is_empty());
    }
}

#[tokio::test]
async fn the_digest_is_sent_once_a_week_to_whoever_wants_it() {
    let postbox = Postbox::open().await;
    let bench = Bench::new().await;
    for name in ["c1", "c2"] {
        bench.events("main", &conversation(name, "web")).await;
    }
    let mut owner = Visitor::owner(&bench).await;
    owner.invite("main", "vera@example.org", "viewer").await;
    owner.put("/api/v1/mail", &settings(postbox.port)).await;
    assert_eq!(bench.send_digests().await, 0);
    let me = owner
        .put("/api/v1/me", &json!({"digest": true}))
        .await
        .json();
    assert_eq!(
        (&me["digest"], &me["sends_mail"]),
        (&json!(true), &json!(true))
    );
    // The conversations are of the tenth of March, so they are told of on the sixteenth.
    bench
        .clock
        .fetch_add(6 * DAY, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(bench.send_digests().await, 1);
    assert_eq!(bench.send_digests().await, 0);
    let mail = postbox.wait_for(1).await[0].clone();
    assert!(mail.contains("RCPT TO:<olga@example.org>"), "{mail}");
    assert!(mail.contains("From 2026-03-09 to 2026-03-15"), "{mail}");
    assert!(mail.contains("Sessions: 2 (before: 0)"), "{mail}");
    bench
        .clock
        .fetch_add(7 * DAY, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(bench.send_digests().await, 1);
    let mail = postbox.wait_for(2).await[1].clone();
    assert!(mail.contains("Sessions: 0 (before: 2)"), "{mail}");
    // Who is not there for it this time is tried again.
    bench
        .clock
        .fetch_add(7 * DAY, std::sync::atomic::Ordering::Relaxed);
    let mut visitor = Visitor::new(&bench);
    assert_eq!(
        visitor.sign_in("olga@example.org", PASSWORD).await.status,
        200
    );
    visitor.put("/api/v1/mail", &settings(1)).await;
    assert_eq!(bench.send_digests().await, 0);
    visitor.put("/api/v1/mail", &settings(postbox.port)).await;
    assert_eq!(bench.send_digests().await, 1);
    visitor.put("/api/v1/me", &json!({"digest": false})).await;
    bench
        .clock
        .fetch_add(7 * DAY, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(bench.send_digests().await, 0);
}

#[tokio::test]
async fn the_digest_comes_at_seven_by_the_clock_of_the_workspace() {
    let postbox = Postbox::open().await;
    let bench = Bench::new().await;
    let mut owner = Visitor::owner(&bench).await;
    owner.put("/api/v1/mail", &settings(postbox.port)).await;
    owner
        .put(
            "/api/v1/settings",
            &json!({"time_zone": "Pacific/Auckland"}),
        )
        .await;
    owner.put("/api/v1/me", &json!({"digest": true})).await;
    // It is noon in UTC on Tuesday, the tenth of March; the last Monday is over everywhere.
    assert_eq!(bench.send_digests().await, 1);
    let advance = |time: i64| {
        bench
            .clock
            .fetch_add(time, std::sync::atomic::Ordering::Relaxed)
    };
    // Seven in the morning there is six in the evening of Sunday, the fifteenth.
    advance(5 * DAY + 6 * HOUR - 1);
    assert_eq!(bench.send_digests().await, 0);
    advance(1);
    assert_eq!(bench.send_digests().await, 1);
    let mail = postbox.wait_for(2).await[1].clone();
    assert!(mail.contains("From 2026-03-09 to 2026-03-15"), "{mail}");
}

/// Else whoever may set a mail server could flood anybody with mails of it.
#[tokio::test]
async fn test_mails_are_limited() {
    let postbox = Postbox::open().await;
    let bench = Bench::new().await;
    let mut owner = Visitor::owner(&bench).await;
    let test = json!({"to": "olga@example.org"});
    for _ in 0..10 {
        // What cannot be sent at all is not counted.
        let unset = owner.post("/api/v1/mail/test", &test).await;
        unset.problem(409, "conflict");
    }
    let set = owner.put("/api/v1/mail", &settings(postbox.port)).await;
    assert_eq!(set.status, 200, "{}", set.text());
    let mut sent = 0;
    let mut waited = Vec::new();
    while waited.len() < 4 {
        let answer = owner.post("/api/v1/mail/test", &test).await;
        if answer.status == 204 {
            sent += 1;
            continue;
        }
        answer.problem(429, "too-many-tries");
        let seconds: i64 = answer.header("retry-after").parse().unwrap();
        waited.push((sent, seconds));
        let time = seconds * SECOND;
        bench
            .clock
            .fetch_add(time, std::sync::atomic::Ordering::Relaxed);
    }
    assert_eq!(waited, [(5, 1), (6, 2), (7, 4), (8, 8)]);
    assert_eq!(postbox.wait_for(sent).await.len(), 8);
    // Neither is anybody's way in held up.
    let forgotten = json!({"email": "olga@example.org"});
    let asked = owner.post("/api/v1/sign-in/forgotten", &forgotten).await;
    assert_eq!(asked.status, 202);
}
