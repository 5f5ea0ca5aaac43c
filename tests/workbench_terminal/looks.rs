//! What the environment says of colours and symbols.

use super::{CTRL_X, Terminal, alphabet, alphabet_with, enter, leave_input};

/// Shows most of what the workbench can draw.
fn tour(terminal: &mut Terminal) {
    enter(terminal, "a 10 x20");
    enter(terminal, "Z 1");
    enter(terminal, r"\xe4 1");
    terminal.wait_for("Z => 1");
    terminal
        .send(format!("a ten and much more than fits in the narrow column of one pane{CTRL_X}"));
    terminal.wait_for("Dead letters 1");
    // Rows of partitions come a little later than outputs.
    terminal.wait_for("Partitions 3");
    terminal.send("a 1 x30");
    terminal.wait_for("> a 1 x30");
    leave_input(terminal);
    terminal.send("\r");
    terminal.wait_for("history");
    terminal.send("\r");
    terminal.wait_for("o sort");
    terminal.send("\t");
    terminal.wait_for("Enter opens a message");
    terminal.send("j\r");
    terminal.wait_for("Message #22 of votes");
    terminal.send("\r?");
    terminal.wait_for("In panes with rows");
    terminal.send("?");
    terminal.wait_until("no help", |screen| !screen.contains("In panes with rows"));
    terminal.send(" ");
    terminal.wait_for("PAUSED");
    terminal.resize(5, 20);
    terminal.wait_for("needed");
}

/// The parameters of all SGR sequences: those that set colours, bold and so on.
fn style_parameters(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|character: char| character.is_ascii_alphabetic())?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    sequences
        .flat_map(|list| list.split(';').map(|text| text.parse().unwrap_or(0)).collect::<Vec<_>>())
        .collect()
}

/// Whether an SGR parameter chooses a colour: 39 and 49 give back the terminal's own.
fn is_color(parameter: u16) -> bool {
    matches!(parameter, 30..=38 | 40..=48 | 90..=107)
}

#[test]
fn without_colours_none_is_written() {
    let mut terminal = alphabet_with(&[], &[("NO_COLOR", "1")]);
    tour(&mut terminal);
    let parameters = style_parameters(&terminal.raw());
    assert!(!parameters.iter().copied().any(is_color), "{parameters:?}");

    let terminal = alphabet();
    assert!(
        style_parameters(&terminal.raw()).into_iter().any(is_color),
        "colours are seen as such"
    );
}

#[test]
fn a_locale_that_is_not_utf8_gets_ascii_only() {
    let mut terminal = alphabet_with(&[], &[("LANG", "C")]);
    tour(&mut terminal);
    let raw = terminal.raw();
    let text = String::from_utf8_lossy(&raw);
    let others: String = text.chars().filter(|character| !character.is_ascii()).collect();
    assert_eq!(others, "", "{}", terminal.screen());
}
