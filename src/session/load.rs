//! The load of a session: begun, changed and ended by a person, or changed by a search for the greatest good rate.
//! It goes on after a crash.

use std::time::Duration;

use super::Session;
use super::load_state::{Counts, Running, UnderWay};
use crate::core::event::{EngineEvent, LoadNews};
use crate::core::load::search::{Measured, Searching, Verdict};
use crate::core::load::settings::LoadSettings;
use crate::core::numbers::{PipelineIndex, Timestamp};
use crate::core::observer::Observer;
use crate::runtime::{EngineError, RunState};
use crate::telemetry::LoadShown;

/// How often a search is looked after.
const SEARCH_LOOK: Duration = Duration::from_millis(100);

impl Session {
    /// Begins a load, or goes on otherwise with the one that there is.
    ///
    /// # Errors
    ///
    /// No pipeline that it is for has a generator, or the engine is ending.
    pub fn load(&mut self, settings: LoadSettings) -> Result<(), EngineError> {
        if self.load.now.as_ref().is_some_and(|running| running.settings == settings) {
            return Ok(());
        }
        self.order_load(&settings)?;
        let search = settings.search.map(|search| UnderWay {
            searching: Searching::new(search, self.engine.now()),
            before: self.latency(),
        });
        let before = self.sent_by_load();
        match &mut self.load.now {
            Some(running) => {
                (running.settings, running.search) = (settings, search);
                self.collector.event(EngineEvent::Load(LoadNews::Changed(settings)));
            }
            now => {
                *now = Some(Running { settings, search, finding: None, before });
                self.collector.event(EngineEvent::Load(LoadNews::Begun(settings)));
            }
        }
        Ok(())
    }

    /// Ends the load.
    pub fn stop_load(&mut self) {
        let Some(running) = self.load.now.take() else { return };
        for pipeline in 0..self.engine.topology().pipelines().len() {
            // One without a generator has none.
            let _ = self.engine.load(PipelineIndex(pipeline), None);
        }
        let Counts { sent, malformed } = self.sent_by_load();
        let (sent, malformed) = (sent - running.before.sent, malformed - running.before.malformed);
        self.collector.event(EngineEvent::Load(LoadNews::Ended { sent, malformed }));
    }

    /// How many messages of loads have been sent in this session.
    #[must_use]
    pub fn messages_of_load(&self) -> u64 {
        self.sent_by_load().sent
    }

    fn sent_by_load(&self) -> Counts {
        let progress = self.engine.load_progress();
        progress.iter().fold(self.load.earlier, |sum, one| Counts {
            sent: sum.sent + one.sent,
            malformed: sum.malformed + one.malformed,
        })
    }

    /// Gives the engine its orders: the pipelines that a load is for share its rate.
    fn order_load(&self, settings: &LoadSettings) -> Result<(), EngineError> {
        let plans = self.engine.topology().pipelines().iter().enumerate();
        let plans = plans.map(|(at, plan)| (PipelineIndex(at), plan));
        let (loaded, others): (Vec<_>, Vec<_>) = plans.partition(|(pipeline, plan)| {
            plan.source.generate.is_some()
                && settings.pipeline.is_none_or(|wanted| wanted == *pipeline)
        });
        if loaded.is_empty() {
            return Err(EngineError::NoGenerator);
        }
        let of = loaded.len();
        for (at, (pipeline, _)) in loaded.into_iter().enumerate() {
            let pace = settings.pace.part(at, of);
            let load = (pace.rate > 0).then_some((pace, settings.mix, settings.seed));
            self.engine.load(pipeline, load)?;
        }
        for (pipeline, plan) in others {
            if plan.source.generate.is_some() {
                self.engine.load(pipeline, None)?;
            }
        }
        Ok(())
    }

    /// An engine that has crashed takes its counts with it.
    pub(super) fn load_before_crash(&mut self) {
        self.load.earlier = self.sent_by_load();
    }

    /// The load goes on in a new engine.
    pub(super) fn load_again(&mut self) {
        if let Some(settings) = self.load.now.as_ref().map(|running| running.settings) {
            // A new engine that ends at once says so itself.
            let _ = self.order_load(&settings);
        }
    }

    /// Looks whether the load has ended by itself, and judges the rate of a search. True if something has changed.
    pub(super) fn watch_load(&mut self) -> bool {
        if self.load.now.is_none() {
            return false;
        }
        let progress = self.engine.load_progress();
        if !progress.iter().any(|progress| progress.goes_on) {
            self.load.now = None;
            return true;
        }
        let behind = progress.iter().map(|progress| progress.behind).max().unwrap_or_default();
        self.judge(behind)
    }

    fn judge(&mut self, behind: Duration) -> bool {
        if self.load.now.as_ref().is_none_or(|running| running.search.is_none()) {
            return false;
        }
        let now = self.engine.now();
        let stands = self.engine.run_state() != RunState::Running || self.engine.is_recovering();
        let latency = self.latency();
        let Some(running) = &mut self.load.now else { return false };
        let Some(UnderWay { searching, before }) = &mut running.search else { return false };
        if stands {
            searching.restart(now);
            *before = latency;
            return false;
        }
        let since = latency.since(before);
        let p99 = (since.count > 0).then(|| Duration::from_secs_f64(since.p99 / 1_000_000.0));
        let measured = Measured { rate: running.settings.pace.rate, p99, behind };
        let next = match searching.judge(now, measured) {
            Verdict::Trying => return false,
            Verdict::Next(rate) => {
                *before = latency;
                running.settings = running.settings.at_rate(rate);
                LoadNews::Changed(running.settings)
            }
            Verdict::Found(finding) => {
                let rate = match (finding.within, finding.beyond) {
                    (Some(tried), _) => tried.rate,
                    (None, _) => running.settings.pace.rate / 2,
                };
                running.settings = LoadSettings { search: None, ..running.settings.at_rate(rate) };
                (running.search, running.finding) = (None, Some(finding));
                LoadNews::Found(finding)
            }
        };
        let settings = running.settings;
        // An engine that is ending says so itself.
        let _ = self.order_load(&settings);
        self.collector.event(EngineEvent::Load(next));
        true
    }

    /// When the load should be looked at again, if nothing else happens.
    pub(super) fn next_look_at_load(&self, now: Timestamp) -> Option<Duration> {
        let search = self.load.now.as_ref()?.search.as_ref()?;
        Some(search.searching.rest(now).clamp(Duration::from_millis(1), SEARCH_LOOK))
    }

    pub(super) fn load_shown(&self) -> Option<LoadShown> {
        let running = self.load.now.as_ref()?;
        let Counts { sent, malformed } = self.sent_by_load();
        let late = self.engine.load_progress().iter().map(|progress| progress.behind).max();
        let stands = self.engine.run_state() != RunState::Running || self.engine.is_recovering();
        Some(LoadShown {
            settings: running.settings,
            sent: sent - running.before.sent,
            malformed: malformed - running.before.malformed,
            behind: late.filter(|_| !stands).unwrap_or_default(),
            finding: running.finding,
        })
    }
}
