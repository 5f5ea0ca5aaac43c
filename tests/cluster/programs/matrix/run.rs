//! The processes of a run, and what is done to them.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::tally::Tally;
use super::trouble::{Moment, Trouble};
use crate::chance::Chance;
use crate::programs::machines::Machines;
use crate::programs::system::signal;
use crate::support::program::Running;
use crate::support::waiting::{LIMIT, wait_until};

/// How long the processes wait for a sign of life: longer than a checkpoint holds everything up before it says so.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a moment is waited for that need not come: nothing changes if the input is at its end, for example.
const SOON: Duration = Duration::from_secs(5);

/// The processes of a run.
pub struct Run<'a> {
    machines: &'a Machines,
    all: Vec<Running>,
    options: Vec<String>,
    /// The log of process 0, which says how far it is.
    log: String,
}

impl<'a> Run<'a> {
    /// Starts all of them, with these ends.
    pub fn start(machines: &'a Machines, ends: &[String], chance: &mut Chance) -> Self {
        let interval = chance.one_of(&["1ms", "5ms", "20ms", "1s"]);
        let (workers, patience) = (chance.one_of(&["1", "2"]), format!("{}s", PATIENCE.as_secs()));
        let saving = ["--checkpoint-interval", interval, "--workers", workers];
        let all = saving.into_iter().chain(["--patience", &patience]).map(str::to_owned);
        let options = ends.iter().cloned().chain(all).collect();
        let log = machines.folder.path("log");
        let mut run = Self { machines, all: Vec::new(), options, log };
        run.all = (0..machines.count()).map(|process| run.process(process)).collect();
        run
    }

    /// Starts a process.
    fn process(&self, process: usize) -> Running {
        let options: Vec<&str> = self.options.iter().map(String::as_str).collect();
        let mut line = self.machines.line(process, &options);
        if process == 0 {
            line.extend(["--log", &self.log, "--log-level", "debug"].map(str::to_owned));
        }
        Running::start(line)
    }

    fn one_has_ended(&mut self) -> bool {
        self.all.iter_mut().any(Running::has_ended)
    }

    fn any_of(&self, chance: &mut Chance) -> usize {
        usize::try_from(chance.below(self.all.len() as u64)).unwrap()
    }

    /// How often a process has begun again because another one was lost.
    fn losses_of(&self, process: usize) -> usize {
        self.all[process].said().matches(": beginning again").count()
    }

    fn losses(&self) -> usize {
        (0..self.all.len()).map(|process| self.losses_of(process)).sum()
    }

    /// Waits for what need not come. False if it has not, or one has ended, which had all that there is then.
    fn wait_for(&mut self, limit: Duration, mut wanted: impl FnMut(&Self) -> bool) -> bool {
        let since = Instant::now();
        while since.elapsed() < limit && !self.one_has_ended() {
            if wanted(self) {
                return true;
            }
            sleep(Duration::from_millis(1));
        }
        false
    }

    fn length_of(&self, name: &str) -> u64 {
        fs::metadata(self.machines.folder.path(name)).map_or(0, |file| file.len())
    }

    /// Waits until process 0 logs these words.
    fn wait_for_line(&mut self, words: &str, since: u64) -> bool {
        self.wait_for(SOON, |run| {
            let mut text = Vec::new();
            let read = File::open(&run.log).and_then(|mut file| {
                file.seek(SeekFrom::Start(since))?;
                file.read_to_end(&mut text)
            });
            read.is_ok() && String::from_utf8_lossy(&text).contains(words)
        })
    }

    /// Something happens to them.
    pub fn meet_with(&mut self, trouble: Trouble, chance: &mut Chance, tally: &Tally) {
        if self.one_has_ended() {
            return;
        }
        match trouble {
            _ if self.all.len() == 1 => {
                let moment = chance.one_of(&[Moment::Any, Moment::Writing, Moment::Saving]);
                self.kill_when(moment, chance, tally);
            }
            Trouble::Kill(moment) => self.kill_when(moment, chance, tally),
            Trouble::KillAll => {
                self.wait_for_moment(Moment::Writing, chance);
                self.kill_all(tally);
                self.all =
                    (0..self.machines.count()).map(|process| self.process(process)).collect();
            }
            Trouble::Stop | Trouble::Stall | Trouble::Blink | Trouble::Reset => {
                let moment = chance.one_of(&[Moment::Any, Moment::Writing, Moment::Writing]);
                self.wait_for_moment(moment, chance);
                // Each process is called by those behind it, so nobody calls the last one.
                let last = usize::from(trouble.is_of_relays());
                let which = chance.below((self.all.len() - last) as u64);
                self.disturb(trouble, usize::try_from(which).unwrap(), tally);
            }
        }
    }

