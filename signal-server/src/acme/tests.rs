//! The keeping of a certificate in virtual time, with an authority of the test's own.

use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, KeyPair};
use time::OffsetDateTime;
use tokio::time::advance;
use visavis_shared::ForeignText;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the authority does next, the last of them for ever.
#[derive(Debug, Clone, Copy)]
enum Does {
    /// Issues a certificate that is valid for so long from now on.
    Issue(Duration),
    /// Issues one by a clock that is so far ahead.
    IssueAhead(Duration),
    Refuse,
    /// Refuses, and wants to be left alone for so long.
    Limit(Duration),
}

/// A clock on the wall that goes as the test's time does.
#[derive(Debug, Clone, Copy)]
struct Wall(Instant);

impl Wall {
    fn now(self) -> Timestamp {
        Timestamp::from_unix_seconds(1_800_000_000 + self.0.elapsed().as_secs())
    }
}

struct Authority {
    wall: Wall,
    plan: Vec<Does>,
    /// When it was asked.
    asked: Arc<Mutex<Vec<Duration>>>,
    patience: Option<Duration>,
}

impl Issuer for Authority {
    async fn issue(&mut self, _: &mut Serving) -> Result<Certificate, AcmeError> {
        self.asked.lock().unwrap().push(self.wall.0.elapsed());
        self.patience = None;
        let does = if self.plan.len() > 1 { self.plan.remove(0) } else { self.plan[0] };
        match does {
            Does::Issue(life) => Ok(certificate(self.wall.now(), life)),
            Does::IssueAhead(by) => {
                let then = self.wall.now().unix_seconds() + by.as_secs();
                Ok(certificate(Timestamp::from_unix_seconds(then), 90 * DAY))
            }
            Does::Refuse => Err(AcmeError::NotFound {
                domain: "calls.example.org".parse().unwrap(),
                said: ForeignText::new("connection refused"),
            }),
            Does::Limit(patience) => {
                self.patience = Some(patience);
                Err(AcmeError::RateLimited("too many".into()))
            }
        }
    }

    fn asked_patience(&self) -> Option<Duration> {
        self.patience
    }

    fn date(&self) -> Option<Timestamp> {
        None
    }
}

fn certificate(from: Timestamp, life: Duration) -> Certificate {
    let at = |seconds: u64| {
        OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).unwrap()).unwrap()
    };
    let mut params = CertificateParams::new(vec!["calls.example.org".to_owned()]).unwrap();
    params.not_before = at(from.unix_seconds());
    params.not_after = at(from.unix_seconds() + life.as_secs());
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem() + &key.serialize_pem();
    Certificate::from_pem(pem.as_bytes()).unwrap()
}

/// When an authority with this plan is asked within a time, to the minute.
async fn asked_within(plan: &[Does], held: Option<Duration>, time: Duration) -> Vec<u64> {
    let wall = Wall(Instant::now());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let issuer = Authority { wall, plan: plan.to_vec(), asked: Arc::clone(&asked), patience: None };
    let mut serving = Serving::nothing().unwrap();
    let held = held.map(|life| {
        let certificate = certificate(wall.now(), life);
        serving.certify(certificate.key).unwrap();
        certificate.facts.validity
    });
    let keeper = Keeper {
        domain: "calls.example.org".parse().unwrap(),
        serving,
        held,
        issuer,
        clock: move || wall.now(),
    };
    let keeping = tokio::spawn(keeper.run());
    let mut passed = Duration::ZERO;
    while passed < time {
        // No step is longer than the shortest wait, so that each is seen in its minute.
        advance(Duration::from_secs(30)).await;
        passed += Duration::from_secs(30);
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }
    assert!(!keeping.is_finished());
    keeping.abort();
    let asked = asked.lock().unwrap();
    asked.iter().map(|at| at.as_secs() / 60).collect()
}

#[tokio::test(start_paused = true)]
async fn a_certificate_is_got_at_once_and_renewed_after_two_thirds_of_its_life() {
    let asked = asked_within(&[Does::Issue(6 * DAY)], None, 9 * DAY).await;
    let days: Vec<_> = asked.iter().map(|minute| minute / (24 * 60)).collect();
    assert_eq!(days, [0, 4, 8]);
    assert_eq!(asked[0], 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_kept_is_used_until_it_is_time() {
    assert_eq!(asked_within(&[Does::Refuse], Some(90 * DAY), DAY).await, [0_u64; 0]);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_followed_by_longer_and_longer_waits() {
    let asked = asked_within(&[Does::Refuse], None, DAY / 4).await;
    // Each wait may be a tenth longer.
    let expected = [0, 1, 4, 13, 40, 121];
    assert_eq!(asked.len(), expected.len(), "{asked:?}");
    for (at, expected) in asked.iter().zip(expected) {
        assert!((expected..=expected + expected / 10 + 1).contains(at), "{asked:?}");
    }
    let plan = [Does::Refuse, Does::Refuse, Does::Issue(90 * DAY)];
    assert_eq!(asked_within(&plan, None, DAY).await.len(), 3, "and none after it is there");
}

#[tokio::test(start_paused = true)]
async fn an_authority_that_asks_for_patience_gets_it() {
    let plan = [Does::Limit(DAY / 12), Does::Issue(90 * DAY)];
    let asked = asked_within(&plan, None, DAY).await;
    assert_eq!(asked.len(), 2);
    assert!((120..=133).contains(&asked[1]), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn with_a_wrong_clock_not_every_order_is_followed_by_another() {
    let asked = asked_within(&[Does::IssueAhead(365 * DAY)], None, DAY / 4).await;
    assert!(asked.len() <= 6, "{asked:?}");
    // One that is over the moment it is issued.
    let asked = asked_within(&[Does::Issue(Duration::ZERO)], None, DAY / 4).await;
    assert!(!asked.is_empty());
}

#[test]
fn times_are_said_in_the_unit_that_fits() {
    for (seconds, words) in [
        (0, "0 seconds"),
        (66, "66 seconds"),
        (120, "2 minutes"),
        (7_200, "2 hours"),
        (60 * 24 * 3_600, "60 days"),
    ] {
        assert_eq!(in_words(Duration::from_secs(seconds)), words);
    }
}
