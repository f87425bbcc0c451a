//! What needs each service and what each is for, packed so that a search reads little memory.
//!
//! A search over half of a large catalog spends its time waiting for memory. So the edges of neighbouring places stand side by side in
//! one page: what needs a service, then the outcomes that it is for. Pages are shared between the states of a catalog, and a change
//! copies one. The few services that very many need, or that are for very many outcomes, have theirs beside the page, so
//! that its neighbours' changes don't copy them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rules::Place;

/// How many places share a page.
const PAGE: usize = 32;
/// From how many edges on a service's stand beside its page.
const MANY: usize = 64;

/// To where, and what share is lost that way, in (0, 1].
pub(super) type Edge = (Place, f64);

/// Edges by place.
#[derive(Clone, Debug, Default)]
pub(super) struct Edges {
    pages: Arc<Vec<Arc<Page>>>,
}

#[derive(Clone, Debug)]
struct Page {
    /// Which places can lose something: a bit for each.
    can_lose: u32,
    /// Where in `edges` the dependents of the first place begin, then its contributions, the dependents of the second, and so on.
    starts: [u16; 2 * PAGE + 1],
    edges: Vec<Edge>,
    /// What needs those that very many need.
    hubs: BTreeMap<usize, imbl::OrdMap<Place, f64>>,
    /// What those are for that are for very much.
    wide: BTreeMap<usize, Arc<[Edge]>>,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            can_lose: 0,
            starts: [0; 2 * PAGE + 1],
            edges: Vec::new(),
            hubs: BTreeMap::new(),
            wide: BTreeMap::new(),
        }
    }
}

impl Edges {
    /// Whether there is a service at the place that can lose something.
    pub(super) fn can_lose(&self, place: Place) -> bool {
        self.page(place)
            .is_some_and(|(page, at)| page.can_lose >> at & 1 == 1)
    }

    /// Calls back with each service that needs this one.
    pub(super) fn each_dependent(&self, place: Place, mut visit: impl FnMut(Place, f64)) {
        let Some((page, at)) = self.page(place) else {
            return;
        };
        let few = page.part(2 * at);
        for &(place, share) in few {
            visit(place, share);
        }
        if !page.hubs.is_empty()
            && let Some(many) = page.hubs.get(&at)
        {
            for (&place, &share) in many {
                visit(place, share);
            }
        }
    }

    /// The outcomes that the service is for.
    pub(super) fn contributions(&self, place: Place) -> &[Edge] {
        let Some((page, at)) = self.page(place) else {
            return &[];
        };
        let few = page.part(2 * at + 1);
        if few.is_empty() && !page.wide.is_empty() {
            return page.wide.get(&at).map_or(few, |many| many);
        }
        few
    }

    /// Reads the first and the last edge of a service.
    pub(super) fn touch(&self, place: Place) -> f64 {
        let share = |edge: Option<&Edge>| edge.map_or(0.0, |(_, share)| *share);
        self.page(place).map_or(0.0, |(page, at)| {
            let all = &page.edges[page.start(2 * at)..page.start(2 * at + 2)];
            share(all.first()) + share(all.last())
        })
    }

    /// Says whether a service can lose something, and what it is for.
    pub(super) fn set(&mut self, place: Place, can_lose: bool, contributions: Vec<Edge>) {
        let (page, at) = self.page_mut(place);
        page.can_lose = page.can_lose & !(1 << at) | u32::from(can_lose) << at;
        page.wide.remove(&at);
        if contributions.len() > MANY {
            page.replace(2 * at + 1, []);
            page.wide.insert(at, contributions.into());
        } else {
            page.replace(2 * at + 1, contributions);
        }
    }

    /// Says that one service needs another, and how much.
    pub(super) fn insert(&mut self, needed: Place, dependent: Place, strength: f64) {
        let (page, at) = self.page_mut(needed);
        if let Some(many) = page.hubs.get_mut(&at) {
            many.insert(dependent, strength);
            return;
        }
        let mut few = page.part(2 * at).to_vec();
        few.retain(|(other, _)| *other != dependent);
        few.push((dependent, strength));
        if few.len() > MANY {
            page.replace(2 * at, []);
            page.hubs.insert(at, few.into());
        } else {
            page.replace(2 * at, few);
        }
    }

    /// Says that one service does not need another any more.
    pub(super) fn remove(&mut self, needed: Place, dependent: Place) {
        let (page, at) = self.page_mut(needed);
        if let Some(many) = page.hubs.get_mut(&at) {
            many.remove(&dependent);
            if many.is_empty() {
                page.hubs.remove(&at);
            }
            return;
        }
        let mut few = page.part(2 * at).to_vec();
        few.retain(|(other, _)| *other != dependent);
        page.replace(2 * at, few);
    }

    fn page(&self, place: Place) -> Option<(&Page, usize)> {
        let page = self.pages.get(place as usize / PAGE)?;
        Some((page, place as usize % PAGE))
    }

    fn page_mut(&mut self, place: Place) -> (&mut Page, usize) {
        let (page, at) = (place as usize / PAGE, place as usize % PAGE);
        let pages = Arc::make_mut(&mut self.pages);
        if pages.len() <= page {
            pages.resize_with(page + 1, Arc::default);
        }
        (Arc::make_mut(&mut pages[page]), at)
    }
}

impl Page {
    fn start(&self, part: usize) -> usize {
        usize::from(self.starts[part])
    }

    fn part(&self, part: usize) -> &[Edge] {
        &self.edges[self.start(part)..self.start(part + 1)]
    }

    /// Puts other edges in a part's place; no page has more than `2 * PAGE * MANY`, which fits.
    fn replace(&mut self, part: usize, edges: impl IntoIterator<Item = Edge>) {
        let before = self.edges.len();
        let range = self.start(part)..self.start(part + 1);
        self.edges.splice(range, edges);
        let after = self.edges.len();
        for start in &mut self.starts[part + 1..] {
            let moved = usize::from(*start) + after - before;
            *start = u16::try_from(moved).unwrap_or(u16::MAX);
        }
    }
}
