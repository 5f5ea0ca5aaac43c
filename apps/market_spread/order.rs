//! Orders: their fields, their bytes, and how a person types one.

use serde::{Deserialize, Serialize};
use wallaroo::{Generator, Reason};

use super::market_data::{MARKET_DATA, random_price, random_time};
use super::symbols;
use super::text::{OrderId, Symbol, Text, Time};
use super::typed;

/// An order's payload in words.
pub const FORMAT: &str = "u8 type 1, u8 side, u32 account, 6 bytes id, 4 bytes symbol, \
                          f64 quantity, f64 price, 21 bytes time; 53 bytes, big-endian";

/// How an order is typed.
pub const EXAMPLE: &str = "buy IBM 100 at 140.25";

/// The first byte of an order.
pub const ORDER: u8 = 1;

/// An order's length in bytes.
const LENGTH: usize = 53;

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Side 1.
    Buy,
    /// Side 2.
    Sell,
    /// A side that has no name here; it is passed on as it is.
    Other(u8),
}

impl From<u8> for Side {
    fn from(byte: u8) -> Self {
        match byte {
            1 => Self::Buy,
            2 => Self::Sell,
            other => Self::Other(other),
        }
    }
}

impl From<Side> for u8 {
    fn from(side: Side) -> Self {
        match side {
            Side::Buy => 1,
            Side::Sell => 2,
            Side::Other(byte) => byte,
        }
    }
}

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub side: Side,
    pub account: u32,
    pub id: OrderId,
    pub symbol: Symbol,
    pub quantity: f64,
    pub price: f64,
    pub time: Time,
}

/// The partition function of orders.
pub fn symbol(order: &Order) -> Symbol {
    order.symbol
}

/// Reads an order.
pub fn decode(payload: &[u8]) -> Result<Option<Order>, Reason> {
    match payload.first() {
        Some(&ORDER) | None => {}
        Some(&MARKET_DATA) => {
            return Err("the type is 2, market data, and an order's is 1: the senders of orders \
                        and market data are probably swapped"
                .into());
        }
        Some(other) => return Err(format!("the type is {other}, and an order's is 1").into()),
    }
    read(payload).map(Some).ok_or_else(|| {
        let length = payload.len();
        format!("the payload is {length} bytes long, and an order is {LENGTH}: {FORMAT}").into()
    })
}

/// The fields of a payload of the right length.
fn read(payload: &[u8]) -> Option<Order> {
    let ([_, side], rest) = payload.split_first_chunk()?;
    let (account, rest) = rest.split_first_chunk()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (symbol, rest) = rest.split_first_chunk()?;
    let (quantity, rest) = rest.split_first_chunk()?;
    let (price, time) = rest.split_first_chunk()?;
    Some(Order {
        side: Side::from(*side),
        account: u32::from_be_bytes(*account),
        id: Text(*id),
        symbol: Text(*symbol),
        quantity: f64::from_be_bytes(*quantity),
        price: f64::from_be_bytes(*price),
        time: Text(time.try_into().ok()?),
    })
}

/// The payload that [`decode`] reads as this order.
pub fn payload(order: &Order) -> Vec<u8> {
    let mut payload = vec![ORDER, order.side.into()];
    payload.extend(order.account.to_be_bytes());
    payload.extend(order.id.0);
    payload.extend(order.symbol.0);
    payload.extend(order.quantity.to_be_bytes());
    payload.extend(order.price.to_be_bytes());
    payload.extend(order.time.0);
    payload
}

/// The payload of a typed order: the side, a symbol, how many, `at` and the price. Its account is 0,
/// its id `typed`, and it has no time, so that the same text always means the same bytes.
pub fn parse(text: &str) -> Result<Vec<u8>, Reason> {
    let mut words = text.split_ascii_whitespace();
    let side = match words.next() {
        Some("buy") => Side::Buy,
        Some("sell") => Side::Sell,
        Some(other) => return Err(format!("`{other}` is no side: begin with buy or sell").into()),
        None => return Err(format!("type an order, such as `{EXAMPLE}`").into()),
    };
    let symbol = typed::symbol(words.next(), EXAMPLE)?;
    let quantity = typed::number(words.next(), "quantity", EXAMPLE)?;
    match words.next() {
        Some("at") => {}
        Some(other) => return Err(format!("type `at` and a price in place of `{other}`").into()),
        None => return Err(format!("type `at` and a price, such as `{EXAMPLE}`").into()),
    }
    let price = typed::number(words.next(), "price", EXAMPLE)?;
    typed::end(words.next(), "an order ends with its price")?;
    let id = OrderId::padded(b"typed").unwrap_or_default();
    let time = Time::default();
    Ok(payload(&Order { side, account: 0, id, symbol, quantity, price, time }))
}

/// The payload of a random order: 100 to 1000 of any symbol at any price.
pub fn random(generator: &mut Generator) -> Vec<u8> {
    let symbol = symbols::random(generator);
    let number = |generator: &mut Generator, limit| {
        u32::try_from(generator.below(limit)).unwrap_or_default()
    };
    let side = if generator.below(2) == 0 { Side::Buy } else { Side::Sell };
    let account = number(generator, 1_000);
    let id = OrderId::padded(number(generator, 1_000_000).to_string().as_bytes());
    payload(&Order {
        side,
        account,
        id: id.unwrap_or_default(),
        symbol,
        quantity: f64::from(100 * (1 + number(generator, 10))),
        price: random_price(generator),
        time: random_time(generator),
    })
}
