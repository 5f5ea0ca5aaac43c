//! This program, to be started again.

use std::path::PathBuf;
use std::process::Command;

/// A command that starts this program, without arguments. It has the name that this one was started by.
pub(in crate::cli) fn this_program() -> Command {
    // Not the file's path where it can be helped: another program may be there by now.
    let running = PathBuf::from("/proc/self/exe");
    let named = || std::env::current_exe().unwrap_or_else(|_| running.clone());
    let mut command = Command::new(if running.exists() { running.clone() } else { named() });
    if let Some(name) = std::env::args_os().next() {
        std::os::unix::process::CommandExt::arg0(&mut command, name);
    }
    command
}
