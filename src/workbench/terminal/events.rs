//! The terminal's events, read on a thread of their own.
//!
//! When a terminal hangs up, crossterm may read its end again and again and never return. On its own
//! thread that does not block the workbench, which ends by the signal or by the end of the terminal.

use std::time::Duration;
use std::{io, thread};

use crossterm::event::{self, Event};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How often the thread checks whether its receiver is dropped, if nothing is typed. Seldom, because nothing
/// waits for it: the next event is left for the next reader, and an idle program does not wake up.
const LOOK_UP: Duration = Duration::from_hours(1);

/// The terminal's events from now on. The channel ends if the terminal cannot be read any further. After
/// the receiver is dropped, the thread reads no event any more.
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
        // An event after the receiver is dropped is left for the next reader of the terminal.
        if sender.is_closed() {
            return Ok(());
        }
        if waiting && sender.send(event::read()?).is_err() {
            return Ok(());
        }
    }
}
