//! Text that a terminal would obey, and a look for it in what a program wrote.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, HirKind};

/// Every character that a terminal would obey, or that cannot be seen and changes how others are.
pub fn characters() -> BTreeSet<char> {
    let class = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]";
    let hir = regex_syntax::parse(class).unwrap();
    let HirKind::Class(Class::Unicode(class)) = hir.kind() else { panic!("{hir:?}") };
    class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect()
}

/// Words with some of each kind of them, in pairs so that marks have something to stand on.
pub fn words() -> Vec<String> {
    let few =
        ['\u{7f}', '\u{80}', '\u{90}', '\u{9b}', '\u{9c}', '\u{9d}', '\u{9f}', '\u{1b}', '\u{7}'];
    let characters = characters();
    // The first of each run of them, and the last.
    let ends = characters.iter().filter(|character| {
        let has = |neighbour: Option<char>| neighbour.is_some_and(|it| characters.contains(&it));
        let code = u32::from(**character);
        !(has(char::from_u32(code + 1)) && has(code.checked_sub(1).and_then(char::from_u32)))
    });
    few.iter().chain(ends).map(|character| format!("x{character}y{character}2J")).collect()
}

/// Fails if a text has any of them but line breaks.
#[track_caller]
pub fn assert_harmless(what: &str, text: &[u8]) {
    let text = std::str::from_utf8(text).unwrap();
    let characters = characters();
    let found: Vec<_> = text.chars().filter(|it| *it != '\n' && characters.contains(it)).collect();
    assert!(found.is_empty(), "{what}: {found:?} in {}", text.escape_debug());
}

/// What a program wrote to its terminal, without the sequences that move the cursor, set colours and the
/// like.
pub fn without_sequences(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\x1b' => match bytes.next() {
                Some(b'[') => drop(bytes.find(|byte| (0x40..=0x7e).contains(byte))),
                Some(b'7' | b'8') => {}
                // The title of the window: up to the bell, and nothing in it that a terminal obeys.
                Some(b']') => {
                    let title: Vec<u8> =
                        bytes.by_ref().take_while(|byte| *byte != b'\x07').collect();
                    assert_harmless("the title", &title);
                }
                other => panic!("ESC {other:?} is none of ours"),
            },
            b'\r' => {}
            _ => text.push(byte),
        }
    }
    text
}
