//! However the workbench ends, the terminal is as it was.

use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use wallaroo::runtime::Settings;
use wallaroo::workbench::{Configuration, Offer, Opening, Others};
use wallaroo::{Application, Key, Reason, Sink, Source};

use super::{
    CTRL_C, CTRL_X, ESCAPE, PROGRAM, Terminal, alphabet, alphabet_with, enter, leave_input, paste,
    wait_for_votes,
};

#[test]
fn quitting_gives_the_terminal_back() {
    let mut terminal = alphabet();
    assert!(terminal.is_alternate_screen() && terminal.bracketed_paste());
    enter(&mut terminal, "a 1");
    wait_for_votes(&terminal, "a", 1, 1);
    leave_input(&mut terminal);
    terminal.send("q");
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
    // Nothing of the workbench is left behind, only what it says at the end.
    let screen = terminal.screen();
    assert!(screen.starts_with("alphabet: 1 message in 0:0"), "{screen}");
    assert!(screen.trim_end().ends_with("--resilience-dir alphabet-state"), "{screen}");
    assert_eq!(screen.trim_end().lines().count(), 3, "{screen}");
}

#[test]
fn ctrl_c_quits_from_the_input_pane() {
    let mut terminal = alphabet();
    terminal.send(format!("half a line{CTRL_C}"));
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
}

#[test]
fn ctrl_c_quits_directly_after_escape_too() {
    let mut terminal = alphabet();
    terminal.send(format!("\x1b{CTRL_C}"));
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
}

#[test]
fn a_letter_in_the_input_pane_does_not_quit() {
    let mut terminal = alphabet();
    terminal.send("q");
    terminal.wait_for("> q");
}

#[test]
fn signals_give_the_terminal_back() {
    for signal in ["TERM", "HUP", "INT"] {
        let mut terminal = alphabet();
        terminal.kill(signal);
        let status = terminal.wait_exit();
        assert_eq!(status.signal(), None, "SIG{signal}: the program ends by itself");
        terminal.assert_restored();
    }
}

#[test]
fn a_run_with_much_to_do_ends_at_once() {
    let mut terminal = alphabet();
    for _ in 0..5 {
        enter(&mut terminal, "a 1 x1000000");
    }
    leave_input(&mut terminal);
    terminal.send(" ");
    terminal.wait_for("paus");
    terminal.send("q");
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
}

/// A terminal that nobody looks at any more must not leave a program behind it, not even one that
/// is sent no signal because it is not its controlling terminal.
#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    for controlling in [true, false] {
        start_and_take_the_terminal_away(controlling);
    }
}

fn start_and_take_the_terminal_away(controlling: bool) {
    let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pty = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(["--app", "alphabet"]);
    command.set_controlling_tty(controlling);
    let mut child = pty.slave.spawn_command(command).unwrap();
    let mut reader = pty.master.try_clone_reader().unwrap();
    let (mut seen, mut bytes) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&seen).contains("quit") {
        let count = reader.read(&mut bytes).unwrap();
        seen.extend_from_slice(&bytes[..count]);
    }
    drop((reader, pty));
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            panic!("still there; controlling terminal: {controlling}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The application that the next tests run in a terminal: its typed form panics, in the thread that draws. So does
/// the change to its only other application.
#[test]
#[ignore = "is run in a terminal by other tests"]
fn workbench_that_panics() {
    let source = Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec())))
        .typed("x", |_| panic!("no such luck"));
    let count = |message: Vec<u8>, count: &mut u64| {
        *count += 1;
        (Some(message), true)
    };
    let application = Application::new("panics")
        .pipeline("one", source)
        .to_state_partition(count, |_: &Key| 0, "counts", |message: &Vec<u8>| message.clone())
        .to_sink(Sink::new(|message: &Vec<u8>, output: &mut Vec<u8>| output.extend(message)))
        .build();
    let topology = Arc::new(application.unwrap());
    let settings = Settings::new(&topology);
    let opening = Opening { topology, settings, dead_letters: None, load: None };
    let offer = |name: &str| Offer { name: name.to_owned(), about: String::new() };
    let mut open = |_| -> Result<Opening, String> { panic!("out of luck") };
    let others =
        Others { offers: ["panics", "other"].map(offer).into(), first: 0, open: &mut open };
    wallaroo::workbench::run(opening, Some(others), None, &Configuration::default()).unwrap();
}

/// A terminal with the workbench that panics.
fn panicking() -> Terminal {
    let this = std::env::current_exe().unwrap();
    let test = "endings::workbench_that_panics";
    let arguments = ["--exact", test, "--ignored", "--nocapture", "--test-threads=1"];
    let terminal = Terminal::start(this.to_str().unwrap(), &arguments, 40, 120);
    terminal.wait_for("Ctrl-C quit");
    terminal
}

#[test]
fn a_panic_of_the_typed_form_is_a_sentence_and_the_screen_stays() {
    let mut terminal = panicking();
    terminal.send("x");
    terminal.wait_for("the source's typed form panicked: no such luck");
    // It is a wrong line as any other.
    terminal.send(CTRL_X);
    terminal.wait_for("1 in");
    paste(&mut terminal, "y\nz");
    terminal.wait_for("line 2: the source's typed form panicked: no such luck");
    assert!(terminal.is_alternate_screen() && terminal.bracketed_paste());
    let raw = terminal.raw();
    let text = String::from_utf8_lossy(&raw);
    assert_eq!(text.matches("\x1b[?1049h").count(), 1, "the screen was never given back");
    assert!(!text.contains("\x1b[?1049l") && !text.contains("RUST_BACKTRACE"));
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
}

#[test]
fn a_panic_gives_the_terminal_back_and_says_what_happened() {
    let mut terminal = panicking();
    assert!(terminal.is_alternate_screen());
    leave_input(&mut terminal);
    terminal.send("Aother\r");
    assert!(!terminal.wait_exit().success());
    terminal.assert_restored();
    // Not overwritten by what came after it.
    assert!(terminal.screen().contains("out of luck"), "{}", terminal.screen());
}

#[test]
fn the_end_says_what_was_and_which_command_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let saved = directory.path().join("state").display().to_string();
    let mut terminal = alphabet_with(&["--resilience-dir", &saved], &[]);
    enter(&mut terminal, "a 7");
    wait_for_votes(&terminal, "a", 7, 1);
    leave_input(&mut terminal);
    terminal.send("CC");
    terminal.wait_for("It was back after");
    terminal.send(ESCAPE);
    terminal.wait_until("the end of the story", |screen| !screen.contains("It was back after"));
    wait_for_votes(&terminal, "a", 7, 1);
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    let screen = terminal.screen().replace('\n', "");
    // It counts twice if no checkpoint had it, so that it was read again.
    let counted = ["1 message", "2 messages"].map(|count| format!("alphabet: {count} in 0:0"));
    assert!(counted.iter().any(|count| screen.contains(count)), "{screen}");
    assert!(screen.contains("1 partition, 0 dead letters, p99 "), "{screen}");
    assert!(screen.contains("1 crash survived"), "{screen}");
    assert!(screen.contains(&format!("The state is in {saved}. Go on with:")), "{screen}");
    assert!(screen.contains(&format!("--workers 2 --resilience-dir {saved}")), "{screen}");
    // The next run goes on.
    let terminal = alphabet_with(&["--resilience-dir", &saved], &[]);
    wait_for_votes(&terminal, "a", 7, 1);
}
