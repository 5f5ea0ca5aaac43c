//! Passes the applications of wallaroo-tui to the library. Your own program looks like this.

mod alphabet;
mod celsius;
mod market_spread;
mod reverse;
mod stations;
mod word_count;

use std::process::ExitCode;

fn main() -> ExitCode {
    wallaroo::main([
        alphabet::app(),
        reverse::app(),
        celsius::app(),
        word_count::app(),
        market_spread::app(),
        stations::app(),
    ])
}
