//! Input and output that fail on purpose: a library that the program is started with (`shim.c`).

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{fs, process};

use tempfile::TempDir;

/// "Input/output error" on Linux.
pub const EIO: u32 = 5;
/// "Interrupted system call" on Linux.
pub const EINTR: u32 = 4;
/// "No space left on device" on Linux.
pub const ENOSPC: u32 = 28;

/// What happens at the chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It fails with this error number.
    Error(u32),
    /// A read or write does half of what it was asked for, and says so.
    Short,
    /// The process dies before it.
    Kill,
    /// Half of a write happens, or the whole of another call, and the process dies.
    Torn,
    /// It fails with this error number, and the process dies this many writes later.
    Last(u32, u32),
    /// It waits this many microseconds, and happens.
    Delay(u32),
}

/// Which calls are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// None.
    None,
    /// This one, counted from 1.
    Only(u64),
    /// This one and all that follow.
    From(u64),
    /// One in so many, as the seed decides.
    OneIn(u64, u64),
}

/// A fault: what happens at which calls.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// The kinds of calls that count, a letter each: see `shim.c`.
    pub kinds: &'static str,
    pub chosen: Chosen,
    pub action: Action,
}

impl Fault {
    /// No fault: calls of these kinds are counted only.
    pub fn none(kinds: &'static str) -> Self {
        Self { kinds, chosen: Chosen::None, action: Action::Kill }
    }
}

/// The shim for one run of the program.
pub struct Shim {
    environment: Vec<(&'static str, OsString)>,
    counts: PathBuf,
    /// Holds the counts.
    _folder: TempDir,
}

impl Shim {
    /// A fault for the calls on files under `directory`.
    pub fn new(directory: &Path, fault: Fault) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let counts = folder.path().join("counts");
        let mut environment = vec![
            ("LD_PRELOAD", library().into()),
            ("SHIM_DIR", directory.into()),
            ("SHIM_KINDS", fault.kinds.into()),
            ("SHIM_COUNTS", counts.clone().into()),
        ];
        let mut set = |name, value: u64| environment.push((name, value.to_string().into()));
        match fault.chosen {
            Chosen::None => {}
            Chosen::Only(at) => set("SHIM_AT", at),
            Chosen::From(at) => {
                set("SHIM_AT", at);
                set("SHIM_FOREVER", 1);
            }
            Chosen::OneIn(calls, seed) => {
                set("SHIM_ONE_IN", calls);
                set("SHIM_SEED", seed);
            }
        }
        let action = match fault.action {
            Action::Error(number) => {
                set("SHIM_ERRNO", number.into());
                "error"
            }
            Action::Last(number, writes) => {
                set("SHIM_ERRNO", number.into());
                set("SHIM_DELAY", writes.into());
                "last"
            }
            Action::Delay(microseconds) => {
                set("SHIM_DELAY", microseconds.into());
                "delay"
            }
            Action::Short => "short",
            Action::Kill => "kill",
            Action::Torn => "torn",
        };
        environment.push(("SHIM_ACTION", action.into()));
        Self { environment, counts, _folder: folder }
    }

    /// The same, with everything that changes files written to this trace.
    pub fn tracing(mut self, trace: &Path) -> Self {
        self.environment.push(("SHIM_TRACE", trace.into()));
        self
    }

    /// What the program is to be started with.
    pub fn environment(&self) -> impl Iterator<Item = (&'static str, OsString)> + '_ {
        self.environment.iter().cloned()
    }

    /// How many calls were counted.
    pub fn calls(&self) -> u64 {
        self.count(0)
    }

    /// How many of them were chosen.
    pub fn faults(&self) -> u64 {
        self.count(8)
    }

    fn count(&self, at: usize) -> u64 {
        // A program that was killed early has made none.
        let bytes = fs::read(&self.counts).unwrap_or_default();
        bytes.get(at..at + 8).map_or(0, |bytes| u64::from_ne_bytes(bytes.try_into().unwrap()))
    }
}

/// The compiled library. The C compiler is the one that builds `SQLite`.
fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let compile = || {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let library = folder.join("shim.so");
        // Other test binaries may compile it at the same time: a rename replaces it as a whole.
        let own = folder.join(format!("shim-{}.so", process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/shim/shim.c");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let mut command = Command::new(compiler);
        command.args(["-O1", "-Wall", "-Wextra", "-shared", "-fPIC", "-o"]);
        let outcome = command.arg(&own).arg(source).arg("-ldl").output().unwrap();
        let said = String::from_utf8_lossy(&outcome.stderr);
        assert!(outcome.status.success() && said.is_empty(), "{said}");
        fs::rename(own, &library).unwrap();
        library
    };
    LIBRARY.get_or_init(compile).clone()
}
