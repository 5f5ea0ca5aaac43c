//! What is read exactly, what is refused and with which words; and any bytes at all.

#![expect(clippy::float_cmp, reason = "floats are exactly what is expected")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    name: String,
    price: f64,
    weight: Option<f32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Plain,
    Marked(f64),
    Pair(u8, f64),
    Named { count: i64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u64,
    change: i64,
    items: Vec<Item>,
    stock: BTreeMap<String, i64>,
    kind: Kind,
    large: Option<u128>,
}

fn refused<T: Message>(text: &str) -> String {
    let Err(reason) = read::<T>(text.as_bytes()) else { panic!("{text} is read") };
    reason.as_str().to_owned()
}

fn accepted<T: Message>(text: &str) -> T {
    read(text.as_bytes()).unwrap_or_else(|reason| panic!("{text}: {reason:?}"))
}

fn written<T: Message>(message: &T) -> String {
    String::from_utf8(Json::new().encoded(message).unwrap()).unwrap()
}

#[test]
fn integers_are_exact_up_to_the_ends_of_their_types_and_refused_beyond() {
    assert_eq!(accepted::<u64>("18446744073709551615"), u64::MAX);
    assert_eq!(accepted::<i64>("-9223372036854775808"), i64::MIN);
    assert_eq!(accepted::<u128>("340282366920938463463374607431768211455"), u128::MAX);
    assert_eq!(accepted::<i128>("-170141183460469231731687303715884105728"), i128::MIN);
    for text in ["18446744073709551616", "-1", "1.0", "1e2", "\"1\"", "01", "+1", "0x1", "1_0"] {
        refused::<u64>(text);
    }
    refused::<i64>("-0");
    refused::<i64>("9223372036854775808");
    refused::<i64>("-9223372036854775809");
    refused::<u8>("256");
    refused::<u128>("340282366920938463463374607431768211456");
}

#[test]
fn an_integer_in_a_float_is_exact_or_refused() {
    assert_eq!(accepted::<f64>("9007199254740992"), 9_007_199_254_740_992.0);
    assert_eq!(
        refused::<f64>("9007199254740993"),
        "the integer 9007199254740993 is not exact as f64, at byte 16"
    );
    assert!(refused::<f64>("-9007199254740993").contains("-9007199254740993 is not exact"));
    assert_eq!(accepted::<f32>("16777216"), 16_777_216.0);
    assert!(refused::<f32>("16777217").contains("is not exact as f32"));
    // More than 64 bits, of which the last ones are 0, and of which they are not.
    assert_eq!(accepted::<f64>("18446744073709551616"), 18_446_744_073_709_551_616.0);
    assert!(refused::<f64>("18446744073709551617").contains("has more than 64 bits"));
    assert!(refused::<f32>("20000000000000000000").contains("has more than 64 bits"));
    assert!(refused::<Value>("[1,-9223372036854775809]").starts_with("[1]: the integer -922"));
    // In a value of any kind, all 64 bits are kept.
    assert_eq!(written(&accepted::<Value>("9007199254740993")), "9007199254740993\n");
    assert!(refused::<Option<f64>>("9007199254740993").contains("not exact"));
    for text in [r#"{"Marked":9007199254740993}"#, r#"{"Pair":[1,9007199254740993]}"#] {
        assert!(refused::<Kind>(text).contains("not exact"), "{text}");
    }
}

#[test]
fn a_float_is_the_nearest_one_and_one_that_is_too_large_is_refused() {
    assert_eq!(accepted::<f64>("0.1"), 0.1);
    // Halfway between two floats, but for a last digit that is far away.
    assert_eq!(accepted::<f64>("9007199254740993.0000000000000000001"), 9_007_199_254_740_994.0);
    assert_eq!(accepted::<f64>("1.7976931348623157e308"), f64::MAX);
    assert_eq!(accepted::<f64>("1e22"), 1e22);
    assert_eq!(accepted::<f64>("5e-324"), f64::from_bits(1));
    assert!(accepted::<f64>("-0.0").is_sign_negative());
    for text in ["1e309", "-1e309", "NaN", "Infinity", "-Infinity", "nan", ".5", "5.", "1e"] {
        refused::<f64>(text);
    }
    refused::<f32>("1e39");
}

