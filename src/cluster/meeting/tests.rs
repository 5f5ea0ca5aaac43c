//! Every order of events, with the decisions of processes that meet and without sockets.
//!
//! A world has a few processes, each started again and again. What one says to another waits in a queue of its
//! connection, and chance decides which queue goes on, and who is killed when.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::life::Life;
use super::member::{End, Member};
use super::messages::Link;
use super::refusal::Refusal;
use super::round::{CallNumber, Event, Order, Round};
use crate::core::numbers::ProcessIndex;

/// Which start of which process.
type Start = usize;

/// Who has made a call: each start calls at most once.
fn start_of(call: CallNumber) -> Start {
    usize::try_from(call.0).unwrap()
}

/// A connection of a life, as both of its ends see it: who has made it, and its number.
type Socket = (Start, u64);

/// What is on its way.
#[derive(Debug, Clone, Copy)]
enum Message {
    Hello,
    Welcome(Life),
    Ready(Life),
    Begin(Life),
    Link(Link, Socket),
}

/// One start of a process.
struct Process {
    index: ProcessIndex,
    is_alive: bool,
    /// Only process 0 has one.
    round: Option<Round>,
    member: Member<Socket>,
    met: Option<(Life, BTreeMap<End, Socket>)>,
}

struct World {
    processes: usize,
    starts: Vec<Process>,
    /// The last start of each process.
    current: Vec<usize>,
    /// Messages from one start to another, in order.
    queues: BTreeMap<(usize, usize), VecDeque<Message>>,
    lives: u64,
    sockets: u64,
}

impl World {
    fn new(processes: usize) -> Self {
        let mut world = Self {
            processes,
            starts: Vec::new(),
            current: vec![usize::MAX; processes],
            queues: BTreeMap::new(),
            lives: 0,
            sockets: 0,
        };
        (0..processes).for_each(|index| world.start(index));
        world
    }

    /// Starts a process; an earlier start of it has been killed.
    fn start(&mut self, index: usize) {
        let (process, number) = (ProcessIndex(index), self.starts.len());
        self.starts.push(Process {
            index: process,
            is_alive: true,
            round: (index == 0).then(|| Round::new(self.processes)),
            member: Member::new(process, self.processes),
            met: None,
        });
        self.current[index] = number;
        if index == 0 {
            // The others see that their connection has ended, and call again.
            for other in 1..self.processes {
                if self.current[other] != usize::MAX {
                    let other = self.current[other];
                    self.starts[other].member.end();
                    self.send(other, number, Message::Hello);
                }
            }
        } else if self.current[0] != usize::MAX {
            self.send(number, self.current[0], Message::Hello);
        }
    }

    /// Kills a process and starts it again. Process 0 sees that its call has ended only if `is_seen`; else the next call
    /// comes first, as after a machine has lost its power.
    fn kill(&mut self, index: usize, is_seen: bool) {
        let dead = self.current[index];
        self.starts[dead].is_alive = false;
        let first = self.current[0];
        if index != 0 && is_seen {
            self.host(first, Event::Gone(CallNumber(dead as u64)));
        }
        self.start(index);
    }

    fn send(&mut self, from: usize, to: usize, message: Message) {
        self.queues.entry((from, to)).or_default().push_back(message);
    }

    /// Process 0 decides, and what it has decided is sent.
    fn host(&mut self, first: usize, event: Event) {
        self.lives += 1;
        let next = Life::numbered(self.lives);
        let Some(round) = &mut self.starts[first].round else {
            panic!("only process 0 hears this")
        };
        for order in round.on(event, next) {
            match order {
                Order::Begin(life) => drop(self.starts[first].member.begin(life)),
                Order::End => self.starts[first].member.end(),
                // In the world, who is replaced is dead.
                Order::Replace(call) => assert!(!self.starts[start_of(call)].is_alive),
                Order::Welcome(call, life) => {
                    self.send(first, start_of(call), Message::Welcome(life));
                }
                Order::Start(call, life) => self.send(first, start_of(call), Message::Begin(life)),
                Order::StartOwn(life) => self.begin(first, life),
            }
        }
    }

    fn begin(&mut self, start: usize, life: Life) {
        let sockets = self.starts[start].member.start(life);
        let sockets = sockets.expect("only those that are ready are told to begin");
        self.starts[start].met = Some((life, sockets));
    }

    /// One message arrives. What a dead process was told is lost; what it has said arrives, however late.
    fn arrive(&mut self, queue: usize) {
        let ways: Vec<(usize, usize)> = self.queues.keys().copied().collect();
        let Some(&(from, to)) = ways.get(queue % ways.len().max(1)) else { return };
        let waiting = self.queues.get_mut(&(from, to)).expect("it is one of them");
        let message = waiting.pop_front().expect("an empty queue is removed");
        if waiting.is_empty() {
            self.queues.remove(&(from, to));
        }
        if !self.starts[to].is_alive {
            return;
        }
        // A call ends with the process that made it.
        let of_a_call = self.starts[from].is_alive;
        let (process, call) = (self.starts[from].index, CallNumber(from as u64));
        match message {
            Message::Hello if of_a_call => self.host(to, Event::Came(process, call)),
            Message::Ready(life) if of_a_call => self.host(to, Event::Ready(call, life)),
            Message::Begin(life) if of_a_call => self.begin(to, life),
            Message::Welcome(life) if of_a_call => self.welcome(to, life),
            Message::Link(link, socket) => self.link((from, to), link, socket),
            Message::Hello | Message::Ready(_) | Message::Begin(_) | Message::Welcome(_) => {}
        }
    }

