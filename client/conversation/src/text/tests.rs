//! Tests of the text machine: two of them, over a channel that can be cut.

use proptest::prelude::*;

use super::*;

struct Pair {
    us: Text,
    them: Text,
    now: Instant,
}

const WALL: Duration = Duration::from_secs(1_800_000_000);

impl Pair {
    fn new() -> Self {
        Self { us: Text::new(SessionId(1)), them: Text::new(SessionId(2)), now: Instant::now() }
    }

    fn connected() -> Self {
        let mut pair = Self::new();
        pair.open();
        pair.pump();
        pair
    }

    fn both(&mut self, input: fn() -> TextInput<'static>) {
        self.us.handle(input(), self.now, WALL);
        self.them.handle(input(), self.now, WALL);
    }

    fn open(&mut self) {
        self.both(|| TextInput::Opened);
    }

    fn cut(&mut self) {
        self.both(|| TextInput::Interrupted);
    }

    fn pump(&mut self) {
        loop {
            let (mine, yours) = (self.us.poll_output(), self.them.poll_output());
            if mine.is_none() && yours.is_none() {
                return;
            }
            if let Some(mine) = mine {
                self.them.handle(TextInput::Message(&mine), self.now, WALL);
            }
            if let Some(yours) = yours {
                self.us.handle(TextInput::Message(&yours), self.now, WALL);
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.us.handle(TextInput::Say(text, WALL), self.now, WALL);
    }
}

fn shown(text: &Text) -> Vec<(Party, String, LineState)> {
    text.lines().iter().map(|line| (line.author, line.text.to_string(), line.state)).collect()
}

#[test]
fn a_text_is_sending_then_sent_then_read() {
    let mut pair = Pair::new();
    pair.say("hello");
    assert_eq!(shown(&pair.us), [(Party::Us, "hello".to_owned(), LineState::Sending)]);
    pair.open();
    pair.pump();
    assert_eq!(shown(&pair.us), [(Party::Us, "hello".to_owned(), LineState::Sent)]);
    assert_eq!(shown(&pair.them), [(Party::Them, "hello".to_owned(), LineState::Sent)]);
    assert_eq!(pair.them.unread(), 1);
    pair.them.handle(TextInput::Reading(true), pair.now, WALL);
    pair.pump();
    assert_eq!(shown(&pair.us), [(Party::Us, "hello".to_owned(), LineState::Read)]);
    assert_eq!(pair.them.unread(), 0);
    pair.say("again");
    pair.pump();
    assert_eq!(shown(&pair.us)[1].2, LineState::Read, "the panel is still open");
}

#[test]
fn what_a_cut_swallowed_is_sent_again_and_shown_once() {
    let mut pair = Pair::connected();
    pair.say("one");
    // It arrives, and the receipt is lost.
    let one = pair.us.poll_output().expect("a message");
    pair.them.handle(TextInput::Message(&one), pair.now, WALL);
    pair.say("two");
    pair.us.poll_output().expect("a message that is lost");
    pair.cut();
    pair.open();
    pair.pump();
    assert_eq!(shown(&pair.them).len(), 2);
    assert!(shown(&pair.us).iter().all(|line| line.2 == LineState::Sent));
}

#[test]
fn another_run_of_the_program_counts_from_the_start() {
    let mut pair = Pair::connected();
    pair.say("before");
    pair.pump();
    pair.cut();
    pair.us = Text::new(SessionId(3));
    pair.say("after");
    pair.open();
    pair.pump();
    let texts: Vec<_> = shown(&pair.them).into_iter().map(|line| line.1).collect();
    assert_eq!(texts, ["before", "after"]);
}

#[test]
fn a_side_that_does_not_greet_within_five_seconds_has_no_text() {
    let mut pair = Pair::new();
    pair.us.handle(TextInput::Opened, pair.now, WALL);
    let deadline = pair.us.deadline().expect("a deadline");
    assert_eq!(deadline, pair.now + Duration::from_secs(5));
    pair.us.tick(deadline - Duration::from_millis(1));
    assert_eq!(pair.us.link().phase(), Phase::Greeting(pair.now));
    pair.us.tick(deadline);
    assert_eq!(pair.us.link().phase(), Phase::Absent);
    // It may still come late.
    let hello = TextMessage::Hello(Hello::ours(SessionId(9))).encode();
    pair.us.handle(TextInput::Message(&hello), deadline, WALL);
    assert_eq!(pair.us.link().phase(), Phase::Ready);
}

#[test]
fn a_text_that_is_too_long_is_told_and_not_sent() {
    let mut pair = Pair::connected();
    pair.say(&"x".repeat(4_000));
    assert_eq!(pair.us.take_problem(), None);
    pair.say(&"x".repeat(4_001));
    assert_eq!(pair.us.take_problem(), Some(Problem::TooLong(4_000)));
    pair.say(&"😀".repeat(4_000));
    assert_eq!(pair.us.take_problem(), None);
    pair.pump();
    assert_eq!(shown(&pair.them).len(), 2);
}

#[test]
fn when_the_call_is_over_what_waits_is_lost() {
    let mut pair = Pair::connected();
    pair.say("arrives");
    pair.pump();
    pair.cut();
    pair.say("waits");
    pair.us.handle(TextInput::Ended, pair.now, WALL);
    let states: Vec<_> = shown(&pair.us).into_iter().map(|line| line.2).collect();
    assert_eq!(states, [LineState::Sent, LineState::Lost]);
}

#[test]
fn a_hostile_peer_is_heard_so_long_and_no_longer() {
    let mut pair = Pair::connected();
    let ten_megabytes = format!(r#"{{"type":"text","id":1,"text":"{}"}}"#, "a".repeat(10 << 20));
    let hostile = [
        ten_megabytes.as_str(),
        "",
        "{",
        "[]",
        r#"{"type":"text"}"#,
        r#"{"type":"text","id":0,"text":"x"}"#,
        r#"{"type":"text","id":-1,"text":"x"}"#,
        r#"{"type":"text","id":1e3,"text":"x"}"#,
        r#"{"type":"text","id":9007199254740993,"text":"x"}"#,
        r#"{"type":"received","id":7}"#,
        r#"{"type":"read","id":7}"#,
        r#"{"type":"text","id":1,"text":7}"#,
        r#"{"type":7}"#,
    ];
    for message in hostile {
        pair.us.handle(TextInput::Message(message), pair.now, WALL);
    }
    assert!(pair.us.lines().is_empty());
    assert_eq!(pair.us.take_problem(), None);
    assert!(pair.us.link().is_ready(), "so few do no harm");
    for _ in hostile {
        pair.us.handle(TextInput::Bytes, pair.now, WALL);
    }
    assert_eq!(pair.us.take_problem(), Some(Problem::Closed));
    assert_eq!(pair.us.link().phase(), Phase::Dead);
    let good = r#"{"type":"text","id":1,"text":"x"}"#;
    pair.us.handle(TextInput::Message(good), pair.now, WALL);
    assert!(pair.us.lines().is_empty());
}

#[test]
fn a_flood_of_texts_leaves_the_newest() {
    let mut pair = Pair::connected();
    for id in 1..=5_000_u64 {
        let text = TextMessage::Text { id, text: id.to_string() }.encode();
        pair.us.handle(TextInput::Message(&text), pair.now, WALL);
    }
    assert_eq!(pair.us.lines().len(), MAX_LINES);
    assert_eq!(&*pair.us.lines().back().expect("a line").text, "5000");
}

#[derive(Debug, Clone)]
enum Step {
    Say(bool),
    Deliver(bool),
    Lose(bool),
    Cut,
    Open,
    Reading(bool, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(Step::Say),
        8 => any::<bool>().prop_map(Step::Deliver),
        1 => any::<bool>().prop_map(Step::Lose),
        1 => Just(Step::Cut),
        2 => Just(Step::Open),
        1 => any::<(bool, bool)>().prop_map(|(side, reading)| Step::Reading(side, reading)),
    ]
}

proptest! {
    #[test]
    fn however_the_channel_goes_each_text_arrives_once_and_in_order(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut pair = Pair::new();
        let (mut open, mut said) = (false, [0_u32; 2]);
        for step in steps {
            let (now, wall) = (pair.now, WALL);
            match step {
                Step::Say(ours) => {
                    let number = &mut said[usize::from(ours)];
                    *number += 1;
                    let text = number.to_string();
                    let who = if ours { &mut pair.us } else { &mut pair.them };
                    who.handle(TextInput::Say(&text, wall), now, wall);
                }
                Step::Deliver(ours) => {
                    let (from, to) = if ours {
                        (&mut pair.us, &mut pair.them)
                    } else {
                        (&mut pair.them, &mut pair.us)
                    };
                    if let Some(message) = from.poll_output() {
                        to.handle(TextInput::Message(&message), now, wall);
                    }
                }
                // What a reliable channel loses, it loses with all that follows.
                Step::Lose(ours) => {
                    let from = if ours { &mut pair.us } else { &mut pair.them };
                    from.poll_output();
                    pair.cut();
                    open = false;
                }
                Step::Cut => {
                    pair.cut();
                    open = false;
                }
                Step::Open if !open => {
                    pair.open();
                    open = true;
                }
                Step::Open => {}
                Step::Reading(ours, reading) => {
                    let who = if ours { &mut pair.us } else { &mut pair.them };
                    who.handle(TextInput::Reading(reading), now, wall);
                }
            }
        }
        pair.cut();
        pair.open();
        pair.pump();
        for (from, to, count) in [(&pair.us, &pair.them, said[1]), (&pair.them, &pair.us, said[0])] {
            let arrived = to.lines().iter().filter(|line| line.author == Party::Them);
            let arrived: Vec<_> = arrived.map(|line| line.text.to_string()).collect();
            let expected: Vec<_> = (1..=count).map(|number| number.to_string()).collect();
            prop_assert_eq!(arrived, expected);
            let states = from.lines().iter().filter(|line| line.author == Party::Us);
            for line in states {
                prop_assert!(matches!(line.state, LineState::Sent | LineState::Read));
            }
            prop_assert!(from.link().is_ready());
        }
    }
}
