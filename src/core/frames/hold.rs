//! What frames hold until everything made of them is dropped.

use std::sync::Arc;

use super::failure::Failure;

/// Something that frames hold until everything made of them is dropped. Its own drop releases it.
pub trait Hold: Send + Sync {
    /// The frames have made outputs of this many bytes.
    fn charge(&self, bytes: usize) {
        let _ = bytes;
    }

    /// Outputs of the frames begin or end to be written. Pieces of the frames may be written at the same time.
    fn write(&self, begins: bool) {
        let _ = begins;
    }

    /// A message of one of the frames has become a dead letter.
    fn refused(&self, frame: u32, failure: &Failure) {
        let _ = (frame, failure);
    }
}

/// Two things that are held until the steps are done.
pub(super) struct Both(pub Arc<dyn Hold>, pub Arc<dyn Hold>);

impl Hold for Both {
    fn write(&self, begins: bool) {
        self.0.write(begins);
        self.1.write(begins);
    }

    fn refused(&self, frame: u32, failure: &Failure) {
        self.0.refused(frame, failure);
        self.1.refused(frame, failure);
    }
}

/// Outputs of frames are being written.
pub struct Writing(Arc<dyn Hold>);

impl Writing {
    /// Outputs begin to be written, until this is dropped.
    pub(super) fn begin(hold: &Arc<dyn Hold>) -> Self {
        hold.write(true);
        Self(Arc::clone(hold))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.write(false);
    }
}
