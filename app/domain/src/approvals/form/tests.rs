//! What the form asks for, and what becomes of what is typed into it.

use serde_json::{Map, Value, json};

use super::{Field, Kind, changed, fields, filled, holder};

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

/// A tool with one argument of every sort.
fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["to", "amount"],
        "properties": {
            "to": { "type": "string", "maxLength": 254, "description": "Who gets it." },
            "amount": { "type": "integer", "minimum": 1, "exclusiveMaximum": 101, "title": "Amount (€)" },
            "rate": { "type": "number", "multipleOf": 0.5 },
            "body": { "type": "string", "maxLength": 50000 },
            "speed": { "type": "string", "enum": ["slow", "fast"] },
            "urgent": { "type": "boolean" },
            "gift": { "type": ["boolean", "null"] },
            "copies": { "type": "array", "items": { "type": "string" } },
            "rows": { "type": "array", "items": { "type": "object" } },
            "address": {
                "type": "object",
                "required": ["street"],
                "properties": {
                    "street": { "type": "string" },
                    "geo": { "type": "object", "properties": { "at": { "type": "object", "properties": { "x": { "type": "number" } } } } },
                },
            },
        },
    })
}

fn given() -> Map<String, Value> {
    object(
        json!({ "to": "ada@example.com", "amount": 20, "urgent": true, "copies": ["a@example.com", "b@example.com"] }),
    )
}

fn form() -> Vec<Field> {
    fields(Some(&schema()), &given())
}

