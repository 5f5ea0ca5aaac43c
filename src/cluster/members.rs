//! Which processes a cluster has, and where each is reached.
//!
//! Invariant: two processes never have the same address, and the index of this one is in the list.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::core::numbers::{MAX_WORKERS, ProcessIndex};

/// The max number of processes: each has two connections and four threads for every other one.
pub const MAX_PROCESSES: usize = 64;

/// Where a process is reached: `HOST:PORT`. With port 0 the system chooses one, and the process tells the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

/// Why a list of processes is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MembersError {
    /// A text is no address.
    #[error("`{0}` is not the address of a process: give HOST:PORT, such as 10.0.0.1:7100")]
    NoAddress(String),
    /// Two processes would be reached at one address.
    #[error(
        "--cluster has {address} twice, for process {first} and for process {second}: give each an address of its own"
    )]
    AddressTwice {
        /// The address.
        address: Address,
        /// The first process that has it.
        first: ProcessIndex,
        /// The second one.
        second: ProcessIndex,
    },
    /// The others cannot know where process 0 is.
    #[error("--cluster has {0} for process 0, which all others call: give process 0 a port")]
    NoPort(Address),
    /// An address is that of no machine.
    #[error(
        "{0} in --cluster is no address at which others reach a process: give the one of its machine, and {0} with --bind"
    )]
    Nowhere(Address),
    /// This process is not in the list.
    #[error("--process {index} is not in --cluster, which has {}", range(*processes))]
    OutOfRange {
        /// Which process this was to be.
        index: ProcessIndex,
        /// How many there are.
        processes: usize,
    },
    /// There are too many processes.
    #[error("{0} processes are too many: give at most {MAX_PROCESSES}")]
    TooMany(usize),
    /// All processes have too many workers together.
    #[error(
        "{processes} processes with {workers} workers each have {} workers, and {MAX_WORKERS} is the max: give --workers {} or less",
        processes.saturating_mul(*workers), MAX_WORKERS / *processes
    )]
    TooManyWorkers {
        /// How many processes there are.
        processes: NonZeroUsize,
        /// How many workers each has.
        workers: NonZeroUsize,
    },
}

fn range(processes: usize) -> String {
    match processes {
        1 => "one address: give 0".to_owned(),
        _ => format!("{processes} addresses: give 0 to {}", processes - 1),
    }
}

impl Address {
    /// Reads addresses with commas or line ends between them.
    ///
    /// # Errors
    ///
    /// A text is no address.
    pub fn list(text: &str) -> Result<Vec<Self>, MembersError> {
        let texts = text.trim_end().split([',', '\n']);
        texts.map(|text| text.trim().parse()).collect()
    }

    /// Whether the system chooses the port.
    pub fn is_open(&self) -> bool {
        self.port() == Some(0)
    }

    /// The address as a text, `HOST:PORT`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it means all addresses of a machine.
    fn is_everywhere(&self) -> bool {
        let host = self.host().trim_matches(['[', ']']);
        host.parse().is_ok_and(|address: IpAddr| address.is_unspecified())
    }

    /// The same host with another port.
    #[must_use]
    pub fn with_port(&self, port: u16) -> Self {
        Self(format!("{}:{port}", self.host()))
    }

    /// The host alone, an address of IPv6 in its brackets.
    pub fn host(&self) -> &str {
        self.0.rsplit_once(':').map_or(self.0.as_str(), |(host, _)| host)
    }

    fn port(&self) -> Option<u16> {
        self.0.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
    }
}

impl FromStr for Address {
    type Err = MembersError;

