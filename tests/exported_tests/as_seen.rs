// Written by tests/exported_tests/main.rs.

// alphabet: votes of session 0
fn votes_of_session_0() -> Result<(), Box<dyn std::error::Error>> {
    let topology = text_votes()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // c\x00\x00\x00\x07
    driver.push_message("votes", b"c\0\0\0\x07")?;
    // "\x00\x00\x01'
    driver.push_message("votes", b"\"\0\0\x01'")?;
    //  \x00\x00\x00t
    driver.push_message("votes", b"\n\0\0\0t")?;
    // b\x00\x00\x01\x12
    driver.push_message("votes", b"b\0\0\x01\x12")?;
    // \\x00\x00\x00
    driver.push_message("votes", b"\\\0\0\0")?;
    // �\x00\x00\x00
    driver.push_message("votes", b"\xff\0\0\0")?;
    // \\x00\x00\x01\x1a
    driver.push_message("votes", b"\\\0\0\x01\x1a")?;
    driver.run();

    let expected = [
        &b"c => 7\n"[..],
        b"\" => 295\n",
        b"\n => 116\n",
        b"b => 274\n",
        b"\\ => 282\n",
    ];
    assert_eq!(driver.outputs("votes")?, expected);
    let partition = driver.partition("letter state", *b"\n").ok_or(r"letter state has no partition \x0a")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\x0a","votes":116}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", r#"""#).ok_or(r#"letter state has no partition ""#)?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\"","votes":295}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", r"\").ok_or(r"letter state has no partition \\")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\\\","votes":282}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "b").ok_or("letter state has no partition b")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"b","votes":274}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "c").ok_or("letter state has no partition c")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"c","votes":7}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("letter state").len(), 5);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    let expected = [
        ("decode", "the payload is 4 bytes long, and a vote is 5: 1 byte letter, u32 big-endian votes"),
        ("decode", "the payload is 4 bytes long, and a vote is 5: 1 byte letter, u32 big-endian votes"),
    ];
    assert_eq!(dead_letters.collect::<Vec<_>>(), expected);
    Ok(())
}


// alphabet: votes of session 1
fn votes_of_session_1() -> Result<(), Box<dyn std::error::Error>> {
    let topology = binary_votes()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // c\x00\x00\x00\x07
    driver.push_message("votes", b"c\0\0\0\x07")?;
    // �\x00\x00\x00O
    driver.push_message("votes", b"\xff\0\0\0O")?;
    driver.run();

    let expected = [
        b"\0\0\0\tc\0\0\0\0\0\0\0\x07",
        b"\0\0\0\t\xff\0\0\0\0\0\0\0O",
    ];
    assert_eq!(driver.outputs("votes")?, expected);
    let partition = driver.partition("letter state", "c").ok_or("letter state has no partition c")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"c","votes":7}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", *b"\xff").ok_or(r"letter state has no partition \xff")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\xff","votes":79}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("letter state").len(), 2);
    assert!(driver.dead_letters().is_empty());
    Ok(())
}


