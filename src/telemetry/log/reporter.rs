//! Logs what happens to the engine: the only place that creates events of `tracing`.

use std::sync::{Arc, Once};
use std::time::Instant;

use parking_lot::Mutex;
use tracing::{Dispatch, dispatcher};

use super::rate::{Rate, Said};
use super::rates::{Kind, Rates};
use super::{Log, RUN_TARGET, TARGET};
use crate::core::event::{ClusterNews, EngineEvent, Level};
use crate::core::figures::{counted, exact};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::numbers::{PipelineIndex, Timestamp};
use crate::core::text::plural;
use crate::core::topology::Topology;
use crate::runtime::Settings;
use crate::telemetry::dead_letter_file::LettersNews;
use crate::telemetry::snapshot::Totals;

/// Logs what happens to the engine.
pub(crate) struct Reporter {
    /// The subscriber of the thread that started the session: the engine's threads have none of
    /// their own.
    to: Dispatch,
    application: Arc<str>,
    /// The names of the pipelines; empty if there is only one, because it need not be named.
    pipelines: Vec<Arc<str>>,
    start: Instant,
    dead_letters: Mutex<Letters>,
    /// For dead letters that could not be written to their file, with the latest reason.
    lost: Mutex<(Rate, String)>,
    connections: Mutex<Rates>,
    ended: Once,
}

/// The dead letters of a second: the first is said, and the others are counted.
struct Letters {
    rate: Rate,
    /// The first of those that are only counted: if it stays the only one, it is said after all.
    held: Option<Line>,
}

/// What is said of a dead letter.
struct Line {
    pipeline: Option<Arc<str>>,
    text: String,
}

impl Reporter {
    pub fn new(topology: &Topology) -> Self {
        let names = topology.pipelines().iter().map(|plan| Arc::clone(&plan.name));
        let several = topology.pipelines().len() > 1;
        Self {
            to: dispatcher::get_default(Dispatch::clone),
            application: Arc::clone(topology.name()),
            pipelines: names.filter(|_| several).collect(),
            start: Instant::now(),
            dead_letters: Mutex::new(Letters { rate: Rate::new(1), held: None }),
            lost: Mutex::new((Rate::new(1), String::new())),
            connections: Mutex::default(),
            ended: Once::new(),
        }
    }

    /// The time for events without a time.
    fn now(&self) -> Timestamp {
        let since = u64::try_from(self.start.elapsed().as_nanos());
        Timestamp(since.unwrap_or(u64::MAX))
    }

    /// The log, if the subscriber has its layer.
    pub fn log(&self) -> Option<Log> {
        Log::of(&self.to)
    }

    /// A run begins.
    pub fn begins(&self, topology: &Topology, settings: &Settings) {
        let ends = settings.sources.iter().zip(&settings.sinks).zip(topology.pipelines());
        let ends = ends.map(|((source, sinks), plan)| {
            let from = if plan.source.makes_its_messages() {
                "a generator".to_owned()
            } else {
                source.to_string()
            };
            let to = sinks.iter().map(|sink| format!(" to {sink}"));
            format!("; {} from {from}{}", plan.name, to.collect::<String>())
        });
        let (application, ends) = (&self.application, ends.collect::<String>());
        let workers = settings.workers_in_words(settings.workers);
        self.say(
            || tracing::info!(target: RUN_TARGET, "{application} starts with {workers}{ends}"),
        );
    }

    /// What a front end has told its user.
    pub fn told(&self, text: &str) {
        self.say(|| tracing::info!(target: TARGET, "{text}"));
    }

    /// A run has ended. Only the first call says so.
    pub fn ends(&self, totals: Totals) {
        self.flush_all();
        let Totals { messages_in, messages_out, filtered, dead_letters, .. } = totals;
        let application = &self.application;
        let (read, dead) = (counted(messages_in, "message"), counted(dead_letters, "dead letter"));
        let (written, filtered) = (exact(messages_out), exact(filtered));
        let say = || {
            tracing::info!(
                target: RUN_TARGET,
                "{application} has ended: {read} in, {written} out, {filtered} filtered, {dead}"
            );
        };
        self.ended.call_once(|| self.say(say));
    }

