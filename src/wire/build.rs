//! Which program this is: two processes understand each other's messages if they run the same one.

use std::fs::File;
use std::io::{self, Read};
use std::sync::LazyLock;

use crate::core::topology::Topology;

/// How much of the program is read at a time.
const PIECE: usize = 1 << 20;

/// A text that is another one for each program that was built. It reads the program once, which takes a moment.
pub fn build() -> &'static str {
    static BUILD: LazyLock<String> = LazyLock::new(|| {
        let version = env!("CARGO_PKG_VERSION");
        match program() {
            Ok((length, checksum)) => format!("{version} {length} {checksum:08x}"),
            // Where the program cannot be read, its version has to do.
            Err(_) => version.to_owned(),
        }
    });
    &BUILD
}

/// The length and the checksum of the program that runs.
fn program() -> io::Result<(u64, u32)> {
    // Not the file's path: the file may have been replaced since the program was started.
    let mut file =
        File::open("/proc/self/exe").or_else(|_| std::env::current_exe().and_then(File::open))?;
    let (mut length, mut checksum) = (0, crc32fast::Hasher::new());
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok((length, checksum.finalize()));
        };
        length += read as u64;
        checksum.update(bytes);
    }
}

/// A number that is another one for other steps, states or declared keys.
pub fn fingerprint(topology: &Topology) -> u32 {
    crc32fast::hash(format!("{topology:?}").as_bytes())
}
