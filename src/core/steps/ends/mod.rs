//! The ends of segments: messages go to the workers that own their partitions, or become the bytes of sinks.

mod encode;
mod encoded;
mod gathered;
mod joined;
mod partition;
pub mod recycled;
mod spread;

pub(crate) use encode::{DoneEnd, EncodeBatch, EncodeEnd, EncodeStep};
pub(crate) use encoded::{EncodedEnd, decoded};
pub(crate) use joined::Joined;
pub(crate) use partition::PartitionEnd;
pub(crate) use spread::{ReceiveStep, SpreadEnd};
