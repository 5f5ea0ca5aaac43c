//! Processes that lend each other frames, in one thread: what is on its way arrives when the test says so.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::held::{Count, FRAMES, Held, failure, frames_of, hop, payload};
use crate::application::Key;
use crate::cluster::loans::{Borrower, Lender, Loan, LoanError, Notice, Settled};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::pins::{Pin, Pins};
use crate::core::frames::trace::Trace;
use crate::core::numbers::Timestamp;

const STATE: &str = "state";

/// A batch of frames that a process has read.
pub struct Read {
    pub process: usize,
    pub all: Arc<Held>,
    /// `None` if nothing is held for the steps.
    pub work: Option<Arc<Held>>,
    pub charged: usize,
    pub writes: usize,
    pub traces: HashMap<u32, Arc<Trace>>,
    pub hops: HashMap<u32, Vec<u64>>,
    /// Whether something that was lent is gone with a process.
    pub lost: bool,
}

impl Read {
    pub fn is_released(&self) -> bool {
        self.all.released.load(Ordering::Relaxed) > 0
    }
}

/// Something made of frames.
pub struct Thing {
    pub process: usize,
    pub read: usize,
    pub frames: Arc<Frames>,
    works: bool,
    /// The hops that it and those before it have made, for each frame.
    pub made: HashMap<u32, Vec<u64>>,
}

/// A batch on its way to another process.
struct Sent {
    from: usize,
    to: usize,
    loan: Vec<u8>,
    read: usize,
    works: bool,
    made: HashMap<u32, Vec<u64>>,
}

pub struct Process {
    pub lenders: Vec<Lender>,
    pub borrowers: Vec<Borrower>,
    pub failed: Arc<AtomicBool>,
    pins: Pins,
}

#[derive(Default)]
pub struct World {
    pub processes: Vec<Process>,
    pub reads: Vec<Read>,
    pub things: Vec<Thing>,
    sent: Vec<Sent>,
    /// What each process tells each other one, in its order.
    told: HashMap<(usize, usize), VecDeque<Vec<u8>>>,
    /// How many dead letters were made, and each that has come home.
    pub failures: usize,
    pub letters: Vec<DeadLetter>,
    hops: u64,
    /// The ways of messages that are dropped: of which frame, and their hops.
    pub ways: Vec<(usize, u32, Vec<u64>)>,
}

fn packed(value: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap()
}

fn unpacked<T: DeserializeOwned>(bytes: &[u8]) -> T {
    rmp_serde::from_slice(bytes).unwrap()
}

impl World {
    pub fn new(count: usize) -> Self {
        let process = |_| {
            let (failed, pins) = (Arc::new(AtomicBool::new(false)), Pins::default());
            pins.pin(Pin { state: STATE.into(), key: Key::from("k") });
            let lenders = (0..count).map(|_| Lender::default()).collect();
            let borrowers = (0..count).map(|_| Borrower::new(Arc::clone(&failed), || ())).collect();
            Process { lenders, borrowers, failed, pins }
        };
        Self { processes: (0..count).map(process).collect(), ..Self::default() }
    }

    /// A process reads frames. Those of `traced` are traced.
    pub fn read(&mut self, process: usize, traced: &[u32], works: bool, watched: bool) {
        let (read, pipeline) = (self.reads.len(), "p".into());
        let all = Arc::new(Held::default());
        let mut frames = frames_of(read).with_hold(Arc::new(Count(Arc::clone(&all))));
        let work = works.then(Arc::<Held>::default);
        if let Some(work) = &work {
            frames = frames.with_work_hold(Arc::new(Count(Arc::clone(work))));
        }
        if watched {
            frames.watch(self.processes[process].pins.watch().unwrap());
        }
        let begun =
            traced.iter().map(|frame| (*frame, frames.begin_trace(&pipeline, *frame))).collect();
        let hops = HashMap::new();
        let (charged, writes, lost) = (0, 0, false);
        self.reads.push(Read { process, all, work, charged, writes, traces: begun, hops, lost });
        let (frames, made) = (Arc::new(frames), HashMap::new());
        self.things.push(Thing { process, read, frames, works, made });
    }

