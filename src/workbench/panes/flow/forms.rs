//! The forms in which a pipeline is drawn, from the widest to the narrowest.

use super::chain::Form;
use super::lanes::Detail;

/// What is left out when there is no room, one thing after the other.
pub(super) const FORMS: [(Form, Detail); 7] = [
    (Form { wide: true, address: true, steps: true }, Detail::Full),
    (Form { wide: false, address: true, steps: true }, Detail::Full),
    (Form { wide: false, address: false, steps: true }, Detail::Full),
    (Form { wide: false, address: false, steps: true }, Detail::Short),
    (Form { wide: false, address: false, steps: true }, Detail::Share),
    (Form { wide: true, address: true, steps: false }, Detail::Short),
    (Form { wide: false, address: false, steps: false }, Detail::Share),
];
