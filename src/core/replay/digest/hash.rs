//! XXH64, which says in 64 bits what some bytes are.
//!
//! A digest is compared with digests of other builds and other machines, so the hash is written down here, as [its
//! author specifies it](https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). It is no protection against
//! anybody who wants two values to have one hash.

const PRIMES: [u64; 5] = [
    0x9e37_79b1_85eb_ca87,
    0xc2b2_ae3d_27d4_eb4f,
    0x1656_67b1_9e37_79f9,
    0x85eb_ca77_c2b2_ae63,
    0x27d4_eb2f_1656_67c5,
];

/// The hash of some bytes. With the hash of others as `seed`, it is a hash of both.
pub(in crate::core::replay) fn hash(bytes: &[u8], seed: u64) -> u64 {
    let [one, two, three, four, five] = PRIMES;
    let (stripes, rest) = bytes.as_chunks::<32>();
    let mut hash = if stripes.is_empty() {
        seed.wrapping_add(five)
    } else {
        let seeds = [one.wrapping_add(two), two, 0, one.wrapping_neg()];
        let mut lanes = seeds.map(|lane| seed.wrapping_add(lane));
        for stripe in stripes {
            let words = stripe.as_chunks::<8>().0;
            for (lane, word) in lanes.iter_mut().zip(words) {
                *lane = round(*lane, u64::from_le_bytes(*word));
            }
        }
        let turned = lanes.iter().zip([1, 7, 12, 18]).map(|(lane, by)| lane.rotate_left(by));
        let sum = turned.fold(0_u64, u64::wrapping_add);
        lanes
            .iter()
            .fold(sum, |hash, lane| (hash ^ round(0, *lane)).wrapping_mul(one).wrapping_add(four))
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        hash ^= round(0, u64::from_le_bytes(*word));
        hash = hash.rotate_left(27).wrapping_mul(one).wrapping_add(four);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(one);
        hash = hash.rotate_left(23).wrapping_mul(two).wrapping_add(three);
    }
    for byte in rest {
        hash ^= u64::from(*byte).wrapping_mul(five);
        hash = hash.rotate_left(11).wrapping_mul(one);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(two);
    hash = (hash ^ (hash >> 29)).wrapping_mul(three);
    hash ^ (hash >> 32)
}

fn round(lane: u64, word: u64) -> u64 {
    let [one, two, ..] = PRIMES;
    lane.wrapping_add(word.wrapping_mul(two)).rotate_left(31).wrapping_mul(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_every_other_xxh64() {
        let known: [(&[u8], u64, u64); 4] = [
            (b"", 0, 0xef46_db37_51d8_e999),
            (b"a", 0, 0xd24e_c4f1_a98c_6e5b),
            (b"abc", 0, 0x44bc_2cf5_ad77_0999),
            (b"Nobody inspects the spammish repetition", 0, 0xfbce_a83c_8a37_8bf1),
        ];
        for (bytes, seed, expected) in known {
            assert_eq!(hash(bytes, seed), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
