//! Changing the fact sets of a workspace: other profiles for the active one, sets beside it, and
//! taking them away. Building what that needs is [`crate::engine::building`]'s.

use std::sync::Arc;

use upshot_core::time::day_of;

use crate::capture::KeptFacts;
use crate::catalog::{FactSetRole, Transaction};
use crate::engine::capture::kept_facts;
use crate::engine::sets::{FactSet, FactSets, SetId};
use crate::engine::settings::Settings;
use crate::engine::state::Workspace;
use crate::engine::{Inner, Lake, check_workspace_name};
use crate::error::LakeError;
use crate::schema::Table;

/// A fact set of a workspace, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactSetInfo {
    /// The profile by whose name people ask for it.
    pub profile: String,
    /// The name that its facts carry.
    pub fact_set: String,
    /// What it is to the workspace.
    pub role: FactSetRole,
    /// Its profiles: the source (none for all others), the name and the version.
    pub profiles: Vec<(Option<String>, String, u32)>,
    /// How far it is built; nothing where it is whole.
    pub building: Option<Building>,
    /// Whether an older fold made it, which a set that is being built will replace.
    pub outdated: bool,
    /// Sessions in its files.
    pub sessions: u64,
}

/// How far a fact set is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Building {
    /// Events of which the facts are made.
    pub events_done: u64,
    /// Events in files.
    pub events: u64,
    /// Why it does not go on, where the last step failed; it is tried again.
    pub failure: Option<String>,
}

/// What asking for other profiles began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The name of the facts that the profiles make.
    pub fact_set: String,
    /// Whether something is to be built; otherwise everything was as it was asked for.
    pub builds: bool,
}

/// All fact sets of a workspace, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactSetList {
    /// Those that are kept up to date or being built.
    pub sets: Vec<FactSetInfo>,
    /// What older ones left, because the events are no longer kept.
    pub kept: Vec<KeptFacts>,
}

impl Lake {
    /// The fact sets of a workspace.
    pub fn fact_sets(&self, workspace: &str) -> FactSetList {
        let sets = self.inner.sets(workspace);
        let files = self.inner.catalog.file_list(workspace).unwrap_or_default();
        let events = || files.files(Table::Events, None, None);
        let info = |set: &FactSet| FactSetInfo {
            profile: set.profile_name().to_owned(),
            fact_set: set.name.to_string(),
            role: set.role.clone(),
            profiles: set
                .settings
                .profiles()
                .map(|(source, profile)| {
                    let source = source.map(str::to_owned);
                    (source, profile.name().to_owned(), profile.version())
                })
                .collect(),
            building: (!set.is_whole()).then(|| Building {
                events_done: events()
                    .filter(|file| set.built_to != i64::MIN && file.day < day_of(set.built_to))
                    .map(|file| file.rows)
                    .sum(),
                events: events().map(|file| file.rows).sum(),
                failure: set.failure.as_deref().map(str::to_owned),
            }),
            outdated: set.is_whole() && set.is_outdated(),
            sessions: files
                .files(Table::Sessions, None, Some(&set.name))
                .map(|file| file.rows)
                .sum(),
        };
        FactSetList {
            sets: sets.folded().iter().map(info).collect(),
            kept: sets
                .kept
                .iter()
                .map(|name| kept_facts(&files, name))
                .collect(),
        }
    }

    /// Gives a workspace other profiles. Their facts are built in the background, from the events,
    /// while queries read the old ones; then they take their place in one step. Returns when that
    /// has begun: [`Lake::wait_until_built`] waits for its end.
    ///
    /// # Errors
    /// [`LakeError::FactSetRefused`] where the change cannot be made; otherwise when the catalog
    /// cannot be written.
    pub async fn apply_settings(
        &self,
        workspace: &str,
        settings: Settings,
    ) -> Result<Begun, LakeError> {
        self.change_sets(workspace, |sets| {
            let active = sets.active();
            if let Some(begun) = unchanged(active, &settings)? {
                return Ok(Change::none(begun));
            }
            refuse_while_building(sets, &active.name)?;
            refuse_taken_name(sets, &settings, &active.name)?;
            let role = FactSetRole::Next {
                replaces: active.name.to_string(),
            };
            Ok(Change::build(settings, role))
        })
        .await
    }

