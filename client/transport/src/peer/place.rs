//! Which of a call's transports something belongs to.
//!
//! A call has one transport, and one connection of the library for it; where the other bundles
//! nothing (RFC 9143) it may have a second. Pure.

use std::ops::{Index, IndexMut};

/// One of a call's transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The one that every call has.
    First,
    /// The one that is there only where the other does not bundle.
    Second,
}

impl Place {
    pub(crate) const BOTH: [Self; 2] = [Self::First, Self::Second];

    pub(crate) fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// Something of each transport.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Both<T>([T; 2]);

impl<T> Both<T> {
    /// That of the first, and that of the second.
    pub(crate) fn of(both: [T; 2]) -> Self {
        Self(both)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<T> Index<Place> for Both<T> {
    type Output = T;

    fn index(&self, place: Place) -> &T {
        &self.0[place as usize]
    }
}

impl<T> IndexMut<Place> for Both<T> {
    fn index_mut(&mut self, place: Place) -> &mut T {
        &mut self.0[place as usize]
    }
}