// alphabet: votes of session 2
fn votes_of_session_2() -> Result<(), Box<dyn std::error::Error>> {
    let topology = text_votes()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    driver.restore("letter state", "a", r#"{"letter":"a","votes":18446744073709551515}"#)?;
    driver.restore("letter state", "b", r#"{"letter":"b","votes":18446744073709551515}"#)?;
    driver.poison("letter state", "b")?;
    // c\x00\x00\x00\x07
    driver.push_message("votes", b"c\0\0\0\x07")?;
    // b\x00\x00\x00\x0b
    driver.push_message("votes", b"b\0\0\0\x0b")?;
    // �\x00\x00\x00�
    driver.push_message("votes", b"\xff\0\0\0\xeb")?;
    // a\x00\x00\x00\x12
    driver.push_message("votes", b"a\0\0\0\x12")?;
    // \\x00\x00\x000
    driver.push_message("votes", b"\\\0\0\x000")?;
    // a\x00\x00\x00�
    driver.push_message("votes", b"a\0\0\0\xed")?;
    driver.run();

    let expected = [
        &b"c => 7\n"[..],
        b"\xff => 235\n",
        b"a => 18446744073709551533\n",
        b"\\ => 48\n",
    ];
    assert_eq!(driver.outputs("votes")?, expected);
    let partition = driver.partition("letter state", r"\").ok_or(r"letter state has no partition \\")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\\\","votes":48}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "a").ok_or("letter state has no partition a")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"a","votes":18446744073709551533}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "b").ok_or("letter state has no partition b")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"b","votes":18446744073709551515}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("letter state", "c").ok_or("letter state has no partition c")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"c","votes":7}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", *b"\xff").ok_or(r"letter state has no partition \xff")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\xff","votes":235}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("letter state").len(), 5);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    let expected = [
        ("add_votes", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
        ("add_votes", "237 more votes do not fit: the total is 18446744073709551533, and the largest is 18446744073709551615"),
    ];
    assert_eq!(dead_letters.collect::<Vec<_>>(), expected);
    Ok(())
}


// alphabet: votes of session 3
fn votes_of_session_3() -> Result<(), Box<dyn std::error::Error>> {
    let topology = binary_votes()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // c\x00\x00\x00\x07
    driver.push_message("votes", b"c\0\0\0\x07")?;
    // �\x00\x00\x00�
    driver.push_message("votes", b"\xff\0\0\0\x9d")?;
    // b\x00\x00\x00\x1a
    driver.push_message("votes", b"b\0\0\0\x1a")?;
    driver.run();

    let expected = [
        b"\0\0\0\tc\0\0\0\0\0\0\0\x07",
        b"\0\0\0\t\xff\0\0\0\0\0\0\0\x9d",
        b"\0\0\0\tb\0\0\0\0\0\0\0\x1a",
    ];
    assert_eq!(driver.outputs("votes")?, expected);
    let partition = driver.partition("letter state", "b").ok_or("letter state has no partition b")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"b","votes":26}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "c").ok_or("letter state has no partition c")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"c","votes":7}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", *b"\xff").ok_or(r"letter state has no partition \xff")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\xff","votes":157}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("letter state").len(), 3);
    assert!(driver.dead_letters().is_empty());
    Ok(())
}


// alphabet: votes of session 4
fn votes_of_session_4() -> Result<(), Box<dyn std::error::Error>> {
    let topology = text_votes()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // c\x00\x00\x00\x07
    driver.push_message("votes", b"c\0\0\0\x07")?;
    driver.run();

    assert_eq!(driver.outputs("votes")?, [b"c => 7\n"]);
    let partition = driver.partition("letter state", "c").ok_or("letter state has no partition c")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"c","votes":7}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("letter state").len(), 1);
    assert!(driver.dead_letters().is_empty());
    Ok(())
}


