//! The fact sets of a workspace: the facts that each choice of profiles makes of the same events,
//! side by side. One is active; others are kept up to date beside it, or are being built to take
//! the place of one.

use std::sync::Arc;

use upshot_core::EventView;
use upshot_core::facts::{Message, Session, Step};
use upshot_core::fold::{FOLD_VERSION, Facts};

use crate::catalog;
use crate::catalog::FactSetRole;
use crate::engine::settings::Settings;

/// Tells the fact sets of a workspace apart in memory, for as long as the program runs. No number
/// comes twice.
pub(crate) type SetId = u32;

/// One fact set.
#[derive(Debug, Clone)]
pub(crate) struct FactSet {
    pub id: SetId,
    /// The name that its files carry.
    pub name: Arc<str>,
    /// Its profiles.
    pub settings: Arc<Settings>,
    /// Whether the workspace has chosen these profiles, and not just those of a new workspace.
    pub chosen: bool,
    pub role: FactSetRole,
    /// The facts of what begins before this time are there; [`i64::MAX`] for all.
    pub built_to: i64,
    /// Whether the catalog knows of it.
    pub stored: bool,
    /// Why the last step of its building failed.
    pub failure: Option<Arc<str>>,
}

impl FactSet {
    /// The name by which people ask for it: that of its profile for everything.
    pub fn profile_name(&self) -> &str {
        self.settings.default_profile().name()
    }

    /// Whether all facts are there.
    pub fn is_whole(&self) -> bool {
        self.built_to == i64::MAX
    }

    /// Whether an older fold, or an older version of a profile that came with the program, made it.
    pub fn is_outdated(&self) -> bool {
        *self.name != *self.settings.fact_set()
    }

    /// As the catalog keeps it.
    pub fn to_stored(&self) -> catalog::FactSet {
        catalog::FactSet {
            name: self.name.to_string(),
            profile_toml: if self.chosen {
                self.settings.to_stored()
            } else {
                String::new()
            },
            fold_version: FOLD_VERSION,
            role: self.role.clone(),
            built_to: self.built_to,
        }
    }

    /// Leaves out of the facts of a conversation what is still to be built: the sessions of
    /// stretches of events, each divided from the next by a silence longer than this set's gap, that
    /// begin where the building has not come yet.
    pub fn leave_out_unbuilt<E: EventView>(&self, events: &[E], facts: &mut Facts) {
        if self.is_whole() {
            return;
        }
        let gap = self.settings.cut_gap();
        let unbuilt: Vec<(i64, i64)> = stretches(events.iter().map(EventView::time), gap)
            .into_iter()
            .filter(|(from, _)| *from >= self.built_to)
            .collect();
        leave_out(facts, &unbuilt);
    }
}

/// Leaves out the facts of sessions that begin in these stretches of time.
pub(crate) fn leave_out(facts: &mut Facts, stretches: &[(i64, i64)]) {
    let inside = |time: i64| {
        stretches
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&time))
    };
    facts
        .sessions
        .retain(|session: &Session| !inside(session.start_time));
    facts
        .messages
        .retain(|message: &Message| !inside(message.session_start));
    facts
        .steps
        .retain(|step: &Step| !inside(step.session_start));
}

/// The stretches of times, which are in order, that a silence longer than `gap` divides: the first
/// and the last time of each.
pub(crate) fn stretches(times: impl Iterator<Item = i64>, gap: i64) -> Vec<(i64, i64)> {
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for time in times {
        match stretches.last_mut() {
            Some(last) if time <= last.1.saturating_add(gap) => last.1 = last.1.max(time),
            _ => stretches.push((time, time)),
        }
    }
    stretches
}

/// The fact sets of a workspace. A flush copies them and is sure of its copy, because they change
/// only where nobody else commits.
#[derive(Debug, Clone)]
pub(crate) struct FactSets {
    /// All that the fold works for; the active one is among them.
    folded: Vec<FactSet>,
    /// Names of sets of which facts are left whose events are no longer kept.
    pub kept: Vec<Arc<str>>,
    next_id: SetId,
}

