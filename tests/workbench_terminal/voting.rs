//! Typing, pasting and sending votes, and what is no vote.

use super::{
    CTRL_C, CTRL_X, DOWN, ESCAPE, UP, alphabet, alphabet_with, enter, leave_input, paste, row,
    wait_for_votes,
};

#[test]
fn a_vote_is_typed_with_no_other_key_and_is_counted_and_sent() {
    let mut terminal = alphabet();
    assert!(!terminal.cursor_hidden(), "the cursor stands in the input pane");
    enter(&mut terminal, "a 10");
    wait_for_votes(&terminal, "a", 10, 1);
    terminal.wait_for("a => 10");
    enter(&mut terminal, "a 5");
    wait_for_votes(&terminal, "a", 15, 2);
    terminal.wait_for("a => 15");
}

#[test]
fn a_key_never_seen_before_makes_a_partition() {
    let mut terminal = alphabet();
    terminal.wait_for("No partition yet.");
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 1, 1);
    enter(&mut terminal, "Z 7");
    wait_for_votes(&terminal, "Z", 7, 1);
    terminal.wait_for("2 partitions");
}

#[test]
fn the_bytes_are_shown_while_they_are_typed() {
    let mut terminal = alphabet();
    terminal.send("a 10");
    terminal.wait_for("length 00 00 00 05 │ letter 61 │ votes 00 00 00 0a");
    terminal.send(" x1000");
    terminal.wait_for("the first of 1 000");
}

#[test]
fn a_raw_frame_is_a_message_like_any_other() {
    let mut terminal = alphabet();
    enter(&mut terminal, "0x 00 00 00 05 61 00 00 00 01");
    wait_for_votes(&terminal, "a", 1, 1);
}

#[test]
fn raw_bytes_that_are_not_a_whole_frame_are_announced_and_become_a_dead_letter() {
    let mut terminal = alphabet();
    terminal.send("0x 00 00 00 05 61");
    terminal.wait_for("a dead letter");
    terminal.send("\r");
    terminal.wait_for("Dead letters 1");
    // What comes after is not swallowed.
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 1, 1);
}

#[test]
fn nonsense_is_explained_and_sent_only_on_purpose() {
    let mut terminal = alphabet();
    terminal.send("a ten");
    terminal.wait_for("`ten` is no number of votes");
    terminal.wait_for("Ctrl-X sends it anyway");
    terminal.send("\r");
    // The next key comes after Enter: when it is on the screen, Enter has done what it does.
    terminal.send("s");
    terminal.wait_for("> a tens");
    terminal.send(CTRL_X);
    terminal.wait_for("Dead letters 1");
    assert!(!terminal.screen().contains("> a tens"), "{}", terminal.screen());
}

#[test]
fn a_line_is_sent_as_often_as_it_says() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 1 x1000");
    wait_for_votes(&terminal, "a", 1000, 1000);
    // The outputs: the last message need not be a traced one.
    leave_input(&mut terminal);
    terminal.send("6");
    terminal.wait_for("a => 1000");
}

#[test]
fn pasted_lines_are_each_a_message_and_wrong_ones_are_named() {
    let mut terminal = alphabet();
    paste(&mut terminal, "a 1\na 2\nb 3\n");
    terminal.wait_for("Send 3 lines?");
    terminal.send("\r");
    terminal.wait_for("3 pasted lines sent");
    wait_for_votes(&terminal, "a", 3, 2);
    wait_for_votes(&terminal, "b", 3, 1);
    paste(&mut terminal, "c 1\rnonsense here\rc 1");
    terminal.wait_for("line 2: ");
    terminal.wait_for("1 line cannot be sent:");
    terminal.send("\r");
    terminal.wait_for("2 pasted lines sent, 1 left out");
    wait_for_votes(&terminal, "c", 2, 2);
}

#[test]
fn what_a_line_will_do_is_said_before_it_is_sent_and_is_what_happens() {
    let mut terminal = alphabet();
    terminal.send("a 10");
    terminal
        .wait_for("new partition a on worker 0: letter a, votes 10 (not sent yet: Enter sends)");
    terminal.send("\r");
    wait_for_votes(&terminal, "a", 10, 1);
    terminal.send("a 5 x3");
    terminal.wait_for("partition a, worker 0, votes 10 → 15, the first of 3");
    terminal.send("\r");
    wait_for_votes(&terminal, "a", 25, 4);
}

