//! Text to tree.

use std::str::Chars;

use winnow::{
    ModalResult, Parser,
    ascii::{dec_uint, multispace0},
    combinator::{
        alt, cut_err, delimited, dispatch, empty, fail, opt, peek, preceded, repeat, separated,
        terminated,
    },
    error::{StrContext, StrContextValue},
    token::{any, take_till, take_while},
};

use super::{
    Expr, Formula, Operator,
    functions::{self, Function},
    value::Value,
};

/// Why a text is not a formula.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormulaError {
    /// It does not follow the grammar, or calls a function that is not known.
    #[error("The formula could not be parsed at character {at}: {found:?}")]
    Syntax {
        /// Characters before the place.
        at: usize,
        /// What stands there, cut to 40 characters.
        found: String,
    },
    /// A function was given too few or too many arguments.
    #[error("{function}() takes {min} to {max} arguments, not {given}")]
    Arity {
        /// Its name.
        function: &'static str,
        /// Fewest arguments.
        min: usize,
        /// Most arguments.
        max: usize,
        /// Arguments in the text.
        given: usize,
    },
    /// Parentheses are nested too deep.
    #[error("The formula is nested too deep")]
    TooDeep,
}

/// Deepest nesting of parentheses, since the parser and the evaluator recurse.
const MAX_DEPTH: usize = 100;

/// Reads a formula. Fields are named as in the text, without their braces.
///
/// # Errors
/// When the text is not a formula, or uses a function that the sandbox does not have.
pub fn parse(text: &str) -> Result<Formula<String>, FormulaError> {
    if depth(text) > MAX_DEPTH {
        return Err(FormulaError::TooDeep);
    }
    let root = delimited(multispace0, expression, multispace0).parse(text).map_err(|error| {
        let at = error.offset();
        let rest = text.get(at..).unwrap_or_default();
        FormulaError::Syntax {
            at: text.get(..at).unwrap_or_default().chars().count(),
            found: rest.chars().take(40).collect(),
        }
    })?;
    let mut arity = None;
    root.visit(&mut |expr| {
        if let Expr::Call(function, args) = expr
            && !(function.min..=function.max).contains(&args.len())
        {
            arity = Some((*function, args.len()));
        }
    });
    match arity {
        Some((&Function { name, min, max, .. }, given)) => {
            Err(FormulaError::Arity { function: name, min, max, given })
        }
        None => Ok(Formula { root }),
    }
}

/// How deep parentheses nest, but for those of quoted texts and braced names.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            ')' => depth = depth.saturating_sub(1),
            '"' | '\'' => skip_past(&mut chars, c),
            '{' => skip_past(&mut chars, '}'),
            _ => {}
        }
    }
    deepest
}

/// Skips what [`escaped`] reads.
fn skip_past(chars: &mut Chars<'_>, close: char) {
    while let Some(c) = chars.next() {
        if c == close {
            return;
        }
        if c == '\\' {
            chars.next();
        }
    }
}

type Tree = Expr<String>;

fn expression(input: &mut &str) -> ModalResult<Tree> {
    comparison.parse_next(input)
}

fn token<'a>(
    symbol: &'static str,
) -> impl Parser<&'a str, &'a str, winnow::error::ErrMode<winnow::error::ContextError>> {
    delimited(multispace0, symbol, multispace0)
}

