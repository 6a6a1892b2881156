//! People, links, keys and the record, through the store's interface.

use std::path::Path;

use sqlx::{Connection, SqliteConnection};
use upshot_store::links::{Invited, MOST_LINKS, NewPerson};
use upshot_store::people::{check_email, check_person_name};
use upshot_store::tries::Remembered;
use upshot_store::{Deed, Link, Purpose, Role, STORE_FILE, Store, StoreError};

use crate::store;

fn link(id: &str, workspace: &str, purpose: Purpose) -> Link {
    Link {
        id: id.to_owned(),
        hash: vec![1, 2, 3],
        workspace: workspace.to_owned(),
        purpose,
        created: 10,
        created_by: "test".to_owned(),
        expires: Some(100),
    }
}

fn invitation(id: &str, workspace: &str, email: &str, role: Role) -> Link {
    let email = email.to_owned();
    link(id, workspace, Purpose::Invitation { email, role })
}

async fn join(store: &Store, workspace: &str, id: &str, role: Role) {
    let email = format!("{id}@example.org");
    let link = invitation(&format!("link-{id}-{workspace}"), workspace, &email, role);
    store.add_link(&link).await.unwrap();
    let person = NewPerson {
        id,
        email: &email,
        name: id,
        password: "hash",
    };
    let known = store.person_by_email(&email).await.unwrap().is_some();
    let invited = if known {
        Invited::Known(id)
    } else {
        Invited::New(&person)
    };
    assert!(
        store
            .accept_invitation(&link, role, invited, 11)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_link_is_used_once_by_whoever_comes_first() {
    let (store, _folder) = store().await;
    let link = link("l1", "main", Purpose::Owner);
    store.add_link(&link).await.unwrap();
    assert!(link.is_good(99) && !link.is_good(100));
    let accept = |id: &'static str| {
        let (store, link) = (store.clone(), link.clone());
        async move {
            let email = format!("{id}@example.org");
            let person = NewPerson {
                id,
                email: &email,
                name: id,
                password: "hash",
            };
            store.accept_owner(&link, &person, 20).await
        }
    };
    let accepted = futures::future::join_all(["a", "b", "c", "d"].map(accept)).await;
    let won = accepted
        .iter()
        .filter(|done| matches!(done, Ok(true)))
        .count();
    assert_eq!(won, 1, "{accepted:?}");
    assert!(store.owner_exists().await.unwrap());
    let members = store.members("main").await.unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].role, Role::Owner);
    // Another link of the kind does not make a second first owner, and is not used up in vain.
    let late = crate::people::link("l2", "main", Purpose::Owner);
    store.add_link(&late).await.unwrap();
    let person = NewPerson {
        id: "e",
        email: "e@example.org",
        name: "e",
        password: "hash",
    };
    let refused = store.accept_owner(&late, &person, 20).await;
    assert!(
        matches!(refused, Err(StoreError::OwnerExists)),
        "{refused:?}"
    );
    assert!(store.link("l2").await.unwrap().is_some());
}

#[tokio::test]
async fn a_workspace_keeps_its_last_owner_and_forgets_who_left_their_last() {
    let (store, _folder) = store().await;
    join(&store, "main", "anna", Role::Owner).await;
    join(&store, "main", "ben", Role::Viewer).await;
    join(&store, "other", "ben", Role::Owner).await;
    let last = store.set_role("main", "anna", Role::Admin).await;
    assert!(matches!(last, Err(StoreError::LastOwner)));
    assert!(matches!(
        store.remove_member("other", "ben").await,
        Err(StoreError::LastOwner)
    ));
    assert!(!store.set_role("other", "anna", Role::Owner).await.unwrap());
    store
        .add_sign_in("s1", b"hash", "ben", 30, 0)
        .await
        .unwrap();
    assert!(store.remove_member("main", "ben").await.unwrap());
    assert!(!store.remove_member("main", "ben").await.unwrap());
    assert!(
        store.sign_in("s1").await.unwrap().is_some(),
        "still in the other"
    );
    join(&store, "other", "cleo", Role::Owner).await;
    assert!(store.remove_member("other", "ben").await.unwrap());
    assert!(store.sign_in("s1").await.unwrap().is_none());
    assert!(store.person("ben").await.unwrap().is_none());
    assert!(store.memberships("ben").await.unwrap().is_empty());
}

