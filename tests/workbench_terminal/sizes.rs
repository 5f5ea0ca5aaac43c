//! Windows that change their size.

use super::{CTRL_C, alphabet, enter, row, wait_for_votes};

#[test]
fn a_window_of_any_size_is_drawn_and_the_panes_come_back() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 10");
    wait_for_votes(&terminal, "a", 10, 1);
    terminal.resize(5, 20);
    terminal.wait_for("60×18 needed");
    terminal.wait_for("this is 20×5");
    terminal.resize(1, 1);
    terminal.wait_until("one cell", |screen| screen.trim_end().chars().count() == 1);
    terminal.resize(18, 60);
    terminal.wait_for("Ctrl-C quit");
    // The share says how many messages there were, and needs less room.
    terminal.wait_until("key, worker, votes, rate and share", |screen| {
        row(screen, "a").is_some_and(|cells| cells.len() == 5 && cells[2] == "10")
    });
    terminal.resize(60, 200);
    terminal.wait_for("3 Throughput");
    wait_for_votes(&terminal, "a", 10, 1);
    // The input pane has kept the keys.
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 11, 2);
}

#[test]
fn a_screen_that_is_too_small_can_be_left() {
    let mut terminal = alphabet();
    terminal.resize(4, 30);
    terminal.wait_for("60×18 needed");
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
}
