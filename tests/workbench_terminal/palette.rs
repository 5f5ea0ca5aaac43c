//! The palette: settings by their values, commands of other panes, and why something cannot be done now.

use super::{CTRL_P, alphabet, enter, leave_input, row, voted, wait_for_votes};
use crate::support::terminal::Terminal;

/// Chooses what a few letters find.
fn choose(terminal: &mut Terminal, letters: &str) {
    terminal.send(CTRL_P);
    terminal.wait_for(" Commands ");
    terminal.send(letters);
    terminal.wait_for(&format!(": {letters}"));
    terminal.send("\r");
    terminal.wait_until("no palette", |screen| !screen.contains(" Commands "));
}

#[test]
fn settings_are_chosen_by_their_values() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a", "b"]);
    terminal.send("i");
    enter(&mut terminal, "b 1");
    wait_for_votes(&terminal, "b", 8, 2);
    choose(&mut terminal, "time window 5");
    terminal.wait_for("`time = \"5 min\"` below `[windows]` in the configuration keeps it");
    choose(&mut terminal, "sort by votes");
    terminal.wait_for("votes▾");
    choose(&mut terminal, "column messages");
    terminal.wait_until("no such column", |screen| {
        let titles = screen.lines().find(|line| line.contains("votes▾"));
        titles.is_some_and(|titles| !titles.contains("messages"))
    });
    choose(&mut terminal, "column messages");
    terminal.wait_until("the column again", |screen| {
        screen.lines().any(|line| line.contains("votes▾") && line.contains("messages"))
    });
    choose(&mut terminal, "theme mono");
    terminal.wait_for("`theme = \"mono\"` in the configuration keeps it");
}

#[test]
fn what_cannot_be_done_now_says_why_and_the_rest_goes_where_it_works() {
    let mut terminal = alphabet();
    for (letters, why) in [
        ("send again", "not now: there is no message and no dead letter"),
        ("older", "not now: nothing was sent before"),
        ("stop load", "not now: there is no load"),
        ("next state", "not now: the application has no other state"),
        ("theme dark", "not now: it is the present one"),
    ] {
        terminal.send(CTRL_P);
        terminal.wait_for(" Commands ");
        terminal.send(letters);
        terminal.wait_for(why);
        terminal.send(super::ESCAPE);
        terminal.wait_until("no palette", |screen| !screen.contains(" Commands "));
    }
    enter(&mut terminal, "a 7");
    wait_for_votes(&terminal, "a", 7, 1);
    leave_input(&mut terminal);
    // The chart has no rows. From there, a message is sent again, and a filter goes to a list.
    terminal.send("3/");
    terminal.wait_for("this pane has no rows: go to a list first");
    choose(&mut terminal, "send again");
    wait_for_votes(&terminal, "a", 14, 2);
    terminal.send("3");
    choose(&mut terminal, "filter");
    terminal.send("q");
    terminal.wait_for("No key contains q");
    assert!(row(&terminal.screen(), "a").is_none());
}

#[test]
fn the_key_of_a_partition_out_of_sight_is_found_and_opened() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a", "W"]);
    terminal.send("/a\r");
    terminal.wait_until("one row", |screen| row(screen, "W").is_none());
    terminal.send(CTRL_P);
    terminal.wait_for(" Commands ");
    terminal.send("partition W");
    terminal.wait_for("letter W, votes 7");
    terminal.send("\r");
    terminal.wait_for("Partition W");
    // Also in small letters, and when no row is in sight.
    terminal.send(super::ESCAPE);
    terminal.wait_until("no window", |screen| !screen.contains("Partition W"));
    terminal.send("/q\r");
    terminal.wait_for("No key contains ");
    terminal.send(CTRL_P);
    terminal.wait_for(" Commands ");
    terminal.send("partition w");
    terminal.wait_for("letter W, votes 7");
}
