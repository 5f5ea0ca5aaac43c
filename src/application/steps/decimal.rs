//! Decimal digits, eight at a time: their computation is done on all eight in one register.

#![expect(clippy::inline_always, reason = "a part of `Out::decimal`")]

/// How many numbers have at most eight digits.
pub(super) const EIGHT_DIGITS: u64 = 100_000_000;

/// The digit `0` in each byte.
const ZEROS: u64 = u64::from_le_bytes(*b"00000000");

/// The eight digits of a number under [`EIGHT_DIGITS`], zeros in front included.
#[inline(always)]
pub(super) fn eight_digits(number: u64) -> [u8; 8] {
    (values(number) + ZEROS).to_le_bytes()
}

/// The digits of a number under [`EIGHT_DIGITS`], at least one, and how many they are. The bytes behind them
/// have no meaning.
#[inline(always)]
pub(super) fn first_digits(number: u64) -> ([u8; 8], usize) {
    let values = values(number);
    // The last digit is written even if it is zero: its lowest bit is set for the count.
    let zeros = (values | 1 << 56).trailing_zeros() / 8;
    (((values + ZEROS) >> (8 * zeros)).to_le_bytes(), 8 - zeros as usize)
}

/// The values of eight digits, a byte each, the first digit in the lowest byte. A number is split into two of
/// four digits, these into four of two, and these into eight. Divisions by 100 and by 10 are multiplications,
/// exact for numbers this small; masks remove what they carry from one number into another.
#[inline(always)]
fn values(number: u64) -> u64 {
    debug_assert!(number < EIGHT_DIGITS, "it has at most eight digits");
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - tens * 10) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_of_eight_digits_is_right_beside_any_other() {
        for half in 0..10_000 {
            for number in [half, half * 10_000, half * 10_000 + 9_999, 99_990_000 + half] {
                assert_eq!(eight_digits(number), format!("{number:08}").as_bytes());
                let (digits, count) = first_digits(number);
                assert_eq!(&digits[..count], number.to_string().as_bytes());
            }
        }
    }
}
