//! Market data: what it says, what it does to a symbol, its bytes, and how a person types it.

use serde::{Deserialize, Serialize};
use wallaroo::{Generator, Reason};

use super::order::ORDER;
use super::text::{Symbol, Text, Time};
use super::{SymbolData, symbols, typed};

/// The payload of market data in words.
pub const FORMAT: &str = "u8 type 2, 4 bytes symbol, 21 bytes time, f64 bid, f64 offer; \
                          42 bytes, big-endian";

/// How market data is typed.
pub const EXAMPLE: &str = "IBM 140.20 140.28";

/// The first byte of market data.
pub const MARKET_DATA: u8 = 2;

/// The length of market data in bytes.
const LENGTH: usize = 42;

/// A spread, and a spread's share of the price, from which on orders are rejected.
const TOO_WIDE: f64 = 0.05;

/// What a symbol is bid and offered at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MarketData {
    pub symbol: Symbol,
    pub time: Time,
    pub bid: f64,
    pub offer: f64,
}

impl MarketData {
    /// Whether bid and offer are so far apart that orders are rejected.
    pub fn is_too_wide(&self) -> bool {
        let spread = self.offer - self.bid;
        let mid = f64::midpoint(self.bid, self.offer);
        spread >= TOO_WIDE || spread / mid >= TOO_WIDE
    }
}

/// The partition function of market data.
pub fn symbol(data: &MarketData) -> Symbol {
    data.symbol
}

/// The state computation of `Market Data`: the symbol's last bid and offer, to be saved. It sends
/// nothing on.
pub fn update_spread(update: MarketData, data: &mut SymbolData) -> (Option<()>, bool) {
    data.bid = update.bid;
    data.offer = update.offer;
    data.should_reject = update.is_too_wide();
    (None, true)
}

/// Reads market data.
pub fn decode(payload: &[u8]) -> Result<Option<MarketData>, Reason> {
    match payload.first() {
        Some(&MARKET_DATA) | None => {}
        Some(&ORDER) => {
            return Err("the type is 1, an order, and market data's is 2: the senders of orders \
                        and market data are probably swapped"
                .into());
        }
        Some(other) => return Err(format!("the type is {other}, and market data's is 2").into()),
    }
    read(payload).map(Some).ok_or_else(|| {
        let length = payload.len();
        format!("the payload is {length} bytes long, and market data is {LENGTH}: {FORMAT}").into()
    })
}

/// The fields of a payload of the right length.
fn read(payload: &[u8]) -> Option<MarketData> {
    let (_, rest) = payload.split_first()?;
    let (symbol, rest) = rest.split_first_chunk()?;
    let (time, rest) = rest.split_first_chunk()?;
    let (bid, offer) = rest.split_first_chunk()?;
    Some(MarketData {
        symbol: Text(*symbol),
        time: Text(*time),
        bid: f64::from_be_bytes(*bid),
        offer: f64::from_be_bytes(offer.try_into().ok()?),
    })
}

/// The payload that [`decode`] reads as this market data.
pub fn payload(data: &MarketData) -> Vec<u8> {
    let mut payload = vec![MARKET_DATA];
    payload.extend(data.symbol.0);
    payload.extend(data.time.0);
    payload.extend(data.bid.to_be_bytes());
    payload.extend(data.offer.to_be_bytes());
    payload
}

/// The payload of typed market data: a symbol, its bid and its offer. It has no time, so that the
/// same text always means the same bytes.
pub fn parse(text: &str) -> Result<Vec<u8>, Reason> {
    let mut words = text.split_ascii_whitespace();
    let symbol = typed::symbol(words.next(), EXAMPLE)?;
    let bid = typed::number(words.next(), "bid", EXAMPLE)?;
    let offer = typed::number(words.next(), "offer", EXAMPLE)?;
    typed::end(words.next(), "market data ends with its offer")?;
    Ok(payload(&MarketData { symbol, time: Time::default(), bid, offer }))
}

/// The payload of random market data: one in ten has a spread that is too wide.
pub fn random(generator: &mut Generator) -> Vec<u8> {
    let symbol = symbols::random(generator);
    let bid = random_price(generator);
    let cents = match generator.below(10) {
        0 => 6 + generator.below(15),
        _ => 1 + generator.below(4),
    };
    let offer = in_cents((bid * 100.0).round() + f64::from(u32::try_from(cents).unwrap_or(1)));
    payload(&MarketData { symbol, time: random_time(generator), bid, offer })
}

/// A random price from 10.00 to 499.99.
pub fn random_price(generator: &mut Generator) -> f64 {
    in_cents(f64::from(u32::try_from(1_000 + generator.below(49_000)).unwrap_or(1_000)))
}

fn in_cents(cents: f64) -> f64 {
    cents / 100.0
}

/// A random moment of one day of trading, from 09:30 to 16:00.
pub fn random_time(generator: &mut Generator) -> Time {
    let millisecond = (9 * 60 + 30) * 60_000 + generator.below((6 * 60 + 30) * 60_000);
    let (second, minute) = (millisecond / 1_000, millisecond / 60_000);
    let text = format!(
        "20260102-{:02}:{:02}:{:02}.{:03}",
        minute / 60,
        minute % 60,
        second % 60,
        millisecond % 1_000
    );
    Time::padded(text.as_bytes()).unwrap_or_default()
}
