//! Small numbers for ids, so that what is worked out about many objects fits into arrays.

use std::sync::Arc;

use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;
use uuid::Uuid;

use super::rules::Place;

type ById<V> = GenericHashMap<Uuid, V, foldhash::fast::RandomState, DefaultSharedPtr>;

/// Objects by small numbers. A number stays an object's as long as it is there or is mentioned; then another may get it.
#[derive(Clone, Debug)]
pub(super) struct Places<T: Clone> {
    by_id: ById<Place>,
    entries: imbl::Vector<Entry<T>>,
    /// Places that nothing stands at any more.
    free: imbl::Vector<Place>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    id: Uuid,
    /// The object; none where it is only mentioned.
    object: Option<Arc<T>>,
    mentions: u32,
}

impl<T: Clone> Default for Places<T> {
    fn default() -> Self {
        Self {
            by_id: ById::default(),
            entries: imbl::Vector::new(),
            free: imbl::Vector::new(),
        }
    }
}

impl<T: Clone> Places<T> {
    /// Where an object is.
    pub(super) fn of(&self, id: Uuid) -> Option<Place> {
        self.by_id.get(&id).copied()
    }

    /// What stands at a place; nil where nothing does.
    pub(super) fn id(&self, place: Place) -> Uuid {
        let entry = self.entries.get(place as usize);
        entry.map_or(Uuid::nil(), |entry| entry.id)
    }

    /// The object at a place, if it is there.
    pub(super) fn object(&self, place: Place) -> Option<&Arc<T>> {
        self.entries.get(place as usize)?.object.as_ref()
    }

    /// How many places are taken.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Says that the object is there, or no more.
    pub(super) fn set(&mut self, id: Uuid, object: Option<Arc<T>>) {
        self.change(id, |entry| entry.object = object);
    }

    /// Says that one more mentions the object.
    pub(super) fn mention(&mut self, id: Uuid) -> Place {
        self.change(id, |entry| {
            entry.mentions = entry.mentions.saturating_add(1);
        })
    }

    /// Takes a mention back.
    pub(super) fn unmention(&mut self, id: Uuid) -> Place {
        self.change(id, |entry| {
            entry.mentions = entry.mentions.saturating_sub(1);
        })
    }

    /// Changes an entry, which is made where there is none and goes when nothing is left in it.
    fn change(&mut self, id: Uuid, change: impl FnOnce(&mut Entry<T>)) -> Place {
        let place = self.place(id);
        if let Some(entry) = self.entries.get_mut(place as usize) {
            change(entry);
            if entry.object.is_none() && entry.mentions == 0 {
                self.by_id.remove(&id);
                self.free.push_back(place);
            }
        }
        place
    }

    fn place(&mut self, id: Uuid) -> Place {
        if let Some(place) = self.of(id) {
            return place;
        }
        let entry = Entry {
            id,
            object: None,
            mentions: 0,
        };
        let place = if let Some(free) = self.free.pop_back() {
            self.entries.set(free as usize, entry);
            free
        } else {
            self.entries.push_back(entry);
            // Four thousand million objects would not fit into memory.
            Place::try_from(self.entries.len() - 1).unwrap_or(Place::MAX)
        };
        self.by_id.insert(id, place);
        place
    }
}
