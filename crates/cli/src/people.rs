//! `upshot people`: who takes part in a workspace.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use upshot_server::access::people::{
    Invitation, MadeLink, People, PersonOfWorkspace, make_invitation, make_reset,
};
use upshot_server::access::record::record;
use upshot_store::{Deed, Role, Store};

use crate::arguments::{Common, OutputFormat, ServerChoice};
use crate::client::{path_part, read};
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::session::{close, existing_store, now, open_existing, open_lake, open_store};

const PATH: &str = "/api/v1/people";

/// Who did it, in the record of what was done.
pub const COMMAND_LINE: &str = "the command line";

/// `upshot people`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  \
    upshot people invite --role owner anna@example.org\n  \
    upshot people invite --role viewer ben@example.org --server http://127.0.0.1:7700\n  \
    upshot people reset anna@example.org\n\n\
    A link is shown once: give it to whom it is for. docs/people.md says what each role may do. With --server, the key \
    is the server's own or one with the scope admin."
)]
pub struct PeopleArguments {
    /// Where to ask for them.
    #[command(flatten)]
    pub server: ServerChoice,
    /// What to do.
    #[command(subcommand)]
    pub action: Option<PeopleAction>,
}

/// What `upshot people` does.
#[derive(Debug, Subcommand)]
pub enum PeopleAction {
    /// List who takes part and who was invited; so does no action at all
    List(ListArguments),
    /// Make a link by which somebody comes in, good for a week, once
    Invite(InviteArguments),
    /// Make a link by which somebody sets a new password, good for a day, once
    Reset(PersonArguments),
    /// Take somebody out of the workspace, or an invitation back
    Remove(PersonArguments),
}

