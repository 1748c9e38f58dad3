//! Which camera and microphone each of two people on one machine gets.

use serde_json::Value;

/// The names of what is plugged in, as `visavis devices --json` lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Devices {
    cameras: Vec<String>,
    microphones: Vec<String>,
    speakers: Vec<String>,
}

impl Devices {
    /// Reads the list; a kind that is absent is empty.
    pub(crate) fn parse(json: &str) -> Result<Self, serde_json::Error> {
        let list: Value = serde_json::from_str(json)?;
        let names = |kind: &str| {
            let devices = list.get(kind).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            devices
                .iter()
                .filter_map(|device| Some(device.get("name")?.as_str()?.to_owned()))
                .collect()
        };
        Ok(Self {
            cameras: names("cameras"),
            microphones: names("microphones"),
            speakers: names("speakers"),
        })
    }

    /// What the `index`th person sees, hears and speaks with.
    ///
    /// Two programs can't share a camera, so each gets one of their own as far as there are any.
    /// Two open speakers and a microphone in one room would howl, so only the first person hears,
    /// unless both wear headphones.
    pub(crate) fn for_person(&self, index: usize, headphones: bool) -> Sources {
        let microphone = if headphones {
            self.microphones.get(index).or(self.microphones.first())
        } else {
            self.microphones.get(index)
        };
        let hears = !self.speakers.is_empty() && (index == 0 || headphones);
        Sources {
            camera: self.cameras.get(index).cloned().unwrap_or_else(|| "pattern".into()),
            microphone: microphone.cloned().unwrap_or_else(|| "tone".into()),
            speaker: if hears { "default" } else { "none" }.into(),
        }
    }
}

/// The devices of one person, as the command line takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sources {
    camera: String,
    microphone: String,
    speaker: String,
}

impl Sources {
    /// As options.
    pub(crate) fn arguments(&self) -> [&str; 6] {
        ["--camera", &self.camera, "--microphone", &self.microphone, "--speaker", &self.speaker]
    }

    /// In words, for the person at the terminal.
    pub(crate) fn in_words(&self) -> String {
        let camera = match self.camera.as_str() {
            "pattern" => "shows a test pattern",
            name => &format!("is seen by “{name}”"),
        };
        let microphone = match self.microphone.as_str() {
            "tone" => "sounds a tone",
            name => &format!("is heard by “{name}”"),
        };
        let hearing = if self.speaker == "none" { " and hears nothing" } else { "" };
        format!("{camera}, {microphone}{hearing}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices() -> Devices {
        Devices::parse(
            r#"{"cameras":[{"name":"Integrated","formats":[]}],
                "microphones":[{"name":"Built-in"},{"name":"Headset"}],
                "speakers":[{"name":"Built-in"}]}"#,
        )
        .expect("it is JSON")
    }

    #[test]
    fn the_second_person_gets_the_pattern_when_there_is_one_camera() {
        let (first, second) = (devices().for_person(0, false), devices().for_person(1, false));
        let first_gets =
            ["--camera", "Integrated", "--microphone", "Built-in", "--speaker", "default"];
        assert_eq!(first.arguments(), first_gets);
        assert_eq!(
            second.arguments(),
            ["--camera", "pattern", "--microphone", "Headset", "--speaker", "none"]
        );
    }

    #[test]
    fn with_headphones_both_hear_and_share_a_microphone() {
        let one = Devices {
            microphones: vec!["Mic".into()],
            speakers: vec!["Phones".into()],
            ..Devices::default()
        };
        let both = ["--camera", "pattern", "--microphone", "Mic", "--speaker", "default"];
        assert_eq!(one.for_person(0, true).arguments(), both);
        assert_eq!(one.for_person(1, true).arguments(), both);
    }

    #[test]
    fn with_no_device_at_all_there_are_pattern_and_tone() {
        let none = Devices::parse("{}").expect("it is JSON");
        for person in 0..2 {
            let sources = none.for_person(person, false);
            assert_eq!(
                sources.arguments(),
                ["--camera", "pattern", "--microphone", "tone", "--speaker", "none"]
            );
            assert_eq!(sources.in_words(), "shows a test pattern, sounds a tone and hears nothing");
        }
    }

    #[test]
    fn a_list_of_another_shape_holds_no_device() {
        assert_eq!(
            Devices::parse(r#"{"cameras":3,"microphones":[{},7,{"name":5}]}"#).ok(),
            Some(Devices::default())
        );
        assert!(Devices::parse("no").is_err());
    }
}