    /// Adds a fact set that is kept up to date beside the active one, or gives the one of this
    /// profile's name other rules. It is built in the background.
    ///
    /// # Errors
    /// As [`Lake::apply_settings`].
    pub async fn add_fact_set(
        &self,
        workspace: &str,
        settings: Settings,
    ) -> Result<Begun, LakeError> {
        self.change_sets(workspace, |sets| {
            let name = settings.default_profile().name();
            let Some(known) = sets
                .folded()
                .iter()
                .find(|set| set.profile_name() == name && !is_next(set))
            else {
                refuse_taken_name(sets, &settings, "")?;
                return Ok(Change::build(settings, FactSetRole::Additional));
            };
            if known.role == FactSetRole::Active {
                return Err(LakeError::FactSetRefused(format!(
                    "`{name}` is the profile of the active fact set; give the other a name of its own, \
                     or change the active one with `upshot profiles apply`"
                )));
            }
            if let Some(begun) = unchanged(known, &settings)? {
                return Ok(Change::none(begun));
            }
            refuse_while_building(sets, &known.name)?;
            refuse_taken_name(sets, &settings, &known.name)?;
            let role = FactSetRole::Next {
                replaces: known.name.to_string(),
            };
            Ok(Change::build(settings, role))
        })
        .await
    }

    /// Takes away an additional fact set, or stops the building of one: its facts go, the events and
    /// all other sets stay.
    ///
    /// # Errors
    /// [`LakeError::UnknownFactSet`] where there is none of this name, [`LakeError::FactSetRefused`]
    /// for the active one; otherwise when the catalog cannot be written.
    pub async fn remove_fact_set(&self, workspace: &str, name: &str) -> Result<(), LakeError> {
        self.change_sets(workspace, |sets| {
            let of_name = |set: &&FactSet| set.profile_name() == name || &*set.name == name;
            // What is being built goes before what it is to replace.
            let candidates = || sets.folded().iter().filter(of_name);
            let found = candidates()
                .find(|set| is_next(set))
                .or_else(|| candidates().find(|set| set.role == FactSetRole::Additional));
            if let Some(found) = found {
                return Ok(Change {
                    begun: Begun {
                        fact_set: found.name.to_string(),
                        builds: false,
                    },
                    build: None,
                    remove: Some(found.id),
                });
            }
            if candidates().next().is_some() {
                return Err(LakeError::FactSetRefused(format!(
                    "`{name}` is the active fact set; make another one active with `upshot profiles apply`"
                )));
            }
            Err(crate::engine::capture::unknown(sets, name))
        })
        .await
        .map(drop)
    }

    /// Waits until no fact set of the workspace is being built.
    ///
    /// # Errors
    /// When a step of the building failed, or the lake is closed.
    pub async fn wait_until_built(&self, workspace: &str) -> Result<(), LakeError> {
        let mut steps = self.inner.build_steps.subscribe();
        loop {
            let sets = self.inner.sets(workspace);
            let Some(set) = sets.folded().iter().find(|set| !set.is_whole()) else {
                return Ok(());
            };
            if let Some(failure) = &set.failure {
                return Err(LakeError::FactSetFailed {
                    name: set.name.to_string(),
                    reason: failure.to_string(),
                });
            }
            steps
                .changed()
                .await
                .map_err(|_| LakeError::Stopped("the lake is closed".to_owned()))?;
        }
    }

    /// [`Lake::apply_settings`], then [`Lake::wait_until_built`].
    ///
    /// # Errors
    /// As these.
    pub async fn set_settings(
        &self,
        workspace: &str,
        settings: Settings,
    ) -> Result<Begun, LakeError> {
        let begun = self.apply_settings(workspace, settings).await?;
        self.wait_until_built(workspace).await?;
        Ok(begun)
    }

    /// Decides on a change of the fact sets where nobody else commits, and makes it.
    async fn change_sets(
        &self,
        workspace: &str,
        decide: impl FnOnce(&FactSets) -> Result<Change, LakeError>,
    ) -> Result<Begun, LakeError> {
        check_workspace_name(workspace)?;
        let inner = &self.inner;
        let _committing = inner.committing.lock().await;
        let now = inner.now();
        inner.catalog.create_workspace(workspace, now).await?;
        let mut sets = FactSets::clone(&inner.sets(workspace));
        let change = decide(&sets)?;
        let mut transaction = Transaction {
            workspace: workspace.to_owned(),
            now,
            message: "change of fact sets".to_owned(),
            ..Transaction::default()
        };
        if let Some(set) = change.remove.and_then(|id| sets.get(id)) {
            transaction.end = files_of_set(inner, workspace, &set.name);
            transaction.fact_sets_remove.push(set.name.to_string());
        }
        if let Some(id) = change.remove {
            sets.remove(id);
        }
        if let Some((settings, role)) = change.build {
            sets.push(Arc::new(settings), role, i64::MIN, false);
        }
        // The active one is written down with the first change, also where that changes nothing.
        let unstored = sets.folded().iter().filter(|set| !set.stored);
        transaction.fact_sets = unstored.map(FactSet::to_stored).collect();
        inner.commit(transaction).await?;
        sets.all_stored();
        settle(inner, workspace, sets, change.remove);
        inner.build_wanted.notify_one();
        Ok(change.begun)
    }
}

