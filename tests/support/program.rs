//! The real program, without a terminal.

use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::waiting::wait_until;

/// The program that Cargo built for the tests.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_wallaroo-tui");

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit status; `None` where a signal ended it.
    pub code: Option<i32>,
    /// All of its standard output.
    pub stdout: Vec<u8>,
    /// All of its standard error.
    pub stderr: String,
}

/// A program that runs. Dropping it kills it.
pub struct Running {
    child: Child,
    stdout: Collected,
    stderr: Collected,
}

/// What is read from a pipe, as far as it has come.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

/// Runs the program to its end, without any input.
pub fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ended {
    Running::start(arguments).end()
}

impl Running {
    /// Starts the program. Its standard input stays open until it is taken.
    pub fn start<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::start_with(arguments, Stdio::piped())
    }

    /// The same with its standard output where the test wants it.
    pub fn start_with<A: AsRef<OsStr>>(
        arguments: impl IntoIterator<Item = A>,
        stdout: Stdio,
    ) -> Self {
        Self::start_writing_to(arguments, stdout, Stdio::piped())
    }

    /// Starts the program with a limit on its open files, which it cannot raise.
    pub fn start_with_files<A: AsRef<OsStr>>(
        files: u32,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut command = Command::new("sh");
        let limited = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        command.args(["-c", &limited, PROGRAM]).args(arguments);
        Self::of_command(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// The same with its standard error, too.
    pub fn start_writing_to<A: AsRef<OsStr>>(
        arguments: impl IntoIterator<Item = A>,
        stdout: Stdio,
        stderr: Stdio,
    ) -> Self {
        Self::of_command(Command::new(PROGRAM).args(arguments).stdout(stdout).stderr(stderr))
    }

    /// Starts a command that ends in the program, for example with other environment variables.
    pub fn spawn(mut command: Command, stdout: Stdio) -> Self {
        Self::of_command(command.stdout(stdout).stderr(Stdio::piped()))
    }

    /// The same of a command that becomes the program.
    pub fn of_command(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().map_or_else(Collected::nothing, Collected::from);
        let stderr = child.stderr.take().map_or_else(Collected::nothing, Collected::from);
        Self { child, stdout, stderr }
    }

    /// The program's standard input, which ends when this is dropped.
    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// Waits until the program says where it listens.
    pub fn address(&self) -> String {
        self.after("listening at ")
    }

    /// Waits until the program says where it is reached from other processes.
    pub fn control(&self) -> String {
        self.after("control at ")
    }

    /// Waits until the program has written these words, and gives the rest of their line.
    fn after(&self, words: &str) -> String {
        let said = || {
            let said = self.said();
            let (line, _) = said.split_once(words)?.1.split_once('\n')?;
            Some(line.to_owned())
        };
        wait_until(words, || said().is_some());
        said().unwrap()
    }

    /// What the program has written to standard error so far.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.stderr.bytes.lock().unwrap()).into_owned()
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that the program has had so far, in bytes.
    #[cfg(target_os = "linux")]
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let (_, peak) = status.split_once("VmHWM:").unwrap();
        peak.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }

    /// The memory that the program has now, in bytes.
    #[cfg(target_os = "linux")]
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let (_, now) = status.split_once("VmRSS:").unwrap();
        now.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Sends a signal, for example `"TERM"`.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().unwrap();
        assert!(sent.success(), "kill -s {signal} {pid}: {sent}");
    }

    /// Waits for the program's end; its standard input ends now if it was not taken.
    pub fn end(mut self) -> Ended {
        drop(self.child.stdin.take());
        let mut status: Option<ExitStatus> = None;
        wait_until("the end of the program", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let (stdout, stderr) = (self.stdout.all(), self.stderr.all());
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(!stderr.contains("panicked at"), "{stderr}");
        Ended { code: status.unwrap().code(), stdout, stderr }
    }
}

impl Running {
    /// Waits for the program's end, whatever it says.
    pub fn end_in_any_way(mut self) -> Ended {
        wait_until("the end of the program", || self.has_ended());
        let status = self.child.wait().unwrap();
        let (stdout, stderr) = (self.stdout.all(), self.stderr.all());
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        Ended { code: status.code(), stdout, stderr }
    }

    /// Kills the program with SIGKILL, and says how it ended: `None` as its exit status
    /// unless it was faster.
    pub fn kill(mut self) -> Ended {
        let _ = self.child.kill();
        let status = self.child.wait().unwrap();
        let (stdout, stderr) = (self.stdout.all(), self.stderr.all());
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        assert!(!stderr.contains("panicked at"), "{stderr}");
        Ended { code: status.code(), stdout, stderr }
    }

    /// Whether the program takes note of a termination, and does not just die of it.
    pub fn hears_termination(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        // Signal 15 is bit 14.
        u64::from_str_radix(caught.trim(), 16).unwrap() >> 14 & 1 == 1
    }

    /// Whether the program has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // If it has ended, there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Collected {
    fn nothing() -> Self {
        Self { bytes: Arc::default(), reader: None }
    }

    fn from(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                collected.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    /// All that was written until the pipe's end.
    fn all(&mut self) -> Vec<u8> {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        std::mem::take(&mut self.bytes.lock().unwrap())
    }
}

impl Ended {
    /// The program succeeded.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// The program failed with this exit status and said one line, which contains all of `words`.
    #[track_caller]
    pub fn failed(self, code: i32, words: &[&str]) {
        let Self { code: status, stdout, stderr } = self;
        assert_eq!(status, Some(code), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stdout.is_empty(), "{}", String::from_utf8_lossy(&stdout));
        for word in words {
            assert!(stderr.contains(word), "{word:?} is not in: {stderr}");
        }
    }

    /// Standard output as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Standard output as one JSON value.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap()
    }
}