fn chain<'a>(
    mut operand: impl FnMut(&mut &'a str) -> ModalResult<Tree>,
    mut operator: impl FnMut(&mut &'a str) -> ModalResult<Operator>,
    input: &mut &'a str,
) -> ModalResult<Tree> {
    let first = operand(input)?;
    let rest: Vec<(Operator, Tree)> = repeat(
        0..,
        (|i: &mut &'a str| operator(i), |i: &mut &'a str| cut_err(&mut operand).parse_next(i)),
    )
    .parse_next(input)?;
    Ok(if rest.is_empty() { first } else { Expr::Chain(Box::new(first), rest) })
}

fn comparison(input: &mut &str) -> ModalResult<Tree> {
    let operator = |i: &mut &str| {
        alt((
            token("!=").value(Operator::NotEqual),
            token("<=").value(Operator::LessOrEqual),
            token(">=").value(Operator::GreaterOrEqual),
            token("=").value(Operator::Equal),
            token("<").value(Operator::Less),
            token(">").value(Operator::Greater),
        ))
        .parse_next(i)
    };
    chain(concatenation, operator, input)
}

fn concatenation(input: &mut &str) -> ModalResult<Tree> {
    chain(sum, |i: &mut &str| token("&").value(Operator::Concat).parse_next(i), input)
}

fn sum(input: &mut &str) -> ModalResult<Tree> {
    let operator = |i: &mut &str| {
        alt((token("+").value(Operator::Add), token("-").value(Operator::Subtract))).parse_next(i)
    };
    chain(product, operator, input)
}

fn product(input: &mut &str) -> ModalResult<Tree> {
    let operator = |i: &mut &str| {
        alt((token("*").value(Operator::Multiply), token("/").value(Operator::Divide)))
            .parse_next(i)
    };
    chain(unary, operator, input)
}

fn unary(input: &mut &str) -> ModalResult<Tree> {
    let signs: usize = repeat(0.., terminated('-', multispace0)).parse_next(input)?;
    let operand = primary(input)?;
    Ok(if signs % 2 == 1 { Expr::Negate(Box::new(operand)) } else { operand })
}

fn primary(input: &mut &str) -> ModalResult<Tree> {
    dispatch! { peek(any);
        '(' => delimited(('(', multispace0), expression, (multispace0, ')')),
        '{' => braced_field.map(Expr::Field),
        '"' | '\'' => quoted.map(|text| Expr::Literal(Value::Text(text))),
        '0'..='9' | '.' => number.map(|number| Expr::Literal(Value::Number(number))),
        _ => call_or_field,
    }
    .context(StrContext::Expected(StrContextValue::Description("a value")))
    .parse_next(input)
}

fn number(input: &mut &str) -> ModalResult<f64> {
    let exponent = (alt(('e', 'E')), opt(alt(('+', '-'))), dec_uint::<_, u32, _>);
    (take_while(1.., ('0'..='9', '.')), opt(exponent)).take().parse_to().parse_next(input)
}

/// A field's name between braces, where `\}` stands for `}`.
fn braced_field(input: &mut &str) -> ModalResult<String> {
    escaped('{', '}').parse_next(input)
}

fn quoted(input: &mut &str) -> ModalResult<String> {
    let quote = peek(any).parse_next(input)?;
    escaped(quote, quote).parse_next(input)
}

fn escaped<'a>(
    mut open: char,
    close: char,
) -> impl Parser<&'a str, String, winnow::error::ErrMode<winnow::error::ContextError>> {
    move |input: &mut &'a str| {
        open.parse_next(input)?;
        let mut text = String::new();
        loop {
            text.push_str(take_till(0.., |c| c == close || c == '\\').parse_next(input)?);
            if any.parse_next(input)? == close {
                return Ok(text);
            }
            match any.parse_next(input)? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                other => text.push(other),
            }
        }
    }
}

/// `NAME(…)`, or the name of a field whose letters need no braces.
fn call_or_field(input: &mut &str) -> ModalResult<Tree> {
    let name = take_while(1.., |c: char| c.is_alphanumeric() || c == '_').parse_next(input)?;
    let arguments = preceded(
        (multispace0, '('),
        cut_err(terminated(
            separated(0.., delimited(multispace0, expression, multispace0), ','),
            (multispace0, ')'),
        )),
    );
    let Some(args): Option<Vec<Tree>> = opt(arguments).parse_next(input)? else {
        return Ok(Expr::Field(name.to_owned()));
    };
    match special_form(&name.to_ascii_uppercase(), args) {
        Some(tree) => empty.value(tree).parse_next(input),
        None => cut_err(fail).parse_next(input),
    }
}

/// Functions that don't evaluate all of their arguments, and then all others by name.
fn special_form(name: &str, args: Vec<Tree>) -> Option<Tree> {
    let count = args.len();
    let mut args = args.into_iter();
    let mut next = || args.next().map(Box::new);
    match (name, count) {
        ("IF", 2 | 3) => Some(Expr::If(next()?, next()?, next())),
        ("ISERROR" | "IS_ERROR", 1) => Some(Expr::IsError(next()?)),
        ("SWITCH", 2..) => {
            let subject = next()?;
            let mut cases = Vec::new();
            loop {
                match (next(), next()) {
                    (Some(case), Some(result)) => cases.push((*case, *result)),
                    (default, _) => return Some(Expr::Switch(subject, cases, default)),
                }
            }
        }
        _ => Some(Expr::Call(functions::find(name)?, args.collect())),
    }
}
