//! The applications that come with the workbench.
#![cfg_attr(not(test), expect(dead_code, reason = "the command line that starts them comes later"))]

mod alphabet;

fn main() {}
