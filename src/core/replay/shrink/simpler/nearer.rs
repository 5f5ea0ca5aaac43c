//! Numbers that are nearer to zero.

/// A payload that is to be tried.
pub type Payload = Vec<u8>;

/// Zero, then numbers nearer and nearer to this one: of which numbers it still happens is found by halving.
pub(super) fn nearer_to_zero(number: u128) -> impl Iterator<Item = u128> {
    let part = move |halvings| number.checked_shr(halvings).filter(|part| *part > 0);
    (0..).map_while(part).map(move |part| number - part)
}
