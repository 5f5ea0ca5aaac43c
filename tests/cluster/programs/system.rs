//! What the system knows of processes.

use std::fs;
use std::process::Command;

/// The children of a process that have not ended.
pub fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap();
    let pids = entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let mut children: Vec<u32> = pids.filter(|pid| parent_of(*pid) == Some(parent)).collect();
    children.sort_unstable();
    children
}

/// Whether a process has ended, if nobody has waited for it, too.
pub fn has_ended(pid: u32) -> bool {
    parent_of(pid).is_none()
}

/// The parent of a process that lives.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may contain anything.
    let mut words = stat.rsplit_once(") ")?.1.split(' ');
    let state = words.next()?;
    let parent = words.next()?.parse().ok()?;
    (!["Z", "X"].contains(&state)).then_some(parent)
}

/// Sends a signal to a process, which may have ended.
pub fn signal(signal: &str, pid: u32) {
    let mut kill = Command::new("kill");
    let _ =
        kill.args(["-s", signal, &pid.to_string()]).stderr(std::process::Stdio::null()).status();
}
