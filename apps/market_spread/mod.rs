//! Market spread: refuses orders for symbols whose bid and offer are too far apart.
//!
//! Two pipelines share one state, with one partition per symbol. `Market Data` sets a symbol's last bid and
//! offer, and sends nothing on; `Orders` only looks at them, and sends on the orders that are rejected.
//! Until its first market data, every order for a symbol is rejected.

mod market_data;
mod order;
mod rejection;
mod symbols;
#[cfg(test)]
mod tests;
mod text;
mod typed;

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use wallaroo::{App, Application, BuildError, Key, Sink, Source, StateComputation, Topology};

use market_data::update_spread;
use order::Order;
use rejection::Rejection;
use text::Symbol;

/// The state that both pipelines share.
const STATE: &str = "symbol-data";

/// The application, for the command line.
pub fn app() -> App {
    App::new("market_spread", "rejects orders for symbols whose spread is too wide", |_| {
        topology(wall_clock)
    })
}

/// Tells the time since 1970 in units of 10 microseconds.
pub type Clock = fn() -> u64;

/// A symbol's state: its last bid and offer, and whether its orders are rejected.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SymbolData {
    symbol: Symbol,
    bid: f64,
    offer: f64,
    should_reject: bool,
}

/// The application; rejections carry this clock's time.
///
/// # Errors
///
/// None that a user could cause; see [`BuildError`].
pub fn topology(clock: Clock) -> Result<Topology, BuildError> {
    let orders = Source::new(order::decode)
        .format(order::FORMAT)
        .typed(order::EXAMPLE, order::parse)
        .generated(order::random);
    let market_data = Source::new(market_data::decode)
        .format(market_data::FORMAT)
        .typed(market_data::EXAMPLE, market_data::parse)
        .generated(market_data::random);
    Application::new("market_spread")
        .pipeline("Orders", orders)
        .to_state_partition_with_keys(
            CheckOrder { clock },
            no_market_data,
            STATE,
            order::symbol,
            symbols::declared_keys(),
        )
        .to_sink(Sink::new(rejection::write_frame).format(rejection::FORMAT))
        .pipeline("Market Data", market_data)
        .to_state_partition_with_keys(
            update_spread,
            no_market_data,
            STATE,
            market_data::symbol,
            symbols::declared_keys(),
        )
        .done()
        .build()
}

/// The state builder: a symbol that has had no market data yet rejects its orders.
fn no_market_data(key: &Key) -> SymbolData {
    // Both partition functions make keys of four bytes.
    let symbol = Symbol::padded(key.as_bytes()).unwrap_or_default();
    SymbolData { symbol, bid: 0.0, offer: 0.0, should_reject: true }
}

/// The state computation of `Orders`: a rejection if the symbol rejects orders. It only reads the state,
/// so there is never anything to save.
struct CheckOrder {
    clock: Clock,
}

impl StateComputation<Order, SymbolData> for CheckOrder {
    type Outcome = (Option<Rejection>, bool);

    fn name(&self) -> String {
        "check_order".to_owned()
    }

    fn compute(&self, order: Order, data: &mut SymbolData) -> Self::Outcome {
        let rejection = data.should_reject.then(|| Rejection {
            order,
            bid: data.bid,
            offer: data.offer,
            timestamp: (self.clock)(),
        });
        (rejection, false)
    }
}

/// The time of the machine. Before 1970 it is 0.
fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros() / 10).unwrap_or(u64::MAX)
}