#[test]
fn pasted_lines_that_are_not_wanted_are_dropped() {
    let mut terminal = alphabet();
    paste(&mut terminal, "a 1\na 2\n");
    terminal.wait_for("Send 2 lines?");
    terminal.send(ESCAPE);
    terminal.wait_for("nothing of what was pasted is sent");
    enter(&mut terminal, "a 7");
    wait_for_votes(&terminal, "a", 7, 1);
}

#[test]
fn one_pasted_line_is_text_to_be_looked_at_first() {
    let mut terminal = alphabet();
    paste(&mut terminal, "a 4\n");
    terminal.wait_for("> a 4");
    terminal.wait_for("No partition yet.");
    terminal.send("2\r");
    wait_for_votes(&terminal, "a", 42, 1);
}

#[test]
fn the_history_brings_lines_back() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 1");
    enter(&mut terminal, "b 2");
    wait_for_votes(&terminal, "b", 2, 1);
    terminal.send([UP, UP].concat());
    terminal.wait_for("> a 1");
    terminal.send(DOWN);
    terminal.wait_for("> b 2");
    terminal.send("\r");
    wait_for_votes(&terminal, "b", 4, 2);
}

#[test]
fn votes_wait_while_the_engine_is_paused_and_step_takes_one() {
    let mut terminal = alphabet();
    leave_input(&mut terminal);
    terminal.send(" ");
    terminal.wait_for("PAUSED");
    terminal.send("i");
    terminal.wait_for("Ctrl-C quit");
    for votes in ["a 1", "a 2", "a 4"] {
        enter(&mut terminal, votes);
    }
    leave_input(&mut terminal);
    assert_eq!(row(&terminal.screen(), "a"), None);
    terminal.send("s");
    wait_for_votes(&terminal, "a", 1, 1);
    terminal.wait_for("PAUSED");
    terminal.send("s");
    wait_for_votes(&terminal, "a", 3, 2);
    terminal.send(" ");
    wait_for_votes(&terminal, "a", 7, 3);
    terminal.wait_for("RUNNING");
}

#[test]
fn what_was_sent_can_be_brought_back_by_the_next_run() {
    let state = tempfile::tempdir().unwrap();
    let environment = [("XDG_STATE_HOME", state.path().to_str().unwrap())];
    let mut terminal = alphabet_with(&[], &environment);
    enter(&mut terminal, "a 10");
    wait_for_votes(&terminal, "a", 10, 1);
    // Several pasted lines are no line that somebody typed.
    paste(&mut terminal, "b 1\nb 2\n");
    terminal.wait_for("Send 2 lines?");
    terminal.send("\r");
    wait_for_votes(&terminal, "b", 3, 2);
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    let file = state.path().join("wallaroo-tui/history/alphabet");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a 10\n");

    let mut terminal = alphabet_with(&[], &environment);
    terminal.send(UP);
    terminal.wait_for("> a 10");
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());

    // Where that is not wanted, nothing is read and nothing written.
    let configuration = state.path().join("mine.toml");
    std::fs::write(&configuration, "history = false\n").unwrap();
    let arguments = ["--config", configuration.to_str().unwrap()];
    let mut terminal = alphabet_with(&arguments, &environment);
    enter(&mut terminal, "c 10");
    wait_for_votes(&terminal, "c", 10, 1);
    terminal.send(UP);
    terminal.wait_for("> c 10");
    terminal.send(UP);
    terminal.send(" x2");
    terminal.wait_for("> c 10 x2");
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a 10\n");
}

#[test]
fn a_history_that_cannot_be_kept_disturbs_nobody() {
    let mut terminal = alphabet_with(&[], &[("XDG_STATE_HOME", "/proc/nowhere")]);
    enter(&mut terminal, "a 10");
    wait_for_votes(&terminal, "a", 10, 1);
    terminal.send(UP);
    terminal.wait_for("> a 10");
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
}
