//! Keys and their states: which worker owns a partition ([`placement`]), where it is kept ([`table`]), how
//! a front end asks for rows ([`query`], [`row`], [`scan`], [`sort_value`], [`rates`]), also in another process ([`sent`]),
//! and what is [`saved`] of it.

mod field;
pub mod partition;
pub mod placement;
pub mod query;
pub mod rates;
pub mod row;
pub mod saved;
pub mod scan;
pub mod sent;
pub mod sort_value;
pub mod table;
