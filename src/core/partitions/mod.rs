//! Keys and their states: which worker owns a partition ([`placement`]), where it is kept ([`table`]), how
//! a front end asks for rows ([`query`], [`scan`], [`sort_value`], [`rates`]), and what is [`saved`] of it.

mod field;
pub mod partition;
pub mod placement;
pub mod query;
pub mod rates;
pub mod saved;
pub mod scan;
pub mod sort_value;
pub mod table;
