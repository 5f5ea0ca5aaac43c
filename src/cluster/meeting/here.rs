//! What a process brings to a meeting.

use super::identity::Identity;
use super::patience::Patience;
use crate::cluster::members::Members;
use crate::wire::secret::Secret;

/// What a process brings to a meeting.
#[derive(Debug)]
pub(super) struct Here {
    pub members: Members,
    pub identity: Identity,
    pub secret: Secret,
    pub patience: Patience,
}
