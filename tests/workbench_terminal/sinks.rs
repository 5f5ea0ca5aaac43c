//! Where the outputs go, and where they do not.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;

use super::{PROGRAM, Terminal, enter, quiet};

#[test]
fn a_sink_that_waits_is_seen_and_quiet_until_its_receiver_comes_and_goes() {
    for (rows, columns) in [(40, 120), (24, 80)] {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let arguments = ["--app", "alphabet", "--out", &format!("tcp://{address}")];
        let mut terminal = Terminal::start_with(PROGRAM, &arguments, &[], rows, columns);
        let waits = format!("sink (waiting for :{})", address.port());
        terminal.wait_for(&waits);
        terminal.wait_for("no receiver");
        quiet::wait_for_quiet(&terminal);
        let (bytes, ticks) = quiet::second(&terminal);
        assert_eq!(bytes, 0);
        assert!(ticks <= 1, "{ticks} ticks");

        enter(&mut terminal, "a 10");
        let late = TcpListener::bind(address).unwrap();
        let (receiver, _) = late.accept().unwrap();
        let mut line = String::new();
        let mut receiver = BufReader::new(receiver);
        receiver.read_line(&mut line).unwrap();
        assert_eq!(line, "a => 10\n");
        terminal.wait_until("a sink that writes", |screen| {
            screen.contains(" 1 out") && !screen.contains("no receiver")
        });
        drop((receiver, late));
        terminal.wait_for(&waits);
        terminal.wait_for("no receiver");
    }
}
