//! Timely's workers over the connections between processes: the only file that knows how Timely makes them.
//!
//! Invariant: after a failure nobody waits for Timely's threads of communication. One of them ends only if its process
//! and the other one end well, and panics or waits for ever otherwise.

use std::mem;
use std::net::TcpStream;
use std::num::NonZeroUsize;

use thiserror::Error;
use timely::WorkerConfig;
use timely::communication::allocator::ProcessBuilder;
use timely::communication::allocator::zero_copy::initialize::{
    CommsGuard, initialize_networking_from_sockets,
};
use timely::communication::{AllocatorBuilder, Hooks, WorkerGuards};
use timely::execute::execute_from;
use timely::worker::Worker;

use crate::core::guard::guarded;
use crate::core::numbers::ProcessIndex;

/// Why workers cannot be started over connections, or have not ended well.
#[derive(Debug, Error)]
pub enum MeshError {
    /// Threads cannot be started.
    #[error("cannot start the engine's threads: {0}")]
    Start(String),
    /// A worker has panicked, or a connection has failed. Which process is lost is known at its side connection.
    #[error("a connection to another process is lost, or a worker has failed")]
    Failed,
    /// The connections are not those of this process.
    #[error(
        "process {0} has another connection than one to each other process, which cannot be: please report this"
    )]
    Sockets(ProcessIndex),
}

/// The workers of this process, connected to those of the others. If it is dropped before they are joined, they and
/// their connections are left to themselves, and the process should end.
pub struct Mesh<T: Send + 'static> {
    parts: Option<(WorkerGuards<T>, CommsGuard)>,
}

impl<T: Send + 'static> Mesh<T> {
    /// Starts the workers of this process: all processes have the same number of them. `data` has a connection to each
    /// other process at its index, and none at the index of this one. Each worker runs `work`, which knows by
    /// [`Worker::index`] which one it is of all.
    ///
    /// If `work` panics, the process must end: its other half waits for what never comes.
    ///
    /// # Errors
    ///
    /// Threads cannot be started, or a connection is gone.
    pub fn start(
        data: Vec<Option<TcpStream>>,
        me: ProcessIndex,
        workers: NonZeroUsize,
        work: impl Fn(&mut Worker) -> T + Send + Sync + 'static,
    ) -> Result<Self, MeshError> {
        let own: Vec<usize> =
            (0..data.len()).filter(|at| matches!(data.get(*at), Some(None))).collect();
        if own != [me.0] {
            return Err(MeshError::Sockets(me));
        }
        let hooks = Hooks::default();
        // Between workers of one process nothing is made bytes.
        let inside = ProcessBuilder::new_typed_vector(
            workers.get(),
            hooks.refill.clone(),
            hooks.spill.clone(),
        );
        let connected =
            initialize_networking_from_sockets(inside, data, me.0, workers.get(), hooks);
        let (builders, communication) =
            connected.map_err(|error| MeshError::Start(error.to_string()))?;
        let builders = builders.into_iter().map(AllocatorBuilder::Tcp).collect();
        // Not the guard of the communication: it would be waited for after a failure too.
        match execute_from(builders, Box::new(()), WorkerConfig::default(), work) {
            Ok(workers) => Ok(Self { parts: Some((workers, communication)) }),
            Err(error) => {
                mem::forget(communication);
                Err(MeshError::Start(error))
            }
        }
    }

    /// Waits until the workers of this process have ended, and, if they have ended well, until the other processes have
    /// got all that they sent. While another process stands still, this waits too.
    ///
    /// # Errors
    ///
    /// A worker has panicked, or a connection has failed: the process should end.
    pub fn join(mut self) -> Result<Vec<T>, MeshError> {
        let Some((workers, communication)) = self.parts.take() else { return Ok(Vec::new()) };
        let results: Result<Vec<T>, String> = workers.join().into_iter().collect();
        let Ok(results) = results else {
            mem::forget(communication);
            return Err(MeshError::Failed);
        };
        // The panics of its threads are panics here; they are nothing to be printed.
        let waited = guarded(|| {
            drop(communication);
            Ok(())
        });
        waited.map(|()| results).map_err(|_| MeshError::Failed)
    }
}

