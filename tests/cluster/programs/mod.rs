//! The program as several processes.

mod blamed;
mod children;
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
