//! What the processes do, and what must come of it.

use std::collections::BTreeMap;

use crate::cast::Votes;
use crate::chance::Chance;
use crate::folder::Folder;
use crate::programs::together::{Ending, ending};
use crate::support::program::run;

/// How many votes there are: enough for a few troubles, and for many.
const VOTES: [u64; 2] = [60_000, 600_000];

/// How many generated messages there are.
const MESSAGES: &str = "100000";

/// What the processes do.
pub enum Task {
    /// Votes, of which a few are none.
    Votes(Votes),
    /// An application with generated messages, and what one process makes of them that nobody disturbs.
    Generated(&'static str, Folder, Ending),
}

impl Task {
    pub fn votes(chance: &mut Chance) -> Self {
        Self::Votes(Votes::new(chance, VOTES[0]))
    }

    /// One of all, votes more often than others.
    pub fn any(chance: &mut Chance) -> Self {
        match chance.below(4) {
            // A parallel step in front of the partitions.
            0 => Self::generated("word_count", chance),
            // Two pipelines that share a state.
            1 => Self::generated("market_spread", chance),
            _ => Self::Votes(Votes::new(chance, VOTES[1])),
        }
    }

    fn generated(app: &'static str, chance: &mut Chance) -> Self {
        let (inputs, seed) = (Folder::new(), chance.below(1000).to_string());
        for (pipeline, file) in pipelines(app) {
            let out = inputs.path(file);
            let messages = ["generate", "--app", app, "--messages", MESSAGES, "--seed", &seed];
            run(messages.iter().chain(&["--pipeline", pipeline, "--out", &out])).succeeded();
        }
        let alone = Folder::new();
        for phase in phases(app, &inputs, &alone) {
            let words: Vec<&str> = phase.iter().map(String::as_str).collect();
            alone.run(app, &words).succeeded();
        }
        let ending = made(app, &alone);
        assert!(!ending.0.is_empty(), "{app} has partitions");
        Self::Generated(app, inputs, ending)
    }

    pub fn app(&self) -> &'static str {
        match self {
            Self::Votes(_) => "alphabet",
            Self::Generated(app, ..) => app,
        }
    }

    /// Writes what is read.
    pub fn prepare(&self, folder: &Folder) {
        if let Self::Votes(votes) = self {
            folder.write("votes", &votes.bytes);
        }
    }

    /// Where is read and written, in one run after another.
    pub fn phases(&self, folder: &Folder) -> Vec<Vec<String>> {
        match self {
            Self::Votes(_) => {
                let path = |name: &str| folder.path(name);
                let ends = [("--in", "votes"), ("--out", "outputs"), ("--dead-letters", "letters")];
                let words = ends.iter().flat_map(|(option, name)| [(*option).into(), path(name)]);
                vec![words.collect()]
            }
            Self::Generated(app, inputs, _) => phases(app, inputs, folder),
        }
    }

    /// What is written is the beginning of what must be.
    pub fn check_beginning(&self, folder: &Folder) {
        if let Self::Votes(votes) = self {
            votes.check_beginning(folder);
        }
    }

    /// Everything is as if nothing had happened, and is saved.
    pub fn check(&self, folder: &Folder) {
        let check = || match self {
            Self::Votes(votes) => {
                votes.check(folder);
                votes.check_letters(folder);
            }
            Self::Generated(app, _, alone) => {
                let found = made(app, folder);
                let differs = |key: &&(String, String)| found.0.get(*key) != alone.0.get(*key);
                if let Some(key) = found.0.keys().chain(alone.0.keys()).find(differs) {
                    panic!("{app}: {:?} instead of {:?}", found.0.get(key), alone.0.get(key));
                }
                let differs = |key: &&Vec<u8>| found.1.get(*key) != alone.1.get(*key);
                let wrong = found.1.keys().chain(alone.1.keys()).find(differs);
                assert_eq!(wrong, None, "outputs of {app} for this key");
            }
        };
        check();
        for phase in self.phases(folder) {
            let words: Vec<&str> = phase.iter().map(String::as_str).collect();
            let again = folder.run(self.app(), &words).succeeded().json();
            assert_eq!(again["messages_in"], 0, "all of it is saved");
        }
        check();
    }
}

/// The pipelines of an application that have a generator, and the files of their inputs.
fn pipelines(app: &str) -> &'static [(&'static str, &'static str)] {
    match app {
        "market_spread" => &[("Market Data", "data"), ("Orders", "orders")],
        _ => &[("lines", "text")],
    }
}

fn phases(app: &str, inputs: &Folder, folder: &Folder) -> Vec<Vec<String>> {
    let (outputs, letters) = (folder.path("outputs"), folder.path("letters"));
    let with = |ins: &[String]| {
        let ins = ins.iter().flat_map(|end| ["--in".to_owned(), end.clone()]);
        let outs = ["--out", &outputs, "--dead-letters", &letters].map(str::to_owned);
        ins.chain(outs).collect()
    };
    match app {
        // First the data, then the orders: what is made of both does not depend on who was faster.
        "market_spread" => {
            let (data, orders) = (inputs.path("data"), inputs.path("orders"));
            let first = with(&[format!("Market Data={data}"), "Orders=null".to_owned()]);
            let then = with(&["Market Data=null".to_owned(), format!("Orders={orders}")]);
            vec![first, then]
        }
        _ => vec![with(&[inputs.path("text")])],
    }
}

/// The partitions and the outputs of an application.
fn made(app: &str, folder: &Folder) -> Ending {
    match app {
        "market_spread" => {
            let mut partitions = folder.partitions();
            for row in partitions.values_mut() {
                // An order changes no state, so that it has been there is not saved.
                row.as_object_mut().unwrap().remove("messages");
            }
            (partitions, rejections(&folder.read("outputs")))
        }
        "word_count" => {
            let mut ending = ending(folder);
            // Behind a parallel step, outputs of a key have no order.
            ending.1.values_mut().for_each(|outputs| outputs.sort_unstable());
            ending
        }
        _ => ending(folder),
    }
}

/// The length of a rejection with its header, and where its symbol is and its own time begins.
const REJECTION: (usize, std::ops::Range<usize>, usize) = (59, 15..19, 51);

/// Rejections by their symbols, without the time at which each was made.
fn rejections(outputs: &[u8]) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
    let (length, symbol, time) = REJECTION;
    let mut found: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    assert_eq!(outputs.len() % length, 0, "all rejections are whole");
    for rejection in outputs.chunks(length) {
        let of_symbol = found.entry(rejection[symbol.clone()].to_vec()).or_default();
        of_symbol.push(rejection[..time].to_vec());
    }
    found
}