impl FactSets {
    /// The active one alone.
    pub fn new(name: &str, settings: Arc<Settings>, chosen: bool, stored: bool) -> Self {
        let active = FactSet {
            id: 0,
            name: name.into(),
            settings,
            chosen,
            role: FactSetRole::Active,
            built_to: i64::MAX,
            stored,
            failure: None,
        };
        Self {
            folded: vec![active],
            kept: Vec::new(),
            next_id: 1,
        }
    }

    /// Those of a workspace that has chosen no profiles.
    pub fn built_in(settings: Arc<Settings>) -> Self {
        Self::new(&settings.fact_set(), settings, false, false)
    }

    /// The one that queries read which name none.
    pub fn active(&self) -> &FactSet {
        let active = |set: &&FactSet| set.role == FactSetRole::Active;
        self.folded
            .iter()
            .find(active)
            .unwrap_or_else(|| unreachable!("a workspace always has an active fact set"))
    }

    /// All that the fold works for.
    pub fn folded(&self) -> &[FactSet] {
        &self.folded
    }

    /// The whole one of this name: that of its profile, or that of its facts.
    pub fn find(&self, name: &str) -> Option<&FactSet> {
        let whole = || self.folded.iter().filter(|set| set.is_whole());
        whole()
            .find(|set| set.profile_name() == name && set.role == FactSetRole::Active)
            .or_else(|| whole().find(|set| set.profile_name() == name))
            .or_else(|| whole().find(|set| &*set.name == name))
    }

    /// The one with this number.
    pub fn get(&self, id: SetId) -> Option<&FactSet> {
        self.folded.iter().find(|set| set.id == id)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: SetId) -> Option<&mut FactSet> {
        self.folded.iter_mut().find(|set| set.id == id)
    }

    /// Adds one; gives its number.
    pub fn push(
        &mut self,
        settings: Arc<Settings>,
        role: FactSetRole,
        built_to: i64,
        stored: bool,
    ) -> SetId {
        let id = self.next_id;
        self.next_id += 1;
        self.folded.push(FactSet {
            id,
            name: settings.fact_set().into(),
            settings,
            chosen: true,
            role,
            built_to,
            stored,
            failure: None,
        });
        id
    }

    /// Adds one as the catalog knows it.
    pub fn push_stored(&mut self, stored: &catalog::FactSet, settings: Arc<Settings>) {
        let role = stored.role.clone();
        let id = self.push(settings, role, stored.built_to, true);
        if let Some(set) = self.get_mut(id) {
            set.name = stored.name.as_str().into();
        }
    }

    /// Begins to build anew what an older fold made.
    pub fn renew_outdated(&mut self) {
        let is_renewed = |name: &str| {
            self.folded
                .iter()
                .any(|set| matches!(&set.role, FactSetRole::Next { replaces } if replaces == name))
        };
        let outdated: Vec<FactSet> = self
            .folded
            .iter()
            .filter(|set| set.is_whole() && set.is_outdated() && !is_renewed(&set.name))
            .cloned()
            .collect();
        for set in outdated {
            let role = FactSetRole::Next {
                replaces: set.name.to_string(),
            };
            let id = self.push(set.settings, role, i64::MIN, false);
            if let Some(next) = self.get_mut(id) {
                next.chosen = set.chosen;
            }
        }
    }

    /// Takes one away.
    pub fn remove(&mut self, id: SetId) {
        self.folded.retain(|set| set.id != id);
    }

    /// The catalog knows of all.
    pub fn all_stored(&mut self) {
        for set in &mut self.folded {
            set.stored = true;
        }
    }

    /// The longest silence within which events of a conversation hang together in any of them, in
    /// microseconds.
    pub fn cut_gap(&self) -> i64 {
        self.folded
            .iter()
            .map(|set| set.settings.cut_gap())
            .max()
            .unwrap_or_default()
    }
}