// alphabet: votes of session 5
fn votes_of_session_5() -> Result<(), Box<dyn std::error::Error>> {
    let topology = binary_votes()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    driver.restore("letter state", "a", r#"{"letter":"a","votes":18446744073709551515}"#)?;
    driver.restore("letter state", "b", r#"{"letter":"b","votes":18446744073709551515}"#)?;
    driver.poison("letter state", "b")?;
    // c\x00\x00\x00\x07
    driver.push_message("votes", b"c\0\0\0\x07")?;
    // b\x00\x00\x00�
    driver.push_message("votes", b"b\0\0\0\xd0")?;
    // a\x00\x00\x00�
    driver.push_message("votes", b"a\0\0\0\xad")?;
    // \\x00\x00\x00�
    driver.push_message("votes", b"\\\0\0\0\xd3")?;
    // "\x00\x00\x01\x1d
    driver.push_message("votes", b"\"\0\0\x01\x1d")?;
    // b\x00\x00\x00�
    driver.push_message("votes", b"b\0\0\0\xbd")?;
    // �\x00\x00\x00�
    driver.push_message("votes", b"\xff\0\0\0\xae")?;
    //  \x00\x00\x00q
    driver.push_message("votes", b"\n\0\0\0q")?;
    // \x00\x00\x00\x01\x14
    driver.push_message("votes", b"\0\0\0\x01\x14")?;
    // \x00\x00\x00\x00�
    driver.push_message("votes", b"\0\0\0\0\xbb")?;
    // b\x00\x00\x00D
    driver.push_message("votes", b"b\0\0\0D")?;
    //  \x00\x00\x01\x18
    driver.push_message("votes", b"\n\0\0\x01\x18")?;
    driver.run();

    let expected = [
        b"\0\0\0\tc\0\0\0\0\0\0\0\x07",
        b"\0\0\0\t\\\0\0\0\0\0\0\0\xd3",
        b"\0\0\0\t\"\0\0\0\0\0\0\x01\x1d",
        b"\0\0\0\t\xff\0\0\0\0\0\0\0\xae",
        b"\0\0\0\t\n\0\0\0\0\0\0\0q",
        b"\0\0\0\t\0\0\0\0\0\0\0\x01\x14",
        b"\0\0\0\t\0\0\0\0\0\0\0\x01\xcf",
        b"\0\0\0\t\n\0\0\0\0\0\0\x01\x89",
    ];
    assert_eq!(driver.outputs("votes")?, expected);
    let partition = driver.partition("letter state", *b"\0").ok_or(r"letter state has no partition \x00")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\x00","votes":463}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", *b"\n").ok_or(r"letter state has no partition \x0a")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\x0a","votes":393}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", r#"""#).ok_or(r#"letter state has no partition ""#)?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\"","votes":285}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", r"\").ok_or(r"letter state has no partition \\")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\\\","votes":211}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "a").ok_or("letter state has no partition a")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"a","votes":18446744073709551515}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "b").ok_or("letter state has no partition b")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"b","votes":18446744073709551515}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("letter state", "c").ok_or("letter state has no partition c")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"c","votes":7}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", *b"\xff").ok_or(r"letter state has no partition \xff")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\xff","votes":174}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("letter state").len(), 8);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    let expected = [
        ("add_votes", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
        ("add_votes", "173 more votes do not fit: the total is 18446744073709551515, and the largest is 18446744073709551615"),
        ("add_votes", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
        ("add_votes", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
    ];
    assert_eq!(dead_letters.collect::<Vec<_>>(), expected);
    Ok(())
}


// alphabet: votes of session 6
fn votes_of_session_6() -> Result<(), Box<dyn std::error::Error>> {
    let topology = text_votes()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // c\x00\x00\x00\x07
    driver.push_message("votes", b"c\0\0\0\x07")?;
    // �\x00\x00\x01+
    driver.push_message("votes", b"\xff\0\0\x01+")?;
    // �\x00\x00\x01(
    driver.push_message("votes", b"\xff\0\0\x01(")?;
    // \\x00\x00\x00�
    driver.push_message("votes", b"\\\0\0\0\xd3")?;
    // \\x00\x00\x00�
    driver.push_message("votes", b"\\\0\0\0\xf8")?;
    // \\x00\x00\x00\x0b
    driver.push_message("votes", b"\\\0\0\0\x0b")?;
    //  \x00\x00\x00�
    driver.push_message("votes", b"\n\0\0\0\xf0")?;
    // b\x00\x00\x00�
    driver.push_message("votes", b"b\0\0\0\xdc")?;
    driver.run();

    let expected = [
        &b"c => 7\n"[..],
        b"\xff => 299\n",
        b"\xff => 595\n",
        b"\\ => 211\n",
        b"\\ => 459\n",
        b"\\ => 470\n",
        b"\n => 240\n",
        b"b => 220\n",
    ];
    assert_eq!(driver.outputs("votes")?, expected);
    let partition = driver.partition("letter state", *b"\n").ok_or(r"letter state has no partition \x0a")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\x0a","votes":240}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", r"\").ok_or(r"letter state has no partition \\")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\\\","votes":470}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "b").ok_or("letter state has no partition b")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"b","votes":220}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "c").ok_or("letter state has no partition c")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"c","votes":7}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", *b"\xff").ok_or(r"letter state has no partition \xff")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\xff","votes":595}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("letter state").len(), 5);
    assert!(driver.dead_letters().is_empty());
    Ok(())
}


// alphabet: votes of session 7
fn votes_of_session_7() -> Result<(), Box<dyn std::error::Error>> {
    let topology = binary_votes()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // c\x00\x00\x00\x07
    driver.push_message("votes", b"c\0\0\0\x07")?;
    //  \x00\x00\x00l
    driver.push_message("votes", b"\n\0\0\0l")?;
    // \\x00\x00\x00�
    driver.push_message("votes", b"\\\0\0\0\xb0")?;
    // a\x00\x00\x01\x0b
    driver.push_message("votes", b"a\0\0\x01\x0b")?;
    // \x00\x00\x00\x00@
    driver.push_message("votes", b"\0\0\0\0@")?;
    driver.run();

    let expected = [
        b"\0\0\0\tc\0\0\0\0\0\0\0\x07",
        b"\0\0\0\t\n\0\0\0\0\0\0\0l",
        b"\0\0\0\t\\\0\0\0\0\0\0\0\xb0",
        b"\0\0\0\ta\0\0\0\0\0\0\x01\x0b",
        b"\0\0\0\t\0\0\0\0\0\0\0\0@",
    ];
    assert_eq!(driver.outputs("votes")?, expected);
    let partition = driver.partition("letter state", *b"\0").ok_or(r"letter state has no partition \x00")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\x00","votes":64}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", *b"\n").ok_or(r"letter state has no partition \x0a")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\x0a","votes":108}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", r"\").ok_or(r"letter state has no partition \\")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"\\\\","votes":176}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "a").ok_or("letter state has no partition a")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"a","votes":267}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("letter state", "c").ok_or("letter state has no partition c")?;
    assert_eq!(partition.value.to_string(), r#"{"letter":"c","votes":7}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("letter state").len(), 5);
    assert!(driver.dead_letters().is_empty());
    Ok(())
}


// scooters: rides of session 0
fn rides_of_session_0() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 2 1 12
    driver.push_message("rides", b"2 1 12")?;
    // 1 2 8
    driver.push_message("rides", b"1 2 8")?;
    // 0 1 92
    driver.push_message("rides", b"0 1 92")?;
    // 2 0 89
    driver.push_message("rides", b"2 0 89")?;
    // 1 3 35
    driver.push_message("rides", b"1 3 35")?;
    driver.run();

    let expected = [
        &b"{\"meters\":30,\"fastest\":15.0}\n"[..],
        b"{\"meters\":12,\"fastest\":12.0}\n",
        b"{\"meters\":8,\"fastest\":4.0}\n",
        b"{\"meters\":92,\"fastest\":92.0}\n",
        b"{\"meters\":43,\"fastest\":11.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "0").ok_or("totals has no partition 0")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":92,"fastest":92.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "1").ok_or("totals has no partition 1")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":43,"fastest":11.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "2").ok_or("totals has no partition 2")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":101,"fastest":12.0}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 4);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    assert_eq!(dead_letters.collect::<Vec<_>>(), [("add_ride", "panicked: attempt to divide by zero")]);
    Ok(())
}


