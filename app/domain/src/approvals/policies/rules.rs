//! The expressions of rules: compiled, checked against what a tool's actions look like, and asked.

use cel::{
    Context, ExecutionError, IdedExpr, ParseErrors, Program, Value as Cel,
    common::ast::{EntryExpr, Expr, IdedEntryExpr},
    objects::Key,
};
use serde_json::{Map, Value};

use super::Rule;
use crate::{
    Error, Result,
    approvals::routing::{Floor, Review},
};

/// The most characters of an expression.
const MAX_EXPRESSION: usize = 500;
/// The most brackets: the parser calls itself for each.
const MAX_BRACKETS: usize = 16;
/// The most signs: whoever walks the parsed expression calls itself for each. A stack that overflows ends the server.
const MAX_SIGNS: usize = 80;
/// How deep lists may be gone through: 1 is a list, 2 a list for each element of another one. Each one more takes as many times as long
/// as its list has elements, so that a few words would keep a server busy for days.
const MAX_LOOPS: usize = 1;
/// The most that going through a list may cost: its elements, times the bytes of what it is asked about, times the sums. Each element
/// may add all of these up.
const MAX_COST: usize = 64 << 20;
/// As many elements a list has at most that stands in the expression itself.
const OWN_ELEMENTS: usize = MAX_EXPRESSION / 2;
/// What an expression is parsed and asked on. Those within the limits overflowed the 2 MiB of a thread in a debug build.
const STACK: usize = 16 << 20;
/// What is a bracket, or begins something within something.
const BRACKETS: [char; 6] = ['(', '[', '{', '!', '-', '?'];
/// What stands between two parts of an expression.
const SIGNS: [char; 10] = ['.', '+', '*', '/', '%', '&', '|', '<', '>', '='];

/// What the rules say about one action.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Verdict {
    /// The closest look that a rule asks for.
    pub(super) floor: Option<Floor>,
    /// Names of the rules that apply.
    pub(super) names: Vec<String>,
    /// Places of the rules that apply.
    pub(super) places: Vec<usize>,
}

/// Asks every rule about one action; see [`ask_each`].
pub(super) fn ask(rules: &[Rule], fields: &Map<String, Value>) -> Verdict {
    ask_each(rules, std::iter::once(fields)).pop().unwrap_or_default()
}

/// Asks every rule about each of these actions. What a rule cannot be asked about gets a full review: a rule that fails is no
/// permission. A field that an action does not have is no failure; the rule then does not apply.
pub(super) fn ask_each<'a>(rules: &[Rule], actions: impl Iterator<Item = &'a Map<String, Value>>) -> Vec<Verdict> {
    if rules.is_empty() {
        return actions.map(|_| Verdict::default()).collect();
    }
    stacker::grow(STACK, || {
        let programs: Vec<_> = rules.iter().map(|rule| (rule, Expression::parse(&rule.when).ok())).collect();
        actions.map(|fields| asked(&programs, fields)).collect()
    })
}

/// An expression that was parsed.
struct Expression {
    program: Program,
    /// How deep it goes through lists; 0: through none.
    loops: usize,
    /// How many sums are in it.
    sums: usize,
    /// It has more of patterns than [`Expression::parse`] lets be asked.
    is_intricate: bool,
}

impl Expression {
    fn parse(text: &str) -> Result<Self, ParseErrors> {
        let program = Program::compile(text)?;
        let loops = loops(program.expression());
        // A pattern is read anew each time that it is asked, and a counted part of it is read as often as it is counted.
        let patterns = text.matches("matches").count();
        let is_intricate = patterns > 1 || (patterns == 1 && (loops > 0 || text.contains('{')));
        Ok(Self { program, loops, sums: text.matches('+').count(), is_intricate })
    }

    /// What it says about these fields; `None`: to ask would take too long.
    fn ask(&self, fields: &Map<String, Value>, context: &Context<'_, '_>) -> Option<Result<Cel, ExecutionError>> {
        let is_deep = self.loops > MAX_LOOPS || self.is_intricate;
        let takes_long = is_deep || (self.loops > 0 && self.cost(fields) > MAX_COST);
        (!takes_long).then(|| self.program.execute(context))
    }

