//! For whom a checkpoint waits while nothing may enter.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// After this time it is told for whom it waits.
const LATE: Duration = Duration::from_secs(1);

/// Waits until all have told that they are ready. Returns the place of the last one. If it takes long, `late` is told
/// the place of the first that is not. If one's sender was dropped, it has reported a failure that ends the engine: this
/// never returns.
pub(super) async fn all_ready(
    told: Vec<oneshot::Receiver<()>>,
    late: impl FnOnce(usize),
) -> Option<usize> {
    ready_within(LATE, told, late).await
}

async fn ready_within(
    limit: Duration,
    told: Vec<oneshot::Receiver<()>>,
    late: impl FnOnce(usize),
) -> Option<usize> {
    let left = told.into_iter().enumerate().collect();
    let mut all = Waiting { left, last: None, has_failed: false };
    if let Ok(last) = timeout(limit, poll_fn(|context| all.poll(context))).await {
        return last;
    }
    if let Some((first, _)) = all.left.first() {
        late(*first);
    }
    poll_fn(|context| all.poll(context)).await
}

/// Those that are waited for, with their places.
struct Waiting {
    left: Vec<(usize, oneshot::Receiver<()>)>,
    last: Option<usize>,
    has_failed: bool,
}

impl Waiting {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<usize>> {
        let Self { left, last, has_failed } = self;
        left.retain_mut(|(at, told)| match Pin::new(told).poll(context) {
            Poll::Pending => true,
            Poll::Ready(ready) => {
                *last = Some(*at);
                *has_failed |= ready.is_err();
                false
            }
        });
        if left.is_empty() && !*has_failed { Poll::Ready(*last) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::runtime::Builder;
    use tokio::task::yield_now;
    use tokio::time::sleep;

    use super::*;

    #[test]
    fn the_last_one_is_known_and_so_is_for_whom_it_waits_if_that_takes_long() {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let mut order = [0, 1, 2, 3];
        for (limit, awaited) in [(Duration::from_mins(9), None), (Duration::ZERO, Some(2))] {
            let (mut tells, told): (Vec<_>, Vec<_>) = order
                .iter()
                .map(|_| oneshot::channel())
                .map(|(tell, told)| (Some(tell), told))
                .unzip();
            let mut tell = |at: usize| tells[at].take().unwrap().send(()).unwrap();
            let late = Cell::new(None);
            // These are ready before anybody waits.
            [0, 1].into_iter().for_each(&mut tell);
            let others = async {
                // It is late before any other is ready.
                while late.get() != awaited {
                    sleep(Duration::from_millis(1)).await;
                }
                for at in order.into_iter().filter(|at| *at > 1) {
                    // So often that it is seen before the next one is told.
                    for _ in 0..4 {
                        yield_now().await;
                    }
                    tell(at);
                }
            };
            let all = ready_within(limit, told, |place| late.set(Some(place)));
            let (last, ()) = runtime.block_on(async { tokio::join!(all, others) });
            assert_eq!((last, late.get()), (order.last().copied(), awaited));
            order.swap(2, 3);
        }
    }

    #[test]
    fn if_one_has_failed_it_never_returns() {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let (tell, told) = oneshot::channel();
        let (fails, failed) = oneshot::channel();
        drop(fails);
        tell.send(()).unwrap();
        let all = all_ready(vec![failed, told], |_| {});
        let ended = runtime.block_on(async { timeout(Duration::from_millis(10), all).await });
        assert!(ended.is_err());
    }
}
