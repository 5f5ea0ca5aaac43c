//! The latency of single messages.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use wallaroo::core::event::EngineEvent;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::Durability;
use wallaroo::runtime::Engine;

use super::load::{From, Watcher, counter, frames, resilience, settings};
use super::spread::Spread;

/// How many single messages are timed.
const SINGLE: usize = 2_000;

/// How often a single message is sent.
const MESSAGE_EVERY: Duration = Duration::from_micros(500);

/// Prints the latency of single messages from their sending to their encoding.
pub fn print_latency(from: From) {
    println!("\nLatency of single messages, {}, {SINGLE} messages:\n", from.name());
    for round in 0..2 {
        for durability in [None, Some(Durability::Process), Some(Durability::Power)] {
            let (encoded, times) = channel();
            let latencies = single_messages(from, durability, encoded, &times);
            let micros = |part: f64| latencies.at(part) * 1e6;
            let [median, high, max] = [0.5, 0.99, 1.0].map(micros);
            let name = durability.map_or("without".to_owned(), |kind| format!("{kind:?}"));
            println!(
                "round {round} {name:<10} p50 {median:>6.0} us  p99 {high:>6.0} us  max {max:>7.0} us"
            );
        }
    }
}

fn single_messages(
    from: From,
    durability: Option<Durability>,
    encoded: Sender<Instant>,
    times: &Receiver<Instant>,
) -> Spread {
    let directory = tempfile::tempdir().unwrap();
    let topology = counter(move || encoded.send(Instant::now()).unwrap());
    let source = match from {
        // By hand.
        From::File => Endpoint::Null,
        From::Tcp => Endpoint::Tcp("127.0.0.1:0".to_owned()),
    };
    let resilience = durability.map(|durability| resilience(directory.path(), durability));
    let mut settings = settings(&topology, 1, source, resilience);
    settings.injectable = from == From::File;
    let watcher = Arc::new(Watcher::default());
    let engine = Engine::start(topology, &settings, Arc::clone(&watcher) as _).unwrap();
    let mut stream = (from == From::Tcp).then(|| {
        let address = watcher.wait_for(|event| match event {
            EngineEvent::Listening(_, address) => Some(address.clone()),
            _ => None,
        });
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    });
    let message = frames(1);
    let latencies = (0..SINGLE).map(|_| {
        thread::sleep(MESSAGE_EVERY);
        let sent = Instant::now();
        match &mut stream {
            Some(stream) => stream.write_all(&message).unwrap(),
            None => engine.inject(PipelineIndex(0), message.clone().into()).unwrap(),
        }
        (times.recv().unwrap() - sent).as_secs_f64()
    });
    let latencies = Spread::of(latencies);
    drop(stream);
    engine.stop();
    engine.wait().unwrap();
    latencies
}
