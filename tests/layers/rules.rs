//! Which folder may name what: section 4 of the design, in code.

use crate::paths::{Mention, mentions};

/// The folders of `src/`, each with the folders that it may name beside itself.
const FOLDERS: [(&str, &[&str]); 12] = [
    ("application", &[]),
    ("core", &["application"]),
    ("expression", &["application", "core"]),
    ("endpoints", &["application", "core"]),
    ("resilience", &["application", "core"]),
    ("wire", &["application", "core"]),
    ("cluster", &["application", "core", "wire"]),
    ("runtime", &["application", "core", "endpoints", "resilience", "cluster"]),
    ("telemetry", &["application", "core", "endpoints", "resilience", "runtime"]),
    (
        "session",
        &[
            "application",
            "core",
            "expression",
            "endpoints",
            "resilience",
            "wire",
            "runtime",
            "telemetry",
        ],
    ),
    (
        "workbench",
        &[
            "application",
            "core",
            "expression",
            "endpoints",
            "resilience",
            "wire",
            "runtime",
            "telemetry",
            "session",
        ],
    ),
    (
        "cli",
        &[
            "application",
            "core",
            "expression",
            "endpoints",
            "resilience",
            "wire",
            "cluster",
            "runtime",
            "telemetry",
            "session",
            "workbench",
        ],
    ),
];

/// Crates that only one folder names.
const OWNED: [(&str, &str); 8] = [
    ("cel", "expression"),
    ("timely", "runtime"),
    ("ratatui", "workbench"),
    ("crossterm", "workbench"),
    ("rusqlite", "resilience"),
    ("tracing", "telemetry"),
    ("hmac", "wire"),
    ("sha2", "wire"),
];

/// The folders that are pure, and what the world outside is called.
const PURE: [&str; 2] = ["application", "core"];
const OUTSIDE: [&str; 6] =
    ["tokio", "std::thread", "std::net", "std::fs", "std::time::Instant", "std::time::SystemTime"];

/// What code must not name.
pub struct Rules {
    forbidden: Vec<Vec<String>>,
    /// The folders of the crate, if only they may follow `crate::`.
    folders: Vec<&'static str>,
}

/// The rules of a folder of `src/`.
///
/// # Panics
///
/// The folder has no rules: add it to `FOLDERS` first.
pub fn rules_of_the_library(folder: &str) -> Rules {
    let known = FOLDERS.iter().find(|(name, _)| *name == folder);
    let Some((_, allowed)) = known else {
        panic!("src/{folder} has no place in the order of the house: add it to FOLDERS")
    };
    let folders = FOLDERS.iter().map(|(name, _)| *name);
    let others = folders.clone().filter(|other| *other != folder && !allowed.contains(other));
    let above = others.map(|other| format!("crate::{other}"));
    let owned = OWNED.iter().filter(|(_, owner)| *owner != folder);
    let owned = owned.map(|(name, _)| (*name).to_owned());
    let outside = OUTSIDE.iter().filter(|_| PURE.contains(&folder)).map(|name| (*name).to_owned());
    let forbidden = above.chain(owned).chain(outside);
    Rules { forbidden: forbidden.map(|path| words(&path)).collect(), folders: folders.collect() }
}

/// The rules of a folder of `apps/`: of these dependencies, it names only serde.
pub fn rules_of_an_application(dependencies: &[String]) -> Rules {
    let others = dependencies.iter().filter(|name| *name != "serde");
    Rules { forbidden: others.map(|name| words(name)).collect(), folders: Vec::new() }
}

/// The crates that a manifest's `[dependencies]` names, as code spells them.
pub fn dependencies(manifest: &str) -> Vec<String> {
    let section = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let section = section.take_while(|line| !line.starts_with('['));
    section
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().replace('-', "_"))
        .collect()
}

fn words(path: &str) -> Vec<String> {
    path.split("::").map(str::to_owned).collect()
}

/// Where the code, which stands at this place in its crate, breaks the rules: a line for each.
pub fn broken_rules(code: &str, module: &[String], rules: &Rules) -> Vec<String> {
    let file = syn::parse_file(code).unwrap();
    let mentions = mentions(&file, module);
    let broken = mentions.iter().filter(|mention| rules.forbid(mention));
    broken.map(|Mention { line, path }| format!("{line}: names {}", path.join("::"))).collect()
}

