//! What happens to the processes of a cluster, as the log and the screens say it.

use std::sync::Arc;

use crate::cluster::meeting::Notice;
use crate::cluster::members::Members;
use crate::core::event::{ClusterNews, ProcessNamed};
use crate::core::numbers::ProcessIndex;

/// A process with its address, unless only itself knows its port.
pub(crate) fn named(members: &Members, process: ProcessIndex) -> ProcessNamed {
    let address = members.address(process).filter(|address| !address.is_open());
    ProcessNamed { process, address: address.map(|address| Arc::from(address.as_str())) }
}

/// A notice of a meeting of these processes.
pub(crate) fn news(members: &Members, notice: &Notice) -> ClusterNews {
    match notice {
        Notice::Awaited(processes) => {
            let named = processes.iter().map(|process| named(members, *process));
            ClusterNews::Awaited(named.collect())
        }
        other => ClusterNews::Meeting(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    #[test]
    fn who_is_waited_for_is_said_with_the_address_unless_only_itself_knows_it() {
        let awaited = Notice::Awaited(vec![ProcessIndex(1), ProcessIndex(2)]);
        let listed = Members::parse("a:1,b:2,c:3", ProcessIndex(0), None).unwrap();
        let text = news(&listed, &awaited).to_string();
        assert_eq!(text, "waiting for process 1 at b:2, process 2 at c:3");
        let three = NonZeroUsize::new(3).unwrap();
        let children = Members::on_loopback(three, ProcessIndex(0), 7).unwrap();
        let text = news(&children, &awaited).to_string();
        assert_eq!(text, "waiting for process 1, process 2");
        let came = Notice::Came(ProcessIndex(1));
        assert_eq!(news(&listed, &came), ClusterNews::Meeting(came.to_string()));
    }
}
