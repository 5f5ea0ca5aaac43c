//! Where the source of a pipeline listens, and for how many clients: at each process.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::event::{ClusterNews, EngineEvent};
use crate::core::numbers::ProcessIndex;

/// The clients of a pipeline's source at one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientsShown {
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The process; 0 if there is one.
    pub process: ProcessIndex,
    /// Where it listens.
    pub address: Arc<str>,
    /// How many clients are connected.
    pub clients: usize,
}

/// Where the source of a pipeline listens, and for how many clients.
#[derive(Debug, Default)]
pub(crate) struct Clients(BTreeMap<ProcessIndex, AtProcess>);

#[derive(Debug, Default)]
struct AtProcess {
    /// `None` until it is known.
    address: Option<Arc<str>>,
    clients: usize,
}

impl Clients {
    /// Takes an event of the pipeline, if it says where its source listens. False if that is known: another process says
    /// it whenever its workers begin.
    pub fn note(&mut self, event: &EngineEvent) -> bool {
        match event {
            EngineEvent::Listening(_, address) => {
                let first = self.0.entry(ProcessIndex(0)).or_default();
                first.address = Some(address.as_str().into());
            }
            EngineEvent::Cluster(ClusterNews::Listens { process, address, .. }) => {
                let known = self.0.entry(*process).or_default();
                return known.address.replace(Arc::clone(address)).as_ref() != Some(address);
            }
            _ => {}
        }
        true
    }

    /// So many clients are connected to a process.
    pub fn count(&mut self, process: ProcessIndex, clients: usize) {
        self.0.entry(process).or_default().clients = clients;
    }

    /// All have to connect again, also to other addresses.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// The processes that listen, in their order.
    pub fn shown(&self, pipeline: &Arc<str>) -> Vec<ClientsShown> {
        let listens = self.0.iter().filter_map(|(process, at)| {
            let (pipeline, address) = (Arc::clone(pipeline), Arc::clone(at.address.as_ref()?));
            Some(ClientsShown { pipeline, process: *process, address, clients: at.clients })
        });
        listens.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::PipelineIndex;

    #[test]
    fn each_process_that_listens_is_shown_with_its_clients_until_all_have_to_come_again() {
        let mut clients = Clients::default();
        clients.count(ProcessIndex(2), 3);
        assert_eq!(clients.shown(&"p".into()), [], "its address is not known yet");
        assert!(clients.note(&EngineEvent::Listening(PipelineIndex(0), "a:1".to_owned())));
        let listens = |address: &str| {
            EngineEvent::Cluster(ClusterNews::Listens {
                pipeline: PipelineIndex(0),
                process: ProcessIndex(2),
                address: address.into(),
            })
        };
        assert!(clients.note(&listens("b:1")));
        assert!(clients.note(&listens("c:1")), "it is another address");
        assert!(!clients.note(&listens("c:1")), "it is known");
        clients.count(ProcessIndex(0), 1);
        clients.count(ProcessIndex(0), 2);
        let shown = clients.shown(&"p".into());
        let shown: Vec<_> =
            shown.iter().map(|one| (one.process.0, &*one.address, one.clients)).collect();
        assert_eq!(shown, [(0, "a:1", 2), (2, "c:1", 3)]);
        clients.forget();
        assert_eq!(clients.shown(&"p".into()), []);
    }
}
