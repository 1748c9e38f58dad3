use super::*;

/// Which tones were asked for since this was asked last.
fn rings(app: &App) -> Vec<Option<RingKind>> {
    let rings = app.asked.try_iter().filter_map(|command| match command {
        MediaCommand::Ring(ring) => Some(ring),
        _ => None,
    });
    rings.collect()
}

fn intend(app: &mut App, intent: Intent) {
    let _inside = app.runtime.enter();
    app.driver.on_intent(intent);
}

#[test]
fn nothing_rings_while_it_is_to_be_quiet_and_what_rings_falls_silent_at_once() {
    let mut app = App::new();
    intend(&mut app, Intent::BeQuiet(true));
    assert_eq!(rings(&app), []);
    let call = CallId::parse("1").unwrap();
    let offer = CallSignal::Offer(description(DescriptionKind::Offer));
    let effects = app.step(call_signal("bob", &call, offer));
    assert!(!effects.rang && app.driver.snapshot.quiet);
    assert!(matches!(app.driver.snapshot.call, CallPhase::Ringing { .. }));
    intend(&mut app, Intent::BeQuiet(false));
    assert_eq!(rings(&app), [Some(RingKind::Ring)]);
    intend(&mut app, Intent::BeQuiet(true));
    assert_eq!(rings(&app), [None]);
}
