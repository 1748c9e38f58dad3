//! The loop of the task.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::random;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::watch;
use visavis_media::units::Bitrate;
use visavis_transport::{ChannelEvent, DataMessage};

use super::Request;
use super::ends::{Ends, rate_changed};
use super::viewing::{Viewing, transcript};
use crate::command::Command;
use crate::disk::{Disk, Job};
use crate::protocol::ids::SessionId;
use crate::text::{Text, TextInput};
use crate::transfer::pace::Pace;
use crate::transfer::{DiskReport, TransferInput, Transfers};
use crate::view::{Problem, TransferId, View};

/// A channel that was closed may be that of a connection whose place another takes; after so long
/// it was not.
const CLOSED_GRACE: Duration = Duration::from_secs(10);
/// So many messages are taken before what they change is shown.
const AT_ONCE: usize = 32;

/// Everything that the task owns.
pub(super) struct Shell {
    text: Text,
    transfers: Transfers,
    ends: Ends,
    pace: Pace,
    /// When files may go on that have to wait now.
    paced: Option<Instant>,
    disk: Disk,
    /// Jobs that are not of a transfer.
    save: Option<Job>,
    disk_full: bool,
    disk_gone: bool,
    /// The disk has said what it remembers: before that no offer can be judged.
    loaded: bool,
    viewing: Viewing,
    closed_at: Option<Instant>,
    names: [String; 2],
}

enum Event {
    Request(Option<Request>),
    Disk(Option<DiskReport>),
    Text(Option<ChannelEvent>),
    Files(Option<ChannelEvent>),
    Go,
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

impl Shell {
    pub(super) fn new(
        disk: Disk,
        view: watch::Sender<std::sync::Arc<View>>,
        names: [String; 2],
    ) -> Self {
        let session = SessionId(random());
        Self {
            text: Text::new(session),
            transfers: Transfers::new(session),
            ends: Ends::default(),
            pace: Pace::new(Bitrate::from_bps(0), now()),
            paced: None,
            disk,
            save: None,
            disk_full: false,
            disk_gone: false,
            loaded: false,
            viewing: Viewing::new(view),
            closed_at: None,
            names,
        }
    }

    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        loop {
            self.go_on();
            match self.next(&mut requests).await {
                Event::Request(Some(request)) => self.request(request),
                Event::Request(None) => break,
                Event::Disk(Some(report)) => self.report(report),
                // The thread ends before its jobs only if it has panicked: text goes on.
                Event::Disk(None) => {
                    self.disk_gone = true;
                    self.transfers.handle(TransferInput::NotAgreed, now());
                    self.viewing.changed();
                }
                Event::Text(event) => self.text_event(event),
                Event::Files(event) => self.files_event(event),
                Event::Go => {}
            }
        }
        self.finish();
        self.close().await;
    }

