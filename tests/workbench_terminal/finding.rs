//! The palette, the searches in lists, and the help.

use super::{CTRL_P, ESCAPE, alphabet, enter, voted, wait_for_votes};

#[test]
fn the_palette_goes_to_panes_opens_partitions_and_says_why_not() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 7");
    wait_for_votes(&terminal, "a", 7, 1);
    // From the input pane, a command of the partitions.
    terminal.send(CTRL_P);
    terminal.wait_for(" Commands ");
    terminal.send("sort\r");
    terminal.wait_until("the partitions sorted by another column", |screen| {
        !screen.contains(" Commands ") && screen.contains("key▴")
    });
    // A few letters of a name; what was chosen last comes first.
    terminal.send(":");
    terminal.wait_until("what was chosen last", |screen| screen.contains("│▌sort"));
    // What cannot be done now says why.
    terminal.send("revv");
    terminal.wait_for("not now: partition `a` is not poisoned");
    terminal.send(ESCAPE);
}

#[test]
fn the_palette_opens_a_partition() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a", "b"]);
    terminal.send(":partition b");
    terminal.wait_for("│▌partition b");
    terminal.send("\r");
    terminal.wait_for("Partition b");
    terminal.send(ESCAPE);
    // One that is not poisoned cannot be revived, and the palette says so.
    terminal.wait_until("closed", |screen| !screen.contains("Partition b"));
    terminal.send(":revive");
    terminal.wait_for("not now: partition `a` is not poisoned");
    terminal.send(ESCAPE);
    terminal.wait_until("closed", |screen| !screen.contains(" Commands "));
    terminal.send("v");
    terminal.wait_for("partition `a` is not poisoned");
}

#[test]
fn a_search_shows_only_what_contains_it_in_every_list_and_in_the_help() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a", "b"]);
    let row = |text: &'static str| move |screen: &str| screen.contains(text);
    // Messages.
    terminal.send("5/letter b");
    terminal.wait_for("/letter b");
    terminal
        .wait_until("only b's message", |screen| screen.contains("#2 ") && !screen.contains("#1 "));
    terminal.send("\r");
    terminal.wait_for("filter letter b");
    terminal.send(ESCAPE);
    terminal.wait_until("both messages", |screen| screen.contains("#1 "));
    // Outputs.
    terminal.send("6/b =");
    terminal.wait_until("only b's output", |screen| {
        screen.contains("b => 7") && !screen.contains("a => 7")
    });
    terminal.send(ESCAPE);
    terminal.wait_until("both outputs", row("a => 7"));
    // The help.
    terminal.send("?/poison");
    terminal.wait_until("only what revives", |screen| {
        screen.contains("let a poisoned partition") && !screen.contains("one row up")
    });
    terminal.send(format!("\r{ESCAPE}"));
    terminal.wait_until("all of the help", row("one row up"));
}

#[test]
fn help_over_a_window_comes_back_to_it() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a"]);
    terminal.send("\r");
    terminal.wait_for("Partition a");
    terminal.send("?");
    terminal.wait_for("In the partitions pane");
    terminal.send(ESCAPE);
    terminal.wait_until("the window again", |screen| {
        screen.contains("Partition a") && !screen.contains("In the partitions pane")
    });
}

#[test]
fn a_condition_filters_and_a_wrong_one_shows_where_until_it_is_right_again() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a", "b"]);
    let shown = |count: &'static str| move |screen: &str| screen.contains(count);
    terminal.send("/=state.votes > 5 && key == \"b\"");
    terminal.wait_until("only b", shown("Partitions 1 of 2"));
    terminal.send(" && stat.votes > 1");
    terminal.wait_until("a caret below the wrong name", |screen| {
        let mut lines = screen.lines();
        let Some(line) = lines.find(|line| line.contains("&& stat.votes > 1_")) else {
            return false;
        };
        let before = line.split_once("stat.votes").unwrap().0.chars().count();
        let caret = lines.next().and_then(|below| below.chars().position(|at| at == '^'));
        caret == Some(before) && screen.contains("there is no `stat` here: use state.*")
    });
    // The last right one is still in effect, and Enter keeps nothing that is wrong.
    terminal.send("\r");
    terminal.wait_for("Partitions 1 of 2");
    terminal.wait_for("&& stat.votes > 1_");
    terminal.send("\x7f".repeat(" && stat.votes > 1".len()));
    terminal.wait_until("no caret", |screen| !screen.contains("there is no `stat`"));
    terminal.send("\r");
    terminal.wait_for("filter =state.votes > 5 && key == \"b\"");
    terminal.send(ESCAPE);
    terminal.wait_until("both", shown("Partitions 2"));
}
