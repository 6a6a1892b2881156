//! The store, through its interface.
#![allow(clippy::unwrap_used)]

mod people;
mod verify;

use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use upshot_store::name::check_name;
use upshot_store::segments::MOST_SEGMENTS;
use upshot_store::{BoardContent, STORE_FILE, Store, StoreError, ViewContent, WorkspaceSettings};

async fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Store::open(folder.path()).await.unwrap(), folder)
}

#[tokio::test]
async fn what_is_saved_is_there_again_and_workspaces_never_see_each_others() {
    let (store, folder) = store().await;
    let first = store
        .set_segment("main", "web", "channel = web", "", 5)
        .await
        .unwrap();
    assert_eq!((first.created, first.changed), (5, 5));
    store
        .set_segment("other", "web", "channel = sms", "theirs", 6)
        .await
        .unwrap();
    let again = store
        .set_segment("main", "web", "channel in (web, app)", "all screens", 7)
        .await
        .unwrap();
    assert_eq!((again.created, again.changed), (5, 7));
    store.close().await;
    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!(store.segments("main").await.unwrap(), [again]);
    assert_eq!(
        store.filters("other").await.unwrap()["web"],
        "channel = sms"
    );
    assert!(store.segment("third", "web").await.unwrap().is_none());
    assert!(!store.remove_segment("third", "web").await.unwrap());
    assert!(store.remove_segment("main", "web").await.unwrap());
    assert!(store.segments("main").await.unwrap().is_empty());
    assert_eq!(store.segments("other").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_copy_is_the_whole_store() {
    let (store, _folder) = store().await;
    store
        .set_segment("main", "web", "channel = web", "", 5)
        .await
        .unwrap();
    let backup = tempfile::tempdir().unwrap();
    assert!(store.copy_into(backup.path()).await.unwrap() > 0);
    store.remove_segment("main", "web").await.unwrap();
    assert!(
        store.copy_into(backup.path()).await.is_err(),
        "there is one"
    );
    let copy = Store::open(backup.path()).await.unwrap();
    assert_eq!(copy.segments("main").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
    let (store, folder) = store().await;
    store.close().await;
    let path = folder.path().join(STORE_FILE);
    let address = format!("sqlite://{}", path.display());
    let mut connection = SqliteConnection::connect(&address).await.unwrap();
    sqlx::raw_sql("PRAGMA user_version = 99")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let error = Store::open(folder.path()).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Version { found: 99, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn writers_at_once_wait_for_each_other_and_there_is_an_end() {
    let (store, _folder) = store().await;
    let save = |number: usize| {
        let store = store.clone();
        async move {
            let name = format!("segment {number}");
            store.set_segment("main", &name, "engaged", "", 1).await
        }
    };
    let saved = futures::future::join_all((0..MOST_SEGMENTS + 5).map(save)).await;
    let refused = saved.iter().filter(|saved| saved.is_err()).count();
    assert_eq!(refused, 5);
    assert_eq!(store.segments("main").await.unwrap().len(), MOST_SEGMENTS);
    // One that is there may still be changed.
    let name = &store.segments("main").await.unwrap()[0].name;
    store
        .set_segment("main", name, "not engaged", "", 2)
        .await
        .unwrap();
}

#[test]
fn names_are_short_and_plain() {
    for good in ["web", "Users of the «beta»", "a/b?c=d"] {
        assert!(check_name("segment", good).is_ok(), "{good}");
    }
    let long = "x".repeat(101);
    for bad in ["", " web", "web ", "a\nb", long.as_str()] {
        assert!(check_name("segment", bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn settings_are_those_of_the_workspace_and_stay() {
    let (store, folder) = store().await;
    assert_eq!(store.settings("main").await.unwrap(), None);
    let mut settings = WorkspaceSettings {
        time_zone: Some("Europe/Berlin".to_owned()),
        ..WorkspaceSettings::default()
    };
    settings.costs.insert("agent_minute".to_owned(), 0.9);
    store.set_settings("main", &settings, 5).await.unwrap();
    store.set_settings("main", &settings, 6).await.unwrap();
    store.close().await;
    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!(store.settings("main").await.unwrap(), Some((settings, 6)));
    assert_eq!(store.settings("other").await.unwrap(), None);
}

#[tokio::test]
async fn a_board_holds_views_that_are_there() {
    let (store, _folder) = store().await;
    let view = ViewContent {
        title: "A view".to_owned(),
        address: "/explore".to_owned(),
        ..ViewContent::default()
    };
    for name in ["a", "b"] {
        store.set_view("main", name, &view, 1).await.unwrap();
    }
    let mut board = BoardContent {
        title: "A board".to_owned(),
        views: vec!["b".to_owned(), "a".to_owned()],
        ..BoardContent::default()
    };
    let saved = store.set_board("main", "board", &board, 2).await.unwrap();
    assert_eq!(saved.content, board);
    // What cannot be saved changes nothing, and the views of another workspace are not there.
    board.views.push("c".to_owned());
    let error = store
        .set_board("main", "board", &board, 3)
        .await
        .unwrap_err();
    assert!(
        matches!(error, StoreError::UnknownView { position: 2, .. }),
        "{error}"
    );
    board.views = vec!["a".to_owned()];
    assert!(store.set_board("other", "board", &board, 3).await.is_err());
    assert_eq!(store.boards("main", None).await.unwrap(), [saved]);
    assert_eq!(store.boards("other", None).await.unwrap(), []);
    store.remove_view("main", "b").await.unwrap();
    let left = store.boards("main", Some("board")).await.unwrap();
    assert_eq!(left[0].content.views, ["a"]);
}

#[tokio::test]
async fn labels_are_read_anew_when_they_change() {
    let (store, _folder) = store().await;
    let none = store.labels("main").await.unwrap();
    for (session, label) in [("s2", "good"), ("s1", "good"), ("s1", "bad")] {
        let given = store
            .set_label("main", (session, 1), label, None, 5)
            .await
            .unwrap();
        assert_eq!(given.created, 5);
    }
    let again = store
        .set_label("main", ("s1", 1), "bad", None, 9)
        .await
        .unwrap();
    assert_eq!(again.created, 5, "it had the label");
    let all = store.labels("main").await.unwrap();
    assert_eq!(all.sessions["good"], ["s1", "s2"]);
    assert_ne!(all.version, none.version);
    assert_eq!(store.labels("main").await.unwrap(), all);
    assert_eq!(store.labels("other").await.unwrap(), none);
    assert!(store.remove_label("main", "s1", "bad").await.unwrap());
    assert!(!store.remove_label("main", "s1", "bad").await.unwrap());
    let fewer = store.labels("main").await.unwrap();
    assert_eq!(fewer.sessions.len(), 1);
    assert_ne!(fewer.version, all.version);
    assert_eq!(store.labels_of("main", "s1").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_text_mode_is_known_at_once_to_all_who_have_the_store() {
    let (store, folder) = store().await;
    let other = store.clone();
    let mode = async |store: &Store, workspace: &str| {
        let set = store.text_modes(workspace).await.unwrap();
        set.default.clone().map(|set| (set.mode, set.changed))
    };
    assert_eq!(mode(&other, "main").await, None);
    store.set_text_mode("main", Some("none"), 5).await.unwrap();
    assert_eq!(mode(&other, "main").await, Some(("none".to_owned(), 5)));
    store.set_text_mode("main", Some("full"), 6).await.unwrap();
    let set = Some(("full".to_owned(), 6));
    assert_eq!(mode(&other, "main").await, set);
    assert_eq!(mode(&other, "other").await, None);
    store.close().await;
    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!(mode(&store, "main").await, set);
    store.set_text_mode("main", None, 7).await.unwrap();
    assert_eq!(mode(&store, "main").await, None);
}

#[tokio::test]
async fn sources_have_text_modes_of_their_own_beside_that_of_all() {
    let (store, folder) = store().await;
    let other = store.clone();
    let sources = async |store: &Store, workspace: &str| {
        let set = store.text_modes(workspace).await.unwrap();
        let sources = set.sources.iter();
        sources
            .map(|(source, set)| format!("{source} {} {}", set.mode, set.changed))
            .collect::<Vec<_>>()
    };
    assert!(sources(&other, "main").await.is_empty());
    for (workspace, source, mode, now) in [
        ("main", "crm", Some("none"), 5),
        ("main", "voice", Some("none"), 6),
        ("other", "crm", Some("masked"), 7),
        ("main", "crm", Some("full"), 8),
        ("main", "voice", None, 9),
        ("main", "never", None, 9),
    ] {
        let set = store.set_source_text_mode(workspace, source, mode, now);
        set.await.unwrap();
    }
    assert_eq!(sources(&other, "main").await, ["crm full 8"]);
    assert_eq!(sources(&other, "other").await, ["crm masked 7"]);
    store.set_text_mode("main", Some("none"), 10).await.unwrap();
    assert_eq!(sources(&other, "main").await, ["crm full 8"]);
    store.close().await;
    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!(sources(&store, "main").await, ["crm full 8"]);
    for bad in ["", " crm", "a\nb", &"x".repeat(101)] {
        let set = store.set_source_text_mode("main", bad, Some("none"), 1);
        assert!(matches!(set.await, Err(StoreError::Name { .. })), "{bad:?}");
    }
    for number in 1..upshot_store::MOST_SOURCES {
        let source = format!("s{number}");
        let set = store.set_source_text_mode("main", &source, Some("none"), 1);
        set.await.unwrap();
    }
    let over = store.set_source_text_mode("main", "one more", Some("none"), 1);
    assert!(matches!(over.await, Err(StoreError::TooMany(..))));
    // One that is set already can be set again.
    let again = store.set_source_text_mode("main", "crm", Some("none"), 1);
    again.await.unwrap();
}

#[tokio::test]
async fn what_is_said_of_sessions_goes_with_those_that_began_before_a_time() {
    let (store, folder) = store().await;
    for (workspace, session, started) in [
        ("main", "old", 10),
        ("main", "new", 20),
        ("other", "old", 10),
    ] {
        let said = format!("words on {session} of {workspace}");
        let about = (session, started);
        store
            .set_note(workspace, about, None, (&said, None), 30)
            .await
            .unwrap();
        store
            .set_label(workspace, about, "good", None, 30)
            .await
            .unwrap();
    }
    assert_eq!(store.forget_sessions_before("main", 10).await.unwrap(), 0);
    assert_eq!(store.forget_sessions_before("main", 20).await.unwrap(), 2);
    assert_eq!(store.forget_sessions_before("main", 20).await.unwrap(), 0);
    assert_eq!(
        store.labels("main").await.unwrap().sessions["good"],
        ["new"]
    );
    assert_eq!(
        store.labels("other").await.unwrap().sessions["good"],
        ["old"]
    );
    assert!(store.notes("main", "old").await.unwrap().is_empty());
    assert_eq!(store.notes("main", "new").await.unwrap().len(), 1);
    store.close().await;
    let content = std::fs::read(folder.path().join(STORE_FILE)).unwrap();
    let holds = |text: &str| {
        content
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(!holds("words on old of main"));
    assert!(holds("words on old of other") && holds("words on new of main"));
}
