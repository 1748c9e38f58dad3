//! What a build of our server can do, as its own `--help` lists it: the bench is older than some of
//! its options.

/// Options that would hold a flood back, and what lifts each of them; and what would want a port of
/// its own.
const LIFTED: &[(&str, &str)] = &[
    ("--max-connections", "200000"),
    ("--max-connections-per-address", "200000"),
    ("--login-rate", "0"),
    ("--message-rate", "0"),
    ("--metrics-listen", "off"),
];

/// The options that a server has.
#[derive(Debug, Clone, Default)]
pub(super) struct Abilities {
    options: Vec<String>,
}

impl Abilities {
    /// Reads them from the help.
    pub(super) fn from_help(help: &str) -> Self {
        let words = help.split(|c: char| c.is_whitespace() || ['[', ']', ',', '='].contains(&c));
        let mut options: Vec<_> =
            words.filter(|word| word.starts_with("--")).map(str::to_owned).collect();
        options.sort_unstable();
        options.dedup();
        Self { options }
    }

    /// Whether there is such an option.
    pub(super) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|known| known == option)
    }

    /// What lifts the limits on whoever it is that calls so often.
    pub(super) fn lifting_limits(&self) -> Vec<String> {
        let there = LIFTED.iter().filter(|(option, _)| self.has(option));
        there.flat_map(|(option, value)| [(*option).to_owned(), (*value).to_owned()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_known_by_its_whole_name() {
        let help = "Limits:\n      --max-connections-per-address <N>\n   -r, --redis[=URL]  see --tls-cert [env: X=]\n";
        let abilities = Abilities::from_help(help);
        assert!(abilities.has("--redis") && abilities.has("--tls-cert"));
        assert!(!abilities.has("--max-connections"));
        assert_eq!(abilities.lifting_limits(), ["--max-connections-per-address", "200000"]);
    }
}
