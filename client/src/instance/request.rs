//! What a later start says to the first, and what that replies: one line each way. Pure.
//!
//! A request is a version, a name and a link, each after a space; `-` stands for none, and `!` with
//! a number for a link that leads nowhere, by which only the reason is told. Whatever else comes is
//! no request.

use visavis_shared::{Username, canonical_name};

use crate::invitation::{self, Invitation, InvitationError};

/// The longest line: a link and a name with what belongs to it.
pub(super) const MOST_BYTES: usize = invitation::MOST_BYTES + 1024;
const VERSION: &str = "visavis-1";
const NONE: &str = "-";
const BROKEN: char = '!';

/// What a later start wants of the first: that its window comes to the front, and perhaps more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// Whom the later one was to log in as, where it was told.
    pub username: Option<Username>,
    /// What it was to open, or why that leads nowhere.
    pub invitation: Option<Result<Invitation, InvitationError>>,
}

/// What the first replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It does that.
    Taken,
    /// It is somebody else's window.
    NotMine,
}

impl Request {
    pub(super) fn to_line(&self) -> String {
        let name = self.username.as_ref().map_or(NONE, Username::as_str);
        let link = match &self.invitation {
            None => NONE.to_owned(),
            Some(Ok(invitation)) => invitation.to_string(),
            Some(Err(error)) => {
                let number = InvitationError::ALL.iter().position(|other| other == error);
                format!("{BROKEN}{}", number.unwrap_or_default())
            }
        };
        format!("{VERSION} {name} {link}\n")
    }

    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut words = line.split(' ');
        if line.len() > MOST_BYTES || words.next() != Some(VERSION) {
            return None;
        }
        let (name, link) = (words.next()?, words.next()?);
        if words.next().is_some() {
            return None;
        }
        let username = match name {
            NONE => None,
            name => Some(canonical_name(name).ok()?),
        };
        let invitation = match link {
            NONE => None,
            link => Some(match link.strip_prefix(BROKEN) {
                None => Ok(Invitation::parse(link).ok()?),
                Some(number) => Err(*InvitationError::ALL.get(number.parse::<usize>().ok()?)?),
            }),
        };
        Some(Self { username, invitation })
    }
}

impl Reply {
    pub(super) fn to_line(self) -> &'static str {
        match self {
            Self::Taken => "taken\n",
            Self::NotMine => "not mine\n",
        }
    }

    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        [Self::Taken, Self::NotMine].into_iter().find(|reply| reply.to_line().as_bytes() == line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_asked_is_read_as_it_was_meant() {
        let invitation = Some(Invitation::parse("visavis://host/room/two%20words"));
        for error in InvitationError::ALL {
            let request = Request { username: None, invitation: Some(Err(error)) };
            assert_eq!(Request::parse(request.to_line().as_bytes()), Some(request));
        }
        for (request, line) in [
            (Request::default(), "visavis-1 - -\n"),
            (
                Request { username: canonical_name("Bob").ok(), invitation },
                "visavis-1 bob visavis://host/room/two%20words\n",
            ),
        ] {
            assert_eq!(request.to_line(), line);
            assert_eq!(Request::parse(line.as_bytes()), Some(request));
        }
        for reply in [Reply::Taken, Reply::NotMine] {
            assert_eq!(Reply::parse(reply.to_line().as_bytes()), Some(reply));
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_request_or_none(
            line in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                "visavis-[12] [a-z./-]{0,5} (-|![0-9+]{0,2}|visavis://h/[a-z%]{0,9})[ -]?\n?".prop_map(String::into_bytes),
            ],
        ) {
            if let Some(request) = Request::parse(&line) {
                prop_assert_eq!(Request::parse(request.to_line().as_bytes()), Some(request));
            }
            let _ = Reply::parse(&line);
        }
    }
}
