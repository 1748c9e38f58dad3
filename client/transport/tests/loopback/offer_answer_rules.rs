//! Checks an answer against its offer, by the rules of offer and answer and nothing else.
//!
//! An offer and an answer go in, the rules that the answer breaks come out, each with the place
//! where it stands. It has a reader of its own, so that it shares no mistake with the product's.

use std::collections::{HashMap, HashSet};

/// What one section or the session says, line by line.
#[derive(Default)]
struct Block<'a> {
    /// The words behind `m=`; empty for the session.
    media: Vec<&'a str>,
    lines: Vec<&'a str>,
}

impl<'a> Block<'a> {
    fn values(&self, attribute: &str) -> Vec<&'a str> {
        let prefix = format!("a={attribute}:");
        self.lines.iter().filter_map(|line| line.strip_prefix(&prefix)).map(str::trim).collect()
    }

    fn flag(&self, attribute: &str) -> bool {
        self.lines.contains(&format!("a={attribute}").as_str())
    }

    fn port(&self) -> &str {
        self.media.get(1).copied().unwrap_or_default()
    }

    fn formats(&self) -> &[&'a str] {
        self.media.get(3..).unwrap_or_default()
    }

    fn mid(&self) -> Option<&'a str> {
        self.values("mid").first().copied()
    }

    /// What a format is, by its `rtpmap`.
    fn encodings(&self) -> HashMap<&'a str, String> {
        let lines = self.values("rtpmap").into_iter().filter_map(|value| value.split_once(' '));
        lines.map(|(format, encoding)| (format, encoding.trim().to_ascii_lowercase())).collect()
    }
}

struct Description<'a> {
    session: Block<'a>,
    sections: Vec<Block<'a>>,
}

impl<'a> Description<'a> {
    fn read(sdp: &'a str) -> Self {
        let mut read = Self { session: Block::default(), sections: Vec::new() };
        for line in sdp.lines().map(str::trim) {
            if let Some(media) = line.strip_prefix("m=") {
                let media = media.split_whitespace().collect();
                read.sections.push(Block { media, lines: Vec::new() });
            } else {
                read.sections.last_mut().unwrap_or(&mut read.session).lines.push(line);
            }
        }
        read
    }

    /// A section's own value, or the session's.
    fn value(&self, section: &Block<'a>, attribute: &str) -> Option<&'a str> {
        let own = section.values(attribute).first().copied();
        own.or_else(|| self.session.values(attribute).first().copied())
    }

    /// Whether media goes from whoever wrote the section, and to it.
    fn direction(&self, section: &Block) -> (bool, bool) {
        let of = |block: &Block| match () {
            () if block.flag("sendrecv") => Some((true, true)),
            () if block.flag("sendonly") => Some((true, false)),
            () if block.flag("recvonly") => Some((false, true)),
            () if block.flag("inactive") => Some((false, false)),
            () => None,
        };
        of(section).or_else(|| of(&self.session)).unwrap_or((true, true))
    }

    fn groups(&self) -> Vec<Vec<&'a str>> {
        let groups = self.session.values("group").into_iter();
        groups
            .filter_map(|value| Some(value.strip_prefix("BUNDLE")?.split_whitespace().collect()))
            .collect()
    }
}

/// The rules that an answer breaks.
pub(crate) fn broken(offer: &str, answer: &str) -> Vec<String> {
    let (offered, answered) = (Description::read(offer), Description::read(answer));
    let mut broken = Vec::new();
    let mut rule = |holds: bool, words: &str| {
        if !holds {
            broken.push(words.to_owned());
        }
    };
    let lines: Vec<&str> = answer.split("\r\n").collect();
    rule(
        lines.last() == Some(&"") && !lines.iter().any(|line| line.contains(['\r', '\n'])),
        "RFC 8866 §5: lines end with CR LF",
    );
    rule(
        ["v=0", "o=", "s=", "t="].iter().zip(&lines).all(|(start, line)| line.starts_with(start)),
        "RFC 8866 §5: v, o, s and t come first, in this order",
    );
    rule(
        offered.sections.len() == answered.sections.len(),
        "RFC 3264 §6: as many sections as in the offer",
    );
    for (theirs, ours) in offered.sections.iter().zip(&answered.sections) {
        let mut rule = |holds: bool, words: &str| {
            let section = theirs.media.join(" ");
            rule(holds, &format!("{words} (m={section})"));
        };
        section_rules(&offered, theirs, &answered, ours, &mut rule);
    }
    group_rules(&offered, &answered, &mut rule);
    let streams = answered.sections.iter().flat_map(|section| {
        let streams = section.values("ssrc").into_iter();
        streams.filter_map(|value| value.split(' ').next()).collect::<HashSet<_>>()
    });
    let all: Vec<&str> = streams.collect();
    let unique: HashSet<&str> = all.iter().copied().collect();
    rule(all.len() == unique.len(), "RFC 5576 §4.1: an SSRC belongs to one section");
    broken
}

