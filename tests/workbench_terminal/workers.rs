//! Other numbers of workers while the workbench runs.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;

use super::{alphabet, alphabet_with, enter, leave_input, row, wait_for_votes};

/// Votes for ten letters.
fn ten_letters(terminal: &mut super::Terminal) {
    for letter in 'a'..='j' {
        enter(terminal, &format!("{letter} 3 x2"));
    }
    ('a'..='j').for_each(|letter| wait_for_votes(terminal, &letter.to_string(), 6, 2));
}

#[test]
fn workers_come_and_go_and_the_rows_show_who_moved() {
    let mut terminal = alphabet();
    ten_letters(&mut terminal);
    leave_input(&mut terminal);
    terminal.send("+");
    terminal.wait_for("3 workers instead of 2: ");
    let is_moved = |screen: &str| {
        let workers = ('a'..='j').filter_map(|letter| row(screen, &letter.to_string()));
        workers.into_iter().any(|cells| cells[1].contains('→'))
    };
    terminal.wait_until("a row that moved", is_moved);
    terminal.send("-");
    terminal.wait_for("2 workers instead of 3: ");
    ('a'..='j').for_each(|letter| wait_for_votes(&terminal, &letter.to_string(), 6, 2));
    // The marks go by themselves.
    terminal.wait_until("no mark", |screen| !is_moved(screen));
    terminal.send("i");
    enter(&mut terminal, "j 1");
    wait_for_votes(&terminal, "j", 7, 3);
}

#[test]
fn many_changes_at_once_are_all_done() {
    let mut terminal = alphabet();
    ten_letters(&mut terminal);
    leave_input(&mut terminal);
    terminal.send("++++++++++");
    terminal.wait_for("12 workers instead of 11: ");
    terminal.send("-----------");
    terminal.wait_for("1 worker instead of 2: ");
    terminal.send("-");
    terminal.wait_for("one worker is the least");
    ('a'..='j').for_each(|letter| wait_for_votes(&terminal, &letter.to_string(), 6, 2));
    terminal.send("+++CC");
    terminal.wait_for("It was back after");
    terminal.send("\r");
    terminal.wait_for("worker 3 ");
    ('a'..='j').for_each(|letter| wait_for_votes(&terminal, &letter.to_string(), 6, 2));
}

#[test]
fn a_change_waits_for_the_sink_and_the_header_says_so() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut terminal = alphabet_with(&["--out", &format!("tcp://{address}")], &[]);
    terminal.wait_for("no receiver");
    enter(&mut terminal, "a 10");
    wait_for_votes(&terminal, "a", 10, 1);
    leave_input(&mut terminal);
    terminal.send("+");
    terminal.wait_for("3 workers wait for the sink");
    // A person can still look around.
    terminal.send("?");
    terminal.wait_for("In panes with rows");
    terminal.send("?");

    let late = TcpListener::bind(address).unwrap();
    let (receiver, _) = late.accept().unwrap();
    let mut line = String::new();
    BufReader::new(&receiver).read_line(&mut line).unwrap();
    assert_eq!(line, "a => 10\n");
    terminal.wait_for("3 workers instead of 2: ");
    terminal.wait_until("no waiting", |screen| !screen.contains("wait for the sink"));
    wait_for_votes(&terminal, "a", 10, 1);
}
