//! How long it takes to go to a moment of a recording, and to the changes of a partition; and what memory that needs.

use std::fs;
use std::time::Instant;

use wallaroo::Key;
use wallaroo::core::replay::Direction;
use wallaroo::core::replay::timeline::Timeline;
use wallaroo::resilience::history::OnDisk;

use crate::load::{From, Load, counter};
use crate::recording::recorded;
use crate::spread::Spread;

/// To how many moments it is gone.
const MOMENTS: u64 = 100;

/// How many million messages the recordings have.
const MILLIONS: [u64; 2] = [1, 20];

/// Prints times and memory for recordings of a million messages and of more.
pub fn print_moments(keys: u64) {
    println!(
        "\nMoments: {keys} partitions, {MOMENTS} of each, in no order; median (least to most):\n"
    );
    println!(
        "messages    to a moment, ms    a message on, ms    change before, ms   change after, ms   memory, MB"
    );
    for millions in MILLIONS {
        print(&Load::of(From::File, keys, millions));
    }
}

fn print(load: &Load) {
    let directory = tempfile::tempdir().unwrap();
    load.run(1, Some(recorded(directory.path())));
    reset_peak();
    let before = memory("VmRSS:");
    let recording = OnDisk::open(directory.path()).unwrap();
    let mut timeline = Timeline::new(counter(|| {}), recording).unwrap();
    let all = timeline.messages();
    let (mut there, mut on, mut back, mut forth) = (vec![], vec![], vec![], vec![]);
    let timed = |times: &mut Vec<f64>, act: &mut dyn FnMut()| {
        let begin = Instant::now();
        act();
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    };
    for number in 1..=MOMENTS {
        let moment = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % all;
        timed(&mut there, &mut || assert_eq!(timeline.at(moment).unwrap().message, moment));
        timed(&mut on, &mut || assert_eq!(timeline.at(moment + 1).unwrap().message, moment + 1));
        let rows = timeline.at(moment + 1).unwrap().machine.rows();
        let row = rows.iter().cycle().nth(number as usize).unwrap();
        let name = (row.state.as_str().into(), Key::clone(&row.key));
        timed(&mut back, &mut || {
            let found = timeline.change(moment + 1, Direction::Back, Some(&name)).unwrap();
            assert!(found.is_some());
        });
        timed(&mut forth, &mut || {
            let found = timeline.change(moment, Direction::Forth, Some(&name)).unwrap();
            assert!(found.is_some() || all - moment <= load.keys);
        });
    }
    let [there, on, back, forth] = [there, on, back, forth].map(Spread::of);
    let took = memory("VmHWM:").saturating_sub(before) as f64 / 1e3;
    println!("{all:>9}   {there:.0}   {on:.0}   {back:.0}   {forth:.0}   {took:.0}");
}

/// The peak is the present memory from now on: proc(5), `clear_refs`.
fn reset_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// What a line of this process' status says, in KB.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