    /// Something happened to a source or a sink.
    pub fn event(&self, event: &EngineEvent) {
        if let Some(kind) = Kind::of(event) {
            let Said { held, itself } = self.connections.lock().take(kind, self.now());
            if held > 0 {
                self.more(kind, held);
            }
            if !itself {
                return;
            }
        }
        let pipeline = event.pipeline().and_then(|pipeline| self.pipeline(pipeline));
        if let EngineEvent::SourceEnded(..)
        | EngineEvent::GeneratorEnded(_)
        | EngineEvent::Cluster(
            ClusterNews::Meeting(_) | ClusterNews::Awaited(_) | ClusterNews::StopAsked(_),
        ) = event
        {
            // `run` ends with its source, and says that in its own words; and it says at once for whom it waits.
            self.say(|| tracing::info!(target: RUN_TARGET, pipeline, "{event}"));
            return;
        }
        self.say(|| match event.level() {
            Level::Detail => tracing::debug!(target: TARGET, pipeline, "{event}"),
            Level::Information => tracing::info!(target: TARGET, pipeline, "{event}"),
            Level::Warning => tracing::warn!(target: TARGET, pipeline, "{event}"),
        });
    }

    /// Messages could not be processed.
    pub fn dead_letters<'a>(&self, letters: impl Iterator<Item = &'a DeadLetter>) {
        for letter in letters {
            let (said, held) = {
                let mut letters = self.dead_letters.lock();
                let said = letters.rate.take(letter.at);
                let held = letters.held.take_if(|_| said.held > 0);
                if !said.itself {
                    letters.held.get_or_insert_with(|| self.line(letter));
                }
                (said, held)
            };
            self.more_dead_letters(said.held, held);
            if said.itself {
                self.dead_letter(&self.line(letter));
            }
        }
    }

    fn line(&self, letter: &DeadLetter) -> Line {
        let pipeline = (!self.pipelines.is_empty()).then(|| Arc::clone(&letter.pipeline));
        let DeadLetter { sequence, source, step, reason, .. } = letter;
        Line { pipeline, text: format!("dead letter {sequence} from {source}: {step}: {reason}") }
    }

    fn dead_letter(&self, Line { pipeline, text }: &Line) {
        self.say(|| tracing::warn!(target: TARGET, pipeline = pipeline.as_deref(), "{text}"));
    }

    /// The state of the dead letters' file has changed.
    pub fn letters_told(&self, news: LettersNews) {
        match news {
            LettersNews::Failed(reason) => self.say(|| {
                tracing::error!(
                    target: TARGET,
                    "cannot write dead letters to {reason}; they wait in memory, and are lost if it is full"
                );
            }),
            LettersNews::Over => {
                self.say(|| tracing::info!(target: TARGET, "dead letters are written again"));
            }
            LettersNews::Lost(count, reason) => {
                let said = {
                    let mut lost = self.lost.lock();
                    lost.1.clone_from(&reason);
                    lost.0.take_many(self.now(), count)
                };
                let count = said.held + if said.itself { count } else { 0 };
                self.letters_lost(count, &reason);
            }
        }
    }

    fn letters_lost(&self, count: u64, reason: &str) {
        if count > 0 {
            let letters = counted(count, "dead letter");
            self.say(|| tracing::error!(target: TARGET, "{letters} lost: {reason}"));
        }
    }

    fn more(&self, kind: Kind, held: u64) {
        let said = kind.said(held);
        self.say(|| match kind {
            Kind::Connected | Kind::Left => tracing::info!(target: TARGET, "{said}"),
            Kind::Broken | Kind::NotAccepted => tracing::warn!(target: TARGET, "{said}"),
        });
    }

    /// Logs what was only counted, if its second is over. Returns whether there was anything.
    pub fn flush(&self, now: Timestamp) -> bool {
        let held = self.flush_letters(Some(now));
        self.flush_others(Some(self.now())) || held
    }

    /// Logs what was only counted, at the end of a run.
    pub fn flush_all(&self) {
        self.flush_letters(None);
        self.flush_others(None);
    }

    fn flush_letters(&self, now: Option<Timestamp>) -> bool {
        let (count, held) = {
            let mut letters = self.dead_letters.lock();
            let count = letters.rate.flush(now);
            (count, letters.held.take_if(|_| count > 0))
        };
        self.more_dead_letters(count, held);
        count > 0
    }

    fn flush_others(&self, now: Option<Timestamp>) -> bool {
        let more = self.connections.lock().flush(now);
        for (kind, held) in &more {
            self.more(*kind, *held);
        }
        let (lost, reason) = {
            let (rate, reason) = &mut *self.lost.lock();
            (rate.flush(now), reason.clone())
        };
        self.letters_lost(lost, &reason);
        lost > 0 || !more.is_empty()
    }

    /// Whether something was only counted and has to be logged later.
    pub fn holds(&self) -> bool {
        self.connections.lock().hold() || self.lost.lock().0.holds()
    }

    /// Logs what was only counted: one letter itself, and of several how many.
    fn more_dead_letters(&self, count: u64, held: Option<Line>) {
        match (count, held) {
            (0, _) => {}
            (1, Some(letter)) => self.dead_letter(&letter),
            (count, _) => {
                let (count, letters) = (exact(count), plural(count, "dead letter"));
                self.say(|| tracing::warn!(target: TARGET, "{count} more {letters}"));
            }
        }
    }

    fn pipeline(&self, pipeline: PipelineIndex) -> Option<&str> {
        self.pipelines.get(pipeline.0).map(|name| &**name)
    }

    fn say(&self, say: impl FnOnce()) {
        dispatcher::with_default(&self.to, say);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::application::{Reason, Sink, Source};
    use crate::core::frames::dead_letter::Cause;
    use crate::core::numbers::SequenceNumber;
    use crate::core::topology::Application;
    use crate::telemetry::LogLevel;

    fn letter(number: u64) -> DeadLetter {
        DeadLetter {
            pipeline: "votes".into(),
            step: "decode".into(),
            cause: Cause::Refused,
            reason: format!("reason {number}"),
            bytes: Bytes::new(),
            header: Bytes::new(),
            end: Bytes::new(),
            source: "input".into(),
            sequence: SequenceNumber(number),
            offset: 0,
            key: None,
            at: Timestamp(number),
        }
    }

    /// The lines for so many letters of one second, the oldest first.
    fn lines(letters: u64) -> Vec<String> {
        let source = Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec())));
        let sink = Sink::new(|message: &Vec<u8>, output: &mut Vec<u8>| output.extend(message));
        let application = Application::new("test").pipeline("votes", source).to_sink(sink).build();
        let log = Log::new(LogLevel::Info);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(log.layer()), || {
            let reporter = Reporter::new(&application.unwrap());
            let letters: Vec<DeadLetter> = (1..=letters).map(letter).collect();
            reporter.dead_letters(letters.iter());
            reporter.flush_all();
        });
        log.shown(usize::MAX).lines.iter().rev().map(|line| line.text.clone()).collect()
    }

    #[test]
    fn the_second_dead_letter_of_a_second_has_its_reason_and_more_are_counted() {
        let of = |number: u64| format!("dead letter #{number} from input: decode: reason {number}");
        assert_eq!(lines(1), [of(1)]);
        assert_eq!(lines(2), [of(1), of(2)]);
        assert_eq!(lines(9), [of(1), "8 more dead letters".to_owned()]);
    }
}
