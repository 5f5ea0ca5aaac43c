//! The applications that come with wallaroo-tui, handed to the library: the model for a program of
//! one's own.

mod alphabet;
mod celsius;
mod market_spread;
mod reverse;
mod word_count;

use std::process::ExitCode;

fn main() -> ExitCode {
    wallaroo::main([
        alphabet::app(),
        reverse::app(),
        celsius::app(),
        word_count::app(),
        market_spread::app(),
    ])
}