    fn from_str(text: &str) -> Result<Self, MembersError> {
        let is_host = |host: &str| {
            let in_brackets = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let is_printed = host.chars().all(|letter| letter.is_ascii_graphic());
            is_printed && !host.is_empty() && (in_brackets.is_some() || !host.contains(':'))
        };
        match text.rsplit_once(':') {
            Some((host, port)) if is_host(host) && port.parse::<u16>().is_ok() => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(MembersError::NoAddress(text.to_owned())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The processes of a cluster, as this one knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    addresses: Vec<Address>,
    me: ProcessIndex,
    bind: Address,
}

impl Members {
    /// Reads a list of addresses with commas between them, of which this process has the one with this index. It
    /// listens at `bind` if the others reach it by another address than its own machine has.
    ///
    /// # Errors
    ///
    /// A text is no address, there are too many, two are the same, or the index is not one of them.
    pub fn parse(
        list: &str,
        index: ProcessIndex,
        bind: Option<&str>,
    ) -> Result<Self, MembersError> {
        Self::new(Address::list(list)?, index, bind.map(str::parse).transpose()?)
    }

    /// So many processes on this machine, of which the first is reached at this port. The others tell theirs.
    ///
    /// # Errors
    ///
    /// There are too many, or the index is not one of them.
    pub fn on_loopback(
        processes: NonZeroUsize,
        index: ProcessIndex,
        port: u16,
    ) -> Result<Self, MembersError> {
        let port_of = |process| if process == 0 { port } else { 0 };
        let address = |process| Address(format!("127.0.0.1:{}", port_of(process)));
        Self::new((0..processes.get()).map(address).collect(), index, None)
    }

    /// The processes with these addresses, of which this one has that with this index. It listens at `bind`, or else there.
    ///
    /// # Errors
    ///
    /// There are too many, two are the same, or the index is not one of them.
    pub fn new(
        addresses: Vec<Address>,
        me: ProcessIndex,
        bind: Option<Address>,
    ) -> Result<Self, MembersError> {
        if addresses.len() > MAX_PROCESSES {
            return Err(MembersError::TooMany(addresses.len()));
        }
        for (second, address) in addresses.iter().enumerate().filter(|(_, one)| !one.is_open()) {
            let first = addresses.iter().position(|other| other == address).unwrap_or(second);
            if first < second {
                let (first, second) = (ProcessIndex(first), ProcessIndex(second));
                return Err(MembersError::AddressTwice { address: address.clone(), first, second });
            }
        }
        if let Some(nowhere) = addresses.iter().find(|address| address.is_everywhere()) {
            return Err(MembersError::Nowhere(nowhere.clone()));
        }
        let Some(own) = addresses.get(me.0) else {
            return Err(MembersError::OutOfRange { index: me, processes: addresses.len() });
        };
        let bind = bind.unwrap_or_else(|| own.clone());
        Ok(Self { addresses, me, bind })
    }

    /// How many processes there are.
    pub fn count(&self) -> usize {
        self.addresses.len()
    }

    /// Which one this is.
    pub fn me(&self) -> ProcessIndex {
        self.me
    }

    /// Where this process listens.
    pub fn bind(&self) -> &Address {
        &self.bind
    }

    /// Where a process is reached; `None` if there is none with this index.
    pub fn address(&self, process: ProcessIndex) -> Option<&Address> {
        self.addresses.get(process.0)
    }

    /// Whether so many workers a process are not too many together.
    ///
    /// # Errors
    ///
    /// They are too many.
    pub fn check_workers(&self, workers: NonZeroUsize) -> Result<(), MembersError> {
        let processes = NonZeroUsize::new(self.count()).unwrap_or(NonZeroUsize::MIN);
        if processes.saturating_mul(workers).get() > MAX_WORKERS {
            return Err(MembersError::TooManyWorkers { processes, workers });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(list: &str, index: usize) -> String {
        Members::parse(list, ProcessIndex(index), None).unwrap_err().to_string()
    }

    #[test]
    fn a_list_says_where_each_process_is_and_where_this_one_listens() {
        let members = Members::parse("a:7100, b:7100,[::1]:7100", ProcessIndex(1), None).unwrap();
        assert_eq!((members.count(), members.me()), (3, ProcessIndex(1)));
        assert_eq!(members.bind().as_str(), "b:7100");
        assert_eq!(members.address(ProcessIndex(2)).unwrap().as_str(), "[::1]:7100");
        assert_eq!(members.address(ProcessIndex(3)), None);
        let bound = Members::parse("a:1,b:1", ProcessIndex(1), Some("0.0.0.0:7")).unwrap();
        assert_eq!(bound.bind().as_str(), "0.0.0.0:7");
    }

    #[test]
    fn what_is_wrong_with_a_list_says_what_to_do() {
        assert_eq!(
            error("a:1,b:1,a:1", 0),
            "--cluster has a:1 twice, for process 0 and for process 2: give each an address of its own"
        );
        assert_eq!(
            error("a:1,b:1", 2),
            "--process 2 is not in --cluster, which has 2 addresses: give 0 to 1"
        );
        assert_eq!(
            error("a:1", 1),
            "--process 1 is not in --cluster, which has one address: give 0"
        );
        for wrong in ["", "a", "a:", ":1", "a:65536", "a:1,", "a b:1", "::1:7", "tcp://a:1"] {
            assert!(error(wrong, 0).contains("give HOST:PORT"), "{wrong}");
        }
        let many: Vec<String> = (0..=MAX_PROCESSES).map(|number| format!("h{number}:1")).collect();
        assert_eq!(error(&many.join(","), 0), "65 processes are too many: give at most 64");
    }

    #[test]
    fn all_processes_have_at_most_256_workers_together() {
        let members = Members::parse("a:1,b:1,c:1", ProcessIndex(0), None).unwrap();
        assert_eq!(members.check_workers(NonZeroUsize::new(85).unwrap()), Ok(()));
        for (workers, all) in [(86, 258), (usize::MAX, usize::MAX)] {
            let error = members.check_workers(NonZeroUsize::new(workers).unwrap()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "3 processes with {workers} workers each have {all} workers, and 256 is the max: give --workers 85 or less"
                )
            );
        }
    }

    #[test]
    fn on_one_machine_only_the_first_process_has_a_port_that_all_know() {
        let two = NonZeroUsize::new(2).unwrap();
        let members = Members::on_loopback(two, ProcessIndex(1), 7100).unwrap();
        assert_eq!(members.address(ProcessIndex(0)).unwrap().as_str(), "127.0.0.1:7100");
        assert!(members.bind().is_open());
        assert_eq!(members.bind().with_port(9).as_str(), "127.0.0.1:9");
        assert!(Members::on_loopback(two, ProcessIndex(2), 7100).is_err());
    }
}