#[test]
fn the_field_at_fault_is_named() {
    let order = r#"{"id":1,"change":-2,"items":[{"name":"a","price":1.5,"weight":null},
        {"name":"b","price":"2"}],"stock":{},"kind":"Plain","large":null}"#;
    assert_eq!(
        refused::<Order>(order),
        "items[1].price: invalid type: string \"2\", expected f64, at byte 100"
    );
    for (wrong, expected) in [
        (r#"{"id":-1}"#, "id: invalid value: integer `-1`, expected u64, at byte 8"),
        (r#"{"id":}"#, "id: expected value, at byte 7"),
        (r#"{"id":1,"#, "EOF while parsing a value, at byte 8"),
        (r#"{"id":1,"id":2}"#, "id: duplicate field `id`, at byte 12"),
        (r#"{"id":1}"#, "missing field `change`, at byte 8"),
        ("", "there is no JSON: the payload is empty"),
        (" \t", "there is no JSON: the payload is empty"),
        ("nonsense", "expected ident, at byte 2"),
    ] {
        assert_eq!(refused::<Order>(wrong), expected, "{wrong}");
    }
    // A message cannot say where it is wrong.
    let lying = refused::<u64>(r#""x at line 99999999999 column 99999999999""#);
    assert!(lying.starts_with("invalid type: string \"x at line"), "{lying}");
}

#[test]
fn a_key_that_is_twice_in_a_map_is_refused_wherever_it_is() {
    type Counts = BTreeMap<String, u64>;
    assert_eq!(
        refused::<Counts>(r#"{"a":1,"\u0061":2}"#),
        "\\u0061: duplicate key `a`, at byte 15"
    );
    assert!(refused::<Value>(r#"[{"b":{"a":1,"a":1}}]"#).starts_with("[0].b.a: duplicate key `a`"));
    assert!(refused::<BTreeMap<u64, u64>>(r#"{"1":1,"1":2}"#).contains("duplicate key `1`"));
    assert!(refused::<BTreeMap<bool, u64>>(r#"{"true":1,"true":2}"#).contains("duplicate key"));
    assert!(refused::<BTreeMap<char, u64>>(r#"{"x":1,"x":2}"#).contains("duplicate key `x`"));
    assert_eq!(accepted::<Counts>(r#"{"a":1,"b":2,"c":{}}"#.replace("{}", "3").as_str()).len(), 3);
    // The same key in objects within each other is no such thing.
    accepted::<Value>(r#"{"a":{"a":[{"a":1},{"a":2}]}}"#);
    // Fields that nobody reads are passed over.
    accepted::<Item>(r#"{"name":"n","x":1,"x":{"y":1,"y":1},"price":1,"weight":1}"#);
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Colour {
    Red,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Name(String);

#[test]
fn keys_of_every_kind_are_compared() {
    assert!(refused::<BTreeMap<Colour, u64>>(r#"{"Red":1,"Red":2}"#).contains("duplicate"));
    assert!(refused::<BTreeMap<Name, u64>>(r#"{"n":1,"n":2}"#).contains("duplicate key `n`"));
    assert!(refused::<BTreeMap<Option<i8>, u64>>(r#"{"-1":1,"-1":2}"#).contains("duplicate"));
}

#[test]
fn one_value_is_read_with_blanks_and_a_byte_order_mark_around_it_and_nothing_behind() {
    assert_eq!(accepted::<u64>(" \t7 \r"), 7);
    assert_eq!(accepted::<u64>("\u{feff}7"), 7);
    for text in ["7 8", "7}", "7,", "{}{}", "7 // seven", "7\0"] {
        assert!(refused::<Value>(text).starts_with("trailing characters"), "{text}");
    }
    let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
    accepted::<Value>(&deep(127));
    assert!(refused::<Value>(&deep(128)).contains("recursion limit"));
    assert!(refused::<Value>(&deep(1_000_000)).contains("recursion limit"));
    assert!(read::<String>(b"\"\xff\"").is_err());
}

#[derive(Debug, Serialize, Deserialize)]
struct Around {
    a: f64,
    #[serde(flatten)]
    within: Within,
}

#[derive(Debug, Serialize, Deserialize)]
struct Within {
    b: f64,
}

#[test]
fn behind_flatten_serde_reads_itself_as_the_documentation_says() {
    assert!(refused::<Around>(r#"{"a":9007199254740993,"b":1}"#).starts_with("a: the integer"));
    let rounded = accepted::<Around>(r#"{"a":1,"b":9007199254740993}"#);
    assert_eq!(rounded.within.b, 9_007_199_254_740_992.0);
    assert!(refused::<Around>(r#"{"a":1,"b":1,"b":2}"#).contains("duplicate key `b`"));
}

#[test]
fn a_number_that_json_does_not_have_is_refused_with_its_field() {
    let order = |price, weight| Order {
        id: 1,
        change: 1,
        items: vec![Item { name: String::new(), price, weight }],
        stock: BTreeMap::new(),
        kind: Kind::Plain,
        large: None,
    };
    let refused = |order: Order| Json::new().encoded(&order).unwrap_err().as_str().to_owned();
    assert_eq!(refused(order(f64::NAN, None)), "items.price: JSON has no number NaN");
    assert_eq!(
        refused(order(1.0, Some(f32::NEG_INFINITY))),
        "items.weight: JSON has no number -inf"
    );
    let marked = Order { kind: Kind::Marked(f64::INFINITY), ..order(1.0, None) };
    assert_eq!(refused(marked), "kind: JSON has no number inf");
    let pair = Order { kind: Kind::Pair(1, f64::NAN), ..order(1.0, None) };
    assert_eq!(refused(pair), "kind: JSON has no number NaN");
    assert!(Json::new().encoded(&BTreeMap::from([("x".to_owned(), f64::NAN)])).is_err());
    assert!(Json::new().encoded(&(1, f64::NAN)).is_err());
    assert_eq!(written(&order(1.0, None)).lines().count(), 1);
}

fn item() -> impl Strategy<Value = Item> {
    let price = any::<f64>().prop_filter("finite", |price| price.is_finite());
    let weight = proptest::option::of(any::<f32>().prop_filter("finite", |it| it.is_finite()));
    (any::<String>(), price, weight).prop_map(|(name, price, weight)| Item { name, price, weight })
}

fn kind() -> impl Strategy<Value = Kind> {
    let float = || -1e300..1e300;
    prop_oneof![
        Just(Kind::Plain),
        float().prop_map(Kind::Marked),
        (any::<u8>(), float()).prop_map(|(byte, float)| Kind::Pair(byte, float)),
        any::<i64>().prop_map(|count| Kind::Named { count }),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let stock = proptest::collection::btree_map(any::<String>(), any::<i64>(), 0..4);
    let items = proptest::collection::vec(item(), 0..4);
    (any::<u64>(), any::<i64>(), items, stock, kind(), any::<Option<u128>>()).prop_map(
        |(id, change, items, stock, kind, large)| Order { id, change, items, stock, kind, large },
    )
}

/// Bytes that look like JSON.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        3 => proptest::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\"a\":", "\"b\":{\"a\":", "1", "-0", "1e5", "0.5", "1e400",
            "9007199254740993", "18446744073709551616", "-9223372036854775809", "null", "true", "\"x\"", "\\",
            "\\ud800", "\n", " ", "NaN", "\u{feff}", "\"id\":", "\"price\":", "\"items\":[{", "\"Pair\":[",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(fragment, 0..30).prop_map(|fragments| fragments.concat())
}

/// That a type reads any bytes without a panic, and nothing that `serde_json` does not read, or differently.
fn reads_as_serde_json_does<T: Message + PartialEq + fmt::Debug>(bytes: &[u8]) {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match (read::<T>(bytes), serde_json::from_slice::<T>(text)) {
        (Ok(read), Ok(expected)) => assert_eq!(read, expected),
        (Ok(read), Err(error)) => panic!("{read:?} is read, and {error}"),
        (Err(reason), Ok(_)) => {
            let ours = ["duplicate key", "is not exact as", "has more than 64 bits"];
            assert!(ours.iter().any(|part| reason.as_str().contains(part)), "{reason:?}");
        }
        (Err(_), Err(_)) => {}
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_as_it_was(order in order()) {
        let line = written(&order);
        prop_assert_eq!(&line, &format!("{}\n", serde_json::to_string(&order).unwrap()));
        prop_assert_eq!(accepted::<Order>(&line), order);
    }

    #[test]
    fn any_bytes_are_read_as_serde_json_reads_them_or_refused(bytes in fragments()) {
        reads_as_serde_json_does::<Value>(&bytes);
        reads_as_serde_json_does::<Order>(&bytes);
        reads_as_serde_json_does::<Kind>(&bytes);
        reads_as_serde_json_does::<Vec<f64>>(&bytes);
        reads_as_serde_json_does::<BTreeMap<String, Option<u64>>>(&bytes);
        reads_as_serde_json_does::<Vec<u8>>(&bytes);
        reads_as_serde_json_does::<(f32, String)>(&bytes);
    }

    #[test]
    fn a_spoiled_message_is_read_as_serde_json_reads_it_or_refused(
        order in order(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = written(&order).into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        reads_as_serde_json_does::<Order>(&bytes);
        reads_as_serde_json_does::<Value>(&bytes);
        reads_as_serde_json_does::<Order>(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn an_integer_is_exact_or_refused_in_every_field(integer in any::<i128>(), by in 0_u32..128) {
        let integer = integer >> by;
        let text = integer.to_string();
        prop_assert_eq!(accepted::<i128>(&text), integer);
        if let Ok(read) = read::<i64>(text.as_bytes()) {
            prop_assert_eq!(i128::from(read), integer);
        }
        if let Ok(read) = read::<u64>(text.as_bytes()) {
            prop_assert_eq!(i128::from(read), integer);
        }
        if let Ok(read) = read::<f64>(text.as_bytes()) {
            prop_assert_eq!(format!("{read:.0}"), text.clone());
        }
        if let Ok(read) = read::<f32>(text.as_bytes()) {
            prop_assert_eq!(format!("{read:.0}"), text);
        }
    }
}
