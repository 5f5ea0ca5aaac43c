//! Dead letters over a crash: none of those of before is lost.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;

use crate::chance::for_seeds;
use crate::folder::Folder;
use crate::support::frames::{frame, vote};
use crate::support::program::Running;
use crate::support::waiting::wait_until;

/// How often each dead letter is in the file, by its bytes.
fn letters(folder: &Folder) -> BTreeMap<String, u32> {
    let mut letters = BTreeMap::new();
    for letter in folder.json_lines("letters") {
        *letters.entry(letter["bytes_hex"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    letters
}

#[test]
fn the_letters_of_before_a_crash_are_kept() {
    let folder = Folder::new();
    let (outputs, dead) = (folder.path("outputs"), folder.write("letters", b"of another run\n"));
    let ends = ["--out", &outputs, "--dead-letters", &dead, "--checkpoint-interval", "1ms"];
    for life in 0..3_u32 {
        let tcp = [&ends[..], &["--in", "tcp://127.0.0.1:0"]].concat();
        let running = Running::start(folder.command("alphabet", &tcp));
        let mut client = TcpStream::connect(running.address()).unwrap();
        let number = life.to_be_bytes();
        // One message that is no vote, and half a frame, which is gone after a crash.
        client
            .write_all(&[&frame(&number)[..], &vote(b'a', 1), &[0, 0], &number[3..]].concat())
            .unwrap();
        drop(client);
        wait_until("the letters", || {
            let said = String::from_utf8(folder.read("letters")).unwrap();
            let told = [format!("\"0000000{life}\""), format!("\"00000{life}\"")];
            said.ends_with('\n') && told.iter().all(|bytes| said.contains(bytes))
        });
        drop(running.kill());
    }
    // A write that was torn by the end of the process.
    let mut torn = folder.read("letters");
    torn.extend(b"{\"half\":");
    folder.write("letters", torn);
    folder.run("alphabet", &[&ends[..], &["--in", "null"]].concat()).succeeded();
    let found = letters(&folder);
    for life in 0..3 {
        assert!(found.contains_key(&format!("0000000{life}")), "{found:?}");
        assert!(found.contains_key(&format!("00000{life}")), "{found:?}");
    }
    assert_eq!(found.len(), 6);
    assert_eq!(folder.read("outputs"), b"a => 1\na => 2\na => 3\n");
}

#[test]
fn a_file_of_letters_has_every_letter_of_a_run_that_was_killed() {
    for_seeds(2, |chance| {
        let folder = Folder::new();
        let messages = (0..20_000_u32).flat_map(|at| match at % 10 {
            0 => frame(&at.to_be_bytes()),
            _ => vote(b'a', 1),
        });
        let input = folder.write("votes", messages.collect::<Vec<_>>());
        let dead = folder.path("letters");
        let ends = ["--in", &input, "--out", "null", "--dead-letters", &dead];
        for _ in 0..5 {
            let interval = chance.one_of(&["1ms", "10ms"]);
            let often =
                ["--checkpoint-interval", interval, "--workers", chance.one_of(&["1", "2"])];
            folder.run_and_kill("alphabet", &[&ends[..], &often].concat(), chance.delay());
        }
        folder.run("alphabet", &ends).succeeded();
        let found = letters(&folder);
        let missing =
            (0..20_000_u32).step_by(10).find(|at| !found.contains_key(&format!("{at:08x}")));
        assert_eq!((missing, found.len()), (None, 2000));
        assert_eq!(folder.partitions().values().next().unwrap()["value"]["votes"], 18_000);
    });
}
