//! What happens to processes, and when.

/// When a process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After a while, which is often over before the run has begun.
    Any,
    /// When some more outputs are written.
    Writing,
    /// When a checkpoint has held everything up for a second, because another process stands still.
    Holding,
    /// When all workers have taken a checkpoint, and it is not in the files yet.
    Saving,
    /// When another one was killed, and one that is left is about to become the program anew.
    Leaving,
    /// When another one was killed, and they meet again.
    Meeting,
    /// When another one was killed, and they have met again and get their partitions back.
    Restoring,
}

impl Moment {
    /// How it is told.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Any => "at any moment",
            Self::Writing => "while it writes",
            Self::Holding => "while a checkpoint holds everything up",
            Self::Saving => "between the taking of a checkpoint and its files",
            Self::Leaving => "while it begins again after another's death",
            Self::Meeting => "while they meet",
            Self::Restoring => "while they restore",
        }
    }
}

/// What happens to a process, or to the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is killed, and started again.
    Kill(Moment),
    /// All of them are killed, one after another, and started again.
    KillAll,
    /// It is stopped for longer than the others wait, and goes on when they have begun again.
    Stop,
    /// Its connections pass nothing for so long.
    Stall,
    /// They end, as if it were killed.
    Blink,
    /// They are reset, as if its machine had begun anew.
    Reset,
}

impl Trouble {
    pub const KILLS: [Self; 8] = [
        Self::Kill(Moment::Any),
        Self::Kill(Moment::Writing),
        Self::Kill(Moment::Holding),
        Self::Kill(Moment::Saving),
        Self::Kill(Moment::Leaving),
        Self::Kill(Moment::Meeting),
        Self::Kill(Moment::Restoring),
        Self::KillAll,
    ];

    /// All of them, and kills more often than others.
    pub const ALL: [Self; 13] = [
        Self::Kill(Moment::Any),
        Self::Kill(Moment::Writing),
        Self::Kill(Moment::Writing),
        Self::Kill(Moment::Holding),
        Self::Kill(Moment::Saving),
        Self::Kill(Moment::Leaving),
        Self::Kill(Moment::Meeting),
        Self::Kill(Moment::Restoring),
        Self::KillAll,
        Self::Stop,
        Self::Stall,
        Self::Blink,
        Self::Reset,
    ];

    /// Whether it happens to a way between processes.
    pub fn is_of_relays(self) -> bool {
        match self {
            Self::Stall | Self::Blink | Self::Reset => true,
            Self::Kill(_) | Self::KillAll | Self::Stop => false,
        }
    }
}
