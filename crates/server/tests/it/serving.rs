//! Listening.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use upshot_lake::{Lake, LakeOptions};
use upshot_server::{ServerError, ServerOptions, serve, serve_on};
use upshot_store::Store;

use crate::common::{NOW, engine};

async fn lake() -> (tempfile::TempDir, Lake, Store) {
    let folder = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(|| NOW);
    let lake = Lake::open(LakeOptions::new(folder.path(), clock))
        .await
        .unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    (folder, lake, store)
}

fn options() -> ServerOptions {
    let mut options = ServerOptions::new(std::sync::Arc::new(|| NOW));
    options.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    options
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn other_addresses_than_loopback_need_a_key() {
    let (_folder, lake, store) = lake().await;
    let mut open = options();
    open.listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let error = serve(lake.clone(), engine(), store.clone(), open.clone(), async {
    })
    .await
    .unwrap_err();
    assert!(matches!(error, ServerError::KeyNeeded(_)));
    assert!(error.to_string().contains("UPSHOT_KEY"), "{error}");
    for key in ["", "with space", "with\nbreak", "schlüssel"] {
        let mut bad = open.clone();
        bad.key = Some(key.to_owned());
        let error = serve(lake.clone(), engine(), store.clone(), bad, async {})
            .await
            .unwrap_err();
        assert!(matches!(error, ServerError::KeyUnusable), "{key:?}");
    }
    let mut good = options();
    good.key = Some("secret-of-many-letters".to_owned());
    assert!(!format!("{good:?}").contains("secret"), "{good:?}");
    serve(lake, engine(), store, good, async {}).await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error() {
    let (_folder, lake, store) = lake().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = options();
    options.listen = taken.local_addr().unwrap();
    let error = serve(lake, engine(), store, options, async {})
        .await
        .unwrap_err();
    assert!(matches!(error, ServerError::Listen { .. }), "{error}");
}

#[tokio::test]
async fn a_server_finishes_what_has_begun() {
    let (_folder, lake, store) = lake().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let server = tokio::spawn(serve_on(
        listener,
        lake.clone(),
        engine(),
        store,
        options(),
        shutdown,
    ));
    let answer = ask(
        address,
        "GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // A body that is half sent when the server is told to end.
    let event =
        r#"{"event_id":"e1","event_type":"message","time":1773140000,"conversation_id":"c1"}"#;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
        event.len(),
        &event[..20]
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(
        TcpStream::connect(address).await.is_err(),
        "no new connections"
    );
    stream.write_all(&event.as_bytes()[20..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    server.await.unwrap().unwrap();
    assert_eq!(lake.conversation("main", "c1").await.unwrap().len(), 1);
    lake.close().await.unwrap();
}

#[tokio::test]
async fn a_client_that_never_ends_cannot_keep_the_server() {
    let (_folder, lake, store) = lake().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let mut options = options();
    options.limits.shutdown_time = Duration::from_millis(100);
    let server = tokio::spawn(serve_on(listener, lake, engine(), store, options, shutdown));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /api/v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), server)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_query_is_dropped_when_its_client_goes() {
    let (_folder, lake, store) = lake().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let mut options = options();
    options.limits.queries_at_once = 0;
    options.limits.query_time = Duration::from_secs(600);
    let server = tokio::spawn(serve_on(listener, lake, engine(), store, options, shutdown));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let question = "POST /api/v1/query HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 24\r\n\r\n{\"metrics\":[\"sessions\"]}";
    stream.write_all(question.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(stream);
    let cancelled = r#"upshot_query_duration_seconds_count{kind="query",outcome="cancelled"} 1"#;
    for _ in 0..100 {
        let numbers = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        if ask(address, numbers).await.contains(cancelled) {
            stop.send(()).unwrap();
            server.await.unwrap().unwrap();
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the query was not dropped");
}
