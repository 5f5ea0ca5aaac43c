//! Pause and step: what waits, and what was taken.

use super::sources::vote;
use super::{ESCAPE, alphabet_with, enter, leave_input, row, wait_for_votes};

const F5: &str = "\x1b[15~";
const F6: &str = "\x1b[17~";

#[test]
fn what_waits_in_a_pause_is_said_at_once_and_what_only_the_journal_has() {
    let mut terminal = super::alphabet();
    terminal.send(F5);
    terminal.wait_for("PAUSED");
    enter(&mut terminal, "b 1");
    terminal.wait_for("PAUSED 1 waits");
    enter(&mut terminal, "b 1 x2");
    terminal.wait_for("PAUSED 3 wait");
    leave_input(&mut terminal);
    terminal.send("c");
    terminal.wait_for("3 messages only in the journal");
    terminal.send(ESCAPE);
    terminal.wait_until("the window closed", |screen| !screen.contains("only in the journal"));
    terminal.send("s");
    terminal.wait_for("PAUSED 2 wait");
    terminal.send(" ");
    wait_for_votes(&terminal, "b", 3, 3);
    terminal.wait_until("no more of it", |screen| !screen.contains("wait"));
}

#[test]
fn a_file_is_stepped_from_its_first_frame_and_each_message_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    let votes: Vec<u8> = (1..=20).flat_map(|votes| vote(b'a', votes)).collect();
    std::fs::write(&input, votes).unwrap();
    let source = format!("file:{}", input.display());
    let mut terminal = alphabet_with(&["--in", &source, "--paused"], &[]);
    terminal.wait_for("PAUSED 20 wait");
    assert_eq!(row(&terminal.screen(), "a"), None);
    for taken in 1..=10 {
        terminal.send(F6);
        let total = (1..=taken).sum();
        wait_for_votes(&terminal, "a", total, taken);
        terminal.wait_for(&format!("a => {total}"));
        terminal.wait_for(&format!("#{taken} "));
    }
    terminal.wait_for("PAUSED 10 wait");
    // Each of the ten has its row, with what came of it.
    let rows = |screen: &str| {
        let row = |taken: u32| {
            let start = format!("#{taken} ");
            let row =
                screen.lines().find(|line| line.trim_start_matches([' ', '▌']).starts_with(&start));
            row.is_some_and(|row| row.contains(&format!("a => {}", (1..=taken).sum::<u32>())))
        };
        (1..=10).filter(|taken| row(*taken)).count()
    };
    terminal.wait_until("ten messages", |screen| rows(screen) == 10);
    terminal.send(F5);
    wait_for_votes(&terminal, "a", 210, 20);
}

#[test]
fn a_pinned_partition_is_marked_and_stays_pinned_over_a_crash_until_it_is_unpinned() {
    let mut terminal = super::alphabet();
    enter(&mut terminal, "a 1");
    enter(&mut terminal, "b 1");
    wait_for_votes(&terminal, "b", 1, 1);
    leave_input(&mut terminal);
    terminal.send("2jp");
    terminal.wait_for("`b` is pinned");
    terminal.wait_for("b ◆");
    terminal.send("CC");
    terminal.wait_for("It was back after");
    terminal.send(ESCAPE);
    terminal.wait_until("the window closed", |screen| !screen.contains("It was back after"));
    terminal.wait_for("b ◆");
    terminal.send("p");
    terminal.wait_for("is not pinned any more");
    terminal.wait_until("no mark", |screen| !screen.contains("◆"));
}
