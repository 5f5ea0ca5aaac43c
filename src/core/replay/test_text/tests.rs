//! What must stay true of the text of a test.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn partition() -> impl Strategy<Value = TestPartition> {
    (any::<String>(), any::<Vec<u8>>(), any::<String>(), any::<bool>()).prop_map(
        |(state, key, value, poisoned)| TestPartition {
            state,
            key: Key::from(key),
            value,
            poisoned,
        },
    )
}

fn seen() -> impl Strategy<Value = Seen> {
    let outputs = (any::<String>(), 0..3_usize, vec(any::<Vec<u8>>(), 0..4))
        .prop_map(|(pipeline, sink, outputs)| SeenOutputs { pipeline, sink, outputs });
    let whole_states = vec(any::<String>(), 0..2);
    let dead_letters = vec(any::<(String, String)>(), 0..3);
    (vec(outputs, 0..3), vec(partition(), 0..3), whole_states, dead_letters).prop_map(
        |(outputs, partitions, whole_states, dead_letters)| Seen {
            outputs,
            partitions,
            whole_states,
            dead_letters,
        },
    )
}

fn test() -> impl Strategy<Value = Test> {
    let message = (any::<String>(), any::<Vec<u8>>(), any::<Option<String>>())
        .prop_map(|(pipeline, payload, decoded)| TestMessage { pipeline, payload, decoded });
    let expected = prop_oneof![Just(Expected::AsSeen), Just(Expected::Otherwise)];
    (any::<(String, String)>(), vec(partition(), 0..3), vec(message, 0..4), seen(), expected)
        .prop_map(|((title, application), base, messages, seen, expected)| Test {
            title,
            application,
            topology: "crate::topology()?".to_owned(),
            base,
            messages,
            seen,
            expected,
        })
}

/// The literals of bytes that a function pushes.
struct Pushed(Vec<Vec<u8>>);

impl<'a> syn::visit::Visit<'a> for Pushed {
    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        if let (true, Some(syn::Expr::Lit(literal))) =
            (call.method == "push_message", call.args.last())
            && let syn::Lit::ByteStr(bytes) = &literal.lit
        {
            self.0.push(bytes.value());
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

proptest! {
    #[test]
    fn a_test_of_anything_is_one_function_that_pushes_the_payloads(test in test()) {
        let text = test.text();
        let file = syn::parse_file(&text).unwrap();
        prop_assert!(matches!(&file.items[..], [syn::Item::Fn(_)]), "{text}");
        let mut pushed = Pushed(Vec::new());
        syn::visit::Visit::visit_file(&mut pushed, &file);
        let payloads: Vec<_> = test.messages.into_iter().map(|message| message.payload).collect();
        prop_assert_eq!(pushed.0, payloads);
    }
}

#[test]
fn a_test_reads_as_a_person_writes_it() {
    let poisoned = TestPartition {
        state: "totals".to_owned(),
        key: Key::from("5"),
        value: r#"{"meters":0}"#.to_owned(),
        poisoned: true,
    };
    let base =
        TestPartition { value: r#"{"meters":90}"#.to_owned(), poisoned: false, ..poisoned.clone() };
    let mut test = Test {
        title: "add_ride panics".to_owned(),
        application: "scooters".to_owned(),
        topology: "crate::topology()?".to_owned(),
        base: vec![base],
        messages: vec![TestMessage {
            pipeline: "rides".to_owned(),
            payload: b"5 0 90\n".to_vec(),
            decoded: Some(r#"{"scooter":5,"seconds":0,"meters":90}"#.to_owned()),
        }],
        seen: Seen {
            outputs: vec![SeenOutputs {
                pipeline: "rides".to_owned(),
                sink: 0,
                outputs: Vec::new(),
            }],
            partitions: vec![poisoned],
            whole_states: vec!["totals".to_owned()],
            dead_letters: vec![(
                "add_ride".to_owned(),
                "panicked: attempt to divide by zero".to_owned(),
            )],
        },
        expected: Expected::AsSeen,
    };
    let begin = r##"// scooters: add_ride panics
#[test]
fn add_ride_panics() -> Result<(), Box<dyn std::error::Error>> {
    let topology = crate::topology()?;
    let mut driver = wallaroo::TestDriver::new(&topology);
    driver.restore("totals", "5", r#"{"meters":90}"#)?;
    // {"scooter":5,"seconds":0,"meters":90}
    driver.push_message("rides", b"5 0 90\n")?;
    driver.run();

"##;
    let as_seen = r##"    assert!(driver.outputs("rides")?.is_empty());
    let partition = driver.partition("totals", "5").ok_or("totals has no partition 5")?;
    assert_eq!(partition.value.to_string(), r#"{"meters":0}"#);
    assert!(partition.poisoned);
    assert_eq!(driver.partitions("totals").len(), 1);
    let dead_letters = driver.dead_letters().iter();
    let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));
    assert_eq!(dead_letters.collect::<Vec<_>>(), [("add_ride", "panicked: attempt to divide by zero")]);
    Ok(())
}
"##;
    assert_eq!(test.text(), [begin, as_seen].concat());
    test.expected = Expected::Otherwise;
    let otherwise = r#"    // There should be no dead letter. These were seen:
    //     add_ride: panicked: attempt to divide by zero
    assert!(driver.dead_letters().is_empty(), "{:?}", driver.dead_letters());
    let partition = driver.partition("totals", "5");
    assert!(!partition.is_some_and(|partition| partition.poisoned));
    Ok(())
}
"#;
    assert_eq!(test.text(), [begin, otherwise].concat());
    test.seen = Seen::default();
    assert!(test.text().ends_with("    Err(\"say here what should be\".into())\n}\n"));
}
