//! What has a lane: each worker, or each process if there are too many workers.

use crate::core::numbers::{ProcessIndex, WorkerIndex};
use crate::telemetry::{ProcessesShown, Snapshot, WorkerShown};

/// A worker, or the workers of a process together.
pub(super) struct Shown {
    /// Its name where there is room, with a blank behind it.
    pub name: String,
    /// The same in few letters.
    pub short: String,
    /// What it has done: a process has the sums, and its number instead of a worker's.
    pub of: WorkerShown,
}

/// What is shown if there is room for so many lanes. With several processes, each worker stands with its process, and
/// if not all workers have room, each process is shown instead.
pub(super) fn shown(snapshot: &Snapshot, fit: usize) -> Vec<Shown> {
    let workers = &snapshot.workers;
    match &snapshot.processes {
        None => workers.iter().map(alone).collect(),
        Some(processes) if workers.len() > fit => {
            (0..processes.count()).map(|process| together(workers, processes, process)).collect()
        }
        Some(processes) => {
            let most = workers.iter().map(|worker| worker.worker.0).max().unwrap_or(0);
            let digits = most.to_string().len();
            workers.iter().map(|worker| in_process(worker, processes, digits)).collect()
        }
    }
}

fn alone(worker: &WorkerShown) -> Shown {
    let number = worker.worker;
    Shown { name: format!("worker {number} "), short: format!("w{number} "), of: *worker }
}

/// The first worker of a process has its name before its own, and the others stand below it.
fn in_process(worker: &WorkerShown, processes: &ProcessesShown, digits: usize) -> Shown {
    let (number, process) = (worker.worker.0, processes.of(worker.worker));
    let width = (processes.count() - 1).to_string().len();
    let is_first = processes.workers(process).start == number;
    let name = if is_first { format!("process {process:<width$}") } else { String::new() };
    let short = if is_first { format!("p{process:<width$}") } else { String::new() };
    Shown {
        name: format!("{name:<names$}  worker {number:<digits$} ", names = 8 + width),
        short: format!("{short:<names$} w{number:<digits$} ", names = 1 + width),
        of: *worker,
    }
}

/// The sums of a process.
fn together(workers: &[WorkerShown], processes: &ProcessesShown, process: usize) -> Shown {
    let own = |worker: &&WorkerShown| processes.of(worker.worker) == ProcessIndex(process);
    let own = || workers.iter().filter(own);
    let of = WorkerShown {
        worker: WorkerIndex(process),
        messages: own().map(|worker| worker.messages).sum(),
        rate: own().map(|worker| worker.rate).sum(),
        partitions: own().map(|worker| worker.partitions).sum(),
    };
    Shown { name: format!("process {process} "), short: format!("p{process} "), of }
}