    /// Waits for whatever comes first.
    async fn next(&mut self, requests: &mut mpsc::Receiver<Request>) -> Event {
        let deadline = self.deadline();
        let takes_files = self.loaded && !self.transfers.is_congested();
        let disk_full = self.disk_full;
        let (text, files, rate) = self.ends.parts();
        tokio::select! {
            request = requests.recv() => Event::Request(request),
            report = self.disk.reports.recv(), if !self.disk_gone => Event::Disk(report),
            event = text.next_or_room(true) => event.map_or(Event::Go, Event::Text),
            event = files.next_or_room(takes_files) => event.map_or(Event::Go, Event::Files),
            () = rate_changed(rate) => Event::Go,
            _ = self.disk.jobs.reserve(), if disk_full => Event::Go,
            () = sleep_until(deadline) => Event::Go,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        // What waits for room in the channel goes as soon as there is some.
        let message = if self.ends.files.is_full() { None } else { self.transfers.message_due() };
        let closed = self.closed_at.map(|at| at + CLOSED_GRACE);
        let times = [
            self.text.deadline(),
            self.transfers.deadline(),
            self.viewing.deadline(),
            self.paced,
            message,
            closed,
        ];
        times.into_iter().flatten().min()
    }

    /// Does whatever can be done without waiting.
    fn go_on(&mut self) {
        let now = now();
        let phases = (self.text.link().phase(), self.transfers.link().phase());
        self.text.tick(now);
        self.transfers.tick(now);
        if phases != (self.text.link().phase(), self.transfers.link().phase()) {
            self.viewing.changed();
        }
        if self.closed_at.is_some_and(|at| now >= at + CLOSED_GRACE) {
            self.closed_at = None;
            self.viewing.edit().problem = Some(Problem::Closed);
        }
        let Self { text, transfers, ends, pace, .. } = self;
        ends.text.fill(|| text.poll_output().map(DataMessage::Text));
        pace.set_rate(ends.rate(), now);
        let mut waits = false;
        ends.files.fill(|| {
            let budget = pace.budget(now);
            waits = budget.is_none();
            let message = transfers.poll_message(budget, now)?;
            pace.sent(match &message {
                DataMessage::Text(text) => text.len(),
                DataMessage::Binary(bytes) => bytes.len(),
            });
            Some(message)
        });
        let waits = waits && !self.ends.files.is_full() && self.transfers.is_sending();
        self.paced = if waits { self.pace.next() } else { None };
        self.give_jobs();
        let problems = [self.text.take_problem(), self.transfers.take_problem()];
        for problem in problems.into_iter().flatten() {
            self.viewing.edit().problem = Some(problem);
        }
        self.viewing.show(&self.text, &self.transfers, now);
    }

    fn give_jobs(&mut self) {
        self.disk_full = false;
        while self.save.is_some() || self.transfers.has_disk_work() {
            match self.disk.jobs.try_reserve() {
                Ok(room) => {
                    let job = self.save.take();
                    let job = job.or_else(|| self.transfers.poll_disk().map(Job::Transfer));
                    if let Some(job) = job {
                        room.send(job);
                    }
                }
                Err(TrySendError::Full(())) => {
                    self.disk_full = true;
                    return;
                }
                Err(TrySendError::Closed(())) => return,
            }
        }
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::Command(command) => self.command(command),
            Request::Attach(ends) => {
                self.detach();
                self.ends = Ends::new(ends);
                self.pace = Pace::new(self.ends.rate(), now());
                if self.viewing.edit().problem == Some(Problem::Closed) {
                    self.viewing.edit().problem = None;
                }
            }
            Request::Detach => self.detach(),
            Request::Finish => self.finish(),
        }
    }

    fn command(&mut self, command: Command) {
        let now = now();
        match command {
            Command::Say(text) => self.text_input(TextInput::Say(&text, wall())),
            Command::Reading(reading) => self.text_input(TextInput::Reading(reading)),
            Command::Offer(paths) => {
                for path in paths {
                    let id = TransferId(random());
                    self.transfers.handle(TransferInput::Offer(id, path), now);
                }
            }
            Command::Accept(id) => self.transfers.handle(TransferInput::Accept(id), now),
            Command::Refuse(id) => self.transfers.handle(TransferInput::Refuse(id), now),
            Command::Pause(id) => self.transfers.handle(TransferInput::Pause(id), now),
            Command::Resume(id) => self.transfers.handle(TransferInput::Resume(id), now),
            Command::Cancel(id) => self.transfers.handle(TransferInput::Cancel(id), now),
            Command::PutAway(id) => self.transfers.handle(TransferInput::PutAway(id), now),
            Command::Save(path) => {
                let text = transcript(&self.viewing.edit().lines, &self.names);
                if self.save.is_none() {
                    self.save = Some(Job::Save(path, text));
                } else {
                    let busy = Problem::NotSaved("the disk is busy".to_owned());
                    self.viewing.edit().problem = Some(busy);
                }
            }
            Command::DismissProblem => self.viewing.edit().problem = None,
        }
        self.viewing.changed();
    }

