//! What the window asks of the system round it: files that the person chooses in the system's own
//! dialog, and links that open in a browser.
//!
//! In: a [`Question`], or a link. Out: what was chosen, in a later pass. What always holds: the
//! window never waits for an answer; only the newest question has one; a dialog that is closed, and
//! a system without dialogs, give no path.

use std::fmt::Debug;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};

use eframe::egui::{Context, ViewportId};

/// What a person is asked to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Files to send.
    Files,
    /// A folder to send.
    Folder,
    /// The folder for what is received.
    Downloads,
    /// A file to save into, with a name to begin with.
    SaveAs(String),
}

/// Paths that come later; none where nothing was chosen.
pub type Chosen = Pin<Box<dyn Future<Output = Vec<PathBuf>>>>;

/// The system round the window.
pub trait Outside: Debug + Send + Sync {
    /// Asks the person, in a dialog of this title.
    fn choose(&self, question: &Question, title: &str) -> Chosen;

    /// Opens a link in a browser. Says whether there is one.
    fn open_link(&self, link: &str) -> bool;
}

/// The real one.
#[derive(Debug)]
pub struct System;

impl Outside for System {
    fn choose(&self, question: &Question, title: &str) -> Chosen {
        let dialog = rfd::AsyncFileDialog::new().set_title(title);
        let one = |file: Option<rfd::FileHandle>| file.into_iter().map(path).collect();
        match question {
            Question::Files => {
                let files = dialog.pick_files();
                Box::pin(async move { files.await.into_iter().flatten().map(path).collect() })
            }
            Question::Folder | Question::Downloads => {
                let folder = dialog.pick_folder();
                Box::pin(async move { one(folder.await) })
            }
            Question::SaveAs(name) => {
                let file = dialog.set_file_name(name).save_file();
                Box::pin(async move { one(file.await) })
            }
        }
    }

    fn open_link(&self, link: &str) -> bool {
        crate::desktop::open_link(link)
    }
}

fn path(file: rfd::FileHandle) -> PathBuf {
    file.path().to_path_buf()
}

/// The dialog that is open, if one is.
#[derive(Default)]
pub(super) struct Asked(Option<(Question, Chosen)>);

/// Wakes the window for an answer.
struct Repaint(Context);

impl Wake for Repaint {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint_of(ViewportId::ROOT);
    }
}

impl Asked {
    /// Asks. What was asked before counts no longer: its dialog may never have come.
    pub(super) fn ask(
        &mut self,
        ctx: &Context,
        outside: &dyn Outside,
        question: Question,
        title: &str,
    ) {
        let chosen = outside.choose(&question, title);
        self.0 = Some((question, chosen));
        ctx.request_repaint();
    }

    /// What was chosen, once it is.
    pub(super) fn answer(&mut self, ctx: &Context) -> Option<(Question, Vec<PathBuf>)> {
        let (_, chosen) = self.0.as_mut()?;
        let waker = Waker::from(Arc::new(Repaint(ctx.clone())));
        let Poll::Ready(paths) = chosen.as_mut().poll(&mut std::task::Context::from_waker(&waker))
        else {
            return None;
        };
        self.0.take().map(|(question, _)| (question, paths))
    }

    /// Nobody wants the answer any more.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}
