//! What a condition may say: known names and functions, and nothing that takes more time than the row is long.
//!
//! Invariant: a condition that passes is nested no deeper than [`DEEPEST`], makes no lists, and loops over one
//! list at a time, with nothing in the loop that grows with the row but the element itself. So the time for a row
//! is at most the length of the condition times the size of the row.

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, LiteralValue, SourceInfo};
use cel::{IdedExpr, Program};

use super::error::ExpressionError;
use super::fields::Fields;
use super::names::{FUNCTIONS, Rows, functions_nearest_first};

/// How deep a condition may be nested: it is judged by recursion, on the stack of a worker.
const DEEPEST: usize = 40;

/// A value of the row that a condition needs: a name, and the field of it if only that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub name: &'static str,
    pub field: Option<String>,
    /// As it is written in the condition, which is how the evaluation asks for it.
    pub path: String,
}

/// What a condition needs of a row.
///
/// # Errors
///
/// It says something that it may not.
pub(super) fn check(
    program: &Program,
    text: &str,
    (rows, fields): (Rows, &Fields),
) -> Result<Vec<Wanted>, ExpressionError> {
    let mut check = Check {
        rows,
        fields,
        text,
        source: program.source_info(),
        variables: Vec::new(),
        wanted: Vec::new(),
    };
    check.visit(program.expression(), 0)?;
    Ok(check.wanted)
}

struct Check<'a> {
    rows: Rows,
    fields: &'a Fields,
    text: &'a str,
    source: &'a SourceInfo,
    /// Those of the loop around, if there is one.
    variables: Vec<&'a str>,
    wanted: Vec<Wanted>,
}

type Checked = Result<(), ExpressionError>;

impl<'a> Check<'a> {
    fn visit(&mut self, expression: &'a IdedExpr, depth: usize) -> Checked {
        if depth > DEEPEST {
            return self.refuse(expression, "this is nested too deep: write it in a simpler way");
        }
        let depth = depth + 1;
        match &expression.expr {
            Expr::Ident(name) => self.name(expression, name, None),
            Expr::Select(select) => match &select.operand.expr {
                Expr::Ident(name) => {
                    let field = Some(select.field.as_str()).filter(|_| !select.test);
                    self.name(&select.operand, name, Some(field))
                }
                _ => self.visit(&select.operand, depth),
            },
            Expr::Call(call) => {
                let name = call.func_name.as_str();
                let is_word = name.starts_with(|first: char| first.is_ascii_alphabetic())
                    || name.starts_with('_')
                        && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
                if is_word && !FUNCTIONS.contains(&name) {
                    let known = functions_nearest_first(name);
                    let sentence = format!("there is no function `{name}` here: use {known}");
                    return self.refuse_word(expression, name, sentence);
                }
                let target = call.target.iter().map(|target| &**target);
                target.chain(&call.args).try_for_each(|part| self.visit(part, depth))
            }
            Expr::List(list) => list.elements.iter().try_for_each(|part| self.visit(part, depth)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.visit(&entry.key, depth)?;
                    self.visit(&entry.value, depth)
                }
                EntryExpr::StructField(field) => self.visit(&field.value, depth),
            }),
            Expr::Comprehension(each) => self.each(expression, each, depth),
            Expr::Literal(_) => Ok(()),
            Expr::Struct(_) | Expr::Unspecified => {
                self.refuse(expression, "this makes a value of a type, and there are none")
            }
        }
    }

    /// A name, alone (`None`) or followed by a field, which is `None` if only its presence is asked for.
    #[expect(
        clippy::option_option,
        reason = "no field, one, or only its presence: told apart here alone"
    )]
    fn name(&mut self, at: &IdedExpr, name: &str, field: Option<Option<&str>>) -> Checked {
        if self.variables.contains(&name) || name.starts_with('@') {
            return Ok(());
        }
        let Some(known) = self.rows.find(name) else {
            let no_such =
                || format!("there is no `{name}` here: use {}", self.rows.nearest_first(name));
            return self.refuse(at, self.rows.why_not(name).unwrap_or_else(no_such));
        };
        if known.has_fields && !self.variables.is_empty() {
            return self.refuse(at, format!("`{name}` cannot be used in a loop over a list"));
        }
        if !known.has_fields && field.is_some() {
            return self.refuse(at, format!("`{name}` has no fields"));
        }
        let field = field.flatten();
        if let Some(sentence) = field.and_then(|field| self.fields.refuse(name, field)) {
            return Err(ExpressionError::new(self.place_of_field(at, name), sentence));
        }
        let path = field.map_or_else(|| name.to_owned(), |field| format!("{name}.{field}"));
        if !self.wanted.iter().any(|wanted| wanted.path == path) {
            let field = field.map(str::to_owned);
            self.wanted.push(Wanted { name: known.name, field, path });
        }
        Ok(())
    }

    /// A loop: `list.exists(one, one > 3)`.
    fn each(&mut self, at: &IdedExpr, each: &'a ComprehensionExpr, depth: usize) -> Checked {
        self.visit(&each.iter_range, depth)?;
        // Those that make a list begin with an empty one.
        if !matches!(
            each.accu_init.expr,
            Expr::Literal(LiteralValue::Boolean(_) | LiteralValue::Int(_))
        ) {
            return self.refuse(at, "a condition makes no lists: use all, exists, exists_one");
        }
        if !self.variables.is_empty() {
            return self.refuse(at, "a loop over a list has no other one inside");
        }
        self.variables.push(&each.iter_var);
        self.variables.extend(each.iter_var2.as_deref());
        let parts = [&each.loop_cond, &each.loop_step, &each.result];
        parts.into_iter().try_for_each(|part| self.visit(part, depth))?;
        self.variables.clear();
        Ok(())
    }

    fn refuse(&self, at: &IdedExpr, sentence: impl Into<String>) -> Checked {
        Err(ExpressionError::new(self.column(self.start(at)), sentence))
    }

    /// Where something begins, in bytes.
    fn start(&self, at: &IdedExpr) -> usize {
        self.source.offset_for(at.id).map_or(0, |(start, _)| start as usize)
    }

    fn column(&self, start: usize) -> usize {
        self.text.get(..start).unwrap_or(self.text).chars().count()
    }

    /// Where the field behind a name begins; where the name does if a remark is between them.
    fn place_of_field(&self, at: &IdedExpr, name: &str) -> usize {
        let start = self.start(at);
        let behind = self.text.get(start..).and_then(|text| text.strip_prefix(name));
        let field = behind.and_then(|text| text.trim_start().strip_prefix('.'));
        let field = field.map(str::trim_start).filter(|field| !field.starts_with("//"));
        self.column(field.map_or(start, |field| self.text.len() - field.len()))
    }

    /// The same at a word, if it is the only one that is so: the tree has the place of its bracket only.
    fn refuse_word(&self, at: &IdedExpr, word: &str, sentence: String) -> Checked {
        match self.text.split_once(word) {
            Some((before, _)) => Err(ExpressionError::new(before.chars().count(), sentence)),
            None => self.refuse(at, sentence),
        }
    }
}
