//! How large the other's screen is shown, and which part of it: geometry alone.
//!
//! In: the size of the picture in its own pixels, the stage in points, how many pixels a point has,
//! and what the person does. Out: where the picture is. What always holds: the picture covers the
//! stage or is in its middle, in each direction for itself, so that it can't be lost; what is under
//! the pointer stays there while it grows or shrinks, as far as that allows; it is at most
//! [`LARGEST`] times its original size, and at least as small as it fits or is by itself.

use eframe::egui::{Pos2, Rect, Vec2};

use super::design::component;
use super::video_view::letterbox;

/// The largest size, in originals.
pub(super) const LARGEST: f32 = component::ZOOM_LARGEST;
/// One step of a key or a button.
pub(super) const STEP: f32 = 1.25;
/// So much of scrolling, in points, doubles the size.
const DOUBLES: f32 = component::ZOOM_DOUBLES;
/// Sizes that differ by less are the same.
const SAME: f32 = 1e-3;

/// What a picture is shown on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scene {
    /// The picture, in its pixels.
    pub(super) picture: Vec2,
    /// The stage, in points.
    pub(super) stage: Rect,
    /// Pixels of the screen for each point.
    pub(super) pixels_per_point: f32,
}

impl Scene {
    /// Points for each pixel of the picture, where it just fits.
    fn fits(&self) -> f32 {
        letterbox(self.picture.x / self.picture.y, self.stage).width() / self.picture.x
    }

    /// Points for each pixel of the picture, in its original size.
    fn original(&self) -> f32 {
        1.0 / self.pixels_per_point
    }

    /// Whether there is anything to show.
    fn is_real(&self) -> bool {
        let sizes = [self.picture, self.stage.size(), Vec2::splat(self.pixels_per_point)];
        sizes.iter().all(|size| size.is_finite() && size.min_elem() > 0.0)
    }
}

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Zoom {
    /// `None` while the picture just fits.
    part: Option<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    /// Points for each pixel of the picture.
    scale: f32,
    /// The place in the picture, in its pixels, that is in the middle of the stage.
    middle: Vec2,
}

impl Zoom {
    /// Whether the picture just fits.
    pub(super) fn fits(&self) -> bool {
        self.part.is_none()
    }

    /// Where the picture is, in points.
    pub(super) fn place(&self, scene: &Scene) -> Rect {
        if !scene.is_real() {
            return scene.stage;
        }
        match self.part {
            None => letterbox(scene.picture.x / scene.picture.y, scene.stage),
            Some(part) => {
                let part = part.kept(scene);
                let min = scene.stage.center() - part.middle * part.scale;
                Rect::from_min_size(min, scene.picture * part.scale)
            }
        }
    }

    /// How large it is, in originals.
    pub(super) fn factor(&self, scene: &Scene) -> f32 {
        if !scene.is_real() {
            return 1.0;
        }
        let scale = self.part.map_or_else(|| scene.fits(), |part| part.kept(scene).scale);
        scale / scene.original()
    }

    /// Shows it so much larger, or smaller, about a point.
    pub(super) fn by(&mut self, factor: f32, about: Pos2, scene: &Scene) {
        if scene.is_real() && factor.is_finite() && factor > 0.0 {
            let scale = self.factor(scene) * scene.original() * factor;
            self.to(scale, about, scene);
        }
    }

    /// Scrolling by so many points.
    pub(super) fn scroll(&mut self, points: f32, about: Pos2, scene: &Scene) {
        self.by((points / DOUBLES).exp2(), about, scene);
    }

    /// Shows each of its pixels as one of the screen's.
    pub(super) fn show_original(&mut self, about: Pos2, scene: &Scene) {
        if scene.is_real() {
            let scale = scene.original();
            let fits = scene.fits();
            self.set(scale, about, scene);
            // Also where that is smaller than what fits.
            if (scale / fits - 1.0).abs() < SAME {
                self.fit();
            }
        }
    }

    /// Shows all of it, as large as it fits.
    pub(super) fn fit(&mut self) {
        self.part = None;
    }

    /// From what fits to the original size, and from anything else to what fits.
    pub(super) fn toggle(&mut self, about: Pos2, scene: &Scene) {
        if self.fits() { self.show_original(about, scene) } else { self.fit() }
    }

    /// Moves it by so many points.
    pub(super) fn drag(&mut self, by: Vec2, scene: &Scene) {
        let Some(part) = &mut self.part else { return };
        if scene.is_real() && by.is_finite() {
            *part = part.kept(scene);
            part.middle -= by / part.scale;
            *part = part.kept(scene);
        }
    }

