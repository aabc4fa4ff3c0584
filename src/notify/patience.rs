//! Until when a wait may last, where that can change while somebody waits.

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The one who waits. Clones end together.
#[derive(Debug, Clone)]
pub struct Patience(watch::Receiver<Instant>);

/// The one who can bring the end forward.
#[derive(Debug)]
pub struct Hurry(watch::Sender<Instant>);

impl Patience {
    /// A wait that ends at `until`, or earlier if the other half says so.
    pub fn until(until: Instant) -> (Hurry, Self) {
        let (hurry, patience) = watch::channel(until);
        (Hurry(hurry), Self(patience))
    }

    /// When it ends, as far as is known now.
    pub fn end(&self) -> Instant {
        *self.0.borrow()
    }

    /// Waits until it ends.
    pub async fn over(&self) {
        let mut ends = self.0.clone();
        loop {
            let until = *ends.borrow_and_update();
            tokio::select! {
                () = sleep_until(until) => return,
                changed = ends.changed() => if changed.is_err() {
                    return sleep_until(until).await;
                }
            }
        }
    }
}

impl Hurry {
    /// Nobody waits longer than `until`; what would have ended before stays as it is.
    pub fn by(&self, until: Instant) {
        self.0.send_if_modified(|end| {
            let earlier = until < *end;
            if earlier {
                *end = until;
            }
            earlier
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn an_end_is_brought_forward_and_never_put_off() {
        let begun = Instant::now();
        let after = |ms| begun + Duration::from_millis(ms);
        let (hurry, patience) = Patience::until(after(60_000));
        let wait = async {
            patience.over().await;
            begun.elapsed()
        };
        let hurried = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            hurry.by(after(50));
            hurry.by(after(90_000));
        };
        let (took, ()) = tokio::join!(wait, hurried);
        assert!((50..5_000).contains(&took.as_millis()), "{took:?}");
        assert_eq!(patience.end(), after(50));
        drop(hurry);
        patience.over().await;
    }
}
