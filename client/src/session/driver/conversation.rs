//! The conversation in writing that goes with a call: begun when media flows between the two,
//! joined to each peer connection of the call, over with it.
//!
//! What always holds: nothing is said or sent before the call stands; what was interrupted goes on
//! only with who has the same key.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;
use visavis_shared::Username;

use super::Driver;
use crate::conversation::{
    Command, Conversation, ConversationConfig, ConversationHandle, Unsent, View,
};
use crate::session::downloads;
use crate::signaling::ServerUrl;
use crate::words::phrase;

/// A conversation that has begun.
pub(super) struct Written {
    handle: ConversationHandle,
    views: watch::Receiver<Arc<View>>,
}

/// The next state of the conversation.
pub(super) async fn next_view(written: &mut Option<Written>) -> Arc<View> {
    let Some(Written { views, .. }) = written else { return pending().await };
    match views.changed().await {
        Ok(()) => Arc::clone(&views.borrow_and_update()),
        Err(_) => pending().await,
    }
}

impl Driver {
    pub(super) fn converse(&mut self, command: Command) {
        self.tell_conversation(|handle| handle.command(command));
    }

    /// Tells the conversation something, where there is one.
    fn tell_conversation(&self, tell: impl FnOnce(&ConversationHandle) -> Result<(), Unsent>) {
        if let Some(Written { handle, .. }) = &self.written
            && let Err(error) = tell(handle)
        {
            tracing::warn!("{error}");
        }
    }

    /// Media flows between us and them: what we have to say goes over the same connection.
    pub(super) fn join_conversation(&mut self, peer: &Username) {
        let Some(ends) = self.data_ends.take() else { return };
        if self.written.is_none() {
            match Conversation::start(self.conversation_with(peer)) {
                Ok((handle, views)) => {
                    self.snapshot.conversation = Some(Arc::clone(&views.borrow()));
                    self.written = Some(Written { handle, views });
                }
                Err(error) => {
                    tracing::error!("no thread for files could be started: {error}");
                    self.notices.add(phrase!("conversation-not-started"));
                }
            }
        }
        self.tell_conversation(|handle| handle.attach(ends));
    }

    fn conversation_with(&self, peer: &Username) -> ConversationConfig {
        let key = self.snapshot.trust.and_then(|trust| trust.standing.key());
        let server = ServerUrl::parse(&self.snapshot.server);
        let server = server.map(|url| url.origin().to_owned()).unwrap_or_default();
        // Who can't show who they are gets nothing of what was meant for somebody else.
        let state = self.options.transfers.clone().filter(|_| key.is_some());
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        ConversationConfig {
            peer: format!("{server} {peer} {key}"),
            downloads: downloads::folder(self.options.downloads.as_deref()),
            state,
            our_name: self.snapshot.username.clone(),
            their_name: peer.to_string(),
        }
    }

    /// The peer connection is gone.
    pub(super) fn leave_conversation(&mut self) {
        self.data_ends = None;
        self.tell_conversation(ConversationHandle::detach);
    }

    /// The call is over: what was said stays to be read and saved until the person turns to
    /// something else.
    pub(super) fn end_conversation(&mut self) {
        self.tell_conversation(ConversationHandle::finish);
    }

    /// Comes back when everything of a conversation is closed and remembered.
    pub(super) fn close_conversation(&mut self) -> impl Future<Output = ()> + use<> {
        let written = self.written.take();
        async move {
            if let Some(Written { handle, .. }) = written {
                handle.closed().await;
            }
        }
    }

    /// The person has turned to something else.
    pub(super) fn forget_conversation(&mut self) {
        tokio::spawn(self.close_conversation());
        self.snapshot.conversation = None;
    }
}
