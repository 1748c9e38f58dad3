//! What a call and its end do to the desktop. Pure.
//!
//! In: where the call is, who was missed, what the person has decided, the time of the day, and
//! whether the window is seen ([`Facts`]). Out: how the desktop is to be ([`Outlook`]), as a whole
//! and not as steps: what shows notifications, keeps the screen awake or paints the tray compares
//! it with what is there and makes up the difference. What always holds: where no call rings, no
//! notification of one stands and nothing rings, whatever came before; what the rules silence is
//! neither heard nor shown outside the window; a call under another key than before is taken in the
//! window, after its words were read, and nowhere else.
//!
//! [`Rules`] say when one may be disturbed.

mod missed;
mod outlook;
mod rules;

pub use missed::{Missed, MissedCalls};
pub use outlook::{
    Attention, Facts, Incoming, MissedNotification, Outlook, Tray, TrayCall, Vouched,
};
pub use rules::Rules;

#[cfg(test)]
mod tests;