fn section_rules(
    offered: &Description,
    theirs: &Block,
    answered: &Description,
    ours: &Block,
    rule: &mut impl FnMut(bool, &str),
) {
    let is_rejected = ours.port() == "0";
    rule(theirs.media.first() == ours.media.first(), "RFC 3264 §6: the same kind of media");
    rule(theirs.media.get(2) == ours.media.get(2), "RFC 8829 §5.1.2: the same profile");
    rule(theirs.mid() == ours.mid(), "RFC 8829 §5.3.1: the same mid, or none");
    let is_bundle_only = theirs.flag("bundle-only")
        && theirs.mid().is_some_and(|mid| offered.groups().iter().flatten().any(|of| *of == mid));
    rule(
        theirs.port() != "0" || is_bundle_only || is_rejected,
        "RFC 3264 §6: what is offered with port 0 is rejected",
    );
    rule(!ours.formats().is_empty(), "RFC 3264 §6: a section has a format");
    rule(
        ours.formats().iter().all(|format| theirs.formats().contains(format)),
        "RFC 3264 §6.1: only formats that were offered",
    );
    let (offered_as, answered_as) = (theirs.encodings(), ours.encodings());
    for format in ours.formats() {
        let wanted = offered_as.get(format);
        rule(answered_as.get(format) == wanted, "RFC 3264 §6.1: a format is what was offered");
    }
    let listed = |value: &str| {
        value.split(' ').next().is_some_and(|format| ours.formats().contains(&format))
    };
    for attribute in ["rtpmap", "fmtp", "rtcp-fb"] {
        let all = ours.values(attribute).into_iter().all(listed);
        rule(all, "RFC 8866 §6: formats that are described are in the section");
    }
    for feedback in ours.values("rtcp-fb") {
        let what = feedback.split_once(' ').map_or("", |(_, what)| what);
        let offers = |value: &&str| {
            let (of, offers) = value.split_once(' ').unwrap_or_default();
            (of == "*" || feedback.starts_with(&format!("{of} "))) && offers.trim() == what
        };
        let was_offered = theirs.values("rtcp-fb").iter().any(offers);
        rule(was_offered, "RFC 4585 §4.2: only feedback that was offered");
    }
    let extensions = ours.values("extmap");
    let offers = [theirs.values("extmap"), offered.session.values("extmap")].concat();
    rule(
        extensions.iter().all(|one| offers.iter().any(|all| all.replace("/sendrecv", "") == **one)),
        "RFC 8285 §6: only header extensions that were offered, by their ids",
    );
    rule(
        extensions.iter().collect::<HashSet<_>>().len() == extensions.len(),
        "RFC 8285 §5: an id stands for one header extension",
    );
    let (they_send, they_receive) = offered.direction(theirs);
    let (we_send, we_receive) = answered.direction(ours);
    let is_data = ours.media.first() == Some(&"application");
    rule(
        is_data || is_rejected || (!we_send || they_receive) && (!we_receive || they_send),
        "RFC 3264 §6.1: the direction mirrors the offer's",
    );
    rule(
        we_send && !is_rejected || ours.values("ssrc").is_empty() && ours.values("msid").is_empty(),
        "RFC 8829 §5.3.1: only what is sent is named",
    );
    for (flag, words) in [
        ("rtcp-mux", "RFC 5761 §5.1.1: RTCP is multiplexed only where that was offered"),
        ("rtcp-rsize", "RFC 5506 §5: RTCP is reduced only where that was offered"),
    ] {
        rule(!ours.flag(flag) || theirs.flag(flag), words);
    }
    let setup = answered.value(ours, "setup");
    rule(
        match offered.value(theirs, "setup") {
            Some("passive") => setup == Some("active"),
            Some("active") | None => setup == Some("passive"),
            Some(_) => matches!(setup, Some("active" | "passive")),
        } || is_rejected && setup.is_some(),
        "RFC 4145 §4.1: the setup answers the offer's",
    );
    for attribute in ["ice-ufrag", "ice-pwd", "fingerprint"] {
        let has = answered.value(ours, attribute).is_some();
        rule(has, "RFC 8829 §5.3.1: a section has a transport, and strict readers look for it");
    }
    let addresses = ours.lines.iter().chain(&answered.session.lines);
    rule(
        addresses.into_iter().any(|line| line.starts_with("c=IN IP4 ")),
        "RFC 8866 §5.7: a section has a connection address",
    );
}

