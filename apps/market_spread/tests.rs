//! What must stay true of market spread, byte for byte.

use std::collections::BTreeSet;

use wallaroo::core::topology::SourcePlan;
use wallaroo::{Generator, TestDriver};

use super::market_data::MarketData;
use super::order::Side;
use super::symbols::SYMBOLS;
use super::*;

/// 100 IBM, bought at 140.25 by account 7 with id `ord001`.
const ORDER: &str = "01 01 00000007 6f7264303031 2049424d 4059000000000000 4061880000000000 \
                     32303236303130322d30393a33303a30302e303030";

/// IBM, bid at 140.00 and offered at 140.25.
const WIDE: &str = "02 2049424d 32303236303130322d30393a33303a30302e303030 \
                    4061800000000000 4061880000000000";

/// IBM, bid and offered at 140.25.
const NARROW: &str = "02 2049424d 32303236303130322d30393a33303a30302e303030 \
                      4061880000000000 4061880000000000";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    let pair = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// A driver whose clock always says 0x0102030405060708.
fn driver() -> TestDriver {
    TestDriver::new(&topology(|| 0x0102_0304_0506_0708).unwrap())
}

fn push(driver: &mut TestDriver, pipeline: &str, payload: &[u8]) {
    driver.push_message(pipeline, payload).unwrap();
    driver.run();
}

fn source<'a>(topology: &'a Topology, pipeline: &str) -> &'a SourcePlan {
    &topology.pipelines().iter().find(|plan| &*plan.name == pipeline).unwrap().source
}

fn typed(pipeline: &str, text: &str) -> Result<Vec<u8>, String> {
    let topology = topology(|| 0).unwrap();
    let form = source(&topology, pipeline).typed.clone().unwrap();
    form.parse(text).map_err(|reason| reason.as_str().to_owned())
}

fn market_data(bid: f64, offer: f64) -> MarketData {
    MarketData { symbol: Symbol::default(), time: text::Time::default(), bid, offer }
}

#[test]
fn an_order_is_53_bytes() {
    let order = order::decode(&bytes(ORDER)).unwrap().unwrap();
    assert_eq!(bytes(ORDER).len(), 53);
    assert_eq!((order.side, order.account), (Side::Buy, 7));
    assert_eq!((&order.id.0, &order.symbol.0), (b"ord001", b" IBM"));
    assert_eq!((order.quantity, order.price), (100.0, 140.25));
    assert_eq!(&order.time.0, b"20260102-09:30:00.000");
    assert_eq!(order::payload(&order), bytes(ORDER));
}

#[test]
fn market_data_is_42_bytes() {
    let data = market_data::decode(&bytes(WIDE)).unwrap().unwrap();
    assert_eq!(bytes(WIDE).len(), 42);
    assert_eq!((&data.symbol.0, data.bid, data.offer), (b" IBM", 140.0, 140.25));
    assert_eq!(&data.time.0, b"20260102-09:30:00.000");
    assert_eq!(market_data::payload(&data), bytes(WIDE));
}

#[test]
fn every_side_passes_as_the_byte_that_it_is() {
    for side in 0..=u8::MAX {
        let mut payload = bytes(ORDER);
        payload[1] = side;
        let mut driver = driver();
        push(&mut driver, "Orders", &payload);
        assert_eq!(driver.outputs("Orders").unwrap()[0][4], side);
    }
}

#[test]
fn a_rejection_is_a_frame_of_55_bytes_behind_its_header() {
    let mut driver = driver();
    push(&mut driver, "Market Data", &bytes(WIDE));
    push(&mut driver, "Orders", &bytes(ORDER));
    let expected = bytes(
        "00000037 01 00000007 6f7264303031 2049424d 4059000000000000 4061880000000000 \
         4061800000000000 4061880000000000 0102030405060708",
    );
    assert_eq!(expected.len(), 4 + 55);
    assert_eq!(driver.outputs("Orders").unwrap(), [expected]);
}

#[test]
fn orders_of_a_symbol_without_market_data_are_rejected() {
    let mut driver = driver();
    push(&mut driver, "Orders", &bytes(ORDER));
    let output = &driver.outputs("Orders").unwrap()[0];
    assert_eq!(output.len(), 59);
    // Nothing is known of bid and offer yet.
    assert_eq!(output[35..51], [0; 16]);
}

