//! What closing the window does.
//!
//! In: that the window is to be closed, and how things are. Out: whether it closes, hides in the
//! tray, or asks first.
//!
//! In a call it asks: closing by mistake must not hang up on anybody. It also asks while others
//! use the server that runs here, unless the window goes on in the tray by itself. While a call
//! rings it declines that call and does what it does without one: whoever closes the window that
//! says "bob is calling" means no. Without a call it hides in the tray, where there is one and the
//! person wants that; the first time it asks whether they do. Else it closes, and the program ends.
//!
//! What always holds: whoever asks twice means it, the second time closes; the program's own end (a
//! session that is over, the tray's *Quit*, a signal of the system) is never asked about, so the
//! end of a desktop session does not wait for an answer; a window is hidden only as long as there
//! is a tray to bring it back.

use eframe::egui::{Context, Id, ViewportCommand};
use visavis_shared::Username;

use super::widgets::{self, Answer, Tone};
use crate::call::event::CallPhase;
use crate::settings::TraySettings;
use crate::words::text;

/// What goes on that closing may end.
#[derive(Debug, Clone, Copy)]
pub(super) struct GoesOn<'a> {
    /// The call.
    pub(super) call: &'a CallPhase,
    /// How many others use the server that runs here.
    pub(super) guests: usize,
}

/// What is asked before the window closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    /// Whether to close the call.
    Call,
    /// Whether to stop the server here, which others use.
    Server,
    /// Whether to stay in the tray.
    Tray,
}

/// What comes of closing the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Close,
    Hide,
    Ask(Question),
}

/// What the window has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Decline the call that rings.
    Decline,
    /// Remember whether the person wants to stay in the tray.
    StayInTray(bool),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// Closing is final.
    quitting: bool,
    hidden: bool,
    question: Option<Question>,
    /// Whether there is a tray, as was known last.
    has_tray: bool,
}

/// What closing the window comes to.
fn outcome(
    goes_on: GoesOn<'_>,
    asked: Option<Question>,
    tray: TraySettings,
    there: bool,
) -> Outcome {
    match asked {
        _ if with_whom(goes_on.call).is_some() && asked != Some(Question::Call) => {
            Outcome::Ask(Question::Call)
        }
        Some(Question::Tray) if goes_on.guests > 0 => Outcome::Ask(Question::Server),
        Some(_) => Outcome::Close,
        None if there && tray.close_to_tray => Outcome::Hide,
        None if goes_on.guests > 0 => Outcome::Ask(Question::Server),
        None if there && !tray.asked => Outcome::Ask(Question::Tray),
        None => Outcome::Close,
    }
}

/// With whom a call is that closing the window would end.
fn with_whom(call: &CallPhase) -> Option<&Username> {
    match call {
        CallPhase::Calling { peer, .. }
        | CallPhase::Connecting { peer, .. }
        | CallPhase::InCall { peer, .. }
        | CallPhase::Reconnecting { peer, .. } => Some(peer),
        CallPhase::Idle | CallPhase::Ringing { .. } | CallPhase::Ended { .. } => None,
    }
}

impl Closing {
    /// Ends the program, without a question.
    pub(super) fn quit(&mut self, ctx: &Context) {
        self.quitting = true;
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }

    /// The window is brought to the front.
    pub(super) fn raised(&mut self) {
        self.hidden = false;
    }

    /// Whether a question stands.
    pub(super) fn asks(&self) -> bool {
        self.question.is_some()
    }

    /// Whether the window is put away in the tray.
    pub(super) fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// Looks whether the window is to be closed, and whether it can stay hidden.
    pub(super) fn follow(
        &mut self,
        ctx: &Context,
        goes_on: GoesOn<'_>,
        tray: TraySettings,
        has_tray: bool,
    ) -> Option<Deed> {
        let call = goes_on.call;
        self.has_tray = has_tray;
        if self.hidden && !has_tray {
            self.hidden = false;
            ctx.send_viewport_cmd(ViewportCommand::Visible(true));
            ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
        }
        if self.question == Some(Question::Call) && with_whom(call).is_none() {
            // There is no call any more that could be closed.
            self.question = None;
        }
        if self.question == Some(Question::Server) && goes_on.guests == 0 {
            // Nobody would lose anything.
            self.question = None;
        }
        let asked = ctx.input(|input| input.viewport().close_requested());
        if !asked || self.quitting {
            return None;
        }
        let rings = matches!(call, CallPhase::Ringing { .. });
        match outcome(goes_on, self.question, tray, has_tray) {
            Outcome::Close => {
                self.quitting = true;
                return rings.then_some(Deed::Decline);
            }
            Outcome::Hide => self.hide(ctx),
            Outcome::Ask(question) => self.question = Some(question),
        }
        ctx.send_viewport_cmd(ViewportCommand::CancelClose);
        rings.then_some(Deed::Decline)
    }

    fn hide(&mut self, ctx: &Context) {
        self.hidden = true;
        // Wayland hides no window.
        if ctx.input(|input| input.viewport().visible().is_none()) {
            ctx.send_viewport_cmd(ViewportCommand::Minimized(true));
        }
        ctx.send_viewport_cmd(ViewportCommand::Visible(false));
    }