fn group_rules(offered: &Description, answered: &Description, rule: &mut impl FnMut(bool, &str)) {
    let (offers, groups) = (offered.groups(), answered.groups());
    let is_live = |mid: &&str| {
        let mut sections = answered.sections.iter();
        sections.any(|section| section.mid() == Some(*mid) && section.port() != "0")
    };
    rule(groups.iter().flatten().all(is_live), "RFC 9143 §7.3.3: nothing rejected is bundled");
    let offer_of = |group: &Vec<&str>| {
        offers.iter().position(|offer| group.iter().all(|mid| offer.contains(mid)))
    };
    rule(
        groups.iter().all(|group| offer_of(group).is_some()),
        "RFC 9143 §7.3: only what was offered in a group is in it",
    );
    let distinct: HashSet<_> = groups.iter().map(offer_of).collect();
    rule(distinct.len() == groups.len(), "RFC 9143 §7.3: a group answers one that was offered");
    for ours in &answered.sections {
        let Some(mid) = ours.mid().filter(|_| ours.port() != "0") else { continue };
        let was_bundled = offers.iter().flatten().any(|of| *of == mid);
        rule(
            !was_bundled || groups.iter().flatten().any(|of| *of == mid),
            "RFC 9143 §7.3.2: what has no transport of its own stays in the group",
        );
    }
    let with_candidates =
        answered.sections.iter().filter(|one| !one.values("candidate").is_empty());
    let of_first = |section: &Block| {
        let Some(mid) = section.mid() else { return true };
        let mut own = groups.iter().filter(|group| group.contains(&mid));
        own.all(|group| group.first() == Some(&mid))
    };
    rule(
        with_candidates.into_iter().all(of_first),
        "RFC 9143 §7.1.3: candidates belong to the first of the group",
    );
    // Whoever offers a transport each is answered with a transport each.
    let transport = |description: &Description, section: &Block| {
        let user = description.value(section, "ice-ufrag")?;
        let group = section
            .mid()
            .and_then(|mid| description.groups().iter().position(|group| group.contains(&mid)));
        Some((group, group.is_none().then(|| user.to_owned())))
    };
    let live = offered.sections.iter().zip(&answered.sections);
    let is_live = |ours: &Block| ours.port() != "0" && answered.direction(ours) != (false, false);
    let live: Vec<_> = live
        .filter(|(_, ours)| is_live(ours))
        .map(|(theirs, ours)| (transport(offered, theirs), transport(answered, ours)))
        .collect();
    let follow = live
        .iter()
        .all(|(theirs, ours)| live.iter().all(|(their, our)| (theirs == their) == (ours == our)));
    rule(follow, "RFC 8829 §5.3.1: sections share a transport where they do in the offer");
}

#[test]
fn the_rules_find_what_is_wrong_with_an_answer() {
    let offer = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=group:BUNDLE a v\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\na=mid:a\na=setup:active\na=rtpmap:111 opus/48000/2\na=sendonly\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\na=mid:v\na=rtpmap:96 H264/90000\n";
    let answer = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a\r\na=ice-ufrag:u\r\n\
        a=ice-pwd:p\r\na=fingerprint:x\r\na=setup:passive\r\nc=IN IP4 0.0.0.0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=rtpmap:111 opus/48000/2\r\na=recvonly\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=rtpmap:96 H264/90000\r\na=inactive\r\n";
    assert_eq!(broken(offer, answer), Vec::<String>::new());
    for (from, to, rule) in [
        ("a=recvonly", "a=sendrecv", "RFC 3264 §6.1: the direction"),
        ("video 0", "video 9", "RFC 3264 §6: what is offered with port 0"),
        ("BUNDLE a", "BUNDLE a v", "RFC 9143 §7.3.3"),
        ("setup:passive", "setup:active", "RFC 4145"),
        ("SAVPF 111", "SAVPF 111 0", "RFC 3264 §6.1: only formats"),
        ("opus/48000/2", "pcmu/8000", "RFC 3264 §6.1: a format is"),
        ("a=mid:v\r\n", "", "RFC 8829 §5.3.1: the same mid"),
        ("a=ice-pwd:p\r\n", "", "RFC 8829 §5.3.1: a section has a transport"),
        ("a=recvonly", "a=recvonly\r\na=rtcp-mux", "RFC 5761"),
        ("a=recvonly", "a=recvonly\r\na=ssrc:1 cname:x", "RFC 8829 §5.3.1: only what is sent"),
        ("a=recvonly\r\n", "a=recvonly\n", "RFC 8866 §5: lines"),
    ] {
        let broken = broken(offer, &answer.replace(from, to));
        assert!(broken.iter().any(|words| words.starts_with(rule)), "{rule}: {broken:?}");
    }
}