#[test]
fn the_last_market_data_decides_and_other_symbols_are_as_they_were() {
    let mut driver = driver();
    let rejected = |driver: &TestDriver| driver.outputs("Orders").unwrap().len();
    push(&mut driver, "Market Data", &bytes(NARROW));
    push(&mut driver, "Orders", &bytes(ORDER));
    assert_eq!(rejected(&driver), 0);
    push(&mut driver, "Orders", &typed("Orders", "sell AAPL 1 at 2").unwrap());
    assert_eq!(rejected(&driver), 1);
    push(&mut driver, "Market Data", &bytes(WIDE));
    push(&mut driver, "Orders", &bytes(ORDER));
    assert_eq!(rejected(&driver), 2);
    push(&mut driver, "Market Data", &bytes(NARROW));
    push(&mut driver, "Orders", &bytes(ORDER));
    assert_eq!(rejected(&driver), 2);
    let values: Vec<_> = driver
        .partitions(STATE)
        .iter()
        .map(|row| (row.key.to_string(), row.value.to_string()))
        .collect();
    let expected = [
        (" IBM", r#"{"symbol":"IBM","bid":140.25,"offer":140.25,"should_reject":false}"#),
        ("AAPL", r#"{"symbol":"AAPL","bid":0.0,"offer":0.0,"should_reject":true}"#),
    ];
    assert_eq!(values, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
}

#[test]
fn market_data_is_saved_and_has_no_output_and_an_order_saves_nothing() {
    let mut driver = driver();
    push(&mut driver, "Orders", &bytes(ORDER));
    assert_eq!((driver.report().stateful, driver.report().saved), (1, 0));
    assert!(!driver.partitions(STATE)[0].to_save);
    push(&mut driver, "Market Data", &bytes(WIDE));
    assert_eq!((driver.report().stateful, driver.report().saved), (2, 1));
    assert!(driver.partitions(STATE)[0].to_save);
    assert!(driver.outputs("Market Data").unwrap().is_empty());
}

#[test]
fn a_spread_of_5_cents_or_of_5_percent_is_too_wide() {
    let cases = [
        (1.0, 1.0, false),
        (1.0, 1.0 + 1.0 / 32.0, false),
        (1.0, 1.0625, true),
        (0.0, 0.05, true),
        (0.0, 0.04, true),
        // A twentieth of the price: the cents alone would not be too many.
        (0.78, 0.819, false),
        (0.78, 0.821, true),
        (0.5, 0.52, false),
        (0.5, 0.53, true),
        (140.0, 140.04, false),
        (140.0, 140.06, true),
        (140.0, 139.0, false),
        (0.0, 0.0, false),
    ];
    for (bid, offer, too_wide) in cases {
        assert_eq!(market_data(bid, offer).is_too_wide(), too_wide, "{bid} {offer}");
    }
}

#[test]
fn swapped_senders_are_told_so() {
    let mut driver = driver();
    push(&mut driver, "Orders", &bytes(WIDE));
    push(&mut driver, "Market Data", &bytes(ORDER));
    let reasons: Vec<_> = driver.dead_letters().iter().map(|letter| &*letter.reason).collect();
    let expected = [
        "the type is 2, market data, and an order's is 1: the senders of orders and market data are probably swapped",
        "the type is 1, an order, and market data's is 2: the senders of orders and market data are probably swapped",
    ];
    assert_eq!(reasons, expected);
    assert!(driver.partitions(STATE).is_empty());
}

#[test]
fn a_payload_of_another_type_or_length_is_a_dead_letter() {
    let (order, data) = (bytes(ORDER), bytes(WIDE));
    for length in 0..60 {
        for (pipeline, payload) in [("Orders", &order), ("Market Data", &data)] {
            let mut payload = payload.clone();
            let good = payload.len() == length;
            payload.resize(length, 0);
            let mut driver = driver();
            push(&mut driver, pipeline, &payload);
            assert_eq!(driver.dead_letters().is_empty(), good, "{pipeline} {length}");
            if let [letter] = driver.dead_letters() {
                let says = format!("the payload is {length} bytes long, and ");
                assert!(letter.reason.starts_with(&says), "{}", letter.reason);
                assert_eq!((&*letter.step, &*letter.bytes), ("decode", &*payload));
            }
        }
    }
    for kind in (0..=u8::MAX).filter(|kind| !matches!(kind, 1 | 2)) {
        let mut driver = driver();
        let of_kind = |payload: &[u8]| [&[kind], &payload[1..]].concat();
        push(&mut driver, "Orders", &of_kind(&order));
        push(&mut driver, "Market Data", &of_kind(&data));
        let reasons: Vec<_> = driver.dead_letters().iter().map(|letter| &*letter.reason).collect();
        let expected = [
            format!("the type is {kind}, and an order's is 1"),
            format!("the type is {kind}, and market data's is 2"),
        ];
        assert_eq!(reasons, expected);
    }
}

#[test]
fn the_declared_partitions_are_the_350_symbols_of_the_file() {
    let driver = TestDriver::with_declared_partitions(&topology(|| 0).unwrap());
    let rows = driver.partitions(STATE);
    assert_eq!((rows.len(), include_str!("symbols.txt").lines().count()), (350, 350));
    for row in rows {
        let symbol = row.value["symbol"].as_str().unwrap();
        assert_eq!(row.key.to_string(), format!("{symbol:>4}"));
        assert!(
            (1..=4).contains(&symbol.len()) && symbol.bytes().all(|byte| byte.is_ascii_uppercase())
        );
        assert!(!row.dynamic && row.value["should_reject"] == true);
    }
    assert!(SYMBOLS.contains(&Symbol::padded(b"IBM").unwrap()));
}

#[test]
fn typed_orders_and_market_data_become_their_payloads() {
    let order = order::decode(&typed("Orders", "buy IBM 100 at 140.25").unwrap()).unwrap().unwrap();
    assert_eq!((order.side, &order.symbol.0), (Side::Buy, b" IBM"));
    assert_eq!((order.quantity, order.price, order.account), (100.0, 140.25, 0));
    assert_eq!((&order.id.0, &order.time.0), (b" typed", &[b' '; 21]));
    let sold = typed("Orders", r"  sell  \xff  1 at 0 ").unwrap();
    let sold = order::decode(&sold).unwrap().unwrap();
    assert_eq!((sold.side, &sold.symbol.0), (Side::Sell, b"   \xff"));

    let data = typed("Market Data", "IBM 140.20 140.28").unwrap();
    let data = market_data::decode(&data).unwrap().unwrap();
    assert_eq!((&data.symbol.0, data.bid, data.offer), (b" IBM", 140.20, 140.28));
}

#[test]
fn what_is_wrong_with_typed_text_is_said_so_that_it_can_be_mended() {
    let messages = [
        ("Orders", "", "type an order, such as `buy IBM 100 at 140.25`"),
        ("Orders", "hold", "`hold` is no side: begin with buy or sell"),
        ("Orders", "buy", "type a symbol, such as `buy IBM 100 at 140.25`"),
        ("Orders", "buy GOOGL", "`GOOGL` is 5 bytes, and a symbol is at most 4"),
        (
            "Orders",
            r"buy \x4",
            r"`\x4`: after a backslash type x and two hexadecimal digits (\xNN), or another backslash",
        ),
        ("Orders", "buy IBM", "type a space and the quantity, such as `buy IBM 100 at 140.25`"),
        ("Orders", "buy IBM few", "`few` is no quantity: type a number that is 0 or more"),
        ("Orders", "buy IBM 100", "type `at` and a price, such as `buy IBM 100 at 140.25`"),
        ("Orders", "buy IBM 100 140", "type `at` and a price in place of `140`"),
        ("Orders", "buy IBM 100 at", "type a space and the price, such as `buy IBM 100 at 140.25`"),
        ("Orders", "buy IBM 1 at NaN", "`NaN` is no price: type a number that is 0 or more"),
        ("Orders", "buy IBM 1 at -1", "`-1` is no price: type a number that is 0 or more"),
        ("Orders", "buy IBM 1 at 1 now", "`now` is too much: an order ends with its price"),
        ("Market Data", "", "type a symbol, such as `IBM 140.20 140.28`"),
        ("Market Data", "IBM", "type a space and the bid, such as `IBM 140.20 140.28`"),
        ("Market Data", "IBM 1", "type a space and the offer, such as `IBM 140.20 140.28`"),
        ("Market Data", "IBM inf", "`inf` is no bid: type a number that is 0 or more"),
        ("Market Data", "IBM 1 2 3", "`3` is too much: market data ends with its offer"),
    ];
    for (pipeline, text, message) in messages {
        assert_eq!(typed(pipeline, text).unwrap_err(), message, "for `{text}`");
    }
}

#[test]
fn the_examples_to_type_are_messages() {
    let topology = topology(|| 0).unwrap();
    for pipeline in ["Orders", "Market Data"] {
        let form = source(&topology, pipeline).typed.clone().unwrap();
        assert!(form.parse(form.example()).is_ok(), "{}", form.example());
    }
}

#[test]
fn random_messages_are_of_declared_symbols_and_their_prices_are_whole_cents() {
    let topology = topology(|| 0).unwrap();
    let make = |pipeline| source(&topology, pipeline).generate.clone().unwrap();
    let (orders, data) = (make("Orders"), make("Market Data"));
    let declared: BTreeSet<[u8; 4]> = SYMBOLS.iter().map(|symbol| symbol.0).collect();
    let is_cents = |price: f64| format!("{price:.2}").parse() == Ok(price);
    let mut generator = Generator::new(1, 0.0);
    let (mut seen, mut wide) = (BTreeSet::new(), 0);
    for _ in 0..5_000 {
        let order = order::decode(&orders(&mut generator)).unwrap().unwrap();
        assert!(declared.contains(&order.symbol.0) && is_cents(order.price));
        assert!((100.0..=1_000.0).contains(&order.quantity) && order.quantity % 100.0 == 0.0);
        assert!(!matches!(order.side, Side::Other(_)));
        let data = market_data::decode(&data(&mut generator)).unwrap().unwrap();
        assert!(declared.contains(&data.symbol.0) && is_cents(data.bid) && is_cents(data.offer));
        assert!((10.0..500.0).contains(&data.bid) && data.offer > data.bid);
        assert!(data.time.0.starts_with(b"20260102-"));
        seen.insert(data.symbol.0);
        wide += u32::from(data.is_too_wide());
    }
    assert_eq!(seen, declared);
    assert!((400..600).contains(&wide), "{wide} of 5000");
}

#[test]
fn text_of_fixed_length_is_text_for_people_and_bytes_for_programs() {
    for bytes in [*b" IBM", *b"AAPL", *b"A  B", *b"    ", *b"AB  ", [0xff, b'\\', 0, b'\n']] {
        let symbol = text::Text(bytes);
        let json = serde_json::to_value(symbol).unwrap();
        assert_eq!(serde_json::from_value::<Symbol>(json).unwrap(), symbol);
        assert_eq!(postcard::to_stdvec(&symbol).unwrap(), bytes);
        assert_eq!(postcard::from_bytes::<Symbol>(&bytes).unwrap(), symbol);
    }
    assert_eq!(serde_json::to_value(text::Text(*b" IBM")).unwrap(), "IBM");
    let error = serde_json::from_str::<Symbol>(r#""GOOGL""#).unwrap_err();
    assert_eq!(error.to_string(), "`GOOGL` is longer than 4 bytes");
}

#[test]
fn the_clock_counts_tens_of_microseconds_since_1970() {
    // 2026-01-01 and 2100-01-01.
    assert!((176_722_560_000_000..410_244_480_000_000).contains(&wall_clock()));
}

#[test]
fn pipelines_and_steps_have_names_for_screens() {
    let topology = topology(|| 0).unwrap();
    let names: Vec<(&str, Vec<&str>)> = topology
        .pipelines()
        .iter()
        .map(|plan| (&*plan.name, plan.steps.iter().map(|step| &*step.name).collect()))
        .collect();
    let expected = [
        ("Orders", vec!["decode", "symbol", "check_order", "encode"]),
        ("Market Data", vec!["decode", "symbol", "update_spread"]),
    ];
    assert_eq!(names, expected);
    assert_eq!(topology.states().len(), 1);
}