impl Rules {
    fn forbid(&self, Mention { path, .. }: &Mention) -> bool {
        let beside_the_folders = !self.folders.is_empty()
            && path[0] == "crate"
            && !path.get(1).is_some_and(|word| self.folders.contains(&word.as_str()));
        beside_the_folders || self.forbidden.iter().any(|forbidden| names(path, forbidden))
    }
}

/// Whether a path names what is forbidden: something of it, or the whole of which it is a part (after
/// `use std::time`, `time::Instant` would be unseen).
fn names(path: &[String], forbidden: &[String]) -> bool {
    let mut pairs = path.iter().zip(forbidden);
    pairs.next().is_some_and(|(word, forbidden)| {
        // `timely_communication` is a part of timely.
        word == forbidden || (forbidden != "std" && word.starts_with(&format!("{forbidden}_")))
    }) && pairs.all(|(word, forbidden)| word == forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken_in(folder: &str, code: &str) -> Vec<String> {
        let module = [folder.to_owned(), "file".to_owned()];
        broken_rules(code, &module, &rules_of_the_library(folder))
    }

    #[test]
    fn dependencies_point_one_way() {
        assert_eq!(
            broken_in("core", "use crate::application::Key;\nuse crate::runtime::Engine;"),
            ["2: names crate::runtime::Engine"]
        );
        assert_eq!(broken_in("application", "use super::super::core::X;").len(), 1);
        assert_eq!(broken_in("endpoints", "fn f() { crate::telemetry::x() }").len(), 1);
        assert_eq!(broken_in("telemetry", "use crate::{runtime::E, workbench::W};").len(), 1);
        assert!(broken_in("runtime", "use crate::{core::X, endpoints::Y};").is_empty());
        assert!(broken_in("cli", "use super::endpoints::X; use crate::workbench;").is_empty());
    }

    #[test]
    fn nothing_is_named_through_the_crate_page() {
        assert_eq!(broken_in("application", "use crate::TestDriver;").len(), 1);
        assert_eq!(broken_in("core", "use crate::*;").len(), 1);
        assert_eq!(broken_in("core", "use crate as house;").len(), 1);
    }

    #[test]
    fn a_crate_with_an_owner_is_named_by_nobody_else() {
        assert!(broken_in("runtime", "use timely::Config;").is_empty());
        assert_eq!(broken_in("telemetry", "use timely::Config;").len(), 1);
        assert_eq!(broken_in("endpoints", "type T = ::timely_communication::X;").len(), 1);
        assert_eq!(broken_in("cli", "use ratatui::text::Line; use crossterm as c;").len(), 2);
        assert_eq!(broken_in("runtime", "use rusqlite::Connection;").len(), 1);
        assert!(broken_in("resilience", "use rusqlite::Connection;").is_empty());
    }

    #[test]
    fn the_pure_folders_do_not_name_the_world_outside() {
        let pure = "use std::{io, sync::Arc, time::Duration}; mod tokio_like;";
        assert!(broken_in("core", pure).is_empty());
        let impure = "use std::{fs, net::TcpStream, thread, time::{self, Instant}};
            fn f() { tokio::spawn(std::time::SystemTime::now()) }";
        assert_eq!(broken_in("application", impure).len(), 7);
        assert!(broken_in("endpoints", impure).is_empty());
    }

    #[test]
    fn an_application_names_no_other_dependency() {
        let names =
            dependencies("[package]\na = 1\n[dependencies]\nserde = 1\ntui-input = 2\n[x]\nb = 3");
        assert_eq!(names, ["serde", "tui_input"]);
        let rules = rules_of_an_application(&names);
        let code = "use wallaroo::Key; use serde::Serialize; use crate::wire; use std::fs;";
        assert!(broken_rules(code, &[], &rules).is_empty());
        assert_eq!(broken_rules("use tui_input::Input;", &[], &rules).len(), 1);
    }

    #[test]
    #[should_panic(expected = "no place in the order of the house")]
    fn a_folder_without_rules_is_refused() {
        rules_of_the_library("misc");
    }
}
