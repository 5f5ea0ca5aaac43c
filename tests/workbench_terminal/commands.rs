//! Help, palette, filter, order and details.

use super::{CTRL_P, CTRL_X, ESCAPE, F1, alphabet, enter, leave_input, row, wait_for_votes};

#[test]
fn a_frozen_screen_can_be_paused_and_resumed() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 1, 1);
    leave_input(&mut terminal);
    terminal.send("f");
    terminal.wait_for("screen frozen");
    // Asked for one after the other, without a look between.
    terminal.send(" ");
    terminal.wait_for("PAUSED");
    terminal.send(" ");
    terminal.wait_for("RUNNING");
    terminal.send("f");
    terminal.send("i");
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 2, 2);
}

#[test]
fn help_opens_from_the_input_pane_and_closes() {
    let mut terminal = alphabet();
    terminal.send(F1);
    terminal.wait_for("In the input pane");
    terminal.send(ESCAPE);
    terminal.wait_until("no help", |screen| !screen.contains("In the input pane"));
    terminal.send("a 1");
    terminal.wait_for("> a 1");
}

#[test]
fn the_palette_does_a_command_by_its_name() {
    let mut terminal = alphabet();
    terminal.send(CTRL_P);
    terminal.wait_for(" Commands ");
    terminal.send("paus");
    terminal.wait_for(": paus");
    terminal.send("\r");
    terminal.wait_for("PAUSED");
    assert!(!terminal.screen().contains(" Commands "));
}

#[test]
fn a_filter_applies_while_it_is_typed_and_escape_takes_it_away() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 1");
    enter(&mut terminal, "b 2");
    wait_for_votes(&terminal, "a", 1, 1);
    wait_for_votes(&terminal, "b", 2, 1);
    leave_input(&mut terminal);
    terminal.send("/b");
    terminal.wait_for("1 of 2");
    terminal
        .wait_until("only b", |screen| row(screen, "a").is_none() && row(screen, "b").is_some());
    // A letter of a filter is no command.
    terminal.send("q");
    terminal.wait_for("No key contains bq");
    terminal.send(ESCAPE);
    wait_for_votes(&terminal, "a", 1, 1);
}

#[test]
fn partitions_are_sorted_by_any_column_in_both_orders() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 1");
    enter(&mut terminal, "b 50");
    wait_for_votes(&terminal, "a", 1, 1);
    wait_for_votes(&terminal, "b", 50, 1);
    let a_first = |screen: &str| {
        let rows: Vec<_> = screen.lines().collect();
        let place = |key| {
            rows.iter().position(|line| {
                line.trim_start_matches([' ', '▌']).starts_with(&format!("{key} "))
            })
        };
        place("a") < place("b")
    };
    assert!(a_first(&terminal.screen()), "{}", terminal.screen());
    leave_input(&mut terminal);
    terminal.send("ooo");
    terminal.wait_until("most votes first", |screen| screen.contains("votes▾") && !a_first(screen));
    terminal.send("r");
    terminal
        .wait_until("fewest votes first", |screen| screen.contains("votes▴") && a_first(screen));
}

#[test]
fn enter_opens_a_partition_a_message_and_a_dead_letter() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 10");
    wait_for_votes(&terminal, "a", 10, 1);
    terminal.send(format!("nonsense{CTRL_X}"));
    terminal.wait_for("Dead letters 1");

    leave_input(&mut terminal);
    terminal.send("7");
    terminal.wait_for("R send again");
    terminal.send("\r");
    terminal.wait_for("Dead letter #2 ");
    terminal.wait_for("6e 6f 6e 73  65 6e 73 65");
    terminal.send("\r");
    terminal.wait_until("closed", |screen| !screen.contains("Dead letter #2 "));

    terminal.send("2");
    terminal.wait_for("o sort");
    terminal.send("\r");
    terminal.wait_for("Partition a ");
    terminal.wait_for("votes   10");
    terminal.wait_for("new: votes 10");
    terminal.send("\r");
    terminal.wait_until("closed", |screen| !screen.contains("Partition a "));

    terminal.send("\t");
    terminal.wait_for("Enter opens a message");
    terminal.send("j\r");
    terminal.wait_for("Message #1 of votes");
    terminal.wait_for("a new partition");
}
