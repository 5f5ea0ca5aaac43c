//! A test of what was seen: of a moment, of a partition, or of a message, with the messages on which that depends.
//!
//! What happens in the test is compared with what was recorded, so it passes; or it fails as it says.

mod error;
mod gathered;
mod rehearsed;
mod wanted;

use std::iter;
use std::sync::Arc;

pub use error::ExactError;
use gathered::Gathered;
use rehearsed::rehearse;
pub use wanted::{Exact, Of, Wanted};

use super::Watching;
use super::base::BasePartition;
use crate::core::replay::shrink::Message;
use crate::core::replay::source::Recording;
use crate::core::replay::touched::Part as TouchedPart;
use crate::core::topology::Topology;

/// Makes a test of what was seen.
///
/// # Errors
///
/// What it is to be of is not in the recording, it depends on too many messages, or it does not happen in a test.
pub fn exact(
    topology: &Arc<Topology>,
    recording: &impl Recording,
    wanted: &Wanted,
    watching: &dyn Watching,
) -> Result<Exact, ExactError> {
    let gathered = Gathered::gather(topology, recording, wanted, watching)?;
    let mut is_sure = true;
    for Part { messages, base } in parts(&gathered, &wanted.of) {
        if messages.len() > wanted.most {
            // Those that come after it are larger.
            return Err(ExactError::TooMany { needed: messages.len(), most: wanted.most, is_sure });
        }
        let messages = messages.iter().filter_map(|at| gathered.messages.get(*at));
        let messages: Vec<&Message> = messages.collect();
        let base = base.iter().filter_map(|at| gathered.base.get(*at));
        let base: Vec<&BasePartition> = base.collect();
        match rehearse(topology, &gathered, (&wanted.of, &messages, &base))? {
            Some(exact) => return Ok(exact),
            None => is_sure = false,
        }
    }
    Err(ExactError::NotTheSame)
}

/// The places of some of the messages, and of some of the partitions of the base.
struct Part {
    messages: Vec<usize>,
    base: Vec<usize>,
}

/// What may be enough, the smallest first. The last one is everything. Each is found when it is asked for.
fn parts<'a>(gathered: &'a Gathered, of: &'a Of) -> impl Iterator<Item = Part> {
    let Gathered { messages, base, touched, .. } = gathered;
    let (count, own) = (messages.len(), of.key());
    let some: Box<dyn Iterator<Item = TouchedPart<'a>> + 'a> = match of {
        Of::Moment => Box::new(iter::empty()),
        Of::Partition((_, key)) => Box::new(touched.parts_at(key, count)),
        Of::Message(..) => Box::new(touched.parts(count)),
    };
    let some = some.map(move |part| {
        let is_near = |(_, one): &BasePartition| part.has(&one.key) || own == Some(&one.key);
        let near = base.iter().enumerate().filter(|(_, one)| is_near(one));
        Part { base: near.map(|(at, _)| at).collect(), messages: part.messages }
    });
    let everything =
        move || Part { messages: (0..count).collect(), base: (0..base.len()).collect() };
    some.chain(iter::once_with(everything))
}
