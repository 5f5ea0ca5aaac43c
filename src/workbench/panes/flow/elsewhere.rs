//! The clients of a source that listens at several processes.

use crate::core::figures::counted;
use crate::telemetry::ClientsShown;

/// What stands behind the address of a source: how many clients it has at all processes. `None` if it listens at one.
pub(super) fn elsewhere(at_each: &[ClientsShown], wide: bool) -> Option<String> {
    let others = at_each.len().checked_sub(1).filter(|others| *others > 0)?;
    if !wide {
        return Some(format!(" +{others}"));
    }
    let clients = counted(at_each.iter().map(|at| at.clients as u64).sum(), "client");
    Some(format!(" and others, {clients} at {} processes", others + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::ProcessIndex;

    #[test]
    fn a_source_that_listens_at_several_processes_has_the_clients_of_all() {
        let at = |process, clients| ClientsShown {
            pipeline: "votes".into(),
            process: ProcessIndex(process),
            address: "10.0.0.1:7010".into(),
            clients,
        };
        let three = [at(0, 2), at(1, 0), at(2, 3)];
        assert_eq!(elsewhere(&three, true).unwrap(), " and others, 5 clients at 3 processes");
        assert_eq!(elsewhere(&three, false).unwrap(), " +2");
        assert_eq!(elsewhere(&three[..1], true), None);
        assert_eq!(elsewhere(&[], true), None);
    }
}
