//! What has been worked out on a graph, and on earlier ones as far as it is still true.

use std::sync::{Arc, OnceLock};

use foldhash::HashSet;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::known::{Brief, Impact};
use crate::catalog::services::rules::Service;
use crate::incidents::rules::Severity;
use crate::shared::ids::Id;

/// What fails, and how much of it.
pub(super) type Failure = (Box<[Uuid]>, Severity);

/// The failure of these services together, however they are listed.
pub(super) fn failure(failed: &[Id<Service>], severity: Severity) -> Failure {
    let mut failed: Vec<Uuid> = failed.iter().map(|service| service.key()).collect();
    failed.sort_unstable();
    failed.dedup();
    (failed.into_boxed_slice(), severity)
}

/// How much is kept: entries of paths and what goes with them, of some 16 bytes each.
const KEPT: u64 = 4_000_000;
/// After how many changed services nothing of what was known is looked through any more.
const MANY: usize = 1_000;

/// Impacts that have been worked out.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) impacts: Cache<Failure, Arc<Impact>, Size>,
    pub(super) briefs: Cache<Failure, Arc<Brief>, Size>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            impacts: Cache::with_weighter(1_000, KEPT, Size),
            briefs: Cache::with_weighter(10_000, KEPT, Size),
        }
    }
}

impl Known {
    /// What is not about the failure of any of these services.
    fn without(&self, hit: &HashSet<Uuid>) -> Self {
        let stays = |(failed, _): &Failure| !failed.iter().any(|service| hit.contains(service));
        let kept = Self::default();
        for (failure, impact) in self.impacts.iter().filter(|(failure, _)| stays(failure)) {
            kept.impacts.insert(failure, impact);
        }
        for (failure, brief) in self.briefs.iter().filter(|(failure, _)| stays(failure)) {
            kept.briefs.insert(failure, brief);
        }
        kept
    }
}

/// What is known on one graph. A copy of the graph knows the same until one of them changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    known: Arc<OnceLock<Known>>,
    earlier: Option<Earlier>,
}

/// What was known on an earlier graph.
#[derive(Clone, Debug)]
struct Earlier {
    known: Arc<OnceLock<Known>>,
    /// The services that have changed since.
    changed: imbl::Vector<Uuid>,
}

impl Memory {
    /// Says that these services have changed, or what they are for, or that they needed what a changed one did. The graph from before
    /// the change, which others may still read, keeps what it knows to itself.
    pub(super) fn forget(&mut self, changed: impl IntoIterator<Item = Uuid>) {
        let known = std::mem::take(&mut self.known);
        if known.get().is_some() {
            let changed = imbl::Vector::new();
            self.earlier = Some(Earlier { known, changed });
        }
        if let Some(earlier) = &mut self.earlier {
            earlier.changed.extend(changed);
            if earlier.changed.len() > MANY {
                self.earlier = None;
            }
        }
    }

    /// What is known on this graph. `reach` says whose failures reach one of these services; none if they are too many.
    pub(super) fn known(
        &self,
        reach: impl FnOnce(&imbl::Vector<Uuid>) -> Option<HashSet<Uuid>>,
    ) -> &Known {
        self.known.get_or_init(|| {
            let earlier = self.earlier.as_ref();
            let kept = earlier.and_then(|Earlier { known, changed }| {
                let hit = reach(changed)?;
                Some(known.get()?.without(&hit))
            });
            kept.unwrap_or_default()
        })
    }
}

#[derive(Clone, Debug)]
pub(super) struct Size;

impl Weighter<Failure, Arc<Impact>> for Size {
    fn weight(&self, (failed, _): &Failure, impact: &Arc<Impact>) -> u64 {
        (failed.len() + impact.size() + 8) as u64
    }
}

impl Weighter<Failure, Arc<Brief>> for Size {
    fn weight(&self, (failed, _): &Failure, brief: &Arc<Brief>) -> u64 {
        let paths = brief.first.iter().map(|outcome| outcome.path.len() + 3);
        (paths.sum::<usize>() + failed.len() + 8) as u64
    }
}
