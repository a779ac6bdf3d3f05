//! Tree to value.

use chrono::{DateTime, Utc};

use super::{
    Expr, Formula, Operator,
    value::{EvalError, Value, check_length},
};

/// What a formula may ask about the record that it runs on.
pub trait Scope<F> {
    /// The value of one of its fields.
    ///
    /// # Errors
    /// When the field itself is a formula that failed.
    fn field(&self, field: &F) -> Result<Value, EvalError>;
    /// Its identifier.
    fn record_id(&self) -> &str;
    /// When it was created.
    fn created(&self) -> DateTime<Utc>;
    /// When it last changed.
    fn modified(&self) -> DateTime<Utc>;
    /// The time of day.
    fn now(&self) -> DateTime<Utc>;
}

/// The part of a scope that functions see: everything but the fields.
pub(super) struct Record<'a> {
    pub(super) id: &'a str,
    pub(super) created: DateTime<Utc>,
    pub(super) modified: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
}

impl<F> Formula<F> {
    /// The value of the formula on one record.
    ///
    /// # Errors
    /// Where Airtable would show `#ERROR!`.
    pub fn evaluate(&self, scope: &impl Scope<F>) -> Result<Value, EvalError> {
        let record = Record {
            id: scope.record_id(),
            created: scope.created(),
            modified: scope.modified(),
            now: scope.now(),
        };
        evaluate(&self.root, scope, &record)
    }
}

fn evaluate<F>(
    expr: &Expr<F>,
    scope: &impl Scope<F>,
    record: &Record<'_>,
) -> Result<Value, EvalError> {
    let run = |expr| evaluate(expr, scope, record);
    match expr {
        Expr::Literal(value) => Ok(value.clone()),
        Expr::Field(field) => scope.field(field),
        Expr::Negate(inner) => Ok(Value::Number(-run(inner)?.to_number()?)),
        Expr::IsError(inner) => Ok(Value::Bool(run(inner).is_err())),
        Expr::Chain(first, rest) => rest
            .iter()
            .try_fold(run(first)?, |left, (operator, right)| apply(*operator, &left, &run(right)?)),
        Expr::Call(function, args) => {
            let mut values = Vec::with_capacity(args.len());
            let mut length = 0;
            for arg in args {
                let value = run(arg)?;
                length += value.text_length();
                check_length(length)?;
                values.push(value);
            }
            let result = (function.apply)(record, &values)?;
            check_length(result.text_length())?;
            Ok(result)
        }
        Expr::If(test, yes, no) => {
            if run(test)?.is_truthy() {
                run(yes)
            } else {
                no.as_deref().map_or(Ok(Value::Blank), run)
            }
        }
        Expr::Switch(subject, cases, default) => {
            let subject = run(subject)?;
            for (case, result) in cases {
                if run(case)?.equals(&subject) {
                    return run(result);
                }
            }
            default.as_deref().map_or(Ok(Value::Blank), run)
        }
    }
}

fn apply(operator: Operator, left: &Value, right: &Value) -> Result<Value, EvalError> {
    let numbers = || Ok::<_, EvalError>((left.to_number()?, right.to_number()?));
    Ok(match operator {
        Operator::Add => numbers().map(|(a, b)| Value::Number(a + b))?,
        Operator::Subtract => numbers().map(|(a, b)| Value::Number(a - b))?,
        Operator::Multiply => numbers().map(|(a, b)| Value::Number(a * b))?,
        Operator::Divide => numbers().map(|(a, b)| Value::Number(a / b))?,
        Operator::Concat => {
            check_length(left.text_length() + right.text_length())?;
            Value::Text(left.to_text() + &right.to_text())
        }
        Operator::Equal => Value::Bool(left.equals(right)),
        Operator::NotEqual => Value::Bool(!left.equals(right)),
        Operator::Less => Value::Bool(compare(left, right)?.is_lt()),
        Operator::LessOrEqual => Value::Bool(compare(left, right)?.is_le()),
        Operator::Greater => Value::Bool(compare(left, right)?.is_gt()),
        Operator::GreaterOrEqual => Value::Bool(compare(left, right)?.is_ge()),
    })
}

