//! The program as several processes.

mod blamed;
mod children;
mod clients;
mod clients_held;
mod killed;
mod lines;
mod machines;
mod matrix;
mod memory;
mod pausing;
mod reached;
mod refused;
mod stopped;
mod system;
mod together;
