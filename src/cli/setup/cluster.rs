//! `--processes` and `--cluster`: which processes run an application together, and which one this is.

use std::fs;
use std::io::{Stdin, stdin};
use std::num::NonZeroUsize;

use crate::cli::arguments::{ClusterArguments, RunArguments, Which, secret};
use crate::cli::failure::Failure;
use crate::cluster::Cluster;
use crate::cluster::children::Parent;
use crate::cluster::meeting::{Identity, Patience};
use crate::cluster::members::{Address, Members, MembersError};
use crate::cluster::which::which;
use crate::core::numbers::ProcessIndex;
use crate::wire::secret::Secret;

/// Which processes run an application together.
#[derive(Debug, PartialEq, Eq)]
enum Processes {
    /// This one alone.
    One,
    /// So many on this machine, which this one starts.
    Here(NonZeroUsize),
    /// This one was started by the first of them.
    Child(Members),
    /// Those of a list.
    Listed(Members),
}

/// What this process is in a run.
pub(in crate::cli) enum Role {
    /// The only one.
    Alone,
    /// Process 0, which others have to be started for if `starts` is set.
    First { cluster: Cluster, starts: bool },
    /// Another one, of which process 0 may be the parent.
    Host(Cluster, Option<Parent<Stdin>>),
}

/// Listens for the other processes, if there are any.
pub(in crate::cli) fn role(
    arguments: &RunArguments,
    identity: impl FnOnce() -> Identity,
) -> Result<Role, Failure> {
    let (of_cluster, file) = (&arguments.cluster, arguments.control.secret.as_deref());
    let bind = |members, secret| {
        let patience = Patience::of(of_cluster.patience);
        Cluster::bind(members, identity(), secret, patience).map_err(Failure::failed)
    };
    match processes(of_cluster, file.is_some(), arguments.engine.workers)? {
        Processes::One => Ok(Role::Alone),
        Processes::Here(count) => {
            let members = Members::on_loopback(count, ProcessIndex(0), 0).map_err(wrong)?;
            Ok(Role::First { cluster: bind(members, Secret::random())?, starts: true })
        }
        Processes::Child(members) => {
            let (secret, parent) = Parent::meet(stdin()).map_err(|error| {
                Failure::Failed(format!("process 0 has not given its secret: {error}"))
            })?;
            Ok(Role::Host(bind(members, secret)?, Some(parent)))
        }
        Processes::Listed(members) => {
            let Some(secret) = secret(file)? else { unreachable!("it is given, or refused above") };
            let is_first = members.me() == ProcessIndex(0);
            let cluster = bind(members, secret)?;
            Ok(if is_first {
                Role::First { cluster, starts: false }
            } else {
                Role::Host(cluster, None)
            })
        }
    }
}

/// Reads the options. `secret` says whether --secret is given.
fn processes(
    arguments: &ClusterArguments,
    secret: bool,
    workers: NonZeroUsize,
) -> Result<Processes, Failure> {
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    let ClusterArguments { processes, cluster, process, bind, parent, .. } = arguments;
    match (processes, cluster) {
        (Some(_), Some(_)) => usage(
            "--processes is for this machine alone, and --cluster names those of several: give one of them",
        ),
        (None, None) if process.is_some() => usage("--process is of use only with --cluster"),
        (_, None) if bind.is_some() => usage("--bind is of use only with --cluster"),
        (None, None) => Ok(Processes::One),
        (Some(all), None) => here(*all, *process, *parent, workers),
        (None, Some(_)) if !secret => usage(
            "--cluster needs --secret: a file of at least 16 bytes that all processes have, for example of `openssl rand -hex 32`",
        ),
        (None, Some(list)) => {
            let list = addresses(list)?;
            if let Some(first) = list.first().filter(|first| first.is_open()) {
                return Err(wrong(MembersError::NoPort(first.clone())));
            }
            let me = match process {
                None => {
                    return usage(
                        "which process of --cluster is this? Give --process with its number from 0, or `auto`",
                    );
                }
                Some(Which::Number(number)) => ProcessIndex(*number),
                Some(Which::Auto) => {
                    which(&list).map_err(|error| Failure::Usage(error.to_string()))?
                }
            };
            let members = Members::new(list, me, bind.clone()).map_err(wrong)?;
            members.check_workers(workers).map_err(wrong)?;
            // The others are there for it.
            Ok(if members.count() == 1 { Processes::One } else { Processes::Listed(members) })
        }
    }
}