#[tokio::test]
async fn links_take_the_place_of_those_before_and_are_bounded() {
    let (store, _folder) = store().await;
    for (id, email) in [
        ("i1", "a@example.org"),
        ("i2", "b@example.org"),
        ("i3", "A@Example.org"),
    ] {
        store
            .add_link(&invitation(id, "main", email, Role::Viewer))
            .await
            .unwrap();
    }
    let elsewhere = invitation("i4", "other", "a@example.org", Role::Viewer);
    store.add_link(&elsewhere).await.unwrap();
    let ids = async |workspace: &str| {
        let links = store.links(workspace, "invitation").await.unwrap();
        links.into_iter().map(|link| link.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("main").await, ["i2", "i3"]);
    assert_eq!(ids("other").await, ["i4"]);
    assert!(!store.remove_link("main", "invitation", "i4").await.unwrap());
    assert!(!store.remove_link("other", "share", "i4").await.unwrap());
    for number in 0..MOST_LINKS {
        let (name, view) = (number.to_string(), "/".to_owned());
        let share = link(&format!("s{number}"), "main", Purpose::Share { name, view });
        store.add_link(&share).await.unwrap();
    }
    let (name, view) = ("more".to_owned(), "/".to_owned());
    let more = link("more", "main", Purpose::Share { name, view });
    assert!(matches!(
        store.add_link(&more).await,
        Err(StoreError::TooMany(..))
    ));
}

/// Else whoever made it could become what the person is by now.
#[tokio::test]
async fn a_link_for_a_password_ends_when_the_person_becomes_more() {
    let (store, _folder) = store().await;
    join(&store, "main", "anna", Role::Viewer).await;
    let reset = async |id: &str| {
        let person = "anna".to_owned();
        let link = link(id, "main", Purpose::Reset { person });
        store.add_link(&link).await.unwrap();
        link
    };
    let first = reset("r1").await;
    assert!(store.link("r1").await.unwrap().is_some());
    store.set_role("main", "anna", Role::Owner).await.unwrap();
    assert!(store.link("r1").await.unwrap().is_none());
    assert!(!store.accept_reset(&first, "anna", "new").await.unwrap());
    reset("r2").await;
    join(&store, "other", "anna", Role::Viewer).await;
    assert!(store.link("r2").await.unwrap().is_none());
}

#[tokio::test]
async fn the_record_is_read_page_by_page_and_forgets_what_is_old() {
    let (store, _folder) = store().await;
    for number in 0..10 {
        let deed = Deed {
            time: number,
            who: "anna".to_owned(),
            action: "segment.set".to_owned(),
            subject: number.to_string(),
            detail: String::new(),
        };
        let workspace = if number % 2 == 0 { "main" } else { "other" };
        store.record(workspace, &deed, number - 5).await.unwrap();
    }
    let first = store.deeds("main", None, 2).await.unwrap();
    let subjects: Vec<&str> = first
        .iter()
        .map(|(_, deed)| deed.subject.as_str())
        .collect();
    assert_eq!(subjects, ["8", "6"]);
    let rest = store.deeds("main", Some(first[1].0), 10).await.unwrap();
    let subjects: Vec<&str> = rest.iter().map(|(_, deed)| deed.subject.as_str()).collect();
    assert_eq!(subjects, ["4"]);
}

#[tokio::test]
async fn an_older_store_becomes_a_newer_one_with_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join(STORE_FILE).display()
    );
    let mut connection = SqliteConnection::connect(&address).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE segments (
            workspace TEXT NOT NULL, name TEXT NOT NULL, filter TEXT NOT NULL, description TEXT NOT NULL,
            created INTEGER NOT NULL, changed INTEGER NOT NULL, PRIMARY KEY (workspace, name)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO segments VALUES ('main', 'web', 'channel = web', '', 1, 1);
        PRAGMA user_version = 1",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!(store.segments("main").await.unwrap().len(), 1);
    assert!(!store.owner_exists().await.unwrap());
    join(&store, "main", "anna", Role::Owner).await;
    assert!(store.owner_exists().await.unwrap());
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_reads_the_database_or_its_copy() {
    use std::os::unix::fs::PermissionsExt;
    let (store, folder) = store().await;
    let copy = tempfile::tempdir().unwrap();
    store.copy_into(copy.path()).await.unwrap();
    let mode = |folder: &Path| {
        let metadata = std::fs::metadata(folder.join(STORE_FILE)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode(folder.path()), mode(copy.path())), (0o600, 0o600));
}

#[test]
fn addresses_and_names_are_checked() {
    assert_eq!(
        check_email(" Anna@Example.ORG ").unwrap(),
        "anna@example.org"
    );
    for bad in [
        "",
        "anna",
        "@example.org",
        "anna@",
        "a b@example.org",
        "a@b@c",
        "a@b\r\nx",
        "<a@b>",
    ] {
        assert!(check_email(bad).is_err(), "{bad}");
    }
    assert_eq!(check_person_name(" Anna ").unwrap(), "Anna");
    for bad in ["", " ", "a\nb", &"x".repeat(101)] {
        assert!(check_person_name(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn what_was_tried_in_vain_is_remembered_bounded() {
    let (store, folder) = crate::store().await;
    let remembered = Remembered { time: 100, most: 3 };
    let delay = |_: usize, failed: u32| i64::from(failed / 2) * 10;
    let begin = async |store: &Store, number: u8, now: i64| {
        let tried = [[number; 32]];
        let begun = store.begin_try(&tried, now, remembered, &delay).await;
        begun.unwrap()
    };
    assert_eq!(begin(&store, 1, 0).await, None);
    assert_eq!(begin(&store, 1, 0).await, None);
    assert_eq!(begin(&store, 1, 1).await, Some(10));
    store.close().await;
    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!(begin(&store, 1, 2).await, Some(10));
    // The fourth makes room by the oldest.
    for (number, now) in [(2, 3), (3, 4), (4, 5)] {
        assert_eq!(begin(&store, number, now).await, None);
    }
    assert_eq!(begin(&store, 1, 6).await, None);
    // After long enough it is as if nothing had been.
    assert_eq!(begin(&store, 4, 7).await, None);
    assert_eq!(begin(&store, 4, 8).await, Some(17));
    assert_eq!(begin(&store, 4, 107).await, None);
    store.try_succeeded(&[4; 32], None).await.unwrap();
    assert_eq!(begin(&store, 4, 107).await, None);
    assert_eq!(begin(&store, 4, 107).await, None);
}
