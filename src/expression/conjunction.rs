//! What a condition demands in any case: the parts that `&&` joins at its top.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, operators};

/// The text that a name must be equal to: one of the parts is `name == "text"`. `None` if none is.
pub(super) fn demanded<'a>(expression: &'a IdedExpr, name: &str) -> Option<&'a str> {
    // Checked: no condition is nested so deep that this is too much for the stack.
    let Expr::Call(call) = &expression.expr else { return None };
    let [one, other] = call.args.as_slice() else { return None };
    match call.func_name.as_str() {
        operators::LOGICAL_AND => demanded(one, name).or_else(|| demanded(other, name)),
        operators::EQUALS => text_for(one, other, name).or_else(|| text_for(other, one, name)),
        _ => None,
    }
}

fn text_for<'a>(left: &IdedExpr, right: &'a IdedExpr, name: &str) -> Option<&'a str> {
    match (&left.expr, &right.expr) {
        (Expr::Ident(ident), Expr::Literal(LiteralValue::String(text))) if ident == name => {
            Some(text.inner())
        }
        _ => None,
    }
}
