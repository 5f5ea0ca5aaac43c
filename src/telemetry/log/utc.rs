//! Times as text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::{Rfc3339Timestamp, format_rfc3339_millis};

/// A time in UTC as RFC 3339, for example `2026-11-21T10:44:47.123Z`. A clock that is outside the years
/// 1970 to 9999, which that form can write, gives the nearest time inside.
pub(crate) fn utc(time: SystemTime) -> Rfc3339Timestamp {
    let last = UNIX_EPOCH + Duration::from_millis(253_402_300_799_999);
    format_rfc3339_millis(time.clamp(UNIX_EPOCH, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_a_text() {
        let text = |milliseconds| utc(UNIX_EPOCH + Duration::from_millis(milliseconds)).to_string();
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(951_782_400_007), "2000-02-29T00:00:00.007Z");
        assert_eq!(text(u64::MAX), "9999-12-31T23:59:59.999Z");
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(utc(before).to_string(), "1970-01-01T00:00:00.000Z");
    }
}
