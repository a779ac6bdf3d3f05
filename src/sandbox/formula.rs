//! Airtable's formula language: the useful part of it, for `filterByFormula`, for formula and
//! rollup fields, and for nothing else
//! (<https://support.airtable.com/docs/formula-field-reference>).
//!
//! [`parse()`] makes a tree and refuses what is not known, so that a caller learns of it as he would
//! from Airtable; [`Formula::evaluate`] is a pure function of the tree and of what a [`Scope`]
//! says about the record.

mod datetime;
mod eval;
mod functions;
mod parse;
mod value;

pub(crate) use datetime::parse_iso;
pub use eval::Scope;
pub use parse::{FormulaError, parse};
pub use value::{EvalError, Value};
pub(crate) use value::{iso, number_cell};

use functions::Function;

/// A formula whose fields are named by `F`.
#[derive(Debug, Clone)]
pub struct Formula<F> {
    root: Expr<F>,
}

#[derive(Debug, Clone)]
enum Expr<F> {
    Literal(Value),
    Field(F),
    Negate(Box<Self>),
    /// Operators of one precedence, from left to right. Flat, so that a chain of any length needs
    /// no stack.
    Chain(Box<Self>, Vec<(Operator, Self)>),
    /// Evaluates its arguments first.
    Call(&'static Function, Vec<Self>),
    /// Evaluates only the branch taken.
    If(Box<Self>, Box<Self>, Option<Box<Self>>),
    /// Subject, cases with their results, default.
    Switch(Box<Self>, Vec<(Self, Self)>, Option<Box<Self>>),
    /// Whether its argument fails.
    IsError(Box<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Concat,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl<F> Formula<F> {
    /// Replaces how fields are named: names as typed become keys, once.
    ///
    /// # Errors
    /// The first one that `resolve` gives.
    pub fn resolve<G, E>(
        self,
        mut resolve: impl FnMut(F) -> Result<G, E>,
    ) -> Result<Formula<G>, E> {
        Ok(Formula { root: self.root.resolve(&mut resolve)? })
    }

    /// The fields read, in the order of the text, with repetitions.
    pub fn fields(&self) -> Vec<&F> {
        let mut found = Vec::new();
        self.root.visit(&mut |expr| {
            if let Expr::Field(field) = expr {
                found.push(field);
            }
        });
        found
    }

    /// Whether the result changes with time alone, as with `NOW()`.
    pub fn is_volatile(&self) -> bool {
        let mut volatile = false;
        self.root.visit(&mut |expr| {
            volatile |= matches!(expr, Expr::Call(function, _) if function.volatile);
        });
        volatile
    }
}

impl<F> Expr<F> {
    fn resolve<G, E>(self, to: &mut impl FnMut(F) -> Result<G, E>) -> Result<Expr<G>, E> {
        fn boxed<F, G, E>(
            expr: Expr<F>,
            to: &mut impl FnMut(F) -> Result<G, E>,
        ) -> Result<Box<Expr<G>>, E> {
            expr.resolve(to).map(Box::new)
        }
        Ok(match self {
            Self::Literal(value) => Expr::Literal(value),
            Self::Field(field) => Expr::Field(to(field)?),
            Self::Negate(inner) => Expr::Negate(boxed(*inner, to)?),
            Self::IsError(inner) => Expr::IsError(boxed(*inner, to)?),
            Self::Chain(first, rest) => Expr::Chain(
                boxed(*first, to)?,
                rest.into_iter()
                    .map(|(op, expr)| Ok((op, expr.resolve(to)?)))
                    .collect::<Result<_, E>>()?,
            ),
            Self::Call(function, args) => Expr::Call(
                function,
                args.into_iter().map(|arg| arg.resolve(to)).collect::<Result<_, E>>()?,
            ),
            Self::If(test, yes, no) => Expr::If(
                boxed(*test, to)?,
                boxed(*yes, to)?,
                no.map(|no| boxed(*no, to)).transpose()?,
            ),
            Self::Switch(subject, cases, default) => Expr::Switch(
                boxed(*subject, to)?,
                cases
                    .into_iter()
                    .map(|(case, result)| Ok((case.resolve(to)?, result.resolve(to)?)))
                    .collect::<Result<_, E>>()?,
                default.map(|default| boxed(*default, to)).transpose()?,
            ),
        })
    }

    fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Literal(_) | Self::Field(_) => {}
            Self::Negate(inner) | Self::IsError(inner) => inner.visit(see),
            Self::Chain(first, rest) => {
                first.visit(see);
                rest.iter().for_each(|(_, expr)| expr.visit(see));
            }
            Self::Call(_, args) => args.iter().for_each(|arg| arg.visit(see)),
            Self::If(test, yes, no) => {
                test.visit(see);
                yes.visit(see);
                no.iter().for_each(|no| no.visit(see));
            }
            Self::Switch(subject, cases, default) => {
                subject.visit(see);
                for (case, result) in cases {
                    case.visit(see);
                    result.visit(see);
                }
                default.iter().for_each(|default| default.visit(see));
            }
        }
    }
}

/// Names a field by its id wherever a formula names it as `old`, so that a rename changes nothing.
pub(crate) fn pin_field(text: &str, old: &str, id: &str) -> String {
    /// Quoted texts, braced names, and bare words; what follows a word tells functions from fields.
    const TOKENS: &str =
        r#""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{(?:[^}\\]|\\.)*\}|[\p{Alphabetic}\p{N}_]+\s*\(?"#;
    let Ok(tokens) = regex::Regex::new(TOKENS) else { return text.to_owned() };
    let braced = format!("{{{old}}}");
    tokens
        .replace_all(text, |found: &regex::Captures<'_>| {
            let token = &found[0];
            let word = token.trim_end();
            if word == braced || word == old {
                format!("{{{id}}}{}", &token[word.len()..])
            } else {
                token.to_owned()
            }
        })
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_field_is_found_in_braces_and_bare_but_not_in_text() {
        let pinned = pin_field("LEN(LEN) & {LEN} & 'LEN {LEN}' & LENT & LEN", "LEN", "fldX");
        assert_eq!(pinned, "LEN({fldX}) & {fldX} & 'LEN {LEN}' & LENT & {fldX}");
    }
}
