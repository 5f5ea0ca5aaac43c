//! The mouse, the keys of the panes, and going on with another application.

use super::{ESCAPE, Terminal, alphabet, enter, leave_input, voted, wait_for_votes};

#[test]
fn the_mouse_goes_to_panes_selects_rows_sorts_and_can_be_switched_off() {
    let mut terminal = alphabet();
    assert!(terminal.mouse_captured());
    for letter in ["a", "b", "c"] {
        enter(&mut terminal, &format!("{letter} 7"));
        wait_for_votes(&terminal, letter, 7, 1);
    }
    let place = |terminal: &Terminal, text: &str| {
        let screen = terminal.screen();
        let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
        let column = line[..line.find(text).unwrap()].chars().count();
        (row + 1, column + 1)
    };
    let click = |terminal: &mut Terminal, (row, column): (usize, usize)| {
        terminal.send(format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
    };
    // A column's title.
    let at = place(&terminal, "votes  messages");
    click(&mut terminal, at);
    terminal.wait_for("votes▾");
    // A row, and the same again opens it.
    let b = terminal.screen().lines().position(|line| line.starts_with(" b ")).unwrap();
    let row = (b + 1, 2);
    click(&mut terminal, row);
    click(&mut terminal, row);
    terminal.wait_for("Partition b");
    terminal.send(ESCAPE);
    terminal.wait_until("closed", |screen| {
        !screen.contains("Partition b") && screen.contains(" Input ")
    });
    // The input pane.
    let at = place(&terminal, " Input ");
    click(&mut terminal, at);
    terminal.wait_for("Enter send");
    leave_input(&mut terminal);
    // Off, and on.
    terminal.send("m");
    terminal.wait_until("no mouse", |_| !terminal.mouse_captured());
    terminal.send("m");
    terminal.wait_until("the mouse", |_| terminal.mouse_captured());
    terminal.send("q");
    terminal.wait_exit();
    terminal.assert_restored();
}

#[test]
fn number_keys_go_to_panes() {
    let mut terminal = alphabet();
    leave_input(&mut terminal);
    for (key, shown) in [("5", "Enter open"), ("7", "/ filter"), ("8", "/ filter"), ("2", "o sort")]
    {
        terminal.send(key);
        terminal.wait_for(shown);
    }
    terminal.send("0");
    terminal.wait_for("Enter send");
}

#[test]
fn another_application_is_gone_on_with_while_the_first_waits_as_it_is() {
    let mut terminal = alphabet();
    voted(&mut terminal, &["a"]);
    terminal.send("A");
    terminal.wait_for("application reverse");
    terminal.send("reverse\r");
    terminal.wait_for(" reverse ");
    terminal.wait_until("the other's screen", |screen| !screen.contains("a => 7"));
    enter(&mut terminal, "abc");
    terminal.wait_for("cba");
    leave_input(&mut terminal);
    terminal.send(":application alphabet\r");
    terminal.wait_for("a => 7");
    wait_for_votes(&terminal, "a", 7, 1);
    terminal.send("q");
    assert!(terminal.wait_exit().success());
    let screen = terminal.screen();
    assert!(
        screen.contains("alphabet: 1 message") && screen.contains("reverse: 1 message"),
        "{screen}"
    );
}
