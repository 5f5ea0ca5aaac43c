//! A program in a real terminal: a pseudo-terminal, and behind it an emulator that knows what a
//! person would see.
//!
//! Tests look at the current screen and never at all that was ever written: text that has gone must
//! not satisfy a test. They wait for what they expect, with a long limit, and never for a time.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// How long anything may take. Long, because a loaded machine is no failure.
const LIMIT: Duration = Duration::from_mins(2);
/// What a program writes before and after a picture that is to be shown as a whole:
/// <https://contour-terminal.org/vt-extensions/synchronized-output/>.
const BEGIN_UPDATE: &[u8] = b"\x1b[?2026h";
const END_UPDATE: &[u8] = b"\x1b[?2026l";
/// How often the screen is looked at.
const POLL: Duration = Duration::from_millis(5);

/// A program that runs in a terminal of its own. Dropping it kills the program.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Arc<Mutex<Output>>,
    /// For the program's temporary files: a killed one leaves them there.
    _temporary: TempDir,
}

/// What the program has written so far.
struct Output {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// How many of the raw bytes the emulator has been given.
    shown: usize,
    ended: bool,
}

impl Output {
    /// Shows what has been written, but of an update that has not ended nothing: a person never
    /// sees half of a picture, and neither must a test.
    fn show(&mut self) {
        // The sequence may have come in two reads.
        let from = self.shown.saturating_sub(BEGIN_UPDATE.len() - 1);
        let unshown = &self.raw[from..];
        let until = match (rfind(unshown, BEGIN_UPDATE), rfind(unshown, END_UPDATE)) {
            (Some(begin), end) if !self.ended && end.is_none_or(|end| end < begin) => from + begin,
            _ => self.raw.len(),
        };
        self.parser.process(self.raw.get(self.shown..until).unwrap_or_default());
        self.shown = self.shown.max(until);
    }
}

/// How the terminal itself treats typed keys, as the program left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineMode {
    /// Input is handed over line by line.
    pub canonical: bool,
    /// Typed keys are shown by the terminal.
    pub echo: bool,
    /// Ctrl-C and the like send signals.
    pub signals: bool,
}

impl LineMode {
    /// What a shell expects to find: the mode of a fresh terminal.
    pub const COOKED: Self = Self { canonical: true, echo: true, signals: true };
}

impl Terminal {
    /// Starts a program in a terminal of this size. Its environment is nothing but `TERM`, `LANG`,
    /// `SHELL`, `HOME`, `PATH`, `TMPDIR`, `XDG_CONFIG_HOME` and `XDG_STATE_HOME`, so that a test means the same on every
    /// machine.
    pub fn start(program: &str, args: &[&str], rows: u16, cols: u16) -> Self {
        Self::start_with(program, args, &[], rows, cols)
    }

    /// The same with more environment variables, which may also replace those.
    pub fn start_with(
        program: &str,
        args: &[&str],
        env: &[(&str, &str)],
        rows: u16,
        cols: u16,
    ) -> Self {
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        // Unless it is set, portable-pty sets it to the user's.
        command.env("SHELL", "/bin/sh");
        let temporary = tempfile::tempdir().unwrap();
        command.env("TMPDIR", temporary.path());
        // The configuration and the history of whoever runs the tests are not ours.
        command.env("XDG_CONFIG_HOME", temporary.path());
        command.env("XDG_STATE_HOME", temporary.path());
        for name in ["HOME", "PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        for (name, value) in env {
            command.env(name, value);
        }
        command.cwd(std::env::current_dir().unwrap());

        let pty = native_pty_system().openpty(size(rows, cols)).unwrap();
        let child = pty.slave.spawn_command(command).unwrap();
        let reader = pty.master.try_clone_reader().unwrap();
        let writer = pty.master.take_writer().unwrap();
        let (rows, cols) = (NonZeroU16::new(rows).unwrap(), NonZeroU16::new(cols).unwrap());
        let parser = vt100::Parser::new(rows, cols, 0);
        let output =
            Arc::new(Mutex::new(Output { parser, raw: Vec::new(), shown: 0, ended: false }));
        thread::spawn({
            let output = Arc::clone(&output);
            move || read_all(reader, &output)
        });
        // The slave is dropped here. While this process holds it, the reader would never see the
        // end of the output.
        Self { master: pty.master, writer, child, output, _temporary: temporary }
    }

