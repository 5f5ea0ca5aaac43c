//! Rides of scooters. A ride that takes no time panics, which poisons the total of its scooter.

use serde::{Deserialize, Serialize};
use wallaroo::{Application, BuildError, Key, Reason, Sink, Source, StateComputation, Topology};

#[derive(Clone, Serialize, Deserialize)]
pub struct Ride {
    scooter: u32,
    seconds: u32,
    meters: u32,
}

/// All rides of a scooter.
#[derive(Clone, Serialize, Deserialize)]
pub struct Total {
    meters: u64,
    fastest: f64,
}

fn decode(line: &[u8]) -> Result<Option<Ride>, Reason> {
    let mut numbers = std::str::from_utf8(line)?.split(' ').map(str::parse);
    let mut next = || Ok::<_, Reason>(numbers.next().ok_or("a ride is three numbers")??);
    Ok(Some(Ride { scooter: next()?, seconds: next()?, meters: next()? }))
}

pub fn add_ride(ride: Ride, total: &mut Total) -> (Option<Total>, bool) {
    total.meters += u64::from(ride.meters);
    // Whole meters per second, so that this panics.
    total.fastest = total.fastest.max(f64::from(ride.meters / ride.seconds));
    (Some(total.clone()), true)
}

/// Does something else.
pub fn add_one_more(ride: Ride, total: &mut Total) -> (Option<Total>, bool) {
    total.meters += 1;
    add_ride(ride, total)
}

/// Does not panic.
pub fn add_ride_of_any_time(ride: Ride, total: &mut Total) -> (Option<Total>, bool) {
    add_ride(Ride { seconds: ride.seconds.max(1), ..ride }, total)
}

/// The application with this computation.
pub fn topology(
    add_ride: fn(Ride, &mut Total) -> (Option<Total>, bool),
) -> Result<Topology, BuildError> {
    Application::new("scooters")
        .pipeline("rides", Source::new(decode).lines())
        .to_state_partition(
            AddRide(add_ride),
            |_: &Key| Total { meters: 0, fastest: 0.0 },
            "totals",
            |ride: &Ride| ride.scooter.to_string(),
        )
        .to_sink(Sink::json_lines())
        .build()
}

/// A computation under the name of `add_ride`.
struct AddRide(fn(Ride, &mut Total) -> (Option<Total>, bool));

impl StateComputation<Ride, Total> for AddRide {
    type Outcome = (Option<Total>, bool);

    fn name(&self) -> String {
        "add_ride".to_owned()
    }

    fn compute(&self, ride: Ride, total: &mut Total) -> Self::Outcome {
        (self.0)(ride, total)
    }
}