    fn text_input(&mut self, input: TextInput<'_>) {
        self.text.handle(input, now(), wall());
        self.viewing.lines_changed();
    }

    fn report(&mut self, report: DiskReport) {
        match &report {
            DiskReport::Written { .. } | DiskReport::Piece { .. } => self.viewing.progressed(),
            DiskReport::Saved(Ok(path)) => self.viewing.edit().saved = Some(path.clone()),
            DiskReport::Saved(Err(why)) => {
                self.viewing.edit().problem = Some(Problem::NotSaved(why.clone()));
            }
            DiskReport::Remembered(_) => self.loaded = true,
            _ => self.viewing.changed(),
        }
        self.transfers.handle(TransferInput::Disk(report), now());
    }

    fn text_event(&mut self, event: Option<ChannelEvent>) {
        let mut event = Some(event);
        for _ in 0..AT_ONCE {
            let Some(one) = event else { return };
            match one {
                Some(ChannelEvent::Open) => self.text_input(TextInput::Opened),
                Some(ChannelEvent::Message(DataMessage::Text(text))) => {
                    self.text_input(TextInput::Message(&text));
                }
                Some(ChannelEvent::Message(DataMessage::Binary(_))) => {
                    self.text_input(TextInput::Bytes);
                }
                Some(ChannelEvent::NotAgreed) => self.text_input(TextInput::NotAgreed),
                Some(ChannelEvent::Closed) => {
                    self.closed_at = Some(now());
                    self.ends.text.drop_ends();
                    return self.text_input(TextInput::Interrupted);
                }
                None => {
                    self.ends.text.drop_ends();
                    return self.text_input(TextInput::Interrupted);
                }
            }
            event = self.ends.text.at_once().map(Some);
        }
    }

    fn files_event(&mut self, event: Option<ChannelEvent>) {
        let now = now();
        let input = match event {
            Some(ChannelEvent::Open) => TransferInput::Opened,
            Some(ChannelEvent::Message(DataMessage::Binary(bytes))) => {
                self.viewing.progressed();
                return self.transfers.handle(TransferInput::Bytes(bytes), now);
            }
            Some(ChannelEvent::Message(DataMessage::Text(text))) => {
                self.transfers.handle(TransferInput::Message(&text), now);
                return self.viewing.changed();
            }
            Some(ChannelEvent::NotAgreed) => TransferInput::NotAgreed,
            Some(ChannelEvent::Closed) => {
                self.closed_at = Some(now);
                self.ends.files.drop_ends();
                TransferInput::Interrupted
            }
            None => {
                self.ends.files.drop_ends();
                TransferInput::Interrupted
            }
        };
        self.transfers.handle(input, now);
        self.viewing.changed();
    }

    fn detach(&mut self) {
        self.ends = Ends::default();
        // The connection is gone, and its channels with it: that is nobody's doing.
        self.closed_at = None;
        self.text_input(TextInput::Interrupted);
        self.transfers.handle(TransferInput::Interrupted, now());
    }

    fn finish(&mut self) {
        self.ends = Ends::default();
        self.closed_at = None;
        self.text_input(TextInput::Ended);
        self.transfers.handle(TransferInput::Ended, now());
    }

    /// The disk does what is left, and the thread ends.
    async fn close(mut self) {
        loop {
            self.go_on();
            if !self.disk_full {
                break;
            }
            let event = tokio::select! {
                report = self.disk.reports.recv() => Some(report),
                _ = self.disk.jobs.reserve() => None,
            };
            match event {
                Some(Some(report)) => self.report(report),
                Some(None) => break,
                None => {}
            }
        }
        let Self {
            disk: Disk { jobs, mut reports, thread }, mut transfers, mut viewing, text, ..
        } = self;
        drop(jobs);
        while let Some(report) = reports.recv().await {
            transfers.handle(TransferInput::Disk(report), now());
            viewing.changed();
            viewing.show(&text, &transfers, now());
        }
        // Its queue of reports is closed, so it is at its end; one that has panicked is too.
        let _ = thread.join();
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