    /// Types text, or any bytes: `"\r"` is Enter, `"\x1b"` Escape, `"\x03"` Ctrl-C.
    pub fn send(&mut self, keys: impl AsRef<[u8]>) {
        self.writer.write_all(keys.as_ref()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Changes the size of the window, of which the program is told.
    pub fn resize(&self, rows: u16, cols: u16) {
        // The emulator first: what the program writes for the new size must find it there.
        let (new_rows, new_cols) = (NonZeroU16::new(rows).unwrap(), NonZeroU16::new(cols).unwrap());
        self.output().parser.set_size(new_rows, new_cols);
        self.master.resize(size(rows, cols)).unwrap();
    }

    /// What the screen shows now, without the blanks at the end of its rows.
    pub fn screen(&self) -> String {
        self.output().parser.screen().contents()
    }

    /// Waits until the screen shows this text.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?} on the screen"), |screen| screen.contains(text));
    }

    /// Waits until the screen, as [`screen`](Self::screen) gives it, is as wanted; `what` says in
    /// words how that is.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        wait(&self.output, what, || wanted(&self.screen()).then_some(()));
    }

    /// Waits until the program has ended and all that it wrote has been read.
    pub fn wait_exit(&mut self) -> ExitStatus {
        let (child, output) = (&mut self.child, &self.output);
        let status = wait(output, "the end of the program", || child.try_wait().unwrap());
        wait(output, "the end of the output", || lock(output).ended.then_some(()));
        status
    }

    /// Sends a signal, for example `"TERM"` or `"KILL"`.
    pub fn kill(&self, signal: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        assert!(sent.success(), "kill -s {signal} {pid}: {sent}");
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// How many bytes the program has written to the terminal.
    pub fn bytes_written(&self) -> usize {
        self.output().raw.len()
    }

    /// All bytes that the program has written, escape sequences included.
    pub fn raw(&self) -> Vec<u8> {
        self.raw_since(0)
    }

    /// The bytes written since [`bytes_written`](Self::bytes_written) had this value.
    pub fn raw_since(&self, start: usize) -> Vec<u8> {
        self.output().raw[start..].to_vec()
    }

    /// Whether the program shows its own screen instead of the shell's.
    pub fn is_alternate_screen(&self) -> bool {
        self.output().parser.screen().alternate_screen()
    }

    /// Whether the cursor is hidden.
    pub fn cursor_hidden(&self) -> bool {
        self.output().parser.screen().hide_cursor()
    }

    /// The cursor's row and column, from 0.
    pub fn cursor(&self) -> (u16, u16) {
        self.output().parser.screen().cursor_position()
    }

    /// Whether the terminal marks what is pasted.
    pub fn bracketed_paste(&self) -> bool {
        self.output().parser.screen().bracketed_paste()
    }

    /// Whether the program is told of the mouse.
    pub fn mouse_captured(&self) -> bool {
        self.output().parser.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }

    /// How the terminal treats typed keys. Can still be asked when the program has ended.
    pub fn line_mode(&self) -> LineMode {
        let flags = self.master.get_termios().unwrap().local_flags;
        // By name, because the flags' type is that of a crate that we do not depend on.
        let flags = format!("{flags:?}");
        let has = |name| flags.split(|c: char| !c.is_alphanumeric()).any(|flag| flag == name);
        LineMode { canonical: has("ICANON"), echo: has("ECHO"), signals: has("ISIG") }
    }

    /// Checks that a shell would find the terminal as it was before the program started.
    pub fn assert_restored(&self) {
        let screen = self.screen();
        assert!(!self.is_alternate_screen(), "still on the alternate screen:\n{screen}");
        assert!(!self.cursor_hidden(), "the cursor is still hidden:\n{screen}");
        assert!(!self.bracketed_paste(), "bracketed paste is still on:\n{screen}");
        assert!(!self.mouse_captured(), "the mouse is still captured:\n{screen}");
        assert_eq!(self.line_mode(), LineMode::COOKED, "the terminal is still raw:\n{screen}");
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        lock(&self.output)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = Command::new("kill").args(["-s", "KILL", &self.pid().to_string()]).status();
            let _ = self.child.wait();
        }
    }
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// A panic elsewhere (an emulator's bug) must not hide the screen from the message of a failure.
fn lock(output: &Mutex<Output>) -> MutexGuard<'_, Output> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<T>(output: &Mutex<Output>, what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        // Not locked here: a test's closure may ask the terminal for more than it is given.
        if let Some(value) = ready() {
            return value;
        }
        let screen = || lock(output).parser.screen().contents();
        assert!(start.elapsed() < LIMIT, "waited {LIMIT:?} for {what}; the screen:\n{}", screen());
        thread::sleep(POLL);
    }
}

fn read_all(mut reader: Box<dyn Read + Send>, output: &Mutex<Output>) {
    let mut bytes = [0; 4096];
    loop {
        // Reading fails, and does not just end, where the program's side of the terminal is closed.
        let count = reader.read(&mut bytes).unwrap_or(0);
        let mut output = lock(output);
        output.raw.extend_from_slice(&bytes[..count]);
        output.ended = count == 0;
        output.show();
        if output.ended {
            return;
        }
    }
}

/// Where the last of these sequences begins.
fn rfind(bytes: &[u8], sequence: &[u8]) -> Option<usize> {
    bytes.windows(sequence.len()).rposition(|window| window == sequence)
}