    fn to(&mut self, scale: f32, about: Pos2, scene: &Scene) {
        let fits = scene.fits();
        let least = fits.min(scene.original());
        let most = (LARGEST * scene.original()).max(fits);
        let scale = scale.clamp(least, most);
        if (scale / fits - 1.0).abs() < SAME {
            return self.fit();
        }
        self.set(scale, about, scene);
    }

    fn set(&mut self, scale: f32, about: Pos2, scene: &Scene) {
        let before = self.place(scene);
        let about = scene.stage.clamp(about);
        // The place in the picture that is there, and is to stay there.
        let there = (about - before.min) / before.width() * scene.picture.x;
        let middle = there - (about - scene.stage.center()) / scale;
        self.part = Some(Part { scale, middle }.kept(scene));
    }
}

impl Part {
    /// The nearest one with which the picture covers the stage or is in its middle.
    fn kept(self, scene: &Scene) -> Self {
        let half = scene.stage.size() / 2.0 / self.scale;
        let keep = |middle: f32, picture: f32, half: f32| {
            if picture <= 2.0 * half { picture / 2.0 } else { middle.clamp(half, picture - half) }
        };
        let middle = Vec2::new(
            keep(self.middle.x, scene.picture.x, half.x),
            keep(self.middle.y, scene.picture.y, half.y),
        );
        Self { middle, ..self }
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{pos2, vec2};
    use proptest::prelude::*;

    use super::*;

    /// What is done to it.
    #[derive(Debug, Clone, Copy)]
    enum Deed {
        By(f32, (f32, f32)),
        Drag(f32, f32),
        Original((f32, f32)),
        Toggle((f32, f32)),
        Fit,
    }

    fn deed() -> impl Strategy<Value = Deed> {
        let place = (0.0f32..1.0, 0.0f32..1.0);
        prop_oneof![
            (0.1f32..10.0, place.clone()).prop_map(|(by, at)| Deed::By(by, at)),
            (-3000.0f32..3000.0, -3000.0f32..3000.0).prop_map(|(x, y)| Deed::Drag(x, y)),
            place.clone().prop_map(Deed::Original),
            place.prop_map(Deed::Toggle),
            Just(Deed::Fit),
        ]
    }

    fn scene() -> impl Strategy<Value = Scene> {
        (16.0f32..4000.0, 16.0f32..3000.0, 100.0f32..3000.0, 100.0f32..2000.0, 0.5f32..3.0)
            .prop_map(|(w, h, width, height, pixels_per_point)| Scene {
                picture: vec2(w.round(), h.round()),
                stage: Rect::from_min_size(pos2(7.0, 3.0), vec2(width, height)),
                pixels_per_point,
            })
    }

    fn at(scene: &Scene, (x, y): (f32, f32)) -> Pos2 {
        scene.stage.min + scene.stage.size() * vec2(x, y)
    }

    fn apply(zoom: &mut Zoom, deed: Deed, scene: &Scene) {
        match deed {
            Deed::By(by, place) => zoom.by(by, at(scene, place), scene),
            Deed::Drag(x, y) => zoom.drag(vec2(x, y), scene),
            Deed::Original(place) => zoom.show_original(at(scene, place), scene),
            Deed::Toggle(place) => zoom.toggle(at(scene, place), scene),
            Deed::Fit => zoom.fit(),
        }
    }

    /// Whether the picture covers the stage or is in its middle, in one direction.
    fn kept(picture: (f32, f32), stage: (f32, f32)) -> bool {
        let slack = (stage.1 - stage.0) * 1e-3 + 0.1;
        let covers = picture.0 <= stage.0 + slack && picture.1 >= stage.1 - slack;
        let middle = |(a, b): (f32, f32)| (a + b) / 2.0;
        let fits = picture.1 - picture.0 <= stage.1 - stage.0 + slack;
        covers || fits && (middle(picture) - middle(stage)).abs() < slack
    }

    proptest! {
        #[test]
        fn the_picture_covers_the_stage_or_is_in_its_middle_whatever_is_done(
            scene in scene(),
            other in scene(),
            deeds in prop::collection::vec(deed(), 0..20),
        ) {
            let mut zoom = Zoom::default();
            for deed in deeds {
                apply(&mut zoom, deed, &scene);
                // Also when the window or the picture is another size all at once.
                for scene in [scene, other] {
                    let (place, stage) = (zoom.place(&scene), scene.stage);
                    let x = kept((place.left(), place.right()), (stage.left(), stage.right()));
                    let y = kept((place.top(), place.bottom()), (stage.top(), stage.bottom()));
                    prop_assert!(x && y, "{place:?} on {stage:?}");
                    let shape = scene.picture.x / scene.picture.y;
                    prop_assert!((place.width() / place.height() / shape - 1.0).abs() < 1e-2);
                }
                let factor = zoom.factor(&scene);
                let most = LARGEST.max(scene.fits() * scene.pixels_per_point);
                prop_assert!(factor <= most * 1.001, "{factor}");
                let least = (scene.fits() * scene.pixels_per_point).min(1.0);
                prop_assert!(factor >= least * 0.999, "{factor}");
            }
        }

        #[test]
        fn what_is_under_the_pointer_stays_there(
            scene in scene(),
            before in prop::collection::vec(deed(), 0..6),
            factor in 0.2f32..5.0,
            place in (0.0f32..1.0, 0.0f32..1.0),
        ) {
            let mut zoom = Zoom::default();
            before.into_iter().for_each(|deed| apply(&mut zoom, deed, &scene));
            let about = at(&scene, place);
            let under = |zoom: &Zoom| {
                let place = zoom.place(&scene);
                (about - place.min) / place.size()
            };
            let was = under(&zoom);
            zoom.by(factor, about, &scene);
            let (now, after) = (under(&zoom), zoom.place(&scene));
            // Unless the picture would leave the stage.
            let stage = scene.stage;
            if after.left() < stage.left() - 1.0 && after.right() > stage.right() + 1.0 {
                prop_assert!((now.x - was.x).abs() * after.width() < 2.0, "{was} {now} {after:?}");
            }
            if after.top() < stage.top() - 1.0 && after.bottom() > stage.bottom() + 1.0 {
                prop_assert!((now.y - was.y).abs() * after.height() < 2.0, "{was} {now} {after:?}");
            }
        }
    }

    const SCENE: Scene = Scene {
        picture: Vec2::new(1920.0, 1080.0),
        stage: Rect { min: Pos2::ZERO, max: Pos2::new(960.0, 540.0) },
        pixels_per_point: 1.0,
    };

    #[test]
    fn a_double_click_shows_the_original_size_about_the_pointer_and_the_next_all_of_it() {
        let mut zoom = Zoom::default();
        assert_eq!(zoom.place(&SCENE), SCENE.stage);
        assert_eq!(zoom.factor(&SCENE), 0.5);
        zoom.toggle(pos2(0.0, 0.0), &SCENE);
        assert_eq!(zoom.factor(&SCENE), 1.0);
        assert_eq!(zoom.place(&SCENE), Rect::from_min_size(Pos2::ZERO, SCENE.picture));
        zoom.drag(vec2(-100.0, 5000.0), &SCENE);
        assert_eq!(zoom.place(&SCENE).min, pos2(-100.0, 0.0), "it goes no further than its edge");
        zoom.toggle(pos2(1.0, 1.0), &SCENE);
        assert!(zoom.fits() && zoom.place(&SCENE) == SCENE.stage);
    }

    #[test]
    fn scrolling_back_by_as_much_shows_all_of_it_again() {
        let mut zoom = Zoom::default();
        zoom.scroll(DOUBLES, pos2(300.0, 200.0), &SCENE);
        assert!((zoom.factor(&SCENE) - 1.0).abs() < 1e-4);
        zoom.scroll(-DOUBLES, pos2(300.0, 200.0), &SCENE);
        assert!(zoom.fits());
        zoom.scroll(-DOUBLES, pos2(300.0, 200.0), &SCENE);
        assert!(zoom.fits(), "no smaller than it fits");
    }

    #[test]
    fn a_picture_or_a_stage_of_no_size_changes_nothing() {
        let mut zoom = Zoom::default();
        for scene in [
            Scene { picture: Vec2::ZERO, ..SCENE },
            Scene { stage: Rect::NOTHING, ..SCENE },
            Scene { pixels_per_point: 0.0, ..SCENE },
        ] {
            zoom.by(2.0, Pos2::ZERO, &scene);
            zoom.toggle(Pos2::ZERO, &scene);
            assert!(zoom.fits() && zoom.factor(&scene) == 1.0);
            assert_eq!(zoom.place(&scene), scene.stage);
        }
    }
}