    fn cost(&self, fields: &Map<String, Value>) -> usize {
        let (elements, bytes) = fields.iter().fold((fields.len(), 0_usize), |(elements, bytes), (name, value)| {
            let (inside, more) = extent(value);
            (elements.max(inside), bytes.saturating_add(name.len()).saturating_add(more))
        });
        elements.max(OWN_ELEMENTS).saturating_mul(bytes).saturating_mul(self.sums + 1)
    }
}

/// How many elements the longest list within a value has, and about how many bytes of text the value is.
fn extent(value: &Value) -> (usize, usize) {
    let all = |len: usize, of: &mut dyn Iterator<Item = (usize, usize)>| {
        of.fold((len, 2_usize), |(elements, bytes), (inside, more)| {
            (elements.max(inside), bytes.saturating_add(more).saturating_add(1))
        })
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => (0, 8),
        Value::String(text) => (0, text.len()),
        Value::Array(items) => all(items.len(), &mut items.iter().map(extent)),
        Value::Object(map) => {
            let entry = |(name, value): (&String, &Value)| {
                let (inside, bytes) = extent(value);
                (inside, bytes + name.len())
            };
            all(map.len(), &mut map.iter().map(entry))
        }
    }
}

/// How deep an expression goes through lists.
fn loops(of: &IdedExpr) -> usize {
    let most = |of: &[IdedExpr]| of.iter().map(loops).max().unwrap_or(0);
    let entry = |entry: &IdedEntryExpr| match &entry.expr {
        EntryExpr::StructField(field) => loops(&field.value),
        EntryExpr::MapEntry(entry) => loops(&entry.key).max(loops(&entry.value)),
    };
    match &of.expr {
        Expr::Comprehension(list) => {
            let each = loops(&list.loop_cond).max(loops(&list.loop_step));
            let once = loops(&list.iter_range).max(loops(&list.accu_init)).max(loops(&list.result));
            once.max(each + 1)
        }
        Expr::Call(call) => most(&call.args).max(call.target.as_deref().map_or(0, loops)),
        Expr::List(list) => most(&list.elements),
        Expr::Map(map) => map.entries.iter().map(entry).max().unwrap_or(0),
        Expr::Struct(fields) => fields.entries.iter().map(entry).max().unwrap_or(0),
        Expr::Select(select) => loops(&select.operand),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => 0,
    }
}

fn asked(rules: &[(&Rule, Option<Expression>)], fields: &Map<String, Value>) -> Verdict {
    let mut verdict = Verdict::default();
    let context = context(fields);
    for (place, (rule, expression)) in rules.iter().enumerate() {
        let (review, why) = match expression.as_ref().and_then(|expression| expression.ask(fields, &context)) {
            Some(Ok(Cel::Bool(true))) => (rule.review, format!("The rule “{}” asks for it.", rule.name)),
            Some(Ok(Cel::Bool(false)) | Err(ExecutionError::NoSuchKey(_))) => continue,
            _ => (Review::Full, format!("The rule “{}” could not be asked about this.", rule.name)),
        };
        verdict.names.push(rule.name.clone());
        verdict.places.push(place);
        if verdict.floor.as_ref().is_none_or(|floor| floor.review < review) {
            verdict.floor = Some(Floor { review, why });
        }
    }
    verdict
}

/// Whether an expression holds for these fields. One that fails, or asks about what there is not, does not.
pub(super) fn holds(when: &str, fields: &Map<String, Value>) -> bool {
    let holds = || {
        let expression = Expression::parse(when).ok();
        matches!(expression.and_then(|expression| expression.ask(fields, &context(fields))), Some(Ok(Cel::Bool(true))))
    };
    stacker::grow(STACK, holds)
}

/// Refuses a rule whose expression is no good; see [`check_expression`].
pub(super) fn check(rule: &Rule, place: usize, examples: &[Map<String, Value>]) -> Result<()> {
    check_expression(&format!("rules[{place}].when"), &rule.when, examples)
}

/// Refuses an expression that does not parse, asks about what there is not, or does not answer yes or no about these examples.
pub(super) fn check_expression(field: &str, when: &str, examples: &[Map<String, Value>]) -> Result<()> {
    stacker::grow(STACK, || checked(field, when, examples))
}