// scooters: rides of session 1
fn rides_of_session_1() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    driver.restore("totals", "2", r#"{"meters":90,"fastest":1.5}"#)?;
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 0 1 86
    driver.push_message("rides", b"0 1 86")?;
    // 2 0 92
    driver.push_message("rides", b"2 0 92")?;
    // 0 1 3
    driver.push_message("rides", b"0 1 3")?;
    // 0 0 58
    driver.push_message("rides", b"0 0 58")?;
    // 2 2 78
    driver.push_message("rides", b"2 2 78")?;
    // 2 0 74
    driver.push_message("rides", b"2 0 74")?;
    // 0 1 66
    driver.push_message("rides", b"0 1 66")?;
    driver.run();

    let expected = [
        b"{\"meters\":30,\"fastest\":15.0}\n",
        b"{\"meters\":86,\"fastest\":86.0}\n",
        b"{\"meters\":89,\"fastest\":86.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "0").ok_or("totals has no partition 0")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":147,"fastest":86.0}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("totals", "2").ok_or("totals has no partition 2")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":182,"fastest":1.5}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 3);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    let expected = [
        ("add_ride", "panicked: attempt to divide by zero"),
        ("add_ride", "panicked: attempt to divide by zero"),
        ("add_ride", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
        ("add_ride", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
        ("add_ride", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
    ];
    assert_eq!(dead_letters.collect::<Vec<_>>(), expected);
    Ok(())
}


// scooters: rides of session 2
fn rides_of_session_2() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 0 1 68
    driver.push_message("rides", b"0 1 68")?;
    // 0 3 29
    driver.push_message("rides", b"0 3 29")?;
    // 5 ninety
    driver.push_message("rides", b"5 ninety")?;
    // 2 2 50
    driver.push_message("rides", b"2 2 50")?;
    // 0 2 31
    driver.push_message("rides", b"0 2 31")?;
    // 2 1 98
    driver.push_message("rides", b"2 1 98")?;
    driver.run();

    let expected = [
        &b"{\"meters\":30,\"fastest\":15.0}\n"[..],
        b"{\"meters\":68,\"fastest\":68.0}\n",
        b"{\"meters\":97,\"fastest\":68.0}\n",
        b"{\"meters\":50,\"fastest\":25.0}\n",
        b"{\"meters\":128,\"fastest\":68.0}\n",
        b"{\"meters\":148,\"fastest\":98.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "0").ok_or("totals has no partition 0")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":128,"fastest":68.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "2").ok_or("totals has no partition 2")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":148,"fastest":98.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 3);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    assert_eq!(dead_letters.collect::<Vec<_>>(), [("decode", "invalid digit found in string")]);
    Ok(())
}


// scooters: rides of session 3
fn rides_of_session_3() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    driver.restore("totals", "2", r#"{"meters":90,"fastest":1.5}"#)?;
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 2 2 97
    driver.push_message("rides", b"2 2 97")?;
    // 2 2 66
    driver.push_message("rides", b"2 2 66")?;
    driver.run();

    let expected = [
        &b"{\"meters\":30,\"fastest\":15.0}\n"[..],
        b"{\"meters\":187,\"fastest\":48.0}\n",
        b"{\"meters\":253,\"fastest\":48.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "2").ok_or("totals has no partition 2")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":253,"fastest":48.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 2);
    assert!(driver.dead_letters().is_empty());
    Ok(())
}


// scooters: rides of session 4
fn rides_of_session_4() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 2 3 81
    driver.push_message("rides", b"2 3 81")?;
    // 1 1 5
    driver.push_message("rides", b"1 1 5")?;
    // 5 ninety
    driver.push_message("rides", b"5 ninety")?;
    driver.run();

    let expected = [
        &b"{\"meters\":30,\"fastest\":15.0}\n"[..],
        b"{\"meters\":81,\"fastest\":27.0}\n",
        b"{\"meters\":5,\"fastest\":5.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "1").ok_or("totals has no partition 1")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":5,"fastest":5.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "2").ok_or("totals has no partition 2")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":81,"fastest":27.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 3);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    assert_eq!(dead_letters.collect::<Vec<_>>(), [("decode", "invalid digit found in string")]);
    Ok(())
}


