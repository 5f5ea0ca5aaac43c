//! A bounded queue in front of a writer that may block, and the thread of the writer.
//!
//! Invariants: the items that are queued or being written never weigh more than the limit together, unless a
//! single item does; and no caller waits for the writer longer than it allows.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use parking_lot::{Condvar, Mutex};

/// The side of the callers.
pub(crate) struct Outbox<T>(Arc<SharedQueue<T>>);

/// The side of the writer.
pub(crate) struct Inbox<T> {
    shared: Arc<SharedQueue<T>>,
    /// The number and the weight of the items that are being written.
    taken: (u64, usize),
}

struct SharedQueue<T> {
    limit: usize,
    queue: Mutex<Queue<T>>,
    changed: Condvar,
}

struct Queue<T> {
    items: VecDeque<(T, usize)>,
    /// The weight of the items that are queued or being written.
    weight: usize,
    pushed: u64,
    done: u64,
    /// How many items were refused since the writer was last told.
    refused: u64,
    /// Whether the limit was reached. Items are then refused until half of it is free, so that a slow writer leaves few
    /// gaps, and callers do not wait for a writer that does not move.
    full: bool,
    closing: bool,
    /// When something was written last, or was pushed to an empty queue.
    moved: Instant,
}

impl<T: Send + 'static> Outbox<T> {
    /// Starts a writer on a thread with this name. The limit is in the unit of the weights.
    pub fn start(
        name: &str,
        limit: usize,
        write: impl FnOnce(Inbox<T>) + Send + 'static,
    ) -> io::Result<Self> {
        let (outbox, inbox) = Self::new(limit);
        inbox.begin(name, write)?;
        Ok(outbox)
    }

    /// A queue whose writer begins later.
    pub fn new(limit: usize) -> (Self, Inbox<T>) {
        let queue = Queue {
            items: VecDeque::new(),
            weight: 0,
            pushed: 0,
            done: 0,
            refused: 0,
            full: false,
            closing: false,
            moved: Instant::now(),
        };
        let shared =
            Arc::new(SharedQueue { limit, queue: Mutex::new(queue), changed: Condvar::new() });
        (Self(Arc::clone(&shared)), Inbox { shared, taken: (0, 0) })
    }
}

impl<T> Outbox<T> {
    /// Queues an item, or refuses and counts it if there is no room. It never waits.
    pub fn push(&self, item: T, weight: usize) -> bool {
        self.offer(item, weight, self.0.limit, None)
    }

    /// The same with twice the limit: for callers that must not wait while others do.
    pub fn push_urgently(&self, item: T, weight: usize) -> bool {
        self.offer(item, weight, self.0.limit.saturating_mul(2), None)
    }

    /// The same, but waits for room until `deadline`, unless another caller has already waited in vain.
    pub fn push_before(&self, item: T, weight: usize, deadline: Instant) -> bool {
        self.offer(item, weight, self.0.limit, Some(deadline))
    }

    fn offer(&self, item: T, weight: usize, limit: usize, deadline: Option<Instant>) -> bool {
        let mut queue = self.0.queue.lock();
        loop {
            let fits = queue.weight == 0 || queue.weight.saturating_add(weight) <= limit;
            if fits && !queue.full && !queue.closing {
                if queue.weight == 0 {
                    queue.moved = Instant::now();
                }
                queue.items.push_back((item, weight));
                queue.weight += weight;
                queue.pushed += 1;
                self.0.changed.notify_all();
                return true;
            }
            let waits = deadline.filter(|_| !queue.full && !queue.closing);
            let left = waits.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let Some(left) = left.filter(|left| !left.is_zero()) else {
                queue.full = true;
                queue.refused += 1;
                self.0.changed.notify_all();
                return false;
            };
            self.0.changed.wait_for(&mut queue, left);
        }
    }

    /// How many items are not written yet.
    pub fn waiting(&self) -> u64 {
        let queue = self.0.queue.lock();
        queue.pushed - queue.done
    }

    /// Waits until all earlier items are written. Returns false if nothing has been written for `patience`,
    /// which may have begun before the call.
    pub fn settle(&self, patience: Duration) -> bool {
        let mut queue = self.0.queue.lock();
        let wanted = queue.pushed;
        while queue.done < wanted {
            let left = patience.saturating_sub(queue.moved.elapsed());
            if left.is_zero() {
                return false;
            }
            self.0.changed.wait_for(&mut queue, left);
        }
        true
    }

    /// Closes the queue, and waits as [`settle`](Self::settle) does, but for at least `patience`.
    pub fn finish(&self, patience: Duration) -> bool {
        {
            let mut queue = self.0.queue.lock();
            if !std::mem::replace(&mut queue.closing, true) {
                queue.moved = Instant::now();
            }
            self.0.changed.notify_all();
        }
        self.settle(patience)
    }
}

impl<T> Drop for Outbox<T> {
    fn drop(&mut self) {
        self.0.queue.lock().closing = true;
        self.0.changed.notify_all();
    }
}

