//! The terminal's events, read on a thread of their own.
//!
//! When a terminal hangs up, crossterm may read its end again and again and never return. On its own
//! thread that harms nobody: the signal and the terminal's end are noticed elsewhere, and the program
//! ends.

use std::time::Duration;
use std::{io, thread};

use crossterm::event::{self, Event};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How often the thread looks whether it is still wanted, where nothing is typed.
const LOOK_UP: Duration = Duration::from_secs(5);

/// The terminal's events from now on. They end where the terminal cannot be read any further, and
/// soon after the receiver is dropped nothing is read any more.
pub(crate) fn read() -> io::Result<UnboundedReceiver<Event>> {
    let (sender, receiver) = unbounded_channel();
    let thread = thread::Builder::new().name("wallaroo-terminal".to_owned());
    // An error says that the terminal is gone: dropping the sender passes that on.
    thread.spawn(move || drop(pass_on(&sender)))?;
    Ok(receiver)
}

fn pass_on(sender: &UnboundedSender<Event>) -> io::Result<()> {
    loop {
        let waiting = event::poll(LOOK_UP)?;
        // What nobody waits for here is left for the next who reads.
        if sender.is_closed() {
            return Ok(());
        }
        if waiting && sender.send(event::read()?).is_err() {
            return Ok(());
        }
    }
}
