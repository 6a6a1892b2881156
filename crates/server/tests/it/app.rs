//! The web app as the server sends it.

use axum::body::Body;
use axum::http::{Method, Request};

use crate::common::{Answer, Bench};

async fn ask(bench: &Bench, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    bench.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_page_begins_with_the_same_document() {
    let bench = Bench::new().await;
    for path in ["/", "/outcomes", "/conversations/0123", "/no/such/page"] {
        let page = bench.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.body, upshot_web::index().plain, "{path}");
        assert_eq!(page.header("cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn pages_may_load_nothing_from_elsewhere_and_answers_nothing_at_all() {
    let bench = Bench::new().await;
    let page = bench.get("/").await;
    let policy = page.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(!page.text().contains("<style"), "styles have files");
    let answer = bench.get("/api/v1/metrics").await;
    let policy = answer.header("content-security-policy");
    assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'");
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let bench = Bench::new().await;
    let first = bench.get("/").await;
    let tag = first.header("etag").to_owned();
    let again = ask(&bench, "/outcomes", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status, 304);
    assert!(again.body.is_empty());
    let other = ask(&bench, "/", &[("if-none-match", "\"other\"")]).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn files_are_packed_and_kept_for_ever_by_their_names() {
    let bench = Bench::new().await;
    // Nothing to see where the program was built without the app; `cargo xtask test` builds it first.
    for asset in upshot_web::assets()
        .iter()
        .filter(|asset| asset.is_immutable())
    {
        let path = format!("/{}", asset.path);
        let plain = bench.get(&path).await;
        assert_eq!(plain.body, asset.plain);
        assert_eq!(plain.header("content-encoding"), "");
        assert_eq!(
            plain.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        let packed = ask(&bench, &path, &[("accept-encoding", "gzip, br")]).await;
        if let Some(brotli) = asset.brotli {
            assert_eq!(packed.header("content-encoding"), "br");
            assert_eq!(packed.header("vary"), "accept-encoding");
            assert_eq!(packed.body, brotli);
        }
    }
}

#[tokio::test]
async fn the_interface_never_falls_back_to_the_app() {
    let bench = Bench::new().await;
    for path in [
        "/api",
        "/api/v1/nothing",
        "/health",
        "/health/none",
        "/assets/none.js",
    ] {
        bench.get(path).await.problem(404, "not-found");
    }
    let request = Request::builder()
        .method(Method::POST)
        .uri("/outcomes")
        .body(Body::empty());
    bench.send(request.unwrap()).await.problem(404, "not-found");
}

#[tokio::test]
async fn without_a_key_other_names_than_loopbacks_get_no_page() {
    let bench = Bench::new().await;
    let stranger = ask(&bench, "/", &[("host", "evil.example")]).await;
    stranger.problem(421, "wrong-host");
    let keyed = Bench::with_server(|options| options.key = Some("a key of the test".to_owned()));
    let page = ask(&keyed.await, "/", &[("host", "upshot.example")]).await;
    assert_eq!(page.status, 200, "the app asks for the key itself");
}
