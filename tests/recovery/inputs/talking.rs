//! A receiver that talks while it reads slowly: when the program is killed, the system resets the
//! connection and drops what the receiver's system has not acknowledged.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::chance::for_seeds;
use crate::folder::{Folder, by_letter};
use crate::support::frames::vote;
use crate::support::program::Running;
use crate::support::receivers::{Manners, Receiver};
use crate::support::waiting::wait_until;
use crate::totals::totals;

const VOTES: u64 = 60_000;

#[test]
fn a_receiver_that_talks_misses_no_output_of_a_run_that_is_killed_and_started_again() {
    for_seeds(2, |chance| {
        let folder = Folder::new();
        let receiver = Receiver::start(Manners::TALKING);
        let options = ["--out", &receiver.endpoint, "--checkpoint-interval", "5ms"];
        let mut running =
            Running::start(folder.command("alphabet", &[&options[..], &["--in", ":0"]].concat()));
        let mut client = TcpStream::connect(running.address()).unwrap();
        let votes = usize::try_from(VOTES).unwrap();
        client.write_all(&vote(b'a', 1).repeat(votes)).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        // Closed by the program, when it has read them all.
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        wait_until("all votes in the journal or in a checkpoint", || {
            folder.saved_messages() == VOTES
        });
        // On a busy machine, all may have come before it is killed.
        let all = (1..=VOTES).map(|total| format!("a => {total}\n").len()).sum();
        for _ in 0..2 {
            let more = 100_000 + chance.one_of(&[0, 10_000, 50_000]);
            let length = (receiver.length() + more).min(all);
            wait_until("some outputs", || receiver.length() >= length);
            running.kill();
            running = Running::start(
                folder.command("alphabet", &[&options[..], &["--in", ":0"]].concat()),
            );
            running.address();
        }
        receiver.hurry();
        running.signal("TERM");
        running.end().succeeded();
        let state = &folder.json_lines("state")[0];
        assert_eq!(state["value"]["votes"], VOTES);
        let connections = receiver.all();
        let lines = connections.iter().flat_map(|bytes| by_letter(bytes)).flat_map(|(_, of)| of);
        let mut totals = totals(&lines.collect::<Vec<_>>());
        totals.sort_unstable();
        totals.dedup();
        assert_eq!(totals.len() as u64, VOTES, "outputs are missing");
    });
}