// scooters: rides of session 5
fn rides_of_session_5() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    driver.restore("totals", "2", r#"{"meters":90,"fastest":1.5}"#)?;
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 1 0 98
    driver.push_message("rides", b"1 0 98")?;
    // 1 3 13
    driver.push_message("rides", b"1 3 13")?;
    // 0 3 32
    driver.push_message("rides", b"0 3 32")?;
    // 0 3 29
    driver.push_message("rides", b"0 3 29")?;
    driver.run();

    let expected = [
        b"{\"meters\":30,\"fastest\":15.0}\n",
        b"{\"meters\":32,\"fastest\":10.0}\n",
        b"{\"meters\":61,\"fastest\":10.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "0").ok_or("totals has no partition 0")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":61,"fastest":10.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "1").ok_or("totals has no partition 1")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":98,"fastest":0.0}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("totals", "2").ok_or("totals has no partition 2")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":90,"fastest":1.5}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 4);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    let expected = [
        ("add_ride", "panicked: attempt to divide by zero"),
        ("add_ride", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
    ];
    assert_eq!(dead_letters.collect::<Vec<_>>(), expected);
    Ok(())
}


// scooters: rides of session 6
fn rides_of_session_6() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 2 3 49
    driver.push_message("rides", b"2 3 49")?;
    // 0 3 7
    driver.push_message("rides", b"0 3 7")?;
    // 2 1 48
    driver.push_message("rides", b"2 1 48")?;
    // 0 3 82
    driver.push_message("rides", b"0 3 82")?;
    // 0 3 43
    driver.push_message("rides", b"0 3 43")?;
    // 1 3 35
    driver.push_message("rides", b"1 3 35")?;
    driver.run();

    let expected = [
        &b"{\"meters\":30,\"fastest\":15.0}\n"[..],
        b"{\"meters\":49,\"fastest\":16.0}\n",
        b"{\"meters\":7,\"fastest\":2.0}\n",
        b"{\"meters\":97,\"fastest\":48.0}\n",
        b"{\"meters\":89,\"fastest\":27.0}\n",
        b"{\"meters\":132,\"fastest\":27.0}\n",
        b"{\"meters\":35,\"fastest\":11.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "0").ok_or("totals has no partition 0")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":132,"fastest":27.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "1").ok_or("totals has no partition 1")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":35,"fastest":11.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "2").ok_or("totals has no partition 2")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":97,"fastest":48.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 4);
    assert!(driver.dead_letters().is_empty());
    Ok(())
}


