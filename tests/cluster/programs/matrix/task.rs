//! What the processes do, and what must come of it.

use crate::cast::Votes;
use crate::chance::Chance;
use crate::folder::Folder;
use crate::programs::together::{Ending, ending};
use crate::support::program::run;

/// How many votes there are: enough for a few troubles.
const VOTES: u64 = 60_000;

/// How many generated messages there are.
const MESSAGES: &str = "20000";

/// What the processes do.
pub enum Task {
    /// Votes, of which a few are none.
    Votes(Votes),
    /// An application with generated messages, and what one process makes of them that nobody disturbs.
    Generated(&'static str, Folder, Ending),
}

impl Task {
    pub fn votes(chance: &mut Chance) -> Self {
        Self::Votes(Votes::new(chance, VOTES))
    }

    /// One of all, votes more often than others.
    pub fn any(chance: &mut Chance) -> Self {
        match chance.below(4) {
            // A parallel step in front of the partitions.
            0 => Self::generated("word_count", chance),
            // Two pipelines that share a state.
            1 => Self::generated("market_spread", chance),
            _ => Self::votes(chance),
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
        let ending = sorted(app, ending(&alone));
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
                let found = sorted(app, ending(folder));
                assert_eq!(found.0, alone.0, "partitions of {app}");
                assert!(found.1 == alone.1, "outputs of {app}");
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

/// Behind a parallel step, outputs of a key have no order.
fn sorted(app: &str, mut ending: Ending) -> Ending {
    if app == "word_count" {
        ending.1.values_mut().for_each(|outputs| outputs.sort_unstable());
    }
    ending
}