/// What becomes of the fact sets.
struct Change {
    begun: Begun,
    build: Option<(Settings, FactSetRole)>,
    remove: Option<SetId>,
}

impl Change {
    fn none(begun: Begun) -> Self {
        Self {
            begun,
            build: None,
            remove: None,
        }
    }

    fn build(settings: Settings, role: FactSetRole) -> Self {
        Self {
            begun: Begun {
                fact_set: settings.fact_set(),
                builds: true,
            },
            build: Some((settings, role)),
            remove: None,
        }
    }
}

fn is_next(set: &FactSet) -> bool {
    matches!(set.role, FactSetRole::Next { .. })
}

/// What to answer where the set is what was asked for already.
fn unchanged(set: &FactSet, settings: &Settings) -> Result<Option<Begun>, LakeError> {
    if *set.name != *settings.fact_set() {
        return Ok(None);
    }
    if !set.settings.same_rules(settings) {
        return Err(LakeError::FactSetRefused(format!(
            "the facts of `{}` were made by other rules; count the profile's `version` up, so that \
             the two can be told apart",
            set.name
        )));
    }
    Ok(Some(Begun {
        fact_set: set.name.to_string(),
        builds: !set.is_whole(),
    }))
}

fn refuse_while_building(sets: &FactSets, replaced: &str) -> Result<(), LakeError> {
    let building = sets
        .folded()
        .iter()
        .find(|set| matches!(&set.role, FactSetRole::Next { replaces } if replaces == replaced));
    match building {
        None => Ok(()),
        Some(set) => Err(LakeError::FactSetRefused(format!(
            "`{}` is being built already; wait for it, or stop it with `upshot profiles remove {}`",
            set.name,
            set.profile_name()
        ))),
    }
}

/// Two sets of one workspace never have the same name, be it that of the profile or of the facts.
fn refuse_taken_name(
    sets: &FactSets,
    settings: &Settings,
    replaced: &str,
) -> Result<(), LakeError> {
    let profile = settings.default_profile().name();
    let fact_set = settings.fact_set();
    let taken = sets.folded().iter().any(|set| {
        let same = set.profile_name() == profile || *set.name == *fact_set;
        same && *set.name != *replaced
    });
    if !taken {
        return Ok(());
    }
    Err(LakeError::FactSetRefused(format!(
        "the workspace has another fact set of the profile `{profile}`; take it away first with \
         `upshot profiles remove {profile}`"
    )))
}

/// The live files of facts of this set.
pub(crate) fn files_of_set(inner: &Inner, workspace: &str, name: &str) -> Vec<i64> {
    Table::FACTS
        .into_iter()
        .flat_map(|table| {
            inner.files_of(workspace, table, i32::MIN..=i32::MAX - 1, None, Some(name))
        })
        .map(|file| file.id)
        .collect()
}

/// Gives memory the fact sets and files of a commit.
pub(crate) fn settle(inner: &Inner, workspace: &str, sets: FactSets, removed: Option<SetId>) {
    let mut state = inner.lock_state();
    let memory = state.workspace_or_insert(&workspace.into(), &inner.built_in);
    settle_memory(inner, memory, sets, removed);
}

/// As [`settle`], for who holds the lock.
pub(crate) fn settle_memory(
    inner: &Inner,
    memory: &mut Workspace,
    sets: FactSets,
    removed: Option<SetId>,
) {
    let wider = sets.cut_gap() > memory.sets.cut_gap();
    memory.sets = Arc::new(sets);
    memory.files = inner.catalog.file_list(&memory.name).unwrap_or_default();
    memory.version += 1;
    if let Some(removed) = removed {
        memory.forget_set(removed);
    }
    let whole = memory.sets.folded().iter().all(FactSet::is_whole);
    if wider || !whole {
        // More hangs together than was looked up, or a set that is being built needs what lies before the
        // cuts of the others.
        let conversations = memory.shards.iter().flat_map(|shard| &shard.conversations);
        let ids: Vec<Box<str>> = conversations
            .filter(|(_, known)| wider || known.cuts.is_cut())
            .map(|(id, _)| id.clone())
            .collect();
        for id in ids {
            memory.look_up_again(&id);
        }
    }
}
