//! Where the frames of the camera and of a shared screen go: to the encoder of a call and to the
//! self-view, which both see the same.
//!
//! In: the camera's frames, through its [`CameraOutput`]; while a screen is shared, its frames too.
//! What always holds: while a screen is shared neither sees the camera but in the corner that was
//! asked for, and afterwards both see the camera as before.

use std::sync::Arc;

use crate::device::camera::CameraOutput;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::{RgbaFrame, VideoFrame};
use crate::media::self_view::SelfView;
use crate::media::share_compose::ShareComposer;
use crate::media::units::VideoSize;

type Frames = Arc<DropOldestQueue<VideoFrame>>;

/// The self-view is shown in a corner; more than this is not needed.
const LARGEST_SELF_VIEW: VideoSize = VideoSize::new(640, 480).unwrap();

/// See the module.
pub(super) struct OutgoingPicture {
    camera: CameraOutput,
    self_view: Option<(Frames, SelfView)>,
    self_video: Arc<DropOldestQueue<RgbaFrame>>,
    encoder: Option<Frames>,
    share: Option<Share>,
}

/// A screen that is shared.
struct Share {
    screen: Frames,
    /// The camera's frames on their way into the corner.
    corner: Frames,
    camera: bool,
    composer: Option<ShareComposer>,
}

impl OutgoingPicture {
    /// With nobody who sees anything. The self-view goes to `self_video`.
    pub(super) fn new(self_video: Arc<DropOldestQueue<RgbaFrame>>) -> Self {
        Self {
            camera: CameraOutput::new(),
            self_view: None,
            self_video,
            encoder: None,
            share: None,
        }
    }

    /// Where the camera that is open puts its frames.
    pub(super) fn camera(&self) -> CameraOutput {
        self.camera.clone()
    }

    /// The camera that was open delivers nothing from now on.
    pub(super) fn take_over(&mut self) {
        self.camera = self.camera.take_over();
    }

    /// The encoder takes frames from now on.
    pub(super) fn begin(&mut self, encoder: Frames) {
        self.end();
        self.encoder = Some(encoder);
        self.join();
    }

    /// The encoder takes none any more.
    pub(super) fn end(&mut self) {
        if let Some(encoder) = self.encoder.take() {
            self.camera.detach(&encoder);
            self.join();
        }
    }

    /// Shows the self-view, or no longer.
    pub(super) fn show_self(&mut self, on: bool) {
        if !on {
            if let Some((input, _view)) = self.self_view.take() {
                self.camera.detach(&input);
                self.join();
            }
        } else if self.self_view.is_none() {
            let input = DropOldestQueue::latest();
            let output = Arc::clone(&self.self_video);
            match SelfView::spawn(Arc::clone(&input), output, LARGEST_SELF_VIEW) {
                Ok(view) => {
                    self.self_view = Some((input, view));
                    self.join();
                }
                Err(error) => {
                    tracing::error!("no thread for the self-view could be started: {error}")
                }
            }
        }
    }

    /// Whether a screen is shown in the place of the camera.
    pub(super) fn shares(&self) -> bool {
        self.share.is_some()
    }

    /// Shows this screen from now on, with the camera in its corner or without.
    pub(super) fn share(&mut self, screen: Frames, camera: bool) {
        self.stop_sharing();
        let corner = DropOldestQueue::latest();
        self.share = Some(Share { screen, corner, camera, composer: None });
        self.join();
    }

    /// Shows the camera in the corner of the screen from now on, or no longer.
    pub(super) fn show_camera_in_corner(&mut self, camera: bool) {
        let Some(share) = &mut self.share else { return };
        if share.camera != camera {
            share.camera = camera;
            self.join();
        }
    }

    /// Shows the camera again.
    pub(super) fn stop_sharing(&mut self) {
        if let Some(share) = self.share.take() {
            self.camera.detach(&share.corner);
            self.join();
        }
    }

    /// Sends everything where it belongs now.
    fn join(&mut self) {
        let own = self.self_view.as_ref().map(|(input, _)| input);
        let outputs: Vec<Frames> = self.encoder.iter().chain(own).cloned().collect();
        for output in &outputs {
            self.camera.detach(output);
        }
        let Some(share) = &mut self.share else {
            for output in outputs {
                self.camera.attach(output);
            }
            return;
        };
        self.camera.detach(&share.corner);
        if share.camera {
            self.camera.attach(Arc::clone(&share.corner));
        }
        match &share.composer {
            Some(composer) => {
                composer.set_outputs(outputs);
                composer.set_camera(share.camera);
            }
            None => {
                let (screen, corner) = (Arc::clone(&share.screen), Arc::clone(&share.corner));
                match ShareComposer::spawn(screen, corner, outputs, share.camera) {
                    Ok(composer) => share.composer = Some(composer),
                    Err(error) => {
                        tracing::error!("no thread for a shared screen could be started: {error}")
                    }
                }
            }
        }
    }
}