fn typed(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn fill(pairs: &[(&str, &str)]) -> Result<Value, (String, String)> {
    filled(&form(), given(), &typed(pairs)).map(Value::Object).map_err(|error| {
        let path = error.details.as_ref().map(|details| details["path"].as_str().unwrap().to_owned());
        (path.unwrap(), error.message)
    })
}

fn kind(path: &str) -> Kind {
    holder(&form(), path).unwrap().kind.clone()
}

#[test]
fn a_schema_becomes_fields_with_what_was_given_first() {
    let form = form();
    let paths: Vec<&str> = form.iter().map(|field| field.path.as_str()).collect();
    let given = ["/to", "/amount", "/copies", "/urgent"];
    assert_eq!(paths, [&given[..], &["/address", "/body", "/gift", "/rate", "/rows", "/speed"]].concat());
    let to = &form[0];
    assert_eq!((to.label.as_str(), to.hint.as_deref(), to.required), ("to", Some("Who gets it."), true));
    assert_eq!((form[1].label.as_str(), form[4].required), ("Amount (€)", false));
    assert_eq!(kind("/to"), Kind::Text { long: false, fewest: None, most: Some(254) });
    assert_eq!(kind("/body"), Kind::Text { long: true, fewest: None, most: Some(50_000) });
    assert_eq!(kind("/amount"), Kind::Number { whole: true, least: Some(1.0), most: Some(100.0), step: None });
    assert_eq!(kind("/rate"), Kind::Number { whole: false, least: None, most: None, step: Some(0.5) });
    assert_eq!(kind("/speed"), Kind::Choice(vec![json!("slow"), json!("fast")]));
    assert_eq!((kind("/urgent"), kind("/gift")), (Kind::Flag, Kind::Flag));
    assert_eq!((kind("/copies"), kind("/rows")), (Kind::Lines, Kind::Json));
    assert_eq!(kind("/address/street"), Kind::Text { long: false, fewest: None, most: None });
    assert_eq!(kind("/address/geo/at"), Kind::Json, "deeper than a person wants to see fields in each other");
    let street = holder(&form, "/address/street").unwrap();
    assert!(!street.required, "nothing is needed of what was left out");
}

#[test]
fn what_was_left_out_is_filled_in_and_what_is_emptied_is_left_out() {
    let all = [
        ("/to", "ada@example.com"),
        ("/amount", "20"),
        ("/copies", "a@example.com\r\nb@example.com"),
        ("/urgent", "true"),
        ("/body", ""),
        ("/gift", ""),
        ("/rate", ""),
        ("/rows", ""),
        ("/speed", ""),
        ("/address/street", ""),
    ];
    assert_eq!(fill(&all), Ok(Value::Object(given())), "nothing was changed");
    assert!(changed(&form(), &typed(&all)).is_empty());
    let filled = fill(&[
        ("/amount", " 5 "),
        ("/rate", ".5"),
        ("/body", "One\r\ntwo"),
        ("/speed", "fast"),
        ("/urgent", ""),
        ("/gift", "false"),
        ("/copies", "c@example.com\n\nd@example.com\n"),
        ("/rows", "[{ \"a\": 1 }]"),
        ("/address/street", "Main"),
        ("/address/geo/at", "{ \"x\": 1 }"),
    ]);
    let expected = json!({
        "to": "ada@example.com", "amount": 5, "rate": 0.5, "body": "One\ntwo", "speed": "fast", "urgent": false, "gift": false,
        "copies": ["c@example.com", "d@example.com"], "rows": [{ "a": 1 }],
        "address": { "street": "Main", "geo": { "at": { "x": 1 } } },
    });
    assert_eq!(filled, Ok(expected));
    let emptied = fill(&[("/copies", " "), ("/to", "")]);
    assert_eq!(emptied, Ok(json!({ "to": "", "amount": 20, "urgent": true })), "the schema says what is needed");
}

#[test]
fn what_cannot_be_read_is_said_at_its_field() {
    for (path, text, why) in [
        ("/amount", "many", "amount: please enter a number."),
        ("/amount", "", "amount: please enter a number."),
        ("/amount", "9007199254740993", "amount: this is too large to be carried exactly."),
        ("/speed", "faster", "speed: please choose one of the list."),
        ("/rows", "[1", "rows: this is not valid JSON"),
        ("/rows", "{ \"a\": 1, \"a\": 2 }", "rows: this is not valid JSON"),
        ("/address", "{}", "address: there is no such value."),
        ("/address/town", "x", "address → town: there is no such value."),
        ("/other", "x", "other: there is no such value."),
        ("", "x", "The arguments: there is no such value."),
    ] {
        let (at, said) = fill(&[(path, text)]).expect_err(path);
        assert_eq!(at, path);
        assert!(said.starts_with(why), "{said}");
    }
}

#[test]
fn an_error_finds_the_field_that_it_is_about() {
    let form = form();
    let at = |path: &str| holder(&form, path).map(|field| field.path.as_str());
    assert_eq!(at("/copies/1"), Some("/copies"));
    assert_eq!(at("/address/street"), Some("/address/street"));
    assert_eq!(at("/address/geo/at/x"), Some("/address/geo/at"));
    assert_eq!(at("/address/town"), Some("/address"));
    assert_eq!((at("/add"), at("")), (None, None));
}

#[test]
fn without_a_schema_values_keep_their_kind_and_what_it_is_about_cannot_change() {
    let arguments = object(json!({
        "action": "refund", "reversible": false,
        "arguments": { "amount": 20, "vip": true, "note": null, "text": "a", "to": { "a/b": "x" }, "rows": [1] },
    }));
    let form = fields(None, &arguments);
    let labels: Vec<&str> = form.iter().map(|field| field.label.as_str()).collect();
    let names = ["amount", "note", "rows", "text", "to → a/b", "vip"];
    assert_eq!(labels, names.map(|name| format!("arguments → {name}")));
    let fill = |pairs: &[(&str, &str)]| filled(&form, arguments.clone(), &typed(pairs));
    let after = fill(&[
        ("/arguments/amount", "5"),
        ("/arguments/vip", ""),
        ("/arguments/note", ""),
        ("/arguments/text", ""),
        ("/arguments/to/a~1b", "y"),
    ]);
    let expected = json!({
        "action": "refund", "reversible": false,
        "arguments": { "amount": 5, "vip": false, "note": null, "text": "", "to": { "a/b": "y" }, "rows": [1] },
    });
    assert_eq!(after.map(Value::Object).ok(), Some(expected));
    for (path, text) in [("/action", "y"), ("/reversible", "true"), ("/arguments", "1"), ("/arguments/amount", "")] {
        assert!(fill(&[(path, text)]).is_err(), "{path}");
    }
}

#[test]
fn a_text_comes_back_as_it_was_where_nobody_changed_it() {
    let arguments =
        object(json!({ "a": "one\r\ntwo\rthree\n", "b": "nul \0", "c": "\u{202e}x", "d": "1e3", "e": 1e21 }));
    let form = fields(None, &arguments);
    // As browsers send what they were given.
    let sent: Vec<_> = form
        .iter()
        .map(|field| {
            let lines = field.shown().replace("\r\n", "\n").replace('\r', "\n");
            (field.path.clone(), lines.replace('\n', "\r\n").replace('\0', "\u{fffd}"))
        })
        .collect();
    assert_eq!(filled(&form, arguments.clone(), &sent).ok(), Some(arguments));
}

#[test]
fn a_list_without_a_schema_keeps_the_type_of_what_is_in_it() {
    let arguments = object(json!({
        "empty": [], "flags": [true, false], "mixed": [1, "a"], "nested": [{ "sku": "x", "count": 2 }], "numbers": [1, 2.5],
        "poem": ["one\ntwo"], "texts": ["1", "true"],
    }));
    let form = fields(None, &arguments);
    let kinds: Vec<_> = form.iter().map(|field| field.kind.clone()).collect();
    assert_eq!(
        kinds,
        [Kind::Json, Kind::Flags, Kind::Json, Kind::Json, Kind::Numbers, Kind::Json, Kind::Lines],
        "a text of two lines is no line"
    );
    let shown: Vec<_> = form.iter().map(|field| (field.path.clone(), field.shown())).collect();
    assert!(changed(&form, &shown).is_empty());
    let fill = |pairs: &[(&str, &str)]| filled(&form, arguments.clone(), &typed(pairs)).map(Value::Object);
    let after = fill(&[
        ("/empty", "[3]"),
        ("/flags", "false\r\n\r\n true "),
        ("/nested", "[{ \"sku\": \"y\" }]"),
        ("/numbers", "7\n1e3\n"),
        ("/texts", "2\nfalse"),
    ]);
    let expected = json!({
        "empty": [3], "flags": [false, true], "mixed": [1, "a"], "nested": [{ "sku": "y" }], "numbers": [7, 1e3],
        "poem": ["one\ntwo"], "texts": ["2", "false"],
    });
    assert_eq!(after.ok(), Some(expected));
    let emptied = fill(&[("/numbers", ""), ("/texts", " ")]).ok();
    assert_eq!(emptied.map(|all| (all["numbers"].clone(), all["texts"].clone())), Some((json!([]), json!([]))));
    for (path, text) in [
        ("/numbers", "1\ntwo"),
        ("/numbers", "1, 2"),
        ("/flags", "yes"),
        ("/nested", "{}"),
        ("/nested", ""),
        ("/mixed", "[1"),
        ("/numbers/0", "1"),
    ] {
        assert!(fill(&[(path, text)]).is_err(), "{path}: {text}");
    }
}
