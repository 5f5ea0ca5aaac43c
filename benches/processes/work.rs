//! An application whose computation takes as long as is wanted.

use std::time::{Duration, Instant};

use wallaroo::{App, Application, BuildError, Key, Reason, Sink, Source, Topology};

/// The application, for the command line.
pub fn app() -> App {
    App::new("work", "works for a while on each message", |options| {
        let nanoseconds = match options.get("takes") {
            "1us" => 1_000,
            "10us" => 10_000,
            _ => 0,
        };
        topology(Duration::from_nanos(nanoseconds))
    })
    .option("takes", &["0us", "1us", "10us"], "how long a computation takes")
}

/// The application whose computation takes so long.
pub fn topology(takes: Duration) -> Result<Topology, BuildError> {
    let decode = |payload: &[u8]| {
        let key = <[u8; 4]>::try_from(payload).map_err(|_| Reason::from("a key has 4 bytes"))?;
        Ok::<_, Reason>(Some(u32::from_be_bytes(key)))
    };
    let count = move |key: u32, count: &mut u64| {
        let began = Instant::now();
        while !takes.is_zero() && began.elapsed() < takes {
            std::hint::spin_loop();
        }
        *count += 1;
        (Some((key, *count)), true)
    };
    let write = |(key, count): &(u32, u64), output: &mut Vec<u8>| {
        output.extend_from_slice(&key.to_be_bytes());
        output.extend_from_slice(&count.to_be_bytes());
        Ok::<_, Reason>(())
    };
    Application::new("work")
        .pipeline("keys", Source::new(decode))
        .to_state_partition(count, |_: &Key| 0, "counts", |key: &u32| key.to_be_bytes().to_vec())
        .to_sink(Sink::new(write))
        .build()
}

/// So many frames with keys in an order that is the same in every run.
pub fn frames(messages: u32, keys: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(messages as usize * 8);
    let mut random: u64 = 1;
    for _ in 0..messages {
        // The generator of Knuth's MMIX.
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = u32::try_from((random >> 33) % u64::from(keys)).unwrap_or_default();
        bytes.extend_from_slice(&4_u32.to_be_bytes());
        bytes.extend_from_slice(&key.to_be_bytes());
    }
    bytes
}
