//! A condition that is understood, and how it judges a row.

use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::common::types::CelBool;
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, Program, Value as CelValue};
use serde_json::Value;

use super::check::{Wanted, check};
use super::error::ExpressionError;
use super::names::Rows;
use super::parse::parse;
use super::trouble::{Trouble, in_words};
use super::value::boxed;
use crate::core::guard::guarded;

/// What is judged: it gives the values of the names of its [`Rows`].
pub trait Row {
    /// The value of a name, or of a field of it; `None` if this row has none.
    fn value(&self, name: &str, field: Option<&str>) -> Option<Value>;
}

/// A condition about rows.
pub struct Expression {
    text: String,
    program: Program,
    wanted: Vec<Wanted>,
    trouble: Trouble,
}

/// What the language knows beside the names of the row.
static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

impl Expression {
    /// Understands a condition about rows.
    ///
    /// # Errors
    ///
    /// It is none, or has names that such rows do not have, or could take too long.
    pub fn compile(text: &str, rows: Rows) -> Result<Self, ExpressionError> {
        let program = parse(text)?;
        let wanted = check(&program, text, rows)?;
        Ok(Self { text: text.to_owned(), program, wanted, trouble: Trouble::default() })
    }

    /// Whether it holds of a row. A row of which it cannot be said is one of which it does not hold.
    #[must_use]
    pub fn holds(&self, row: &dyn Row) -> bool {
        let value = |wanted: &Wanted| row.value(wanted.name, wanted.field.as_deref());
        let values = self.wanted.iter().map(|wanted| value(wanted).and_then(boxed)).collect();
        let found = Found { wanted: &self.wanted, values };
        match guarded(|| self.judge(&found)) {
            Ok(holds) => {
                self.trouble.judged();
                holds
            }
            Err(why) => {
                self.trouble.failed(|| self.why(&found, why));
                false
            }
        }
    }

    /// Why it could be judged of no row so far; `None` if it could of one.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.of_all()
    }

    /// As it was typed.
    #[must_use]
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it names this.
    #[must_use]
    pub(super) fn names(&self, name: &str) -> bool {
        self.wanted.iter().any(|wanted| wanted.name == name)
    }

    fn judge(&self, found: &Found<'_>) -> Result<bool, String> {
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        context.set_variable_resolver(found);
        let value = CelValue::resolve_val(self.program.expression(), &context);
        let value = value.map_err(|error| in_words(&error))?;
        let holds = value.downcast_ref::<CelBool>().map(|holds| *holds.inner());
        holds.ok_or_else(|| format!("it gives a {}, not true or false", value.get_type().name()))
    }

    /// What is missing is the reason, if something is.
    fn why(&self, found: &Found<'_>, why: String) -> String {
        let mut values = self.wanted.iter().zip(&found.values);
        match values.find(|(_, value)| value.is_none()) {
            Some((wanted, _)) => format!("no row has {}", wanted.path),
            None => format!("of no row it can be said: {why}"),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Expression").field(&self.text).finish()
    }
}

/// The values of a row that a condition needs.
struct Found<'a> {
    wanted: &'a [Wanted],
    values: Vec<Option<Box<dyn Val>>>,
}

impl VariableResolver for Found<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let place = self.wanted.iter().position(|wanted| wanted.path == variable)?;
        self.values.get(place)?.as_deref().map(CowVal::Borrowed)
    }
}
