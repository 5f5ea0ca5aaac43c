//! Leaves out what is not needed.
//!
//! Here `does` says whether a smaller set still does it. It returns what is left of it, which may be even less.

use super::kept::Kept;

/// Delta debugging, after Zeller's `ddmin`: leaves out halves, then smaller and smaller pieces, at last one by one.
/// What is left is 1-minimal: without any single one of them, it does not do it.
///
/// After a success, the search goes on with the next piece, where `ddmin` begins again with the first: so the number of
/// probes is not quadratic as long as pieces do not depend on each other.
pub(super) fn minimal<E>(
    mut kept: Kept,
    mut does: impl FnMut(&Kept) -> Result<Option<Kept>, E>,
) -> Result<Kept, E> {
    let mut piece = kept.len().div_ceil(2);
    while piece > 1 {
        let mut at = 0;
        while at < kept.len() {
            let until = kept.len().min(at + piece);
            match does(&kept.without(at..until))? {
                Some(fewer) => kept = fewer,
                None => at = until,
            }
        }
        piece = (piece / 2).min(kept.len().div_ceil(2));
    }
    one_by_one(kept, does)
}

/// Leaves out one at a time, round and round, until each of those that are left was needed by all the others.
fn one_by_one<E>(
    mut kept: Kept,
    mut does: impl FnMut(&Kept) -> Result<Option<Kept>, E>,
) -> Result<Kept, E> {
    let (mut at, mut needed) = (0, 0);
    while needed < kept.len() {
        if at >= kept.len() {
            at = 0;
        }
        if let Some(fewer) = does(&kept.without(at..at + 1))? {
            (kept, needed) = (fewer, 0);
        } else {
            (at, needed) = (at + 1, needed + 1);
        }
    }
    Ok(kept)
}

/// Looks for a single one that does it, together with the last `fixed` ones: of two halves, if it is not the first, it
/// is taken to be the second. So it takes one probe per halving, and all together run about as many messages as there
/// are. If it was not a single one, what is left of the set is returned.
pub(super) fn single<E>(
    mut kept: Kept,
    fixed: usize,
    mut does: impl FnMut(&Kept) -> Result<Option<Kept>, E>,
) -> Result<Kept, E> {
    let mut left = 0..kept.len().saturating_sub(fixed);
    while !left.is_empty() {
        let middle = left.start + left.len().div_ceil(2);
        let half = kept.places(left.start..middle).with_last_of(&kept, fixed);
        match does(&half)? {
            Some(fewer) if fewer.len() <= 1 + fixed => return Ok(fewer),
            Some(fewer) => {
                left = 0..fewer.len().saturating_sub(fixed);
                kept = fewer;
            }
            None => left.start = middle,
        }
    }
    Ok(kept)
}
