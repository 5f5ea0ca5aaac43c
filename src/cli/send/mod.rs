//! `send`: sends the frames of a file, or typed messages, to an application that listens.
//!
//! Bytes are sent unchanged, so that malformed frames can be sent on purpose. Frames are only counted, for
//! the totals and the rate.

mod connection;
mod input;
mod pace;

use std::cell::Cell;
use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, sleep_until};

use crate::cli::app::{App, AppOptions};
use crate::cli::arguments::SendArguments;
use crate::cli::failure::Failure;
use crate::cli::frame_counter::FrameCounter;
use crate::cli::progress::follow::{Stop, follow};
use crate::cli::progress::line::{Progress, bar};
use crate::cli::progress::tally::Tally;
use crate::core::text::counted;
use connection::Connection;
use input::Input;
use pace::Pace;

/// How many bytes are read at once.
const READ_SIZE: usize = 128 * 1024;

pub(super) fn send(
    apps: &[App],
    arguments: &SendArguments,
    options: &AppOptions,
) -> Result<(), Failure> {
    let (input, framing) = input::of(apps, arguments, options)?;
    let (tally, stop, whole) = (Tally::new("message"), Stop::default(), Cell::new(0));
    let sender = Sender {
        arguments,
        input: &input,
        counter: FrameCounter::new(framing),
        pace: arguments.rate.map(|rate| Pace::new(rate.get())),
        tally: &tally,
        stop: &stop,
        whole: &whole,
    };
    let line = || {
        let bar = bar(tally.bytes(), whole.get());
        format!("sent {} {bar}", counted(tally.count(), "message")).trim_end().to_owned()
    };
    let progress = Progress::start()?;
    let Some(notes) = follow(sender.send(), &stop, &progress, line)? else {
        return Err(Failure::Failed(format!("interrupted twice: sent {tally}")));
    };
    if stop.was_asked() {
        return Err(Failure::Failed(format!("interrupted: sent {tally}{notes}")));
    }
    progress.say(&format!("sent {tally}{notes}"));
    Ok(())
}

struct Sender<'a> {
    arguments: &'a SendArguments,
    input: &'a Input,
    counter: FrameCounter,
    pace: Option<Pace>,
    tally: &'a Tally,
    stop: &'a Stop,
    /// How many bytes there are to send; 0 if unknown.
    whole: &'a Cell<u64>,
}

impl Sender<'_> {
    /// Sends everything. Returns notes for the final message.
    async fn send(mut self) -> Result<String, Failure> {
        let (mut reader, length) = self.open().await?;
        let repeat = self.arguments.repeat;
        self.whole.set(length.unwrap_or(0).saturating_mul(repeat.get()));
        let Some(mut connection) = self.connect().await? else { return Ok(String::new()) };

        let began = Instant::now();
        self.tally.add(0, 0);
        for round in 1..=repeat.get() {
            if round > 1 {
                (reader, _) = self.open().await?;
                if self.counter.is_last() {
                    // Or the last line of a round and the first of the next one would be one.
                    self.counter.pass(b"\n", 1);
                    connection.write(b"\n").await.map_err(|error| self.lost(&error))?;
                    self.tally.add(1, 1);
                }
            }
            self.send_all(&mut reader, &mut connection, began).await?;
            if self.stop.was_asked() {
                break;
            }
        }
        let closed = connection.finish().await.map_err(|error| self.lost(&error))?;
        let rest = match self.counter.rest() {
            0 => String::new(),
            _ if self.counter.is_last() => {
                self.tally.add(1, 0);
                String::new()
            }
            rest => format!("; the last {} are not a whole frame", counted(rest, "byte")),
        };
        let open = if closed { "" } else { "; the receiver has not closed the connection yet" };
        Ok(rest + open)
    }

    async fn open(&self) -> Result<(Box<dyn AsyncRead + Unpin>, Option<u64>), Failure> {
        self.input.open().await.map_err(|error| self.cannot_read(&error))
    }

    /// Connects. Returns `None` if it was interrupted before.
    async fn connect(&self) -> Result<Option<Connection>, Failure> {
        let SendArguments { to, wait, .. } = self.arguments;
        let opened = tokio::select! {
            opened = Connection::open(to, *wait) => opened,
            () = self.stop.asked() => return Ok(None),
        };
        opened.map(Some).map_err(|error| {
            let hint = if error.kind() == io::ErrorKind::ConnectionRefused {
                format!(
                    "; nothing listens there (waited {} s): start the application with `--in tcp://{to}`",
                    wait.as_secs_f64()
                )
            } else {
                String::new()
            };
            Failure::Failed(format!("cannot connect to {to}: {error}{hint}"))
        })
    }

    /// Sends all that the reader gives. If it is asked to stop, it stops at the end of a frame.
    async fn send_all(
        &mut self,
        reader: &mut (dyn AsyncRead + Unpin),
        connection: &mut Connection,
        began: Instant,
    ) -> Result<(), Failure> {
        let mut buffer = BytesMut::with_capacity(READ_SIZE);
        loop {
            buffer.clear();
            buffer.reserve(READ_SIZE);
            let stoppable = self.counter.rest() == 0 || !self.input.is_at_hand();
            let length = tokio::select! {
                biased;
                () = self.stop.asked(), if stoppable => return Ok(()),
                error = connection.lost() => return Err(self.lost(&error)),
                read = reader.read_buf(&mut buffer) => read.map_err(|error| self.cannot_read(&error))?,
            };
            if length == 0 {
                return Ok(());
            }
            let mut left = &*buffer;
            while !left.is_empty() {
                let most = self.turn(began).await;
                if self.stop.was_asked() && self.counter.rest() == 0 {
                    return Ok(());
                }
                // After the request to stop, the current frame is the last.
                let most = if self.stop.was_asked() { 1 } else { most };
                let (passed, messages) = self.counter.pass(left, most);
                let (now, later) = left.split_at(passed);
                connection.write(now).await.map_err(|error| self.lost(&error))?;
                left = later;
                self.tally.add(messages, now.len());
                if let Some(pace) = &mut self.pace {
                    pace.sent(messages);
                }
            }
        }
    }

    /// Waits until something may be sent, or until it is asked to stop. Returns how many messages may be sent.
    async fn turn(&mut self, began: Instant) -> u64 {
        let Some(pace) = &mut self.pace else { return u64::MAX };
        loop {
            match pace.allowed(began.elapsed()) {
                Ok(messages) => return messages,
                Err(later) => {
                    tokio::select! {
                        () = sleep_until(began + later) => {}
                        () = self.stop.asked() => return 1,
                    }
                }
            }
        }
    }

    fn lost(&self, error: &io::Error) -> Failure {
        let SendArguments { to, .. } = self.arguments;
        let messages = counted(self.tally.count(), "message");
        Failure::Failed(format!("lost the connection to {to} after {messages}: {error}"))
    }

    fn cannot_read(&self, error: &io::Error) -> Failure {
        Failure::Failed(format!("cannot read {}: {error}", self.input.name()))
    }
}