fn checked(field: &str, when: &str, examples: &[Map<String, Value>]) -> Result<()> {
    let bad = |constraint: &str, message: String| Err(Error::invalid(field, constraint, message));
    let text = when.trim();
    if text.is_empty() {
        return bad("required", "Please say when it applies.".to_owned());
    }
    if text.chars().count() > MAX_EXPRESSION {
        return bad("maxLength", format!("An expression has at most {MAX_EXPRESSION} characters."));
    }
    if text.matches(BRACKETS).count() > MAX_BRACKETS {
        return bad("maxBrackets", format!("At most {MAX_BRACKETS} brackets, minus and exclamation marks, please."));
    }
    if text.matches(SIGNS).count() > MAX_SIGNS {
        return bad("maxSigns", "This is too long a chain; several rules are easier to read.".to_owned());
    }
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(errors) => {
            let words = errors.errors.first().map_or_else(String::new, |e| {
                let (line, column) = (e.pos.0, e.pos.1);
                format!("Line {line}, column {column}: {}.", e.msg.trim_start_matches("Syntax error: "))
            });
            return bad("expression", words);
        }
    };
    if expression.loops > MAX_LOOPS {
        return bad("maxLoops", "A list is gone through within another one, which may take for ever.".to_owned());
    }
    if expression.is_intricate {
        let why = "One pattern is enough, without {…}, and of no list; several rules can have one each.";
        return bad("maxPatterns", why.to_owned());
    }
    let references = expression.program.references();
    let known: Vec<&String> = examples.iter().flat_map(Map::keys).collect();
    let comprehension = |name: &str| text.contains(&format!("({name},")) || name.starts_with('@');
    if let Some(unknown) = references
        .variables()
        .into_iter()
        .find(|name| !comprehension(name) && !known.iter().any(|k| k.as_str() == *name))
    {
        let mut names: Vec<&str> = known.iter().map(|k| k.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let column = text.find(unknown).map_or(1, |at| text[..at].chars().count() + 1);
        return bad(
            "unknownField",
            format!("Column {column}: there is no “{unknown}”; known are {}.", names.join(", ")),
        );
    }
    for example in examples {
        match expression.ask(example, &context(example)) {
            // Only the union of all examples knows every field; this one lacks some. And some are too large to be asked about.
            None
            | Some(Ok(Cel::Bool(_)) | Err(ExecutionError::NoSuchKey(_) | ExecutionError::UndeclaredReference(_))) => {}
            Some(Ok(other)) => {
                return bad("type", format!("Column 1: a rule answers true or false; this is {}.", other.type_of()));
            }
            Some(Err(why)) => {
                let why = why.to_string();
                let fields = typed(text, &references.variables(), example);
                return bad("type", format!("The types do not fit: {}{fields}.", why.trim_end_matches('.')));
            }
        }
    }
    Ok(())
}

/// Where each field of an expression stands first, and what it is: `; column 1: amount is a number`.
fn typed(text: &str, names: &[&str], example: &Map<String, Value>) -> String {
    let place = |name: &&str| text.find(*name).map_or(0, |at| text[..at].chars().count());
    let mut known: Vec<&str> = names.iter().copied().filter(|name| example.contains_key(*name)).collect();
    known.sort_by_key(place);
    let one = |name: &&str| format!("; column {}: {name} is {}", place(name) + 1, kind(&example[*name]));
    known.iter().map(one).collect()
}

/// What a value is, for people.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object with fields",
    }
}

fn context(fields: &Map<String, Value>) -> Context<'static, 'static> {
    let mut context = Context::default();
    for (name, value) in fields {
        context.add_variable_from_value(name.clone(), cel(value));
    }
    context
}

