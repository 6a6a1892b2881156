//! Who was erased, as keyed hashes: what names such a user, or belongs to such a conversation, is not taken in again.
//!
//! The hash is that of a user or a conversation of one workspace, by the secret of the data directory. Who has the list
//! and not the secret can neither turn it back nor try ids against it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use crate::engine::Inner;
use crate::engine::ingest::Request;
use crate::engine::state::Incoming;
use crate::error::LakeError;

/// A keyed hash.
pub(crate) type Hash = [u8; 16];
/// Keyed hashes of users and conversations.
pub(crate) type List = FxHashSet<Hash>;

/// Makes keyed hashes (HMAC-SHA-256, RFC 2104, the first 128 bits).
#[derive(Clone)]
pub(crate) struct Keyed {
    inner: Sha256,
    outer: Sha256,
}

impl Keyed {
    /// With this key.
    pub fn new(secret: &[u8; 32]) -> Self {
        let mut block = [0; 64];
        block[..32].copy_from_slice(secret);
        let begun = |mask: u8| Sha256::new().chain_update(block.map(|byte| byte ^ mask));
        Self {
            inner: begun(0x36),
            outer: begun(0x5c),
        }
    }

    /// The hash of a user.
    pub fn user(&self, workspace: &str, id: &str) -> Hash {
        self.hash("erased user", workspace, id)
    }

    /// The hash of a conversation.
    pub fn conversation(&self, workspace: &str, id: &str) -> Hash {
        self.hash("erased conversation", workspace, id)
    }

    fn hash(&self, what: &str, workspace: &str, id: &str) -> Hash {
        let mut inner = self.inner.clone();
        for part in [what, workspace, id] {
            inner.update((part.len() as u64).to_le_bytes());
            inner.update(part);
        }
        let mut outer = self.outer.clone();
        outer.update(inner.finalize());
        let whole: [u8; 32] = outer.finalize().into();
        let mut hash = [0; 16];
        hash.copy_from_slice(&whole[..16]);
        hash
    }
}

/// The lists of all workspaces.
#[derive(Debug, Default)]
pub(crate) struct Erased {
    lists: BTreeMap<Arc<str>, Arc<List>>,
    /// Workspaces in which an erasure was asked for and what it is about is not gone yet.
    pub asked: BTreeSet<Arc<str>>,
}

impl Erased {
    /// The list of a workspace; nothing where nobody was erased.
    pub fn list(&self, workspace: &str) -> Option<Arc<List>> {
        self.lists.get(workspace).cloned()
    }

    /// Adds to the list of a workspace.
    pub fn add(&mut self, workspace: &str, hashes: impl IntoIterator<Item = Hash>) {
        let list = self.lists.entry(workspace.into()).or_default();
        Arc::make_mut(list).extend(hashes);
    }
}

/// Leaves out the events of erased users, and all others of their conversations; gives how many they were, and the
/// hashes of conversations that are not on the list yet.
fn sift(
    keyed: &Keyed,
    list: &List,
    workspace: &str,
    events: &mut Vec<(usize, Incoming)>,
) -> (usize, Vec<Hash>) {
    let mut users: FxHashMap<Box<str>, bool> = FxHashMap::default();
    let mut conversations: FxHashMap<Box<str>, bool> = FxHashMap::default();
    let mut new = Vec::new();
    for (_, event) in events.iter() {
        let user = event.user_id.as_deref().is_some_and(|user| {
            if let Some(known) = users.get(user) {
                return *known;
            }
            let listed = list.contains(&keyed.user(workspace, user));
            users.insert(user.into(), listed);
            listed
        });
        let id = &event.conversation_id;
        match conversations.get_mut(id) {
            Some(listed) if user && !*listed => {
                *listed = true;
                new.push(keyed.conversation(workspace, id));
            }
            Some(_) => {}
            None => {
                let hash = keyed.conversation(workspace, id);
                let listed = list.contains(&hash);
                if user && !listed {
                    new.push(hash);
                }
                conversations.insert(id.clone(), user || listed);
            }
        }
    }
    let before = events.len();
    events.retain(|(_, event)| conversations.get(&event.conversation_id) != Some(&true));
    (before - events.len(), new)
}

/// Leaves out of requests what is of erased users and conversations. A conversation in which such a user takes part is
/// erased from then on: that is durable when this returns.
pub(crate) fn leave_out(inner: &Inner, requests: &mut [Request]) -> Result<(), LakeError> {
    for request in requests {
        let Some(list) = inner.lock_state().erased.list(&request.workspace) else {
            continue;
        };
        let workspace = request.workspace.clone();
        let (count, new) = sift(&inner.keyed, &list, &workspace, &mut request.events);
        request.receipt.erased += count;
        if !new.is_empty() {
            let kept = inner.catalog.list_erased(&workspace, &new);
            inner.noted(inner.runtime.block_on(kept))?;
            inner.lock_state().erased.add(&workspace, new);
        }
    }
    Ok(())
}

/// The same without remembering anything.
pub(crate) fn foresee(inner: &Inner, requests: &mut [Request]) {
    for request in requests {
        if let Some(list) = inner.lock_state().erased.list(&request.workspace) {
            let workspace = request.workspace.clone();
            let (count, _) = sift(&inner.keyed, &list, &workspace, &mut request.events);
            request.receipt.erased += count;
        }
    }
}

/// Leaves out of what the log held what was erased since. Where an erasure has not found yet what it is about, it is
/// found there too.
pub(crate) fn leave_out_recovered(
    inner: &Inner,
    workspace: &str,
    events: &mut Vec<(usize, Incoming)>,
) {
    let list = {
        let state = inner.lock_state();
        match state.erased.asked.contains(workspace) {
            true => None,
            false => state.erased.list(workspace),
        }
    };
    if let Some(list) = list {
        sift(&inner.keyed, &list, workspace, events);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn hashes_differ_by_key_kind_workspace_and_id() {
        let keyed = Keyed::new(&[7; 32]);
        let other = Keyed::new(&[8; 32]);
        let all = [
            keyed.user("main", "anna"),
            keyed.user("main", "ben"),
            keyed.user("other", "anna"),
            keyed.conversation("main", "anna"),
            other.user("main", "anna"),
        ];
        let different: BTreeSet<Hash> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(keyed.user("main", "anna"), all[0]);
    }
}
