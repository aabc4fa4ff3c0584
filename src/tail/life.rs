//! The life of one worker's tail: opened, followed, lost, got back.

use tokio::time::sleep;

use super::error::TailError;
use super::follow::Lost;
use super::line::Line;
use super::session::{Item, Session, Unheard};

impl Session<'_> {
    /// Runs until the line is lost for good, or nobody listens.
    pub(super) async fn run(self) {
        let _ = self.live().await;
    }

    async fn live(&self) -> Result<(), Unheard> {
        let mut line = match self.first().await? {
            Ok(line) => line,
            Err(error) => return self.give_up(None, error).await,
        };
        self.say(Item::Open { worker: self.worker, version: line.version.clone() }).await?;
        let mut tries = 0;
        loop {
            let Lost { line: lost, error } = self.follow(line).await?;
            if lost.since.elapsed() >= self.pace.settled {
                tries = 0;
            }
            let (from, cause) = (lost.last_life, error.to_string());
            self.drop_line(lost).await;
            line = match self.again(&mut tries, error).await? {
                Ok(line) => line,
                Err(error) => return self.give_up(Some(from), error).await,
            };
            let to = self.clock.now();
            self.say(Item::Gap { worker: self.worker, from, to, cause }).await?;
        }
    }

    /// The first line. What may pass is tried again, and said.
    async fn first(&self) -> Result<Result<Line, TailError>, Unheard> {
        let mut tries = 0;
        loop {
            let error = match self.open().await {
                Ok(line) => return Ok(Ok(line)),
                Err(error) => error,
            };
            tries += 1;
            if tries >= self.pace.first_tries || !self.pause(tries, &error).await? {
                return Ok(Err(error));
            }
        }
    }

    /// A lost line, got back.
    async fn again(
        &self,
        tries: &mut usize,
        mut error: TailError,
    ) -> Result<Result<Line, TailError>, Unheard> {
        loop {
            if !self.pause(*tries, &error).await? {
                return Ok(Err(error));
            }
            *tries += 1;
            match self.open().await {
                Ok(line) => return Ok(Ok(line)),
                Err(next) => error = next,
            }
        }
    }

    /// Waits before another try, which is the one after `tries`; false where there is to be none.
    async fn pause(&self, tries: usize, error: &TailError) -> Result<bool, Unheard> {
        let usual = self.pace.backoff.get(tries).copied();
        let Some(wait) = usual.and_then(|usual| error.again(usual, self.clock.now())) else {
            return Ok(false);
        };
        let cause = error.to_string();
        self.say(Item::Retrying { worker: self.worker, cause, wait }).await?;
        sleep(wait).await;
        Ok(true)
    }
}