fn compare(left: &Value, right: &Value) -> Result<std::cmp::Ordering, EvalError> {
    match (left, right) {
        (Value::Date(_), _) | (_, Value::Date(_)) => Ok(left.to_date()?.cmp(&right.to_date()?)),
        (Value::Text(left), Value::Text(right)) => Ok(left.cmp(right)),
        _ => left
            .to_number()?
            .partial_cmp(&right.to_number()?)
            .ok_or_else(|| EvalError("NaN has no order".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FormulaError, parse};
    use super::*;

    struct Sample;

    impl Scope<String> for Sample {
        fn field(&self, field: &String) -> Result<Value, EvalError> {
            Ok(match field.as_str() {
                "Nom" => Value::text("Mairie de Rennes"),
                "Prix (€)" => Value::Number(12.5),
                "Vide" => Value::Blank,
                "Jour" => Value::Date("2026-11-23T10:00:00Z".parse().unwrap()),
                "Tags" => Value::List(vec![Value::text("a"), Value::text("b")]),
                "Panne" => return Err(EvalError("broken".into())),
                other => panic!("unexpected field {other}"),
            })
        }
        fn record_id(&self) -> &str {
            "recSample00000001"
        }
        fn created(&self) -> DateTime<Utc> {
            "2026-01-01T00:00:00Z".parse().unwrap()
        }
        fn modified(&self) -> DateTime<Utc> {
            "2026-02-01T00:00:00Z".parse().unwrap()
        }
        fn now(&self) -> DateTime<Utc> {
            "2026-11-24T12:00:00Z".parse().unwrap()
        }
    }

    fn check(formula: &str, expected: &str) {
        let value = parse(formula).unwrap_or_else(|e| panic!("{formula}: {e}")).evaluate(&Sample);
        let text = value.map_or_else(|_| "#ERROR!".to_owned(), |value| value.to_text());
        assert_eq!(text, expected, "{formula}");
    }

    #[test]
    fn formulas_give_what_airtable_gives() {
        for (formula, expected) in [
            ("1 + 2 * 3", "7"),
            ("(1 + 2) * 3", "9"),
            ("10 - 2 - 3", "5"),
            ("--5 & '!'", "5!"),
            ("-{Prix (€)}", "-12.5"),
            ("Nom = 'Mairie de Rennes'", "1"),
            ("{Nom} != \"x\"", "1"),
            ("1 & 2 = '12'", "1"),
            ("'it\\'s'", "it's"),
            ("{Vide} = BLANK()", "1"),
            ("{Vide} = ''", "1"),
            ("Nom = BLANK()", "0"),
            ("1/0 > 5", "1"),
            ("Jour = '2026-11-23T10:00:00.000Z'", "1"),
            ("Jour > '2026-11-22'", "1"),
            ("Jour & ''", "2026-11-23T10:00:00.000Z"),
            ("IF(Vide, Panne, 'ok')", "ok"),
            ("IF(Panne, 1, 2)", "#ERROR!"),
            ("ISERROR(Panne)", "1"),
            ("SWITCH(2, 1, 'a', 2, 'b', 'c')", "b"),
            ("SWITCH(9, 1, 'a', 'c')", "c"),
            ("AND(1, Nom, TRUE())", "1"),
            ("OR(0, Vide)", "0"),
            ("NOT(Vide)", "1"),
            ("XOR(1, 1, 1)", "1"),
            ("FIND('Rennes', Nom)", "11"),
            ("FIND('rennes', Nom)", "0"),
            ("SEARCH('rennes', Nom)", "11"),
            ("LEN('été')", "3"),
            ("LEFT('été', 2) & RIGHT('été', 1) & MID('été', 2, 1)", "étét"),
            ("LOWER('É') & UPPER('é') & TRIM('  a  ')", "éÉa"),
            ("SUBSTITUTE('a-b-c', '-', '+')", "a+b+c"),
            ("SUBSTITUTE('a-b-c', '-', '+', 2)", "a-b+c"),
            ("REPLACE('abcdef', 2, 3, 'X')", "aXef"),
            ("REPT('ab', 3)", "ababab"),
            ("VALUE('12,5 %')", "125"),
            ("VALUE('abc')", "#ERROR!"),
            ("CONCATENATE('a', 1, Vide)", "a1"),
            ("ARRAYJOIN(Tags, '/')", "a/b"),
            ("ARRAYJOIN(ARRAYUNIQUE(Tags))", "a, b"),
            ("Tags", "a, b"),
            ("EXACT('a', 'A')", "0"),
            ("ROUND(2.345, 2)", "2.35"),
            ("ROUNDDOWN(2.9) & ROUNDUP(2.1) & INT(-2.5) & CEILING(2.1) & FLOOR(2.9)", "23-332"),
            ("MOD(7, 3) & ABS(-2) & POWER(2, 3) & SQRT(9) & MAX(1, 5, 3) & MIN(4, 2)", "128352"),
            ("SUM(1, 2, Vide) & COUNT(1, 'a') & COUNTA('a', Vide) & AVERAGE(1, 3)", "3112"),
            ("RECORD_ID()", "recSample00000001"),
            ("CREATED_TIME()", "2026-01-01T00:00:00.000Z"),
            ("LAST_MODIFIED_TIME()", "2026-02-01T00:00:00.000Z"),
            ("IS_SAME(Jour, '2026-11-23', 'day')", "1"),
            ("IS_BEFORE(Jour, TODAY())", "1"),
            ("IS_AFTER(Jour, NOW())", "0"),
            ("DATETIME_FORMAT(Jour, 'DD/MM/YYYY')", "23/11/2026"),
            ("DATETIME_DIFF(TODAY(), Jour, 'hours')", "14"),
            ("DATEADD('2026-01-31', 1, 'month') = '2026-02-28'", "1"),
            ("DATETIME_PARSE('05/03/2026', 'DD/MM/YYYY') = '2026-03-05'", "1"),
            ("YEAR(Jour) & MONTH(Jour) & DAY(Jour) & HOUR(Jour) & WEEKDAY(Jour)", "20261123101"),
            ("REGEX_MATCH(Nom, 'Ren+es')", "1"),
            ("REGEX_EXTRACT('n° 35238', '[0-9]+')", "35238"),
            ("REGEX_REPLACE('a1b2', '[0-9]', '')", "ab"),
            ("'a' + 1", "#ERROR!"),
            ("ENCODE_URL_COMPONENT('a b/é')", "a%20b%2F%C3%A9"),
            ("T(5) & T('x') & N('x')", "x0"),
        ] {
            check(formula, expected);
        }
    }

    #[test]
    fn what_is_no_formula_is_refused() {
        let deep = "(".repeat(5_000) + "1" + &")".repeat(5_000);
        for text in ["", "1 +", "NOPE(1)", "{a", "'a", "1 2", "IF(1)", "LEN()", "a b", "=1", &deep]
        {
            assert!(parse(text).is_err(), "{text:.40}");
        }
    }

    #[test]
    fn parentheses_in_texts_and_braces_neither_hide_nor_make_depth() {
        for hider in [r#"(")"&"#, r"('\')'&", "({)}&", r"({\})}&"] {
            let deep = hider.repeat(5_000) + "1" + &")".repeat(5_000);
            assert_eq!(parse(&deep).unwrap_err(), FormulaError::TooDeep, "{hider}");
        }
        check(&format!("LEN('{}')", "(".repeat(200)), "200");
    }

    #[test]
    fn no_function_makes_a_text_that_is_too_long() {
        for (formula, expected) in [
            ("LEN(REPT('a', 1000000))", "1000000"),
            ("REPT('a', 1000001)", "#ERROR!"),
            ("LEN(SUBSTITUTE(REPT('a', 1000), 'a', REPT('b', 1000)))", "1000000"),
            ("SUBSTITUTE(REPT('a', 1000), 'a', REPT('b', 1001))", "#ERROR!"),
            ("CONCATENATE(REPT('a', 999999), 'b', 'c')", "#ERROR!"),
            ("REPT('a', 999999) & 'b' & 'c'", "#ERROR!"),
            ("REPLACE(REPT('a', 999999), 1, 0, 'bc')", "#ERROR!"),
            ("ARRAYJOIN(Tags, REPT('a', 999999))", "#ERROR!"),
            ("REGEX_REPLACE(REPT('a', 1000), 'a', REPT('b', 1001))", "#ERROR!"),
            ("REGEX_REPLACE(REPT('a', 2000), 'a+', REPT('$0', 1000))", "#ERROR!"),
            ("UPPER(REPT('ŉ', 500000))", "#ERROR!"),
        ] {
            check(formula, expected);
        }
    }

    #[test]
    fn long_chains_need_no_stack() {
        let sum = vec!["1"; 200_000].join("+");
        check(&sum, "200000");
    }

    #[test]
    fn the_deepest_nesting_allowed_fits_the_stack() {
        check(&format!("{}1{}", "IF(1,".repeat(100), ")".repeat(100)), "1");
    }
}
