//! Values by place, most of which are never asked for.

use super::rules::Place;

/// How many values stand together.
const PAGE: usize = 256;

/// A value for each place: the default one until it is set. Memory is taken for pages on which something was asked for.
#[derive(Debug)]
pub(super) struct Sparse<T> {
    pages: Vec<Option<Box<[T; PAGE]>>>,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<T: Copy + Default> Sparse<T> {
    /// The value at a place; none where nothing near was ever asked for.
    pub(super) fn get(&self, place: Place) -> Option<&T> {
        let (page, at) = Self::position(place);
        self.pages.get(page)?.as_deref().map(|page| &page[at])
    }

    /// The value at a place, to be changed.
    pub(super) fn at(&mut self, place: Place) -> &mut T {
        let (page, at) = Self::position(place);
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || None);
        }
        let page = self.pages[page].get_or_insert_with(|| Box::new([T::default(); PAGE]));
        &mut page[at]
    }

    fn position(place: Place) -> (usize, usize) {
        (place as usize / PAGE, place as usize % PAGE)
    }
}
