//! The dashboard for Grafana asks for what is served, and shows all of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Folder, Served};

fn dashboard() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/grafana/wallaroo-tui.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// All texts under this name, at any depth.
fn texts(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|value| texts(value, name, found)),
        Value::Object(fields) => {
            for (field, value) in fields {
                match value {
                    Value::String(text) if field == name => found.push(text.clone()),
                    value => texts(value, name, found),
                }
            }
        }
        _ => {}
    }
}

/// The names of metrics in the queries of the dashboard.
fn asked_for(dashboard: &Value) -> BTreeSet<String> {
    let mut queries = Vec::new();
    texts(dashboard, "expr", &mut queries);
    texts(dashboard, "query", &mut queries);
    let words = queries.iter().flat_map(|query| {
        query
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != ':')
    });
    words.filter(|word| word.starts_with("wallaroo")).map(str::to_owned).collect()
}

#[test]
fn the_dashboard_asks_for_names_that_are_served_and_for_every_one() {
    let folder = Folder::new();
    let saved = folder.path("saved");
    let served = Served::start(&folder, &["--resilience-dir", &saved, "--metrics-keys", "1"]);
    served.send(&super::support::frames::vote(b'a', 1));
    let mut figures = served.figures();
    super::wait_until("the key with the most messages", || {
        figures = served.figures();
        !figures.samples("wallaroo_top_key_messages").is_empty()
    });
    let asked = asked_for(&dashboard());
    let names = figures.names();
    let unknown: Vec<_> = asked.difference(&names).collect();
    assert!(unknown.is_empty(), "the dashboard asks for what is not served: {unknown:?}");
    let is_asked_for = |family: &&String| {
        asked.iter().any(|name| {
            name == *family
                || name
                    .strip_prefix(family.as_str())
                    .is_some_and(|suffix| ["_total", "_info", "_bucket"].contains(&suffix))
        })
    };
    let unseen: Vec<_> = figures.0.keys().filter(|family| !is_asked_for(family)).collect();
    assert!(unseen.is_empty(), "the dashboard does not show {unseen:?}");
}

#[test]
fn every_panel_of_the_dashboard_has_a_title_a_query_and_a_place_of_its_own() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{title}");
        let place = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        for x in place("x")..place("x") + place("w") {
            assert!(x < 24, "{title} is too wide");
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{title} covers another panel");
            }
        }
    }
}
