//! Which characters may reach a terminal as they are: one rule for keys, the log, JSON and screens.

/// Control characters, and invisible characters that change how others are shown: Unicode's
/// general categories Cc, Cf, Zl and Zp, and the property `Default_Ignorable_Code_Point`, of Unicode 16.0
/// (`DerivedGeneralCategory.txt` and `DerivedCoreProperties.txt`), sorted and merged. A test compares it
/// with the tables of `regex-syntax`.
const UNPRINTABLE: [(char, char); 27] = [
    ('\u{0}', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a terminal only shows this character.
#[inline]
pub(crate) fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    let at = UNPRINTABLE.partition_point(|(_, last)| *last < character);
    UNPRINTABLE.get(at).is_none_or(|(first, _)| character < *first)
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::{Class, HirKind};

    use super::*;

    #[test]
    fn the_table_is_unicodes() {
        let class = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]";
        let hir = regex_syntax::parse(class).unwrap();
        let HirKind::Class(Class::Unicode(unprintable)) = hir.kind() else { panic!("{hir:?}") };
        let ranges: Vec<_> =
            unprintable.ranges().iter().map(|range| (range.start(), range.end())).collect();
        assert_eq!(ranges, UNPRINTABLE);
        for character in '\0'..=char::MAX {
            let expected =
                !ranges.iter().any(|(first, last)| (*first..=*last).contains(&character));
            assert_eq!(is_printable(character), expected, "{character:?}");
        }
    }
}