// scooters: rides of session 7
fn rides_of_session_7() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    driver.restore("totals", "2", r#"{"meters":90,"fastest":1.5}"#)?;
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 1 3 88
    driver.push_message("rides", b"1 3 88")?;
    // 1 3 61
    driver.push_message("rides", b"1 3 61")?;
    // 2 2 58
    driver.push_message("rides", b"2 2 58")?;
    // 0 1 56
    driver.push_message("rides", b"0 1 56")?;
    // 2 3 73
    driver.push_message("rides", b"2 3 73")?;
    driver.run();

    let expected = [
        &b"{\"meters\":30,\"fastest\":15.0}\n"[..],
        b"{\"meters\":88,\"fastest\":29.0}\n",
        b"{\"meters\":149,\"fastest\":29.0}\n",
        b"{\"meters\":148,\"fastest\":29.0}\n",
        b"{\"meters\":56,\"fastest\":56.0}\n",
        b"{\"meters\":221,\"fastest\":29.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "0").ok_or("totals has no partition 0")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":56,"fastest":56.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "1").ok_or("totals has no partition 1")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":149,"fastest":29.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "2").ok_or("totals has no partition 2")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":221,"fastest":29.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 4);
    assert!(driver.dead_letters().is_empty());
    Ok(())
}


// scooters: rides of session 8
fn rides_of_session_8() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 1 1 5
    driver.push_message("rides", b"1 1 5")?;
    // 1 0 47
    driver.push_message("rides", b"1 0 47")?;
    // 1 2 87
    driver.push_message("rides", b"1 2 87")?;
    // 0 1 10
    driver.push_message("rides", b"0 1 10")?;
    // 5 ninety
    driver.push_message("rides", b"5 ninety")?;
    // 0 0 74
    driver.push_message("rides", b"0 0 74")?;
    // 0 1 41
    driver.push_message("rides", b"0 1 41")?;
    driver.run();

    let expected = [
        &b"{\"meters\":30,\"fastest\":15.0}\n"[..],
        b"{\"meters\":5,\"fastest\":5.0}\n",
        b"{\"meters\":10,\"fastest\":10.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "0").ok_or("totals has no partition 0")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":84,"fastest":10.0}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("totals", "1").ok_or("totals has no partition 1")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":52,"fastest":5.0}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 3);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    let expected = [
        ("add_ride", "panicked: attempt to divide by zero"),
        ("add_ride", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
        ("decode", "invalid digit found in string"),
        ("add_ride", "panicked: attempt to divide by zero"),
        ("add_ride", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
    ];
    assert_eq!(dead_letters.collect::<Vec<_>>(), expected);
    Ok(())
}


// scooters: rides of session 9
fn rides_of_session_9() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    driver.restore("totals", "2", r#"{"meters":90,"fastest":1.5}"#)?;
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 2 1 90
    driver.push_message("rides", b"2 1 90")?;
    // 0 1 66
    driver.push_message("rides", b"0 1 66")?;
    driver.run();

    let expected = [
        &b"{\"meters\":30,\"fastest\":15.0}\n"[..],
        b"{\"meters\":180,\"fastest\":90.0}\n",
        b"{\"meters\":66,\"fastest\":66.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "0").ok_or("totals has no partition 0")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":66,"fastest":66.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "2").ok_or("totals has no partition 2")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":180,"fastest":90.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 3);
    assert!(driver.dead_letters().is_empty());
    Ok(())
}