    /// Kills a process at such a moment, and starts it again.
    fn kill_when(&mut self, moment: Moment, chance: &mut Chance, tally: &Tally) {
        match moment {
            Moment::Any | Moment::Writing | Moment::Saving => self.wait_for_moment(moment, chance),
            // Who has not met the others is not missed.
            _ => self.wait_for_moment(Moment::Writing, chance),
        }
        let since = self.length_of("log");
        match moment {
            Moment::Any | Moment::Writing | Moment::Saving => {
                self.kill(self.any_of(chance), moment, tally);
            }
            Moment::Holding => {
                let still = 1 + self.any_of(chance) % (self.all.len() - 1);
                let pid = self.all[still].pid();
                signal("STOP", pid);
                self.wait_for_line(&format!("waits for process {still}"), since);
                self.kill(self.any_of(chance), moment, tally);
                signal("CONT", pid);
            }
            Moment::Leaving => {
                let before: Vec<usize> = (0..self.all.len()).map(|at| self.losses_of(at)).collect();
                self.kill(self.any_of(chance), Moment::Any, tally);
                let mut which = None;
                self.wait_for(SOON, |run| {
                    which = (0..run.all.len()).find(|at| run.losses_of(*at) > before[*at]);
                    which.is_some()
                });
                sleep(Duration::from_micros(chance.below(150_000)));
                if let Some(which) = which {
                    self.kill(which, moment, tally);
                }
            }
            Moment::Meeting | Moment::Restoring => {
                self.kill(self.any_of(chance), Moment::Any, tally);
                let words = match moment {
                    Moment::Meeting => chance.one_of(&["has come", "waiting for process"]),
                    _ => "processes have met",
                };
                self.wait_for_line(words, since);
                sleep(Duration::from_micros(chance.below(20_000)));
                self.kill(self.any_of(chance), moment, tally);
            }
        }
    }

    fn wait_for_moment(&mut self, moment: Moment, chance: &mut Chance) {
        match moment {
            Moment::Any => sleep(chance.delay()),
            Moment::Saving => {
                let since = self.length_of("log");
                self.wait_for_line(" begins", since);
            }
            _ => {
                let wanted = self.length_of("outputs") + 1 + chance.below(100_000);
                self.wait_for(SOON, |run| run.length_of("outputs") > wanted);
            }
        }
    }

    /// Kills a process, and starts it again, unless one has ended: that one had all that there is.
    fn kill(&mut self, process: usize, moment: Moment, tally: &Tally) {
        if self.one_has_ended() {
            return;
        }
        let ended = self.all.remove(process).kill();
        assert!(matches!(ended.code, None | Some(0)), "{}", ended.stderr);
        tally.note_kill(process, moment.in_words());
        let again = self.process(process);
        self.all.insert(process, again);
    }

    /// Kills all of them.
    pub fn kill_all(&mut self, tally: &Tally) {
        for (process, running) in self.all.drain(..).enumerate() {
            let ended = running.kill();
            assert!(matches!(ended.code, None | Some(0)), "{}", ended.stderr);
            tally.note_kill(process, "with all others");
        }
    }

    /// Disturbs a process until another one is lost, the run has ended, or more than that cannot happen: whoever has not met
    /// the others cannot be lost.
    fn disturb(&mut self, how: Trouble, process: usize, tally: &Tally) {
        if self.one_has_ended() {
            return;
        }
        let before = self.losses();
        let (relay, pid) = (self.machines.relays.get(process), self.all[process].pid());
        match how {
            Trouble::Stop => signal("STOP", pid),
            Trouble::Stall => relay.unwrap().stall(),
            Trouble::Blink => relay.unwrap().blink(),
            Trouble::Reset => relay.unwrap().reset(),
            Trouble::Kill(_) | Trouble::KillAll => unreachable!("a kill is no disturbance"),
        }
        let is_lost = self.wait_for(PATIENCE * 2, |run| run.losses() > before);
        match how {
            Trouble::Stop => signal("CONT", pid),
            Trouble::Stall | Trouble::Reset => relay.unwrap().go_on(),
            _ => {}
        }
        tally.note(format!("{how:?} of process {process}, lost: {is_lost}"));
    }

    /// All go on to the end. If process 0 was killed in the last moment of the run, others have ended with that one: they are
    /// started again, as whoever runs them has to.
    pub fn end_well(mut self) {
        let since = Instant::now();
        while !self.all[0].has_ended() {
            let said = || self.all.iter().map(Running::said).collect::<Vec<_>>().join("\n---\n");
            assert!(since.elapsed() < LIMIT, "process 0 does not end:\n{}", said());
            for process in 1..self.all.len() {
                let awaited = self.all[0].said().contains("waiting for process");
                if awaited && since.elapsed() > PATIENCE * 5 && self.all[process].has_ended() {
                    let again = self.process(process);
                    std::mem::replace(&mut self.all[process], again).end().succeeded();
                }
            }
            sleep(Duration::from_millis(10));
        }
        // One that was killed in that moment is started in vain: it waits for the next run.
        for other in self.all.iter_mut().skip(1) {
            let waits = |other: &Running| {
                let said = other.said();
                said.lines().last().is_some_and(|line| line.starts_with("waiting for process 0"))
            };
            wait_until("the end, or a wait", || other.has_ended() || waits(other));
            if !other.has_ended() {
                other.signal("TERM");
            }
        }
        Machines::all_end_well(self.all);
    }
}
