//! The messages of a batch that a state step has not taken, with the places of their partitions as far as they are known.

use std::collections::VecDeque;
use std::iter;

use crate::application::{Key, PartitionFunction};
use crate::core::frames::Frames;
use crate::core::guard::for_each_guarded;
use crate::core::partitions::table::{PartitionTable, Place};
use crate::core::steps::Keys;
use crate::core::steps::batch::Item;
use crate::core::steps::context::Context;

/// Messages that have not been taken.
pub(super) struct Batch<M> {
    pub messages: VecDeque<Item<M>>,
    /// Of the first messages, their keys and where their partitions are. There is no key if the message has
    /// become a dead letter. A partition keeps its place; one that was not found may have been created since.
    keys: Vec<Option<Key>>,
    places: Vec<Option<Place>>,
    /// How many of them have been used.
    used: usize,
}

impl<M> Batch<M> {
    pub fn empty() -> Self {
        Self { messages: VecDeque::new(), keys: Vec::new(), places: Vec::new(), used: 0 }
    }

    /// Begins with other messages.
    pub fn begin(&mut self, messages: Vec<Item<M>>) {
        debug_assert!(self.messages.is_empty(), "a batch begins when the one before is done");
        self.messages = messages.into();
    }

    /// Whether the next messages' partitions have not been looked up yet.
    pub fn is_unknown(&self) -> bool {
        self.used == self.keys.len()
    }

    /// Looks up the partitions of the next messages, a piece of them at most. Returns how many have a key.
    pub fn look_up<S, P: PartitionFunction<M>>(
        &mut self,
        keys: &Keys<P>,
        frames: &Frames,
        table: &mut PartitionTable<S>,
        context: &mut Context<'_>,
    ) -> usize {
        self.keys.clear();
        self.places.clear();
        self.used = 0;
        let (piece, mut found) = (context.piece, 0);
        let made = &mut self.keys;
        for_each_guarded(
            &mut self.messages.iter().take(piece),
            &mut (&mut *context, made),
            |item| item.frame,
            |(context, made), item| {
                let key = keys.key_of(frames, item, context);
                found += usize::from(key.is_some());
                made.push(key);
            },
            |(context, made), frame, reason| {
                keys.panicked(frames, frame, reason, context);
                made.push(None);
            },
        );
        table.find_all(self.keys.iter().map(Option::as_ref), &mut self.places);
        found
    }

    /// The messages that were looked up and have not been taken, with their keys and places.
    pub fn looked_up(&mut self) -> impl Iterator<Item = (Item<M>, Option<&Key>, Option<Place>)> {
        let Self { messages, keys, places, used } = self;
        let rest = keys.get(*used..).unwrap_or_default().iter();
        let mut rest = rest.zip(places.get(*used..).unwrap_or_default());
        iter::from_fn(move || {
            let (key, place) = rest.next()?;
            *used += 1;
            let item = messages.pop_front();
            debug_assert!(item.is_some(), "what was looked up is there");
            Some((item?, key.as_ref(), *place))
        })
    }
}
