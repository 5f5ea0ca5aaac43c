//! Receivers that come late, go away, and come back.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::frames::vote;
use crate::support::waiting::wait_until;
use crate::{accept, alphabet, client, listener, totals};

#[test]
fn a_receiver_that_comes_late_gets_everything() {
    let (free, out) = listener();
    let address = free.local_addr().unwrap();
    drop(free);
    let running = alphabet(&out, &[]);
    client(&running).write_all(&vote(b'a', 1).repeat(1000)).unwrap();
    let late = TcpListener::bind(address).unwrap();
    let mut receiver = accept(&late);
    let mut outputs = vec![0; totals('a', 0, 1000).len()];
    receiver.read_exact(&mut outputs).unwrap();
    assert_eq!(String::from_utf8(outputs).unwrap(), totals('a', 0, 1000));
    running.signal("TERM");
    let mut rest = Vec::new();
    receiver.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
    assert_eq!(running.end().succeeded().json()["messages_out"], 1000);
}

#[test]
fn a_receiver_that_leaves_while_nothing_is_written_costs_no_output() {
    let (listening, out) = listener();
    let running = alphabet(&out, &[]);
    let mut client = client(&running);
    let mut from = 0;
    for _ in 0..3 {
        let mut receiver = accept(&listening);
        client.write_all(&vote(b'a', 1).repeat(10)).unwrap();
        let mut outputs = vec![0; totals('a', from, 10).len()];
        receiver.read_exact(&mut outputs).unwrap();
        assert_eq!(String::from_utf8(outputs).unwrap(), totals('a', from, 10));
        from += 10;
        // The next connection shows that the end of this one has been noticed.
    }
    running.signal("TERM");
    assert_eq!(running.end().succeeded().json()["messages_out"], 30);
}

/// Reads whole lines of each letter's totals until the connection is to be given up.
fn totals_of(reader: &mut impl BufRead, letters: &mut BTreeMap<u8, Vec<u64>>) -> Option<()> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    // The end of a connection may be anywhere in an output.
    let (letter, total) = line.strip_suffix('\n')?.split_once(" => ")?;
    letters.entry(letter.as_bytes()[0]).or_default().push(total.parse().unwrap());
    Some(())
}

#[test]
fn receivers_that_come_and_go_get_every_output_that_was_not_on_its_way_in_order() {
    let (listening, out) = listener();
    let running = alphabet(&out, &["--workers", "2"]);
    let mut client = client(&running);
    let enough = Arc::new(AtomicBool::new(false));
    let writer = thread::spawn({
        let enough = Arc::clone(&enough);
        move || {
            let votes: Vec<u8> = (b'a'..=b'e').flat_map(|letter| vote(letter, 1)).collect();
            let mut sent = 0;
            while !enough.load(Ordering::Relaxed) {
                client.write_all(&votes.repeat(100)).unwrap();
                sent += 100;
            }
            client.write_all(&vote(b'z', 1)).unwrap();
            (client, sent)
        }
    });
    // Each reads some lines and goes, with unread bytes: the system sends a reset then.
    for lines in [1, 100, 1000] {
        let mut reader = BufReader::new(accept(&listening));
        let mut letters = BTreeMap::new();
        for _ in 0..lines {
            totals_of(&mut reader, &mut letters).unwrap();
        }
        assert!(letters.values().all(|totals| totals.is_sorted()), "{letters:?}");
    }
    // The last one stays, and gets the rest without a gap.
    let mut reader = BufReader::new(accept(&listening));
    let mut letters: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
    totals_of(&mut reader, &mut letters).unwrap();
    enough.store(true, Ordering::Relaxed);
    while !letters.contains_key(&b'z') {
        totals_of(&mut reader, &mut letters).unwrap();
    }
    let (client, sent) = writer.join().unwrap();
    letters.remove(&b'z');
    while letters.len() < 5 || letters.values().any(|seen| seen.last() != Some(&sent)) {
        totals_of(&mut reader, &mut letters).unwrap();
    }
    for (letter, seen) in &letters {
        assert!(seen.windows(2).all(|pair| pair[1] == pair[0] + 1), "{letter} has a gap");
    }
    drop(client);
    running.signal("TERM");
    let figures = running.end().succeeded().json();
    assert_eq!(figures["messages_in"], 5 * sent + 1);
    assert_eq!(figures["messages_out"], 5 * sent + 1);
}

#[test]
fn outputs_whose_writing_failed_come_again_whole_on_the_next_connection() {
    let (listening, out) = listener();
    let running = alphabet(&out, &[]);
    let mut client = client(&running);
    let stalled = accept(&listening);
    // More than the system takes on its own, so that a write is under way when the receiver goes.
    let writer = thread::spawn(move || {
        client.write_all(&vote(b'a', 1).repeat(1_000_000)).unwrap();
        client
    });
    wait_until("some outputs on their way", || stalled.peek(&mut [0; 4096]).unwrap() == 4096);
    let mut reader = BufReader::new(stalled);
    let mut before = BTreeMap::new();
    for _ in 0..100 {
        totals_of(&mut reader, &mut before).unwrap();
    }
    drop(reader);
    let mut reader = BufReader::new(accept(&listening));
    let mut after: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
    // The first line parses: a connection begins at the beginning of an output.
    while after.get(&b'a').is_none_or(|seen| seen.last() != Some(&1_000_000)) {
        totals_of(&mut reader, &mut after).unwrap();
    }
    let after = &after[&b'a'];
    assert!(after.windows(2).all(|pair| pair[1] == pair[0] + 1), "there is a gap");
    assert_eq!(after.len() as u64, 1_000_001 - after[0]);
    drop(writer.join().unwrap());
    running.signal("TERM");
    running.end().succeeded();
}