impl<T: Send + 'static> Inbox<T> {
    /// Starts the writer on a thread with this name.
    pub fn begin(self, name: &str, write: impl FnOnce(Self) + Send + 'static) -> io::Result<()> {
        thread::Builder::new().name(name.to_owned()).spawn(move || write(self)).map(drop)
    }
}

impl<T> Inbox<T> {
    /// The next items, of about `most` weight, and how many items were refused after them. The items of the
    /// call before count as written. Returns `None` if the queue is closed and empty.
    pub fn next(&mut self, most: usize) -> Option<(Vec<T>, u64)> {
        let shared = Arc::clone(&self.shared);
        let mut queue = shared.queue.lock();
        self.done(&mut queue);
        while queue.items.is_empty() && queue.refused == 0 {
            if queue.closing {
                return None;
            }
            shared.changed.wait(&mut queue);
        }
        let mut items = Vec::new();
        while self.taken.1 < most
            && let Some((item, weight)) = queue.items.pop_front()
        {
            items.push(item);
            self.taken = (self.taken.0 + 1, self.taken.1 + weight);
        }
        let refused = if queue.items.is_empty() { std::mem::take(&mut queue.refused) } else { 0 };
        Some((items, refused))
    }

    fn done(&mut self, queue: &mut Queue<T>) {
        let (count, weight) = std::mem::take(&mut self.taken);
        if count == 0 {
            return;
        }
        debug_assert!(queue.weight >= weight, "what is written was queued before");
        queue.done += count;
        queue.weight = queue.weight.saturating_sub(weight);
        queue.full &= queue.weight > self.shared.limit / 2;
        queue.moved = Instant::now();
        self.shared.changed.notify_all();
    }

    /// A part of what was taken is written.
    pub fn moved(&self) {
        self.shared.queue.lock().moved = Instant::now();
        self.shared.changed.notify_all();
    }

    /// Waits for this long. Returns false, at once, if the queue is closed: then the writer must not try again.
    pub fn pause(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let mut queue = self.shared.queue.lock();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if queue.closing || left.is_zero() {
                return !queue.closing;
            }
            self.shared.changed.wait_for(&mut queue, left);
        }
    }
}

impl<T> Drop for Inbox<T> {
    /// A writer that ends, also by a panic, leaves no caller waiting.
    fn drop(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut queue = shared.queue.lock();
        self.done(&mut queue);
        queue.closing = true;
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    /// A writer that writes an item only when it is let.
    fn stalled(limit: usize) -> (Outbox<u32>, std::sync::mpsc::Sender<()>, Receiver<Vec<u32>>) {
        let (allow, allowed) = channel();
        let (write, written) = channel();
        let outbox = Outbox::start("writer", limit, move |mut inbox: Inbox<u32>| {
            while let Some((items, _)) = inbox.next(1) {
                if items.is_empty() {
                    continue;
                }
                if allowed.recv().is_err() || write.send(items).is_err() {
                    return;
                }
            }
        });
        (outbox.unwrap(), allow, written)
    }

    #[test]
    fn a_writer_that_does_not_move_holds_up_nobody_and_what_finds_no_room_is_counted() {
        let (outbox, allow, written) = stalled(4);
        let pushed: Vec<bool> = (0..10).map(|item| outbox.push(item, 1)).collect();
        assert_eq!(pushed, [[true; 4].as_slice(), &[false; 6]].concat());
        assert!(!outbox.settle(Duration::from_millis(1)));
        // One that may wait waits in vain only once: the queue is known to be full.
        assert!(!outbox.push_before(10, 1, Instant::now() + LONG));
        // As soon as half of it is free, it takes items again.
        for item in 0..2 {
            allow.send(()).unwrap();
            assert_eq!(written.recv().unwrap(), [item]);
        }
        let began = Instant::now();
        while !outbox.push(11, 1) {
            assert!(began.elapsed() < LONG);
        }
        for _ in 0..3 {
            allow.send(()).unwrap();
        }
        assert!(outbox.finish(LONG));
        assert_eq!(written.iter().flatten().take(3).collect::<Vec<_>>(), [2, 3, 11]);
        assert_eq!(outbox.waiting(), 0);
        assert!(!outbox.push(12, 1), "it has ended");
    }

    #[test]
    fn who_waits_for_room_gets_it_and_who_must_not_wait_may_go_beyond_the_limit() {
        let (outbox, allow, written) = stalled(2);
        assert!(outbox.push(0, 1) && outbox.push(1, 1));
        assert!(outbox.push_urgently(2, 1), "although it is full");
        let waiting = thread::scope(|scope| {
            let waiting = scope.spawn(|| outbox.push_before(3, 1, Instant::now() + LONG));
            (0..4).for_each(|_| allow.send(()).unwrap());
            waiting.join().unwrap()
        });
        assert!(waiting && outbox.settle(LONG));
        assert_eq!(written.iter().flatten().take(4).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }

    #[test]
    fn an_item_that_is_heavier_than_the_limit_goes_alone() {
        let (outbox, allow, written) = stalled(2);
        assert!(outbox.push(0, 100));
        assert!(!outbox.push(1, 1));
        allow.send(()).unwrap();
        assert_eq!(written.recv().unwrap(), [0]);
        assert!(outbox.settle(LONG));
        drop(allow);
    }
}