/// So many processes on this machine.
fn here(
    all: NonZeroUsize,
    process: Option<Which>,
    parent: Option<u16>,
    workers: NonZeroUsize,
) -> Result<Processes, Failure> {
    match (process, parent) {
        (Some(Which::Number(me)), Some(port)) => {
            Members::on_loopback(all, ProcessIndex(me), port).map(Processes::Child).map_err(wrong)
        }
        (Some(_), _) => Err(Failure::Usage(
            "--process is of use only with --cluster: --processes starts the others by itself"
                .to_owned(),
        )),
        (None, _) if all.get() == 1 => Ok(Processes::One),
        (None, _) => {
            let members = Members::on_loopback(all, ProcessIndex(0), 0).map_err(wrong)?;
            members.check_workers(workers).map_err(wrong)?;
            Ok(Processes::Here(all))
        }
    }
}

/// The addresses of a list, or of the file that it names.
fn addresses(list: &str) -> Result<Vec<Address>, Failure> {
    let Some(path) = list.strip_prefix('@') else { return Address::list(list).map_err(wrong) };
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("cannot read the --cluster in {path}: {error}")))?;
    let lines = text.lines().map(str::trim);
    let lines: Vec<&str> =
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    Address::list(&lines.join(",")).map_err(|error| Failure::Usage(format!("{path}: {error}")))
}

fn wrong(error: MembersError) -> Failure {
    Failure::Usage(error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        cluster: ClusterArguments,
    }

    fn read(words: &str, secret: bool, workers: usize) -> Result<Processes, String> {
        let line = Line::parse_from(["x"].into_iter().chain(words.split_whitespace()));
        let workers = NonZeroUsize::new(workers).unwrap();
        processes(&line.cluster, secret, workers).map_err(|failure| failure.to_string())
    }

    #[test]
    fn one_process_is_one_however_it_is_said() {
        for words in ["", "--processes 1", "--cluster a:1 --process 0"] {
            assert_eq!(read(words, true, 256), Ok(Processes::One), "{words}");
        }
    }

    #[test]
    fn a_list_and_a_number_say_which_process_this_is() {
        let members = Members::parse("a:1,b:1", ProcessIndex(1), Some("0.0.0.0:7")).unwrap();
        let words = "--cluster a:1,b:1 --process 1 --bind 0.0.0.0:7";
        assert_eq!(read(words, true, 128), Ok(Processes::Listed(members)));
        let three = NonZeroUsize::new(3).unwrap();
        assert_eq!(read("--processes 3", false, 85), Ok(Processes::Here(three)));
        let child = Members::on_loopback(three, ProcessIndex(2), 7100).unwrap();
        let words = "--processes 3 --process 2 --parent 7100";
        assert_eq!(read(words, false, 1), Ok(Processes::Child(child)));
    }

    #[test]
    fn a_file_has_one_address_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let words = format!("--process 1 --cluster @{}", path.display());
        assert!(read(&words, true, 1).unwrap_err().starts_with("cannot read the --cluster in "));
        fs::write(&path, "# of the rack\na:1\n\n  b:1\r\n").unwrap();
        let members = Members::parse("a:1,b:1", ProcessIndex(1), None).unwrap();
        assert_eq!(read(&words, true, 1), Ok(Processes::Listed(members)));
        fs::write(&path, "a:1\nb\n").unwrap();
        assert!(read(&words, true, 1).unwrap_err().contains("list: `b` is not the address"));
    }

    #[test]
    fn what_does_not_go_together_says_what_to_do() {
        for (words, secret, workers, said) in [
            ("--processes 2 --cluster a:1,b:1", true, 1, "give one of them"),
            ("--process 1", false, 1, "of use only with --cluster"),
            ("--processes 2 --process 1", false, 1, "starts the others by itself"),
            ("--processes 2 --bind a:1", false, 1, "--bind is of use only with --cluster"),
            ("--bind a:1", false, 1, "--bind is of use only with --cluster"),
            ("--cluster a:1,b:1 --process 1", false, 1, "needs --secret"),
            ("--cluster a:1,b:1", true, 1, "which process of --cluster is this?"),
            ("--cluster a:1,b:1 --process 2", true, 1, "--process 2 is not in --cluster"),
            ("--cluster a:0,b:1 --process 1", true, 1, "give process 0 a port"),
            ("--cluster a:1,0.0.0.0:1 --process 1", true, 1, "--bind"),
            ("--processes 3", false, 86, "give --workers 85 or less"),
            ("--cluster a:1,b:1 --process 0", true, 129, "give --workers 128 or less"),
        ] {
            let told = read(words, secret, workers).unwrap_err();
            assert!(told.contains(said), "{words}: {told}");
        }
    }
}
