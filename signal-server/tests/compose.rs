//! `compose.yaml`: what Compose would start is started with options that the programs have. The
//! containers themselves are not run here.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use saphyr::{LoadableYamlNode as _, Yaml};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../compose.yaml");
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Puts in what stands in `.env`, as Compose does (`${NAME}`, `${NAME:?words}`, `$$`).
fn filled_in(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled += before;
        rest = if let Some(after) = after.strip_prefix('$') {
            filled.push('$');
            after
        } else {
            let end = after.find('}').unwrap();
            let name = after[1..end].split(":?").next().unwrap();
            filled += match name {
                "NAME" => "calls.example.org",
                "SECRET" => SECRET,
                other => panic!("{other} is in no .env"),
            };
            &after[end + 1..]
        };
    }
    filled + rest
}

/// A service with everything in it filled in.
fn service(name: &str) -> Yaml<'static> {
    let text = std::fs::read_to_string(FILE).unwrap();
    // A default with a brace in it would end too early; there is none.
    let lines = text.replace("$$(openssl rand -hex 32)", "X");
    let lines = lines.lines().filter(|line| !line.trim_start().starts_with('#'));
    let text: &'static str = filled_in(&lines.collect::<Vec<_>>().join("\n")).leak();
    let mut documents = Yaml::load_from_str(text).unwrap();
    assert_eq!(documents.len(), 1);
    documents.remove(0)["services"][name].clone()
}

fn strings(list: &Yaml<'_>) -> Vec<String> {
    let list = list.as_vec().expect("a list");
    list.iter().map(|item| item.as_str().expect("a text").to_owned()).collect()
}

fn environment() -> BTreeMap<String, String> {
    let server = service("server");
    let variables = server["environment"].as_mapping().unwrap();
    variables
        .iter()
        .map(|(name, value)| {
            (name.as_str().unwrap().to_owned(), value.as_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn the_server_takes_each_variable_and_listens_where_the_port_is_mapped() {
    let variables = environment();
    assert_eq!(variables["VISAVIS_ACME"], "calls.example.org");
    assert_eq!(variables["VISAVIS_TURN_SECRET"], SECRET);
    // The help shows what is set, and every option has its variable.
    let mut command = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
    let help = command.arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for name in variables.keys() {
        assert!(help.contains(&format!("[env: {name}")), "{name} is no variable of the server");
    }
    // The examination reads them as the server does; what it finds here is no matter.
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"))
        .args(["check", "--acme-directory=https://127.0.0.1:1/dir", "--metrics-listen=off"])
        .envs(&variables)
        .env("VISAVIS_DATA_DIR", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_ne!(output.status.code(), Some(2), "the options go together: {said}");
    assert!(said.contains("calls.example.org"), "{said}");
    let server = service("server");
    let port = variables["VISAVIS_LISTEN"].rsplit(':').next().unwrap();
    assert!(strings(&server["ports"]).contains(&format!("443:{port}/tcp")));
    assert_eq!(strings(&server["volumes"]), ["visavis-data:/data"]);
}

#[test]
fn the_relay_is_where_clients_are_sent_and_refuses_what_the_operators_page_says() {
    let options = strings(&service("coturn")["command"]);
    let has = |option: &str| options.iter().any(|own| own == option);
    assert!(has(&format!("--static-auth-secret={SECRET}")) && has("--listening-port=3478"));
    let urls = &environment()["VISAVIS_TURN_URL"];
    assert!(urls.split(',').all(|url| url.starts_with("turn:calls.example.org:3478?")), "{urls}");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operating.md");
    let page = std::fs::read_to_string(page).unwrap();
    let denied: Vec<_> = page.lines().filter(|line| line.starts_with("denied-peer-ip=")).collect();
    assert!(denied.len() > 20);
    for line in denied {
        assert!(has(&format!("--{line}")), "{line} is missing");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn coturn_knows_each_of_its_options() {
    let help = Command::new("turnserver").arg("--help").output();
    let help = help.expect("turnserver: install the package coturn");
    let help = String::from_utf8_lossy(&help.stdout) + String::from_utf8_lossy(&help.stderr);
    for option in strings(&service("coturn")["command"]) {
        let name = option.split('=').next().unwrap();
        assert!(help.contains(name), "{option}");
    }
}
