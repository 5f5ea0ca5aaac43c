//! The windows with all of one thing, opened by keys.

use super::{DOWN, ESCAPE, alphabet, enter, leave_input, wait_for_votes};

const RIGHT: &str = "\x1b[C";
const END: &str = "\x1b[F";

#[test]
fn each_window_opens_and_shows_all_of_it() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 10");
    wait_for_votes(&terminal, "a", 10, 1);
    enter(&mut terminal, "0x 00 00 00 01 61");
    terminal.wait_for("Dead letters 1");
    leave_input(&mut terminal);
    for (pane, title, content) in [
        ("2", "Partition a ", "created   0:00:0"),
        ("6", "Output ", "0000  61 20 3d 3e 20 31 30 0a"),
        ("7", "Dead letter #2 ", "0000  00 00 00 01 61"),
        ("8", "Line of the log ", "level   "),
    ] {
        terminal.send(pane);
        terminal.send("\r");
        terminal.wait_for(title);
        terminal.wait_for(content);
        terminal.wait_for("Esc closes");
        terminal.send(ESCAPE);
        // A key that came with the Escape would be read as one key with Alt.
        terminal.wait_until("closed", |screen| !screen.contains("Esc closes"));
    }
}

#[test]
fn one_goes_from_a_message_to_its_partition_and_back_and_to_the_next_message() {
    let mut terminal = alphabet();
    for vote in ["Z 7", "b 1", "a 10"] {
        enter(&mut terminal, vote);
    }
    wait_for_votes(&terminal, "a", 10, 1);
    leave_input(&mut terminal);
    terminal.send("5\r");
    terminal.wait_for("Message #3 of votes");
    terminal.send([DOWN, DOWN].concat());
    terminal.wait_for("Enter: the partition");
    terminal.send("\r");
    terminal.wait_for("Partition a ");
    terminal.wait_for("new: votes 10");
    // The bytes of its frame, from the window of the message.
    terminal.send(ESCAPE);
    terminal.wait_until("back", |screen| {
        screen.contains("Message #3 of votes") && !screen.contains("Partition a ")
    });
    terminal.send([END, &RIGHT.repeat(4)].concat());
    terminal.wait_for("byte 4 of 9");
    terminal.send("JJ");
    terminal.wait_for("Message #1 of votes");
    terminal.wait_for("00 00 00 05 5a 00 00 00  07");
    terminal.send("e");
    terminal.wait_for("> 0x 00 00 00 05 5a 00 00 00 07");
    terminal.send("\r");
    wait_for_votes(&terminal, "Z", 14, 2);
}

#[test]
fn a_partition_keeps_its_message_while_another_has_thousands() {
    let mut terminal = alphabet();
    enter(&mut terminal, "Z 7");
    wait_for_votes(&terminal, "Z", 7, 1);
    enter(&mut terminal, "a 1 x2000");
    wait_for_votes(&terminal, "a", 2000, 2000);
    leave_input(&mut terminal);
    // The most used partition comes first.
    terminal.send("2j\r");
    terminal.wait_for("Partition Z ");
    terminal.wait_for("created   0:00:");
    terminal.wait_for("by #1 of input");
    terminal.wait_for("new: votes 7");
    terminal.send("p");
    terminal.wait_for("pinned: every message is traced");
    terminal.wait_for("`Z` is pinned");
    terminal.send("p");
    terminal.wait_for("`Z` is not pinned any more");
}
