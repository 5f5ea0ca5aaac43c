//! A shape of an application: its steps, its end, and whether its states are one.

use std::fmt;

use wallaroo::{Application, Pipeline, Sink, Source, Topology};

use crate::item::{Item, decode, make, write};
use crate::steps::{Order, STEPS, Step};

/// How a pipeline ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Sink,
    /// Three sinks with different encoders, one of which refuses some items.
    ThreeSinks,
    Done,
}

/// Where a pipeline's messages come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Frames, which are decoded.
    Frames,
    /// The source makes them itself.
    Generator,
}

/// A shape of an application.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Shape {
    pub from: Begin,
    pub steps: Vec<Step>,
    pub end: End,
    /// Whether all states are one: those of the steps, and that of a second pipeline.
    pub shares: bool,
    /// Whether every state depends on the order of its messages, also where no order is promised.
    pub tangled: bool,
    /// Whether a second pipeline writes to the same sink, in capital letters.
    pub joins: bool,
    /// Whether a second pipeline, of items in capital letters, is merged into it before its steps; and a third one of its
    /// digits behind the first of them.
    pub merges: bool,
}

/// All sequences of this many steps.
pub fn sequences(length: u32) -> impl Iterator<Item = Vec<Step>> {
    let sequence = move |number: usize| {
        let digit = |at| STEPS[number / STEPS.len().pow(at) % STEPS.len()];
        (0..length).map(digit).collect()
    };
    (0..STEPS.len().pow(length)).map(sequence)
}

impl Shape {
    /// One pipeline, whose messages come as frames.
    pub fn of(steps: Vec<Step>, end: End) -> Self {
        let (shares, tangled, joins, merges) = (false, false, false, false);
        Self { from: Begin::Frames, steps, end, shares, tangled, joins, merges }
    }

    /// Whether any partition can come into being.
    pub fn has_state(&self) -> bool {
        self.shares || self.joins || self.steps.iter().any(|step| step.has_state())
    }

    /// How the outputs of the first pipeline are ordered.
    pub fn order(&self) -> Order {
        self.steps.iter().fold(Order::Everything, |order, step| step.order_after(order))
    }

    /// The application.
    pub fn topology(&self) -> Topology {
        let mut pipeline = self.begin(Application::new("shape"), "first");
        let mut order = Order::Everything;
        for (at, step) in self.steps.iter().enumerate() {
            let own = format!("state {at}");
            let state = if self.shares { "shared" } else { &own };
            // Messages of other pipelines and steps come in between as they may.
            let mixes = self.shares || (self.merges && *step == Step::Stateful);
            let ordered = self.tangled || (step.is_ordered(order) && !mixes);
            if self.merges && at < 2 {
                pipeline = pipeline.merge(self.other(["other", "another"][at], [0x20, 0x30][at]));
            }
            pipeline = step.add_to(pipeline, state, ordered);
            order = step.order_after(order);
        }
        let mut application = if self.joins {
            pipeline.to_sink(Sink::new(write).named("all"))
        } else {
            self.end.add_to(pipeline)
        };
        if self.joins {
            let capitals = |item: &Item, output: &mut Vec<u8>| {
                write(item, output);
                output.make_ascii_uppercase();
            };
            let second = self.begin(application, "second");
            let second = Step::ByLetter.add_to(second, "of the second", self.tangled);
            application = second.to_sink(Sink::new(capitals).named("all"));
        }
        if self.shares {
            let second = self.begin(application, "second");
            application =
                Step::ByLetter.add_to(second, "shared", self.tangled).to_sink(Sink::new(write));
        }
        application.build().unwrap()
    }
}

impl Shape {
    /// Another pipeline, whose letters are lower by this.
    fn other(&self, name: &str, lower: u8) -> Pipeline<Item> {
        let other = match self.from {
            Begin::Frames => Pipeline::new(name, Source::new(decode)),
            Begin::Generator => Pipeline::new(name, Source::generator(make)),
        };
        other.to(move |item: Item| Some(Item { letter: item.letter - lower, ..item }))
    }

    fn begin(&self, application: Application, name: &str) -> Pipeline<Item> {
        match self.from {
            Begin::Frames => application.pipeline(name, Source::new(decode)),
            Begin::Generator => application.pipeline(name, Source::generator(make)),
        }
    }
}

impl End {
    fn add_to(self, pipeline: Pipeline<Item>) -> Application {
        let backwards = |item: &Item, output: &mut Vec<u8>| {
            write(item, output);
            output.reverse();
        };
        let refusing = |item: &Item, output: &mut Vec<u8>| {
            write(item, output);
            if item.value.is_multiple_of(3) { Err("refused") } else { Ok(()) }
        };
        match self {
            Self::Sink => pipeline.to_sink(Sink::new(write)),
            Self::ThreeSinks => pipeline.to_sinks([
                Sink::new(write).boxed(),
                Sink::new(refusing).boxed(),
                Sink::new(backwards).boxed(),
            ]),
            Self::Done => pipeline.done(),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} -> {:?} -> {:?}", self.from, self.steps, self.end)?;
        if self.merges {
            write!(formatter, ", merged with others")?;
        }
        if self.joins {
            write!(formatter, ", sharing its sink")?;
        }
        if self.shares { write!(formatter, ", sharing one state") } else { Ok(()) }
    }
}