/// `upshot people list`.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// Where to ask for them.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `upshot people invite`.
#[derive(Debug, Args)]
pub struct InviteArguments {
    /// The e-mail address
    #[arg(value_name = "EMAIL")]
    pub email: String,
    /// What they will be
    #[arg(long, value_enum)]
    pub role: RoleChoice,
    /// Where to invite them.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `upshot people reset` and `remove`.
#[derive(Debug, Args)]
pub struct PersonArguments {
    /// The e-mail address, or the id
    #[arg(value_name = "EMAIL")]
    pub person: String,
    /// Where they are.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// The roles.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleChoice {
    /// May do everything.
    Owner,
    /// Sets the workspace up, and says who takes part, owners apart.
    Admin,
    /// Reads everything, exports, and defines what others look at.
    Analyst,
    /// Reads numbers.
    Viewer,
    /// Reads conversations, and notes what they think of them.
    Agent,
}

impl RoleChoice {
    const fn role(self) -> Role {
        match self {
            Self::Owner => Role::Owner,
            Self::Admin => Role::Admin,
            Self::Analyst => Role::Analyst,
            Self::Viewer => Role::Viewer,
            Self::Agent => Role::Agent,
        }
    }
}

/// Runs the command.
pub async fn run(common: &Common, arguments: PeopleArguments) -> Result<u8, Failure> {
    match arguments.action {
        None => print(common, &all(common, &arguments.server).await?)?,
        Some(PeopleAction::List(list)) => print(common, &all(common, &list.server).await?)?,
        Some(PeopleAction::Invite(invite)) => {
            let made = make(common, &invite).await?;
            print_link(common, &invite.server, &made)?;
        }
        Some(PeopleAction::Reset(person)) => {
            let made = reset(common, &person).await?;
            print_link(common, &person.server, &made)?;
        }
        Some(PeopleAction::Remove(person)) => {
            remove(common, &person).await?;
            output::note(common, &format!("removed `{}`", person.person));
        }
    }
    Ok(0)
}

/// Opens the data directory, does something with what people set in it, and closes it.
pub async fn with_store<T>(
    common: &Common,
    work: impl AsyncFnOnce(&Store) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let lake = open_lake(common).await?;
    lake.check_workspace(&common.workspace)?;
    let store = open_store(common).await?;
    let done = work(&store).await;
    store.close().await;
    close(common, &lake).await?;
    done
}

/// Notes in the record what was done here.
pub async fn note(
    common: &Common,
    store: &Store,
    action: &str,
    (subject, detail): (&str, &str),
) -> Result<(), Failure> {
    let deed = Deed {
        time: now(),
        who: COMMAND_LINE.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    };
    Ok(record(store, &common.workspace, deed).await?)
}

/// The same for whoever has no store open.
pub async fn note_alone(common: &Common, action: &str, said: (&str, &str)) -> Result<(), Failure> {
    let store = open_store(common).await?;
    let noted = note(common, &store, action, said).await;
    store.close().await;
    noted
}

async fn all(common: &Common, server: &ServerChoice) -> Result<People, Failure> {
    if let Some(client) = server.client() {
        return read(client.ask("GET", PATH, &common.workspace).await?);
    }
    let lake = open_existing(common).await?;
    let found = match existing_store(common).await? {
        None => Ok(People {
            people: Vec::new(),
            invitations: Vec::new(),
        }),
        Some(store) => {
            let found = of_store(common, &store).await;
            store.close().await;
            found
        }
    };
    close(common, &lake).await?;
    found
}

async fn of_store(common: &Common, store: &Store) -> Result<People, Failure> {
    let members = store.members(&common.workspace).await?;
    let links = store.links(&common.workspace, "invitation").await?;
    let links = links.into_iter().filter(|link| link.is_good(now()));
    Ok(People {
        people: members.into_iter().map(Into::into).collect(),
        invitations: links.filter_map(Invitation::of).collect(),
    })
}

async fn make(common: &Common, invite: &InviteArguments) -> Result<MadeLink, Failure> {
    let role = invite.role.role();
    if let Some(client) = invite.server.client() {
        let body = json!({ "email": invite.email, "role": role.as_str() });
        let body = body.to_string().into_bytes();
        let path = format!("{PATH}/invitations");
        let made = client.post(&path, &common.workspace, "application/json", body);
        return read(made.await?);
    }
    with_store(common, async |store| {
        let (workspace, email) = (&common.workspace, &invite.email);
        let made = make_invitation(store, workspace, email, role, COMMAND_LINE, now()).await?;
        note(common, store, "person.invite", (email, role.as_str())).await?;
        Ok(made)
    })
    .await
}

async fn reset(common: &Common, named: &PersonArguments) -> Result<MadeLink, Failure> {
    if let Some(client) = named.server.client() {
        let person = one(common, &all(common, &named.server).await?, &named.person)?;
        let path = format!("{PATH}/{}/reset", path_part(&person.id));
        return read(client.ask("POST", &path, &common.workspace).await?);
    }
    with_store(common, async |store| {
        let person = one(common, &of_store(common, store).await?, &named.person)?;
        let (workspace, id) = (&common.workspace, &person.id);
        let made = make_reset(store, workspace, id, COMMAND_LINE, now()).await?;
        note(common, store, "person.reset", (&person.email, "")).await?;
        Ok(made)
    })
    .await
}

async fn remove(common: &Common, named: &PersonArguments) -> Result<(), Failure> {
    let workspace = &common.workspace;
    if let Some(client) = named.server.client() {
        let people = all(common, &named.server).await?;
        let path = match invited(&people, &named.person) {
            Some(invitation) => format!("{PATH}/invitations/{}", path_part(&invitation.id)),
            None => format!(
                "{PATH}/{}",
                path_part(&one(common, &people, &named.person)?.id)
            ),
        };
        client.ask("DELETE", &path, workspace).await?;
        return Ok(());
    }
    with_store(common, async |store| {
        let people = of_store(common, store).await?;
        if let Some(invitation) = invited(&people, &named.person) {
            store
                .remove_link(workspace, "invitation", &invitation.id)
                .await?;
            return note(common, store, "person.uninvite", (&invitation.email, "")).await;
        }
        let person = one(common, &people, &named.person)?;
        store.remove_member(workspace, &person.id).await?;
        note(common, store, "person.remove", (&person.email, "")).await
    })
    .await
}

fn invited<'a>(people: &'a People, named: &str) -> Option<&'a Invitation> {
    let mut all = people.invitations.iter();
    all.find(|invitation| invitation.id == named || invitation.email.eq_ignore_ascii_case(named))
}

fn one(common: &Common, people: &People, named: &str) -> Result<PersonOfWorkspace, Failure> {
    let mut all = people.people.iter();
    let found = all.find(|person| person.id == named || person.email.eq_ignore_ascii_case(named));
    found.cloned().ok_or_else(|| {
        Failure::failed(format!(
            "there is no `{named}` in workspace `{}`; `upshot people` lists who is",
            common.workspace
        ))
    })
}

fn print_link(common: &Common, server: &ServerChoice, made: &MadeLink) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(made);
    }
    match server.server.as_deref() {
        Some(url) => output::line(&format!("{}{}", url.trim_end_matches('/'), made.link)),
        None => {
            output::note(common, "to be opened behind the server's address:");
            output::line(&made.link)
        }
    }
}

fn print(common: &Common, people: &People) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(people);
    }
    let columns = ["person", "email", "role", "last seen", "id"].map(Column::text);
    let member = |person: &PersonOfWorkspace| {
        vec![
            person.name.clone(),
            person.email.clone(),
            word(&person.role),
            person.last_seen.clone().unwrap_or_default(),
            person.id.clone(),
        ]
    };
    let invitation = |invitation: &Invitation| {
        vec![
            "(invited)".to_owned(),
            invitation.email.clone(),
            word(&invitation.role),
            String::new(),
            invitation.id.clone(),
        ]
    };
    let mut rows: Vec<Vec<String>> = people.people.iter().map(member).collect();
    rows.extend(people.invitations.iter().map(invitation));
    output::rows(common, &columns, &rows)
}

fn word(role: &upshot_server::access::RoleName) -> String {
    Role::from(*role).to_string()
}
