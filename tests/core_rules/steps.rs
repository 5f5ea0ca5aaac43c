//! What steps may give, and what is counted.

use wallaroo::{Application, Key, Reason, Sink, Source, TestDriver};

use crate::run;

fn text(payload: &[u8]) -> Result<Option<String>, Reason> {
    let text = std::str::from_utf8(payload)?;
    Ok((!text.starts_with('#')).then(|| text.to_owned()))
}

fn write(text: &String, output: &mut Vec<u8>) {
    output.extend_from_slice(text.as_bytes());
}

#[test]
fn messages_that_the_decoder_drops_are_counted_and_are_no_dead_letters() {
    let topology = Application::new("comments")
        .pipeline("lines", Source::new(text))
        .to_sink(Sink::new(write))
        .build()
        .unwrap();
    let mut driver = TestDriver::new(&topology);
    run(&mut driver, "lines", &[b"# one", b"two", b"# three", b"\xff"]);
    let report = driver.report();
    assert_eq!((report.frames, report.filtered), (4, 2));
    assert_eq!(driver.outputs("lines").unwrap(), [b"two"]);
    assert_eq!(driver.dead_letters().len(), 1);
}

#[test]
fn a_computation_gives_none_one_or_many_messages_in_their_order() {
    let words = |line: String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let no_empty = |word: String| (!word.is_empty()).then_some(word);
    let twice = |word: String| [word.clone(), word.to_uppercase()];
    let no_errors = |word: String| -> Result<Option<String>, Reason> {
        if word == "ERR" { Err("an error".into()) } else { Ok(Some(word)) }
    };
    let topology = Application::new("words")
        .pipeline("lines", Source::new(text))
        .to(words)
        .to(no_empty)
        .to(twice)
        .to(no_errors)
        .to_sink(Sink::new(write))
        .build()
        .unwrap();
    let mut driver = TestDriver::new(&topology);
    run(&mut driver, "lines", &[b"a b", b"", b"c  err"]);
    let expected: [&[u8]; 7] = [b"a", b"A", b"b", b"B", b"c", b"C", b"err"];
    assert_eq!(driver.outputs("lines").unwrap(), expected);
    assert_eq!(driver.dead_letters()[0].bytes[..], *b"c  err");
    assert_eq!(driver.report().steps, [3, 6, 4, 8, 7, 7]);
}

#[test]
fn a_change_that_is_not_to_be_saved_happens_but_is_counted_apart() {
    let count = |word: String, count: &mut u64| {
        *count += 1;
        (None::<u64>, word == "save")
    };
    let topology = Application::new("saves")
        .pipeline("words", Source::new(text))
        .to_state_partition(count, |_: &Key| 0_u64, "counts", |_: &String| "all")
        .done()
        .build()
        .unwrap();
    let mut driver = TestDriver::new(&topology);
    run(&mut driver, "words", &[b"save", b"look", b"look"]);
    assert_eq!((driver.report().stateful, driver.report().saved), (3, 1));
    assert_eq!(driver.partitions("counts")[0].value, 3);
    assert!(driver.outputs("words").unwrap().is_empty());
}

#[test]
fn two_pipelines_that_name_one_state_share_its_partitions() {
    let add = |_: String, count: &mut u64| {
        *count += 1;
        (Some(count.to_string()), true)
    };
    let zero = |_: &Key| 0_u64;
    let itself = |word: &String| word.clone();
    let topology = Application::new("shared")
        .pipeline("one", Source::new(text))
        .to_state_partition(add, zero, "counts", itself)
        .done()
        .pipeline("two", Source::new(text))
        .to_state_partition(add, zero, "counts", itself)
        .to_sink(Sink::new(write))
        .build()
        .unwrap();
    let mut driver = TestDriver::new(&topology);
    run(&mut driver, "one", &[b"k", b"k"]);
    run(&mut driver, "two", &[b"k"]);
    assert_eq!(driver.outputs("two").unwrap(), [b"3"]);
    assert_eq!(driver.partitions("counts").len(), 1);
}