    fn welcome(&mut self, start: usize, life: Life) {
        for (process, channel) in self.starts[start].member.begin(life) {
            let from = self.starts[start].index;
            self.sockets += 1;
            let socket = (start, self.sockets);
            let to = self.current[process.0];
            self.send(start, to, Message::Link(Link { life, from, channel }, socket));
        }
        self.look_whether_ready(start);
    }

    fn link(&mut self, (from, to): (usize, usize), link: Link, socket: Socket) {
        match self.starts[to].member.judge(link) {
            Ok(()) => {
                let end = (link.from, link.channel);
                self.starts[to].member.connected(link.life, end, socket);
                let end = (self.starts[to].index, link.channel);
                self.starts[from].member.connected(link.life, end, socket);
                self.look_whether_ready(from);
                self.look_whether_ready(to);
            }
            // The other one may not have heard of this life yet: once more, to whoever is there now.
            Err(Refusal::OtherLife) if self.is_current(from, link.life) => {
                let to = self.current[self.starts[to].index.0];
                self.send(from, to, Message::Link(link, socket));
            }
            Err(refusal) => {
                assert!(matches!(refusal, Refusal::OtherLife), "{link:?}: {refusal}");
            }
        }
    }

    /// Whether one still tries to connect in this life.
    fn is_current(&self, start: usize, life: Life) -> bool {
        let first = self.starts[self.current[0]].round.as_ref();
        let now = first.and_then(|round| round.unready().map(|(life, _)| life));
        self.starts[start].is_alive && now == Some(life)
    }

    fn look_whether_ready(&mut self, start: usize) {
        let process = &self.starts[start];
        let Some(life) = process.member.ready().filter(|_| process.is_alive) else { return };
        if process.index.0 == 0 {
            self.host(start, Event::OwnReady(life));
        } else {
            self.send(start, self.current[0], Message::Ready(life));
        }
    }

    /// All that is on its way arrives. Those that have met with one that is gone see it, and come again.
    fn settle(&mut self, chance: &mut impl FnMut() -> usize) {
        for _ in 0..100_000 {
            if !self.queues.is_empty() {
                self.arrive(chance());
            } else if let Some(index) = self.bereaved() {
                self.kill(index, true);
            } else {
                return;
            }
        }
        panic!("they meet for ever");
    }

    /// A process that has met one that is not there any more, or not in that life.
    fn bereaved(&self) -> Option<usize> {
        let met =
            |index: usize| self.starts[self.current[index]].met.as_ref().map(|(life, _)| *life);
        let lives = (0..self.processes).filter_map(|index| Some((index, met(index)?)));
        let mut lives =
            lives.filter(|(_, life)| (0..self.processes).any(|it| met(it) != Some(*life)));
        lives.next().map(|(index, _)| index)
    }

    /// Of those that have met in one life, each two share the connections between them, and only one start of each.
    fn check(&self) {
        let mut met: BTreeMap<Life, BTreeMap<ProcessIndex, &BTreeMap<End, Socket>>> =
            BTreeMap::new();
        for process in &self.starts {
            if let Some((life, sockets)) = &process.met {
                let earlier = met.entry(*life).or_default().insert(process.index, sockets);
                assert!(earlier.is_none(), "two starts of {} have met in {life}", process.index);
            }
        }
        for all in met.values() {
            for (&me, sockets) in all {
                assert_eq!(sockets.len(), 2 * (self.processes - 1));
                for (&(other, channel), socket) in *sockets {
                    let theirs = all.get(&other).map(|theirs| theirs[&(me, channel)]);
                    assert!(theirs.is_none_or(|theirs| theirs == *socket), "{me} and {other}");
                }
            }
        }
    }

    fn have_all_met(&self) -> bool {
        let all = self.current.iter().map(|start| self.starts[*start].met.as_ref());
        let lives: Vec<Option<Life>> = all.map(|met| met.map(|(life, _)| *life)).collect();
        lives.iter().all(|life| life.is_some() && *life == lives[0])
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whoever_is_killed_when_all_meet_in_one_life_and_no_connection_is_of_another(
        processes in 2_usize..5,
        events in prop::collection::vec((any::<u16>(), 0_u8..12, any::<bool>()), 0..200),
        seed in any::<u16>(),
    ) {
        let mut world = World::new(processes);
        for (chance, what, is_seen) in events {
            if what == 0 {
                world.kill(usize::from(chance) % processes, is_seen);
            } else {
                world.arrive(usize::from(chance));
            }
            world.check();
        }
        let mut chance = u64::from(seed);
        world.settle(&mut || {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(chance >> 33).unwrap()
        });
        world.check();
        prop_assert!(world.have_all_met());
    }
}

/// Materialize #12800: processes that were started again one after another connected to those of the time before, which
/// then ended, for ever.
#[test]
fn the_story_of_materialize_12800_mixed_generations_do_not_crash_each_other_for_ever() {
    let mut world = World::new(3);
    // All are there, and process 2 hears of the life first; its connections to process 1 are on their way.
    while world.lives < 2 {
        world.arrive(0);
    }
    let (first, second) = (world.current[1], world.current[2]);
    let old = Life::numbered(world.lives);
    world.welcome(second, old);
    // Process 1 dies and comes again; process 0 begins another life with it. The old connections arrive only now.
    world.kill(1, false);
    let again = world.current[1];
    assert_ne!(first, again);
    let link = Link { life: old, from: ProcessIndex(2), channel: super::messages::Channel::Data };
    assert_eq!(world.starts[again].member.judge(link), Err(Refusal::OtherLife));
    let mut turn = 0;
    world.settle(&mut || {
        turn += 1;
        turn
    });
    assert_eq!(world.starts[again].member.judge(link), Err(Refusal::OtherLife));
    world.check();
    assert!(world.have_all_met());
    let met = world.starts[again].met.as_ref().unwrap();
    assert_ne!(met.0, old);
}