/// Whole numbers become CEL's `int`, which its arithmetic mixes with the numbers of an expression.
fn cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(b) => Cel::Bool(*b),
        Value::Number(n) => n.as_i64().map_or_else(|| Cel::Float(n.as_f64().unwrap_or(f64::NAN)), Cel::Int),
        Value::String(s) => Cel::String(s.clone().into()),
        Value::Array(items) => Cel::List(items.iter().map(cel).collect::<Vec<_>>().into()),
        Value::Object(map) => {
            let entries = map.iter().map(|(k, v)| (Key::from(k.clone()), cel(v)));
            Cel::Map(entries.collect::<std::collections::HashMap<_, _>>().into())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields() -> Map<String, Value> {
        let value = json!({
            "tool": "update_record", "agent": "Sandbox", "collection": "customers",
            "changes": { "discount_percent": 20, "name": "Ada" }, "recipient": { "domain": "example.com" },
        });
        let Value::Object(map) = value else { unreachable!("an object") };
        map
    }

    fn rule(when: &str) -> Rule {
        Rule { name: "a rule".to_owned(), when: when.to_owned(), review: Review::Quick }
    }

    fn look(when: &str) -> Option<Review> {
        ask(&[rule(when)], &fields()).floor.map(|floor| floor.review)
    }

    #[test]
    fn rules_ask_about_fields_and_what_is_not_there_does_not_apply() {
        assert_eq!(look("changes.discount_percent > 15"), Some(Review::Quick));
        assert_eq!(look("changes.discount_percent + 1 > 20.5"), Some(Review::Quick));
        assert_eq!(look("changes.discount_percent > 50"), None);
        assert_eq!(look("!(recipient.domain in ['example.com'])"), None);
        assert_eq!(look("changes.price > 3"), None);
        assert_eq!(look("has(changes.price) || collection == 'customers'"), Some(Review::Quick));
    }

    #[test]
    fn a_rule_that_fails_is_no_permission() {
        for broken in ["changes.name > 3", "1 +", "'text'", "nothing == 1"] {
            assert_eq!(look(broken), Some(Review::Full), "{broken}");
        }
    }

    #[test]
    fn what_would_take_for_ever_is_not_asked() {
        let list = format!("[{}]", ["1"; 20].join(","));
        let nested = (0..5).fold("true".to_owned(), |inside, n| format!("{list}.all(x{n}, {inside})"));
        assert_eq!(look(&nested), Some(Review::Full));
        assert!(!holds(&nested, &fields()));
        let many = |n: usize| Map::from_iter([("many".to_owned(), json!(vec![1; n]))]);
        let when = "many.map(a, many + many).all(b, b.size() > 0)";
        assert!(holds(when, &many(10)));
        assert!(!holds(when, &many(20_000)), "each of twenty thousand is a list of forty thousand");
        let one = ask(&[rule("many.all(a, a > 0)")], &many(2_000));
        assert_eq!(one.floor.map(|floor| floor.review), Some(Review::Quick));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let said =
            |when: &str| check(&rule(when), 2, &[fields()]).err().map(|e| (e.field().map(str::to_owned), e.message));
        assert_eq!(said("changes.discount_percent > 15 && tool == 'update_record'"), None);
        assert_eq!(said("[1, 2].all(n, n < changes.discount_percent)"), None);
        assert_eq!(said("tool.matches('^update_')"), None);
        for (when, word) in [
            ("changes.discount_percent >", "column 27"),
            ("chnges.discount_percent > 1", "Column 1: there is no “chnges”"),
            ("changes.name > 3", "string"),
            ("changes.discount_percent", "true or false"),
            ("", "when it applies"),
            ("[1, 2].all(a, [3, 4].all(b, a < b))", "within another one"),
            ("[1, 2].all(a, tool.matches('x'))", "One pattern"),
            ("tool.matches('x{999}')", "One pattern"),
        ] {
            let (field, message) = said(when).unwrap_or_default();
            assert_eq!(field.as_deref(), Some("rules[2].when"), "{when}");
            assert!(message.contains(word), "{when}: {message}");
        }
        for long in ["(".repeat(200), "!".repeat(400), "1+".repeat(240) + "1 == 1", "a.".repeat(240), "a".repeat(501)] {
            assert!(said(&long).is_some(), "{long}");
        }
        // The longest that are taken, on the stack of a test, which is that of a server's thread.
        let brackets = format!("{}true{}", "(".repeat(MAX_BRACKETS), ")".repeat(MAX_BRACKETS));
        let chain = "1+".repeat(MAX_SIGNS - 2) + "1 == 1";
        assert_eq!((said(&brackets), said(&chain)), (None, None));
    }
}
