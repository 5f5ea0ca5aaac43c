//! Processes of a cluster, as tasks of a test program.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use wallaroo::cluster::meeting::{Identity, MeetError, Meeting, Met, Patience};
use wallaroo::cluster::members::Members;
use wallaroo::core::numbers::ProcessIndex;
use wallaroo::wire::secret::Secret;

use crate::support::waiting::LIMIT;

/// What the processes of a test have in common.
#[derive(Clone)]
pub struct Crowd {
    pub processes: usize,
    pub secret: Secret,
    pub identity: Identity,
    pub patience: Patience,
}

/// A process that meets others, and what it was told meanwhile.
pub struct Coming {
    pub task: JoinHandle<(Meeting, Result<Met, MeetError>)>,
    notices: Notices,
}

#[derive(Clone, Default)]
struct Notices(Arc<Mutex<Vec<String>>>);

impl Crowd {
    pub fn of(processes: usize) -> Self {
        let options = BTreeMap::from([("slots".to_owned(), "8".to_owned())]);
        let (build, app) = ("0.1.0 7 abc".to_owned(), "alphabet".to_owned());
        let identity = Identity { build, placement: 7, app, options, topology: 9 };
        let secret = Secret::random();
        Self { processes, secret, identity, patience: Patience::default() }
    }

    /// A process that listens at 127.0.0.x. All but process 0 are told where that one is.
    pub fn bind(&self, index: usize, first: Option<&Meeting>) -> Meeting {
        let list = list(self.processes, first.map(|first| first.address().to_string()));
        self.bind_in(&list, index)
    }

    /// A process with this list.
    pub fn bind_in(&self, list: &str, index: usize) -> Meeting {
        let members = Members::parse(list, ProcessIndex(index), None).unwrap();
        let (identity, secret) = (self.identity.clone(), self.secret.clone());
        let listener = TcpListener::bind(members.bind().as_str()).unwrap();
        Meeting::at(listener, members, identity, secret, self.patience).unwrap()
    }

    /// Process 0 and all others, in order.
    pub fn bind_all(&self) -> Vec<Meeting> {
        let mut all = vec![self.bind(0, None)];
        for index in 1..self.processes {
            let next = self.bind(index, all.first());
            all.push(next);
        }
        all
    }
}

/// The addresses of so many processes, in which the system chooses the ports that are not known.
pub fn list(processes: usize, first: Option<String>) -> String {
    let first = first.unwrap_or_else(|| "127.0.0.2:0".to_owned());
    let others = (1..processes).map(|index| format!("127.0.0.{}:0", index + 2));
    [first].into_iter().chain(others).collect::<Vec<_>>().join(",")
}

impl Coming {
    /// A process begins to meet the others.
    pub fn start(meeting: Meeting) -> Self {
        let notices = Notices::default();
        let told = notices.clone();
        let task = tokio::spawn(async move {
            let met = meeting.meet(|notice| told.0.lock().unwrap().push(notice.to_string())).await;
            (meeting, met)
        });
        Self { task, notices }
    }

    pub fn notices(&self) -> Vec<String> {
        self.notices.0.lock().unwrap().clone()
    }

    /// Waits until something has been told.
    pub async fn told(&self, part: &str) {
        let start = std::time::Instant::now();
        while !self.notices().iter().any(|notice| notice.contains(part)) {
            assert!(start.elapsed() < LIMIT, "nobody told `{part}`: {:?}", self.notices());
            assert!(!self.task.is_finished(), "it met before `{part}`: {:?}", self.notices());
            sleep(Duration::from_millis(1)).await;
        }
    }

    pub async fn met(self) -> (Meeting, Met) {
        let (meeting, met) = in_time(self.task).await.unwrap();
        (meeting, met.unwrap())
    }

    /// Why it did not meet the others.
    pub async fn failed(self) -> String {
        in_time(self.task).await.unwrap().1.unwrap_err().to_string()
    }
}

/// Waits for what must happen.
pub async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(LIMIT, what).await.unwrap()
}

/// All of them meet. They are at their connections afterwards.
pub async fn meet_all(all: impl IntoIterator<Item = Meeting>) -> Vec<(Meeting, Met)> {
    let coming: Vec<Coming> = all.into_iter().map(Coming::start).collect();
    let mut met = Vec::new();
    for one in coming {
        met.push(one.met().await);
    }
    met
}
