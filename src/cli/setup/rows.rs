//! What `--state` writes.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use crate::core::json::write_json;
use crate::core::partitions::query::PartitionRow;
use crate::workbench::Reported;

/// Writes one JSON line per partition.
pub(in crate::cli) fn write_rows(
    rows: impl IntoIterator<Item = PartitionRow>,
    file: File,
) -> io::Result<()> {
    let mut writer = BufWriter::new(Reported(file));
    for row in rows {
        write_json(&mut writer, &row)?;
        writer.write_all(b"\n")?;
    }
    writer.flush()
}
