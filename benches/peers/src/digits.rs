//! Numbers as decimal digits.

/// Appends the digits, as std and a loop make them.
#[inline]
pub fn by_loop(mut number: u64, line: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut made = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        made += 1;
        if number == 0 {
            break;
        }
    }
    line.extend_from_slice(digits.get(digits.len() - made..).unwrap_or_default());
}

/// Appends the digits, as `itoa` makes them.
#[inline]
pub fn by_itoa(number: u64, line: &mut Vec<u8>) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_write_what_std_writes() {
        for number in [0, 9, 10, 99, 100, 12_345, u64::MAX - 1, u64::MAX] {
            let (mut looped, mut made) = (Vec::new(), Vec::new());
            by_loop(number, &mut looped);
            by_itoa(number, &mut made);
            assert_eq!(looped, number.to_string().into_bytes());
            assert_eq!(made, looped);
        }
    }
}
