//! Rejections: their fields and their bytes.

use serde::{Deserialize, Serialize};
use wallaroo::Out;

use super::order::Order;

/// What [`write_frame`] writes, in words.
pub const FORMAT: &str = "u32 length 55, u8 side, u32 account, 6 bytes id, 4 bytes symbol, \
                          f64 quantity, f64 price, f64 bid, f64 offer, u64 time in 10 us; big-endian";

/// The length of a rejection without its header: 1 + 4 + 6 + 4 + 4 x 8 + 8.
const LENGTH: u32 = 55;

/// An order that was rejected, and what its symbol was bid and offered at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    pub order: Order,
    pub bid: f64,
    pub offer: f64,
    /// When it was rejected, in units of 10 microseconds since 1970.
    pub timestamp: u64,
}

/// Writes a rejection as a frame, header included: 59 bytes.
pub fn write_frame(rejection: &Rejection, output: &mut Out<'_>) {
    let Rejection { order, bid, offer, timestamp } = rejection;
    output.bytes(LENGTH.to_be_bytes());
    output.byte(order.side.into());
    output.bytes(order.account.to_be_bytes());
    output.bytes(order.id.0);
    output.bytes(order.symbol.0);
    for number in [order.quantity, order.price, *bid, *offer] {
        output.bytes(number.to_be_bytes());
    }
    output.bytes(timestamp.to_be_bytes());
}