    /// Asks what there is to ask.
    pub(super) fn show(&mut self, ctx: &Context, goes_on: GoesOn<'_>) -> Option<Deed> {
        let answer = match self.question? {
            Question::Call => {
                let name = with_whom(goes_on.call).map(Username::as_str).unwrap_or_default();
                let mut line = text!("closing-in-call-line", name = name);
                // Those on the server here are not asked about a second time.
                let others = goes_on.guests.saturating_sub(1);
                if others > 0 {
                    let more = text!("closing-with-guests-line", count = others);
                    line = text!("two-sentences", first = line, second = more);
                }
                let words = (&*text!("closing-in-call"), &*line);
                let (close, keep) = (text!("close-call-and-quit"), text!("keep-calling"));
                let id = Id::unique("closing-in-call");
                widgets::question(ctx, id, words, (Tone::Danger, &close), (Tone::Plain, &keep))?
            }
            Question::Server => {
                let line = text!("closing-with-guests-line", count = goes_on.guests);
                let words = (&*text!("closing-with-guests"), &*line);
                let stay = if self.has_tray { text!("keep-in-tray") } else { text!("keep-server") };
                let (quit, id) = (text!("stop-server-and-quit"), Id::unique("closing-server"));
                widgets::question(ctx, id, words, (Tone::Plain, &quit), (Tone::Accent, &stay))?
            }
            Question::Tray => {
                let line = text!("closing-to-tray-line");
                let words = (&*text!("closing-to-tray"), &*line);
                let (quit, keep) = (text!("desktop-quit"), text!("keep-in-tray"));
                let id = Id::unique("closing-to-tray");
                widgets::question(ctx, id, words, (Tone::Plain, &quit), (Tone::Accent, &keep))?
            }
        };
        let question = self.question.take()?;
        match (question, answer) {
            (_, Answer::Neither) | (Question::Call, Answer::Second) => None,
            (Question::Call | Question::Server, Answer::First) => {
                self.quit(ctx);
                None
            }
            (Question::Server, Answer::Second) => {
                if self.has_tray {
                    self.hide(ctx);
                }
                None
            }
            (Question::Tray, Answer::First) => {
                self.quit(ctx);
                Some(Deed::StayInTray(false))
            }
            (Question::Tray, Answer::Second) => {
                self.hide(ctx);
                Some(Deed::StayInTray(true))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn closing_asks_in_a_call_hides_where_that_is_wanted_and_else_closes() {
        let peer = Username::parse("bob").expect("a name");
        let since = Instant::now();
        let in_call = CallPhase::InCall { peer: peer.clone(), since };
        let rings = CallPhase::Ringing { peer, since };
        let unasked = TraySettings::default();
        let refused = TraySettings { asked: true, ..unasked };
        let wanted = TraySettings { asked: true, close_to_tray: true, ..unasked };
        let (call, tray, server) = (Question::Call, Question::Tray, Question::Server);
        for (phase, asked, settings, there, expected) in [
            (&in_call, Some(server), wanted, true, Outcome::Ask(call)),
            (&in_call, None, wanted, true, Outcome::Ask(call)),
            (&in_call, None, unasked, false, Outcome::Ask(call)),
            // A call that began while the other question stood.
            (&in_call, Some(tray), unasked, true, Outcome::Ask(call)),
            (&in_call, Some(call), wanted, true, Outcome::Close),
            (&CallPhase::Idle, None, wanted, true, Outcome::Hide),
            (&CallPhase::Idle, None, wanted, false, Outcome::Close),
            (&CallPhase::Idle, None, unasked, true, Outcome::Ask(tray)),
            (&CallPhase::Idle, Some(tray), unasked, true, Outcome::Close),
            (&CallPhase::Idle, None, refused, true, Outcome::Close),
            (&rings, None, wanted, true, Outcome::Hide),
            (&rings, None, refused, true, Outcome::Close),
        ] {
            let alone = GoesOn { call: phase, guests: 0 };
            assert_eq!(outcome(alone, asked, settings, there), expected, "{phase:?} {settings:?}");
        }
        for (phase, asked, settings, there, expected) in [
            (&CallPhase::Idle, None, refused, true, Outcome::Ask(server)),
            (&CallPhase::Idle, None, unasked, false, Outcome::Ask(server)),
            (&CallPhase::Idle, None, unasked, true, Outcome::Ask(server)),
            (&CallPhase::Idle, None, wanted, true, Outcome::Hide),
            (&CallPhase::Idle, Some(tray), unasked, true, Outcome::Ask(server)),
            (&CallPhase::Idle, Some(server), refused, true, Outcome::Close),
            (&in_call, None, refused, true, Outcome::Ask(call)),
            (&in_call, Some(call), refused, true, Outcome::Close),
        ] {
            let with_guests = GoesOn { call: phase, guests: 2 };
            let comes_to = outcome(with_guests, asked, settings, there);
            assert_eq!(comes_to, expected, "{phase:?} {asked:?} {settings:?}");
        }
    }
}