    /// A batch of the same frames goes to another process; or to its own, which needs no loan.
    pub fn send(&mut self, thing: usize, to: usize) {
        let Thing { process: from, read, ref frames, works, ref made } = self.things[thing];
        if from == to {
            let (frames, made) = (Arc::clone(frames), made.clone());
            self.things.push(Thing { process: to, read, frames, works, made });
            return;
        }
        let loan = packed(&self.processes[from].lenders[to].lend(frames));
        self.sent.push(Sent { from, to, loan, read, works, made: made.clone() });
    }

    pub fn arrive(&mut self, which: usize) {
        if self.sent.is_empty() {
            return;
        }
        let sent = self.sent.swap_remove(which % self.sent.len());
        let Sent { from, to: process, loan, read, works, made } = sent;
        let Process { borrowers, pins, .. } = &self.processes[process];
        let frames = Arc::new(borrowers[from].borrow(&unpacked::<Loan>(&loan), pins));
        assert!(frames.is_away() && frames.len() == FRAMES as usize);
        self.things.push(Thing { process, read, frames, works, made });
    }

    /// What waits at `from` to be told to `to` goes on its way.
    pub fn tell(&mut self, from: usize, to: usize) {
        let notices = self.processes[from].borrowers[to].take();
        let is_gone = |process: usize| self.processes[process].failed.load(Ordering::Relaxed);
        if !notices.is_empty() && !is_gone(from) && !is_gone(to) {
            self.told.entry((from, to)).or_default().push_back(packed(&notices));
        }
    }

    /// The first of what `from` has told `to` arrives.
    pub fn settle(&mut self, from: usize, to: usize) -> Result<(), LoanError> {
        let told = self.told.get_mut(&(from, to)).and_then(VecDeque::pop_front);
        let Some(told) = told else { return Ok(()) };
        let notices = unpacked::<Vec<Notice>>(&told);
        let settled = self.processes[to].lenders[from].settle(notices)?;
        for letter in &settled.dead_letters {
            self.take_letter(letter.clone());
        }
        for trace in &settled.traces {
            self.take_trace(trace);
        }
        drop::<Settled>(settled);
        Ok(())
    }

    fn take_letter(&mut self, letter: DeadLetter) {
        let read: usize = letter.source.parse().unwrap();
        let frame = u32::try_from(letter.sequence.0 - 100 * read as u64).unwrap();
        assert_eq!(letter.bytes, payload(read, frame));
        assert_eq!(letter.header, [0, 0][..]);
        assert!(!self.reads[read].is_released(), "a dead letter comes before the release");
        self.letters.push(letter);
    }

    fn take_trace(&mut self, trace: &Arc<Trace>) {
        let read: usize = trace.source.parse().unwrap();
        let frame = u32::try_from(trace.sequence.0 - 100 * read as u64).unwrap();
        assert_eq!(trace.frame[2..], payload(read, frame));
        let before = self.reads[read].traces.insert(frame, Arc::clone(trace));
        assert!(before.is_none(), "a frame has one trace");
    }

    pub fn hop(&mut self, thing: usize, frame: u32) {
        let thing = &mut self.things[thing];
        let Some(trace) = thing.frames.trace(frame) else { return };
        self.hops += 1;
        trace.push(hop(self.hops));
        thing.made.entry(frame).or_default().push(self.hops);
        self.reads[thing.read].hops.entry(frame).or_default().push(self.hops);
    }

    /// A message of the pinned key: its trace begins, and has a hop.
    pub fn pinned(&mut self, thing: usize, frame: u32) {
        let frames = &self.things[thing].frames;
        let key = Key::from("k");
        let begun = frames.begin_pinned(&"p".into(), frame, (STATE, &key), Timestamp::default);
        if let Some(trace) = begun.filter(|trace| trace.is_at_home()) {
            self.take_trace(&trace);
        }
        self.hop(thing, frame);
    }

