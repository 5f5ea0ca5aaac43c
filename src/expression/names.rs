//! The names that a condition may use, and the nearest of them to a wrong one.

/// What the rows are that a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Partitions.
    Partitions,
    /// Messages, and those of them that are dead letters.
    Messages,
    /// What happened to a message at a step.
    Steps(When),
}

/// When the steps are seen that a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// While the engine runs.
    Live,
    /// In a replay, which has its own time.
    Replayed,
}

/// A name that a condition may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub name: &'static str,
    /// Whether it has fields, as `state.votes`.
    pub has_fields: bool,
}

const fn plain(name: &'static str) -> Name {
    Name { name, has_fields: false }
}

const fn with_fields(name: &'static str) -> Name {
    Name { name, has_fields: true }
}

const OF_PARTITIONS: [Name; 6] = [
    plain("key"),
    plain("worker"),
    with_fields("state"),
    plain("messages"),
    plain("rate"),
    plain("share"),
];

const OF_MESSAGES: [Name; 7] = [
    plain("key"),
    plain("pipeline"),
    plain("step"),
    with_fields("message"),
    plain("output"),
    plain("dead"),
    plain("latency"),
];

const OF_STEPS: [Name; 16] = [
    plain("key"),
    plain("worker"),
    with_fields("state"),
    with_fields("before"),
    with_fields("message"),
    plain("output"),
    plain("step"),
    plain("pipeline"),
    plain("created"),
    plain("dead"),
    plain("cause"),
    plain("reason"),
    plain("messages"),
    plain("latency_us"),
    plain("rate"),
    plain("share"),
];

/// How many of the names of steps, those behind the others, are not known in a replay.
const LIVE_ONLY: usize = 3;

/// The functions that a condition may call. Those that make lists are not among them (see `check`).
pub(super) const FUNCTIONS: [&str; 9] =
    ["size", "contains", "startsWith", "endsWith", "int", "uint", "double", "string", "bool"];

/// What is written like a function, and is not one for the engine: the parser takes it apart.
pub(super) const MACROS: [&str; 4] = ["has", "all", "exists", "exists_one"];

impl Rows {
    pub(super) fn names(self) -> &'static [Name] {
        match self {
            Self::Partitions => &OF_PARTITIONS,
            Self::Messages => &OF_MESSAGES,
            Self::Steps(When::Live) => &OF_STEPS,
            Self::Steps(When::Replayed) => {
                OF_STEPS.split_last_chunk::<LIVE_ONLY>().map_or(&OF_STEPS, |(names, _)| names)
            }
        }
    }

    /// Why a name is none of these rows though it is one of others; `None` if there is no more to say.
    pub(super) fn why_not(self, name: &str) -> Option<String> {
        let is_live =
            self == Self::Steps(When::Replayed) && Self::Steps(When::Live).find(name).is_some();
        is_live.then(|| {
            format!(
                "`{name}` depends on the time, which is another one in a replay: leave it out here"
            )
        })
    }

    pub(super) fn find(self, name: &str) -> Option<Name> {
        self.names().iter().find(|known| known.name == name).copied()
    }

    /// The names that a condition may use, as one writes them: `key, worker, state.*`.
    #[must_use]
    pub fn known(self) -> String {
        let names: Vec<_> = self.names().iter().map(|name| name.written()).collect();
        names.join(", ")
    }

    /// The names, those nearest to a wrong one first.
    pub(super) fn nearest_first(self, wrong: &str) -> String {
        let names = self.names().iter().map(|name| (name.name, name.written()));
        nearest_first(wrong, names)
    }
}

impl Name {
    pub(super) fn written(self) -> String {
        if self.has_fields { format!("{}.*", self.name) } else { self.name.to_owned() }
    }
}

/// The functions, those nearest to a wrong one first.
pub(super) fn functions_nearest_first(wrong: &str) -> String {
    let all = FUNCTIONS.iter().chain(&MACROS);
    nearest_first(wrong, all.map(|name| (*name, (*name).to_owned())))
}

/// Names, those nearest to a wrong one first.
pub(super) fn nearest_first<'a>(
    wrong: &str,
    names: impl Iterator<Item = (&'a str, String)>,
) -> String {
    let nearness = |name| strsim::jaro_winkler(&wrong.to_lowercase(), name);
    let mut names: Vec<_> = names.map(|(name, written)| (nearness(name), written)).collect();
    names.sort_by(|one, two| two.0.total_cmp(&one.0));
    names.into_iter().map(|(_, written)| written).collect::<Vec<_>>().join(", ")
}
