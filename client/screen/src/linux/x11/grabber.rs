//! Pixels of a drawable: through shared memory (MIT-SHM) where the server shares any, else by
//! `GetImage`.

use std::os::fd::OwnedFd;

use memmap2::MmapMut;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use x11rb::connection::Connection as _;
use x11rb::protocol::shm::{ConnectionExt as _, Seg};
use x11rb::protocol::xproto::{ConnectionExt as _, Drawable, ImageFormat};

use super::connection::{Connection, X11Error};
use super::pixel_layout::PixelLayout;
use crate::image::{Image, MAX_PIXELS};

/// A part of a drawable, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Area {
    /// Left edge.
    pub(super) x: i16,
    /// Upper edge.
    pub(super) y: i16,
    /// Width.
    pub(super) width: u16,
    /// Height.
    pub(super) height: u16,
}

impl Area {
    /// What it has in common with another one; `None` where that is nothing.
    pub(super) fn intersection(self, other: Self) -> Option<Self> {
        let part = |(a, long_a): (i16, u16), (b, long_b): (i16, u16)| {
            let ends = |at: i16, long: u16| i32::from(at) + i32::from(long);
            let (from, to) = (a.max(b), ends(a, long_a).min(ends(b, long_b)));
            let long = u16::try_from(to - i32::from(from)).ok().filter(|long| *long > 0)?;
            Some((from, long))
        };
        let (x, width) = part((self.x, self.width), (other.x, other.width))?;
        let (y, height) = part((self.y, self.height), (other.y, other.height))?;
        Some(Self { x, y, width, height })
    }

    /// The smallest area that covers both; cut off where none so wide can be named.
    pub(super) fn union(self, other: Self) -> Self {
        let both = |(a, long_a): (i16, u16), (b, long_b): (i16, u16)| {
            let ends = |at: i16, long: u16| i32::from(at) + i32::from(long);
            let (from, to) = (a.min(b), ends(a, long_a).max(ends(b, long_b)));
            (from, u16::try_from(to - i32::from(from)).unwrap_or(u16::MAX))
        };
        let (x, width) = both((self.x, self.width), (other.x, other.width));
        let (y, height) = both((self.y, self.height), (other.y, other.height));
        Self { x, y, width, height }
    }

    /// The same, moved.
    pub(super) fn moved(self, by: i16) -> Self {
        Self { x: self.x.saturating_add(by), y: self.y.saturating_add(by), ..self }
    }

    /// Where it is in another one that covers it.
    pub(super) fn offset_in(self, other: Self) -> (u32, u32) {
        let one = |at: i16, from: i16| (i32::from(at) - i32::from(from)).unsigned_abs();
        (one(self.x, other.x), one(self.y, other.y))
    }

    /// The part of it from the top that is not more than an image may be.
    pub(super) fn bounded(self) -> Self {
        let most = MAX_PIXELS / usize::from(self.width).max(1);
        Self { height: self.height.min(u16::try_from(most).unwrap_or(u16::MAX)), ..self }
    }
}

/// Memory that the server writes into.
struct Shared {
    segment: Seg,
    memory: MmapMut,
}

/// Grabs images; keeps its memory from one to the next.
#[derive(Default)]
pub(super) struct Grabber {
    shared: Option<Shared>,
    /// The server refused to share memory once, so it is not asked again.
    refused: bool,
}

impl Grabber {
    /// Grabs an area, which must lie within the drawable. [`X11Error::Refused`] when it does not
    /// or the drawable is gone.
    pub(super) fn grab(
        &mut self,
        connection: &Connection,
        drawable: Drawable,
        area: Area,
        layout: &PixelLayout,
        into: &mut Image,
    ) -> Result<(), X11Error> {
        let area = area.bounded();
        let size = (area.width, area.height);
        let len = layout.len_of(area.width, area.height);
        if len == 0 {
            into.resize(0, 0);
            return Ok(());
        }
        let x = &connection.x;
        let format = u8::from(ImageFormat::Z_PIXMAP);
        if let Some(shared) = self.shared(connection, len)? {
            let Area { x: left, y: top, width, height } = area;
            let get = x.shm_get_image(
                drawable,
                left,
                top,
                width,
                height,
                u32::MAX,
                format,
                shared.segment,
                0,
            );
            let reply = get?.reply()?;
            check_depth(reply.depth, layout)?;
            return layout
                .read(&shared.memory, size, into)
                .map_err(|error| X11Error::Odd(error.to_string()));
        }
        let Area { x: left, y: top, width, height } = area;
        let reply = x
            .get_image(ImageFormat::Z_PIXMAP, drawable, left, top, width, height, u32::MAX)?
            .reply()?;
        check_depth(reply.depth, layout)?;
        layout.read(&reply.data, size, into).map_err(|error| X11Error::Odd(error.to_string()))
    }

