//! The program as several processes.

mod blamed;
mod children;
mod disturbed;
mod killed;
mod lines;
mod machines;
mod refused;
mod stopped;
mod system;
mod together;
