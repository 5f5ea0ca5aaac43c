//! A condition that is understood, and how it judges a row.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use cel::common::types::CelBool;
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, Program, Value as CelValue};
use serde_json::Value;

use super::check::{Wanted, check};
use super::conjunction::demanded;
use super::error::ExpressionError;
use super::fields::Fields;
use super::names::Rows;
use super::parse::parse;
use super::trouble::{Trouble, in_words};
use super::value::boxed;
use crate::core::guard::guarded;

/// What is judged: it gives the values of the names of its [`Rows`].
pub trait Row {
    /// The value of a name, or of a field of it; `None` if this row has none.
    fn value(&self, name: &str, field: Option<&str>) -> Option<Value>;

    /// Why a value that was not given is not known, if the row may have it all the same.
    fn unknown(&self, _name: &str, _field: Option<&str>) -> Option<String> {
        None
    }
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
        Self::with_fields(text, rows, &Fields::default())
    }

    /// The same for rows of which the fields are known.
    ///
    /// # Errors
    ///
    /// Also, it has fields that such rows do not have.
    pub fn with_fields(text: &str, rows: Rows, fields: &Fields) -> Result<Self, ExpressionError> {
        let program = parse(text)?;
        let wanted = check(&program, text, (rows, fields))?;
        Ok(Self { text: text.to_owned(), program, wanted, trouble: Trouble::default() })
    }

    /// Whether it holds of a row. A row of which it cannot be said is one of which it does not hold.
    #[must_use]
    pub fn holds(&self, row: &dyn Row) -> bool {
        self.judge(row).unwrap_or(false)
    }

    /// The same, but for values that are not known.
    ///
    /// # Errors
    ///
    /// It depends on a value that the row may have, and that is not known. This says which, and why.
    pub fn judge(&self, row: &dyn Row) -> Result<bool, String> {
        let value = |wanted: &Wanted| row.value(wanted.name, wanted.field.as_deref());
        let values = self.wanted.iter().map(|wanted| value(wanted).and_then(boxed)).collect();
        let missed = self.wanted.iter().map(|_| AtomicBool::default()).collect();
        let found = Found { wanted: &self.wanted, values, missed };
        match guarded(|| self.evaluate(&found)) {
            Ok(holds) => {
                self.trouble.judged();
                Ok(holds)
            }
            Err(why) => {
                if let Some(unknown) = found.unknown(row) {
                    return Err(unknown);
                }
                self.trouble.failed(|| self.why(&found, why));
                Ok(false)
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

    /// All names that it uses.
    pub(super) fn all_names(&self) -> impl Iterator<Item = &'static str> {
        self.wanted.iter().map(|wanted| wanted.name)
    }

    /// The text that a name must be equal to where this holds: `name == "text"` is one of the parts that `&&` joins.
    #[must_use]
    pub(super) fn only(&self, name: &str) -> Option<&str> {
        demanded(self.program.expression(), name)
    }

    fn evaluate(&self, found: &Found<'_>) -> Result<bool, String> {
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
    /// Which of those that are missing the evaluation has asked for.
    missed: Vec<AtomicBool>,
}

impl Found<'_> {
    /// Which value the evaluation asked for and did not get though the row may have it, and why.
    fn unknown(&self, row: &dyn Row) -> Option<String> {
        let missed = self
            .wanted
            .iter()
            .zip(&self.missed)
            .filter(|(_, missed)| missed.load(Ordering::Relaxed));
        let mut missed = missed.map(|(wanted, _)| wanted);
        missed.find_map(|wanted| row.unknown(wanted.name, wanted.field.as_deref()))
    }
}

impl VariableResolver for Found<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let place = self.wanted.iter().position(|wanted| wanted.path == variable)?;
        let value = self.values.get(place)?.as_deref().map(CowVal::Borrowed);
        if let Some(missed) = self.missed.get(place).filter(|_| value.is_none()) {
            missed.store(true, Ordering::Relaxed);
        }
        value
    }
}