// scooters: rides of session 10
fn rides_of_session_10() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 0 0 6
    driver.push_message("rides", b"0 0 6")?;
    // 1 1 54
    driver.push_message("rides", b"1 1 54")?;
    // 1 2 57
    driver.push_message("rides", b"1 2 57")?;
    driver.run();

    let expected = [
        &b"{\"meters\":30,\"fastest\":15.0}\n"[..],
        b"{\"meters\":54,\"fastest\":54.0}\n",
        b"{\"meters\":111,\"fastest\":54.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "0").ok_or("totals has no partition 0")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":6,"fastest":0.0}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("totals", "1").ok_or("totals has no partition 1")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":111,"fastest":54.0}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 3);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    assert_eq!(dead_letters.collect::<Vec<_>>(), [("add_ride", "panicked: attempt to divide by zero")]);
    Ok(())
}


// scooters: rides of session 11
fn rides_of_session_11() -> Result<(), Box<dyn std::error::Error>> {
    let topology = rides()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    driver.restore("totals", "2", r#"{"meters":90,"fastest":1.5}"#)?;
    // 7 2 30
    driver.push_message("rides", b"7 2 30")?;
    // 1 3 98
    driver.push_message("rides", b"1 3 98")?;
    // 0 0 66
    driver.push_message("rides", b"0 0 66")?;
    // 1 2 33
    driver.push_message("rides", b"1 2 33")?;
    // 1 3 74
    driver.push_message("rides", b"1 3 74")?;
    // 0 2 63
    driver.push_message("rides", b"0 2 63")?;
    // 0 0 90
    driver.push_message("rides", b"0 0 90")?;
    // 1 0 10
    driver.push_message("rides", b"1 0 10")?;
    driver.run();

    let expected = [
        &b"{\"meters\":30,\"fastest\":15.0}\n"[..],
        b"{\"meters\":98,\"fastest\":32.0}\n",
        b"{\"meters\":131,\"fastest\":32.0}\n",
        b"{\"meters\":205,\"fastest\":32.0}\n",
    ];
    assert_eq!(driver.outputs("rides")?, expected);
    let partition = driver.partition("totals", "0").ok_or("totals has no partition 0")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":66,"fastest":0.0}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("totals", "1").ok_or("totals has no partition 1")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":215,"fastest":32.0}"#);
    assert!(partition.poisoned);
    let partition = driver.partition("totals", "2").ok_or("totals has no partition 2")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":90,"fastest":1.5}"#);
    assert!(!partition.poisoned);
    let partition = driver.partition("totals", "7").ok_or("totals has no partition 7")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":30,"fastest":15.0}"#);
    assert!(!partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 4);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    let expected = [
        ("add_ride", "panicked: attempt to divide by zero"),
        ("add_ride", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
        ("add_ride", "the partition is poisoned: an earlier message made its computation panic or its state too long to save"),
        ("add_ride", "panicked: attempt to divide by zero"),
    ];
    assert_eq!(dead_letters.collect::<Vec<_>>(), expected);
    Ok(())
}

pub const ALL: &crate::Tests = &[
    ("votes_of_session_0", votes_of_session_0),
    ("votes_of_session_1", votes_of_session_1),
    ("votes_of_session_2", votes_of_session_2),
    ("votes_of_session_3", votes_of_session_3),
    ("votes_of_session_4", votes_of_session_4),
    ("votes_of_session_5", votes_of_session_5),
    ("votes_of_session_6", votes_of_session_6),
    ("votes_of_session_7", votes_of_session_7),
    ("rides_of_session_0", rides_of_session_0),
    ("rides_of_session_1", rides_of_session_1),
    ("rides_of_session_2", rides_of_session_2),
    ("rides_of_session_3", rides_of_session_3),
    ("rides_of_session_4", rides_of_session_4),
    ("rides_of_session_5", rides_of_session_5),
    ("rides_of_session_6", rides_of_session_6),
    ("rides_of_session_7", rides_of_session_7),
    ("rides_of_session_8", rides_of_session_8),
    ("rides_of_session_9", rides_of_session_9),
    ("rides_of_session_10", rides_of_session_10),
    ("rides_of_session_11", rides_of_session_11),
];