    /// Shared memory of at least this length; `None` where there is none to be had.
    fn shared(&mut self, connection: &Connection, len: usize) -> Result<Option<&Shared>, X11Error> {
        if !connection.has.shm || self.refused {
            return Ok(None);
        }
        if self.shared.as_ref().is_none_or(|shared| shared.memory.len() < len) {
            if let Some(old) = self.shared.take() {
                connection.x.shm_detach(old.segment)?;
            }
            self.shared = share(connection, len)?;
            self.refused = self.shared.is_none();
        }
        Ok(self.shared.as_ref())
    }
}

fn check_depth(depth: u8, layout: &PixelLayout) -> Result<(), X11Error> {
    // A window was exchanged for another one in between.
    if depth == layout.depth { Ok(()) } else { Err(X11Error::Refused) }
}

/// Makes memory and has the server map it.
fn share(connection: &Connection, len: usize) -> Result<Option<Shared>, X11Error> {
    let Some((memory, file)) = map(len) else { return Ok(None) };
    let segment = connection.x.generate_id()?;
    let attached = connection.x.shm_attach_fd(segment, file, false)?.check();
    match attached.map_err(X11Error::from) {
        Ok(()) => Ok(Some(Shared { segment, memory })),
        Err(X11Error::Refused) => Ok(None),
        Err(error) => Err(error),
    }
}

#[expect(unsafe_code, reason = "memory that is shared with the X server has to be mapped")]
fn map(len: usize) -> Option<(MmapMut, OwnedFd)> {
    let file = memfd_create("visavis-screen", MemfdFlags::CLOEXEC).ok()?;
    ftruncate(&file, u64::try_from(len).ok()?).ok()?;
    // SAFETY: the file is an anonymous one of this length, which only the X server gets to see. It
    // writes pixels between a request and its reply, and the memory is read after the reply; were
    // it to write later, bytes would be of another frame, and any byte is a valid one.
    let memory = unsafe { MmapMut::map_mut(&file) }.ok()?;
    Some((memory, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_have_a_part_in_common_or_none_and_both_are_in_one() {
        let area = |x, y, width, height| Area { x, y, width, height };
        let root = area(0, 0, 100, 100);
        assert_eq!(root.intersection(area(10, 0, 50, 50)), Some(area(10, 0, 50, 50)));
        assert_eq!(root.intersection(area(80, -10, 50, 50)), Some(area(80, 0, 20, 40)));
        assert_eq!(root.intersection(area(100, 0, 50, 50)), None);
        assert_eq!(root.intersection(area(i16::MIN, 0, 9, 9)), None);
        let huge = area(i16::MIN, i16::MIN, u16::MAX, u16::MAX);
        assert_eq!(root.intersection(huge), Some(root));
        assert_eq!(area(10, 20, 5, 5).union(area(30, 0, 1, 2)), area(10, 0, 21, 25));
        assert_eq!(root.union(huge), huge);
        assert_eq!(area(30, 40, 1, 1).offset_in(area(10, -10, 99, 99)), (20, 50));
    }

    #[test]
    fn no_area_is_more_than_an_image_may_be() {
        let area = |width, height| Area { x: 0, y: 0, width, height }.bounded();
        assert_eq!(area(1920, 1080), Area { x: 0, y: 0, width: 1920, height: 1080 });
        assert_eq!(area(32_767, 32_767).height, 1012);
        assert_eq!((area(0, 7).height, area(1, 65_535).height), (7, 65_535));
    }
}