impl<T: Send + 'static> Drop for Mesh<T> {
    fn drop(&mut self) {
        // Their drops would wait.
        mem::forget(self.parts.take());
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::net::{Shutdown, TcpListener};
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use timely::dataflow::operators::{Exchange, Input, Inspect, Probe};
    use timely::dataflow::{InputHandle, ProbeHandle};

    use super::*;

    /// How long a test waits for what must happen.
    pub const LIMIT: Duration = Duration::from_mins(2);

    /// How many numbers each worker sends.
    const NUMBERS: u64 = 1000;

    pub type Sockets = Vec<Option<TcpStream>>;

    /// The connections of each process.
    pub fn sockets(processes: usize) -> Vec<Sockets> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut all: Vec<Sockets> =
            (0..processes).map(|_| (0..processes).map(|_| None).collect()).collect();
        let pairs = (0..processes).flat_map(|one| (0..one).map(move |other| (one, other)));
        for (greater, lesser) in pairs {
            all[greater][lesser] = Some(TcpStream::connect(address).unwrap());
            all[lesser][greater] = Some(listener.accept().unwrap().0);
        }
        all
    }

    /// Each worker sends numbers to the workers that they name, and adds up those that it gets.
    fn exchange(worker: &mut Worker) -> (usize, u64, u64) {
        let (index, peers) = (worker.index(), worker.peers() as u64);
        let (mut input, probe) = (InputHandle::new(), ProbeHandle::new());
        let (got, gotten) = channel();
        worker.dataflow::<u64, _, _>(|scope| {
            scope
                .input_from(&mut input)
                .container::<Vec<u64>>()
                .exchange(|number| *number)
                .inspect(move |number| got.send(*number).unwrap())
                .probe_with(&probe);
        });
        (0..NUMBERS).for_each(|number| input.send(number));
        input.close();
        worker.step_or_park_while(None, || !probe.done());
        let numbers: Vec<u64> = gotten.try_iter().collect();
        assert!(numbers.iter().all(|number| number % peers == index as u64), "{numbers:?}");
        (index, numbers.len() as u64, numbers.iter().sum())
    }

    fn run(processes: usize, workers: usize) {
        let workers = NonZeroUsize::new(workers).unwrap();
        let start =
            |(index, data)| Mesh::start(data, ProcessIndex(index), workers, exchange).unwrap();
        let meshes: Vec<_> = sockets(processes).into_iter().enumerate().map(start).collect();
        let join = |mesh: Mesh<_>| thread::spawn(move || mesh.join().unwrap());
        let joins: Vec<_> = meshes.into_iter().map(join).collect();
        let results: Vec<_> = joins.into_iter().flat_map(|join| join.join().unwrap()).collect();
        let all = (processes * workers.get()) as u64;
        let indices: Vec<usize> = results.iter().map(|(index, ..)| *index).collect();
        assert_eq!(indices, (0..processes * workers.get()).collect::<Vec<_>>());
        assert_eq!(results.iter().map(|(_, count, _)| count).sum::<u64>(), all * NUMBERS);
        let sum = all * NUMBERS * (NUMBERS - 1) / 2;
        assert_eq!(results.iter().map(|(.., sum)| sum).sum::<u64>(), sum);
    }

    #[test]
    fn workers_of_two_and_three_processes_exchange_what_they_have_and_end() {
        for (processes, workers) in [(1, 2), (2, 1), (2, 2), (3, 1), (3, 2)] {
            run(processes, workers);
        }
    }

    #[test]
    fn a_process_that_loses_another_one_fails_and_waits_for_nobody() {
        let mut sockets = sockets(2);
        let cut = sockets[1][0].as_ref().unwrap().try_clone().unwrap();
        let one = NonZeroUsize::MIN;
        // Process 1 has connections, and never a worker.
        let lost = sockets.remove(1);
        let mesh = Mesh::start(sockets.remove(0), ProcessIndex(0), one, exchange).unwrap();
        let (ended, end) = channel();
        thread::spawn(move || {
            ended.send(mesh.join().map(|_| ()).map_err(|error| error.to_string()))
        });
        cut.shutdown(Shutdown::Both).unwrap();
        drop(lost);
        let end = end.recv_timeout(LIMIT).unwrap();
        assert!(end.unwrap_err().contains("a connection to another process is lost"));
    }

    #[test]
    fn each_process_needs_a_connection_to_each_other_one() {
        for (me, data) in [(0, Vec::new()), (1, vec![None]), (0, vec![None, None])] {
            let start = Mesh::start(data, ProcessIndex(me), NonZeroUsize::MIN, exchange);
            assert!(matches!(start, Err(MeshError::Sockets(_))));
        }
    }
}
