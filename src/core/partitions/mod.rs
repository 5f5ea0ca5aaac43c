//! Keys and their states: which worker owns a partition ([`placement`]), where it is kept ([`table`]), how
//! a front end asks for rows ([`query`], [`sort_value`]), and what is [`saved`] of it.

pub mod placement;
pub mod query;
pub mod saved;
pub mod sort_value;
pub mod table;
