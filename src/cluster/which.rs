//! Which process of a list this one is, if nobody has said it.

use std::net::{IpAddr, TcpListener, ToSocketAddrs};

use thiserror::Error;

use super::members::Address;
use crate::core::numbers::ProcessIndex;

/// Nothing tells which process this is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WhichError {
    /// No address of the list is of this machine.
    #[error(
        "--process auto: neither does the host name `{0}` end in a number of the list, nor is an address of --cluster one of this machine: give --process with a number"
    )]
    None(String),
    /// More than one is.
    #[error(
        "--process auto: processes {0} and {1} of --cluster are both of this machine: give --process with a number"
    )]
    Several(ProcessIndex, ProcessIndex),
}

/// Which process of the list this one is. The host's name says it if it is in the list; else an address of this machine;
/// else the number at the end of the name, as in `counter-2`.
///
/// # Errors
///
/// Nothing tells it.
pub fn which(list: &[Address]) -> Result<ProcessIndex, WhichError> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    tell(list, &name, is_here)
}

/// What a host name and the addresses of this machine tell.
fn tell(
    list: &[Address],
    name: &str,
    is_here: impl Fn(&str) -> bool,
) -> Result<ProcessIndex, WhichError> {
    let places = |is_it: &dyn Fn(&str) -> bool| -> Vec<ProcessIndex> {
        let all = list.iter().enumerate();
        all.filter(|(_, address)| is_it(address.host())).map(|(at, _)| ProcessIndex(at)).collect()
    };
    // `counter-2` is `counter-2.counter.default.svc`, too.
    let short = |host: &str| host.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_named = |host: &str| host.parse::<IpAddr>().is_err() && short(host) == short(name);
    if let [only] = places(&is_named)[..] {
        return Ok(only);
    }
    match places(&is_here)[..] {
        [only] => return Ok(only),
        [first, second, ..] => return Err(WhichError::Several(first, second)),
        [] => {}
    }
    let number = short(name).rsplit_once('-').and_then(|(_, number)| number.parse().ok());
    let number = number.filter(|number| *number < list.len());
    number.map(ProcessIndex).ok_or_else(|| WhichError::None(name.to_owned()))
}

/// Whether a host is this machine: only here a program can listen there.
fn is_here(host: &str) -> bool {
    let Ok(addresses) = (host.trim_matches(['[', ']']), 0).to_socket_addrs() else { return false };
    addresses.into_iter().any(|address| TcpListener::bind(address).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(list: &str, name: &str, here: &[&str]) -> Result<usize, WhichError> {
        let list: Vec<Address> = list.split(',').map(|text| text.parse().unwrap()).collect();
        tell(&list, name, |host| here.contains(&host)).map(|process| process.0)
    }

    #[test]
    fn a_name_in_the_list_says_it_however_long_it_is_there() {
        let list = "counter-0.counter:7100,counter-1.counter:7100,counter-12.counter:7100";
        assert_eq!(told(list, "counter-1", &[]), Ok(1));
        assert_eq!(told(list, "counter-12", &[]), Ok(2));
        assert_eq!(told(list, "Counter-0.counter.default.svc", &["counter-1.counter"]), Ok(0));
    }

    #[test]
    fn an_address_of_this_machine_goes_before_a_number_that_means_something_else() {
        assert_eq!(told("10.0.0.1:1,10.0.0.2:1,10.0.0.3:1", "ip-10-0-0-2", &["10.0.0.2"]), Ok(1));
        assert_eq!(told("a:1,b:1,c:1", "worker-2", &[]), Ok(2));
    }

    #[test]
    fn what_nothing_tells_has_to_be_said() {
        let none = told("a:1,b:1", "worker-2", &[]).unwrap_err();
        assert!(none.to_string().contains("`worker-2`"), "{none}");
        let several = told("127.0.0.2:1,127.0.0.3:1", "x", &["127.0.0.2", "127.0.0.3"]);
        assert_eq!(several, Err(WhichError::Several(ProcessIndex(0), ProcessIndex(1))));
        assert!(several.unwrap_err().to_string().ends_with("give --process with a number"));
    }

    #[test]
    fn this_machine_is_where_a_program_can_listen() {
        assert!(is_here("127.0.0.1"));
        assert!(!is_here("192.0.2.1"));
    }
}
