use super::*;
use crate::device::{DeviceInfo, DeviceList};

/// How often the devices were to be listed since this was asked last.
fn listings(app: &App) -> usize {
    app.asked.try_iter().filter(|command| matches!(command, MediaCommand::ListDevices)).count()
}

fn log_in(app: &mut App) {
    let _inside = app.runtime.enter();
    app.driver.on_signaling(Some(logged_in(true)));
}

#[test]
fn the_devices_are_listed_at_the_log_in_until_they_are_known() {
    let mut app = App::new();
    log_in(&mut app);
    assert_eq!(listings(&app), 1);
    let speaker = DeviceInfo { name: "Desk".into(), default: true, formats: Vec::new() };
    let devices = DeviceList { speakers: vec![speaker], ..DeviceList::default() };
    app.driver.on_media(MediaEvent::Devices(devices));
    log_in(&mut app);
    assert_eq!(listings(&app), 0);
}

#[test]
fn a_call_that_begins_ends_whatever_is_tried_out_and_nothing_is_tried_in_one() {
    let mut app = App::new();
    let tried = |app: &App| -> Vec<Option<Trial>> {
        let tried = app.asked.try_iter().filter_map(|command| match command {
            MediaCommand::TryDevice(trial) => Some(trial),
            _ => None,
        });
        tried.collect()
    };
    let intend = |app: &mut App, trial| {
        let _inside = app.runtime.enter();
        app.driver.on_intent(Intent::TryDevice(trial));
    };
    intend(&mut app, Some(Trial::Speaker));
    assert_eq!(tried(&app), [Some(Trial::Speaker)]);
    let call = CallId::parse("1").unwrap();
    let offer = CallSignal::Offer(description(DescriptionKind::Offer));
    let Event::Server(offer) = call_signal("bob", &call, offer) else { panic!("no signal") };
    {
        let _inside = app.runtime.enter();
        app.driver.on_signaling(offer);
    }
    assert!(matches!(app.driver.snapshot.call, CallPhase::Ringing { .. }));
    assert_eq!(tried(&app), [None]);
    intend(&mut app, Some(Trial::Microphone));
    assert_eq!(tried(&app), [None]);
}