    pub fn fail(&mut self, thing: usize, frame: u32) {
        self.failures += 1;
        let reason = self.failures.to_string();
        if let Some(letter) = self.things[thing].frames.dead_letter(frame, failure(reason)) {
            self.take_letter(letter);
        }
    }

    pub fn charge(&mut self, thing: usize, bytes: usize) {
        let Thing { read, ref frames, .. } = self.things[thing];
        self.reads[read].charged += bytes;
        frames.charge(bytes);
    }

    pub fn write(&mut self, thing: usize) {
        let Thing { read, ref frames, works, .. } = self.things[thing];
        // Two at the same time.
        let writing = [frames.writing(), frames.writing()];
        assert!(writing.iter().all(|writing| writing.is_some() == works));
        self.reads[read].writes += 4 * usize::from(works);
    }

    pub fn end_work(&mut self, thing: usize) {
        let thing = &mut self.things[thing];
        thing.frames = thing.frames.after_work();
        thing.works = false;
    }

    pub fn drop_thing(&mut self, thing: usize) {
        let Thing { read, made, .. } = self.things.swap_remove(thing);
        self.ways.extend(made.into_iter().map(|(frame, hops)| (read, frame, hops)));
    }

    /// Whether something is made of these frames, anywhere; of which the steps are not done, if `works`.
    fn is_anywhere(&self, of: usize, works: bool) -> bool {
        let is = |read: usize, at_work: bool| read == of && (at_work || !works);
        self.things.iter().any(|thing| is(thing.read, thing.works))
            || self.sent.iter().any(|sent| is(sent.read, sent.works))
    }

    /// Nothing is released that something is made of anywhere, and nothing twice.
    pub fn check_holds(&self) {
        for (at, read) in self.reads.iter().enumerate() {
            let held = [(Some(&read.all), false), (read.work.as_ref(), true)];
            for (held, works) in held {
                let Some(held) = held else { continue };
                let released = held.released.load(Ordering::Relaxed);
                let most = usize::from(!self.is_anywhere(at, works));
                assert!(released <= most, "released {released} times");
            }
        }
    }

    /// All that is on its way arrives, and what is told because of that.
    pub fn run(&mut self) -> Result<(), LoanError> {
        let count = self.processes.len();
        while !self.sent.is_empty() {
            self.arrive(0);
        }
        // A notice passes at most one process per round.
        loop {
            let mut is_quiet = true;
            for (from, to) in (0..count).flat_map(|from| (0..count).map(move |to| (from, to))) {
                self.tell(from, to);
                while self.told.get(&(from, to)).is_some_and(|told| !told.is_empty()) {
                    is_quiet = false;
                    self.settle(from, to)?;
                }
            }
            if is_quiet {
                return Ok(());
            }
        }
    }

    /// A process is gone. What it had, and what is on its way to it or from it, is lost.
    pub fn kill(&mut self, process: usize) {
        self.processes[process].failed.store(true, Ordering::Release);
        self.told.retain(|(from, to), _| *from != process && *to != process);
        let (lost, left) = mem::take(&mut self.sent)
            .into_iter()
            .partition(|sent: &Sent| sent.from == process || sent.to == process);
        self.sent = left;
        let (gone, left) = mem::take(&mut self.things)
            .into_iter()
            .partition(|thing: &Thing| thing.process == process);
        self.things = left;
        let (lost, gone): (Vec<Sent>, Vec<Thing>) = (lost, gone);
        // What was never lent is the process's own.
        let gone = gone.iter().filter(|thing| thing.frames.is_away()).map(|thing| thing.read);
        let lost = lost.iter().map(|sent| sent.read).chain(gone);
        for read in lost {
            self.reads[read].lost = true;
        }
    }
}
